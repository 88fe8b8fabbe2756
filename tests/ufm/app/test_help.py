"""The command line explains itself: help on one screen, a mistake in one line, tables that fit."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.command_line import refused, run
from ufm.app.commands.option import options_of, parts_of
from ufm.app.main import COMMANDS

START = "import sys; sys.argv[0] = 'ufm'; from ufm.app.main import main; main()"
CALLS = [
    *([name] for name in COMMANDS),
    *([name, part] for name, command in COMMANDS.items() for part in parts_of(command)),
]

# What is typed, and all that is answered.
MISTAKES = {
    "verfy": "ufm has no command 'verfy'; did you mean verify or certify? See ufm --help",
    "--vresion": "ufm has no option --vresion; did you mean --version? See ufm --help",
    "vector shw x": "ufm vector has no command 'shw'; did you mean show? See ufm vector --help",
    "toy --stpes 3": "ufm toy has no option --stpes; did you mean --steps or --seed? See ufm toy --help",
    "verify --sed 3": "ufm verify has no option --sed; did you mean --seed? See ufm verify --help",
    "verify --hlep": "ufm verify has no option --hlep; did you mean --help or --table? See ufm verify --help",
    "verify --frobnicate": "ufm verify has no option --frobnicate. See ufm verify --help",
    "verify --instances many": "--instances must be a whole number; got 'many'. See ufm verify --help",
    "verify --seed": "--seed needs a value. See ufm verify --help",
    "verify --json=3": "--json takes no value. See ufm verify --help",
    "falsify --seconds soon": "--seconds must be a number; got 'soon'. See ufm falsify --help",
    "llm m --pooling max": "--pooling must be last or mean; got 'max'. See ufm llm --help",
    "llm m --alphas 3": "--alphas needs 2 values. See ufm llm --help",
    "version now": "ufm version takes no further argument: 'now'. See ufm version --help",
    "laws": "ufm laws needs FOLDER: Folders that ufm llm wrote. See ufm laws --help",
    "vector show nowhere": "FILE: nowhere does not exist",
}


@pytest.mark.parametrize("typed", MISTAKES)
def test_a_mistake_is_answered_in_one_line(monkeypatch, capsys, typed):
    status, out, err = run(monkeypatch, capsys, *typed.split())
    assert (status, out, err) == (2, "", f"ufm: {MISTAKES[typed]}\n")


def test_ufm_alone_prints_the_commands(monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys)
    assert (status, err) == (0, "")
    assert run(monkeypatch, capsys, "--help")[1] == out
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", out, re.MULTILINE)


@pytest.mark.parametrize("call", [[], *CALLS], ids=" ".join)
def test_help_fits_a_screen_of_80_columns(monkeypatch, capsys, call):
    status, out, err = run(monkeypatch, capsys, *call, "--help", columns=80)
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert not set(out) & set("│╭╮╰╯─")
    assert not re.search(r"\{None\}|\bSTR\b|\bINT\b|\bPATH\b|\bFLOAT\b", out)


def test_defaults_and_examples_are_shown_as_one_would_type_them(monkeypatch, capsys):
    shown = run(monkeypatch, capsys, "compare", "--help")[1]
    assert "(default: 0.05 0.1)" in shown
    assert "--text essays \\\n    --tokens joy_words" in shown


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_all_options_are_in_the_whole_help_and_only_rare_ones_are_missing_in_the_short(
    monkeypatch, capsys, call
):
    command = COMMANDS[call[0]]
    options = (
        list(options_of(parts_of(command)[call[1]] if len(call) > 1 else command))
        if (len(call) > 1 or not parts_of(command))
        else []
    )
    whole = run(monkeypatch, capsys, *call, "--help-all")[1]
    short = run(monkeypatch, capsys, *call, "--help")[1]
    for option in options:
        typed = option.metavar if option.is_positional else option.flag
        assert re.search(rf"^  {typed}\b", whole, re.MULTILINE)
        assert bool(re.search(rf"^  {typed}\b", short, re.MULTILINE)) is not option.is_rare
    assert ("--help-all shows" in short) is any(option.is_rare for option in options)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("llm m --positive {0} --negative {0} --alphas -1e-9 -2", "got -1e-09 -2"),
        ("llm m --steps=4 --alphas -1 1", "--steps must be at least 5; got 4"),
        ("strength m --text_tokens -1", "--text-tokens must be 0 (all) or more; got -1"),
        ("falsify --without assumption-1 lemma-b9.sign", "there is no claim 'lemma-b9.sign'"),
        (
            "verify --no-proofs lemma-b4 --instances 3 thm-9",
            "there is no statement or claim 'thm-9'",
        ),
        ("certify -- --help", "--help"),
    ],
)
def test_arguments_may_be_in_any_order_and_negative(monkeypatch, capsys, typed, message):
    given = [word.format(__file__) for word in typed.split()]
    refused(monkeypatch, capsys, message, *given)


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What `ufm ARGUMENTS` writes to a terminal of 80 columns."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **variables}
    with subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        os.close(writer)
        shown = b""
        while part := _read(reader):
            shown += part
    os.close(reader)
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n")


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 1 << 16)
    except OSError:  # as Linux says that the other side is closed
        return b""


TABLE = "tests/data/letter_case.json"


@pytest.fixture(scope="module")
def in_colour() -> str:
    return on_a_terminal("verify", "--table", TABLE, "thm-3.3", "remark-3.4", "norm-circle")


def test_a_terminal_of_80_columns_holds_the_table(in_colour):
    lines = re.sub(r"\x1b\[[0-9;]*m", "", in_colour).splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in in_colour
    assert [line.split() for line in lines if line.startswith(("thm-3.3.peak", "remark-3.4"))] == [
        ["thm-3.3.peak-order", "holds"],
        ["remark-3.4.positive-peaks", "hypotheses", "unmet", "concept-laws"],
    ]
    assert re.fullmatch(r"\d+ claims: 3 hold, \d+ have unmet hypotheses\.", lines[-1])


def test_colour_is_for_terminals_that_want_it(in_colour):
    assert "\x1b[32mholds" in in_colour
    plain = on_a_terminal("verify", "--table", TABLE, "lemma-b4", NO_COLOR="1")
    assert "\x1b[3" not in plain
    assert "hypotheses unmet" in plain
