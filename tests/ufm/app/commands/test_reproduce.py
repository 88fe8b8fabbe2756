"""`ufm reproduce`: its plan, its files, its exit status, and what it refuses."""

import json
import resource
import shutil
import signal
from pathlib import Path

import pytest

from tests.command_line import refused, run
from tests.ufm.llm.report import killed_report

DATA = Path(__file__).parents[3] / "data" / "llm"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model and files for it."""
    shutil.copytree(DATA / "gpt2", tmp_path / "model", ignore=shutil.ignore_patterns("golden*"))
    lines = [
        {"concept": "letters", "kind": kind, "text": text}
        for kind, side in (
            ("positive", killed_report.POSITIVE),
            ("negative", killed_report.NEGATIVE),
        )
        for text in side
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "bare.jsonl").write_text(json.dumps(lines[0]))
    (tmp_path / "c.txt").write_text("\n".join(killed_report.POSITIVE))
    (tmp_path / "text.txt").write_text(killed_report.TEXT)
    (tmp_path / "empty.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


FILES = ["--prompts", "p.jsonl", "--contexts", "c.txt", "--text", "text.txt"]
HOW = ["reproduce", "model", "--concepts", "letters", *FILES, "--dtype", "float64"]
FEW = [*HOW, "--figures", "6", "A.13", "--layers", "1"]


def test_the_plan_stops_before_it_runs_and_the_run_goes_on_from_it(monkeypatch, capsys, folder):
    status, out, err = run(monkeypatch, capsys, *FEW, "--plan")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[1].split() == ["next-token", "curves", "1", "1", "0.0"]
    assert lines[2].split()[:-1] == ["cross-entropy", "on", "the", "text", "1", "1"]
    assert "letters; blocks 1 of 0 to 1; scale small" in out
    assert "GB of memory" in out
    assert not (folder / "ufm-reproduce" / "index.html").exists()
    status, out, err = run(monkeypatch, capsys, *FEW, "--json")
    assert err == ""
    record = json.loads(out)
    assert json.loads((folder / "ufm-reproduce" / "reproduce.json").read_text()) == record
    assert set(record["experiments"]) == {"bumps", "cross-entropy"}
    verdicts = [f["verdict"] for e in record["experiments"].values() for f in e["findings"]]
    assert status == (1 if "fails" in verdicts else 0)
    assert not list(folder.rglob("*.part"))
    # again: nothing is left, and the table fits a terminal
    _, out, _ = run(monkeypatch, capsys, *FEW, "--plan", columns=80)
    assert [line.split()[-3:] for line in out.splitlines()[1:3]] == [["1", "0", "0.0"]] * 2
    again, out, _ = run(monkeypatch, capsys, *FEW, columns=80)
    assert again == status
    assert "parabola" in out
    assert max(map(len, out.splitlines())) <= 80
    refused(
        monkeypatch,
        capsys,
        "holds another run: layers was [1], now it is [0]",
        *HOW,
        "--layers",
        "0",
    )


def test_questions_of_ones_own_need_no_harness(monkeypatch, capsys, folder):
    """The smallest ones, for the model has 32 positions; Python's manual is too long for it."""
    lines = [{"question": z, "choices": ["a", "the"], "answer": k % 2} for k, z in enumerate(ABC)]
    (folder / "q.jsonl").write_text("\n".join(map(json.dumps, lines)))
    given = [*HOW, "--figures", "A.6", "--layers", "1", "--task"]
    _, out, _ = run(monkeypatch, capsys, *given, "q.jsonl", "--json")
    found = json.loads(out)["experiments"]["task"]
    (finding,) = found["findings"]
    assert "4 questions of q.jsonl, each after two others with their answers" in found["here"]
    assert finding["why"].startswith("4 questions: ")
    assert len(finding["evidence"]["mean"]) == 5
    (folder / "q.jsonl").write_text("{}")
    refused(monkeypatch, capsys, "q.jsonl, line 1: a question is", *given, "q.jsonl")
    given += ["python", "--out", "other"]
    refused(monkeypatch, capsys, "more than the model's 32 positions", *given)


ABC = ["of", "and", "to", "in", "is", "it"]
REFUSED = {
    "concept without prompts": (["--concepts", "evl"], "--prompts, or take one of apathetic"),
    "nobody to write": (["--concepts", "evil"], "--writer, for model has no chat template"),
    "writer that does not chat": (
        ["--concepts", "evil", "--writer", "model"],
        "--writer, for model has no chat template",
    ),
    "concept without N": (
        ["--prompts", "bare.jsonl"],
        "no negative prompt of the concept 'letters'",
    ),
    "no concept": (["--concepts", ","], "--concepts names no concept"),
    "figure unknown": (["--figures", "9"], "there is no figure '9' here; there are 6, 7-above"),
    "figure elsewhere": (["--figures", "A.4"], "`ufm toy` trains one"),
    "block unknown": (["--layers", "2"], "layer 2 is out of range: the model has blocks 0..1"),
    "task without harness": (
        ["--task", "mmlu"],
        "--task mmlu needs lm-evaluation-harness: pip install",
    ),
    "judge unknown": (["--judge", "nobody"], "nobody"),
    "share unknown": (["--share", "3/2"], "a share is written K/N, from 1/N to N/N; got '3/2'"),
    "shares twice": (["--distributed", "--share", "1/2"], "--distributed finds the shares itself"),
    "processes unknown": (["--distributed"], "the processes do not find each other"),
    "prompts missing": (["--prompts", "no.jsonl"], "--prompts no.jsonl is no file"),
    "text missing": (["--text", "no.txt"], "--text no.txt does not exist"),
    "text empty": (["--text", "empty.txt"], "empty.txt holds too few tokens"),
    "scale unknown": (["--scale", "huge"], "--scale must be small or paper; got 'huge'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line(monkeypatch, capsys, folder, case):
    # whether or not the harness is installed where the tests run
    monkeypatch.setattr("ufm.app.commands.reproduce.find_spec", lambda name: None)
    more, message = REFUSED[case]
    refused(monkeypatch, capsys, message, *HOW, *more)
    assert not (folder / "ufm-reproduce" / "reproduce.json").exists()


def test_a_full_disk_loses_nothing(monkeypatch, capsys, folder):
    """No file may grow past a size; with room again the run goes on to the same end."""
    few = [*FEW[:-4], "--figures", "6", "--layers", "1", "--json"]
    _, whole, _ = run(monkeypatch, capsys, *few, "--out", "whole")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size, place in ((64, "runs/run.json"), (4096, "runs/curves-"), (70_000, "figures/")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            refused(monkeypatch, capsys, f"cannot write small/{place}", *few, "--out", "small")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(Path("small").rglob(".*.part"))
        assert not Path("small/reproduce.json").exists()
    signal.signal(signal.SIGXFSZ, ignored)
    assert run(monkeypatch, capsys, *few, "--out", "small")[1] == whole


def test_shares_on_folders_copied_together(monkeypatch, capsys, folder):
    both = [*HOW, "--figures", "A.8"]
    _, whole, _ = run(monkeypatch, capsys, *both, "--json", "--out", "whole")
    for k in (1, 2):
        assert run(monkeypatch, capsys, *both, "--share", f"{k}/2", "--out", f"part{k}") == (
            0,
            "",
            "",
        )
        assert not Path(f"part{k}/index.html").exists()
        shutil.copytree(f"part{k}", "together", dirs_exist_ok=True)
    assert run(monkeypatch, capsys, *both, "--json", "--out", "together")[1] == whole
