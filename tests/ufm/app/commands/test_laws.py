"""`ufm laws`: one table over reports, and what is no report."""

import json
import math

import pytest

from tests.command_line import run


def law(id, number, verdict, **evidence):
    return dict(id=id, measure="share", number=number, verdict=verdict, evidence=evidence)


@pytest.fixture
def folders(tmp_path):
    """Three reports: the last lacks a law, and its number of another is null."""
    content = [
        [law("bumps", 0.5, "holds", visible_share=0.4), law("plateau", -1.0, "holds")],
        [law("bumps", 0.2, "fails", visible_share=0.1), law("plateau", -0.6, "undecided")],
        [law("bumps", None, "undecided")],
    ]
    for k, laws in enumerate(content):
        (tmp_path / f"r{k}").mkdir()
        (tmp_path / f"r{k}" / "report.json").write_text(json.dumps({"laws": laws}))
    return [tmp_path / f"r{k}" for k in range(3)]


def test_the_table_has_mean_spread_and_every_verdict(monkeypatch, capsys, folders):
    status, out, err = run(monkeypatch, capsys, "laws", *folders, "--json")
    assert (status, err) == (1, "")  # one fails
    bumps, shown, plateau = json.loads(out)["rows"]
    assert bumps["mean"] == pytest.approx(0.35)
    assert bumps["spread"] == pytest.approx(0.3 / math.sqrt(2))  # of two numbers
    assert bumps["numbers"] == [0.5, 0.2, None]
    assert bumps["verdicts"] == ["holds", "fails", "undecided"]
    assert shown["numbers"] == [0.4, 0.1, None]
    assert shown["verdicts"] == []
    assert plateau["verdicts"] == ["holds", "undecided", "absent"]
    status, out, err = run(monkeypatch, capsys, "laws", *folders, "--wide")
    assert (status, err) == (1, "")
    assert "fails 1, holds 1, undecided 1" in out
    assert "0.2121" in out
    status, out, _ = run(monkeypatch, capsys, "laws", folders[0])
    assert status == 0
    assert "nan" not in out


def test_a_report_of_a_rounded_model_says_so(monkeypatch, capsys, folders):
    file = folders[1] / "report.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"model": {"caveat": "rounded \x1b"}})
    )
    _, out, _ = run(monkeypatch, capsys, "laws", *folders)
    assert r"report 1: rounded \x1b" in out
    assert "report 0: " not in out
    _, out, _ = run(monkeypatch, capsys, "laws", *folders, "--json")
    assert json.loads(out)["caveats"] == [None, "rounded \x1b", None]


def test_no_text_of_a_report_acts_on_the_terminal(monkeypatch, capsys, folders):
    evil = law("\x1b[2J[bold]", 0.5, "holds")
    (folders[0] / "report.json").write_text(json.dumps({"laws": [evil]}))
    _, out, _ = run(monkeypatch, capsys, "laws", folders[0])
    assert "\x1b" not in out
    assert r"\x1b[2J[bold]" in out


def test_hypotheses_unmet_is_no_failure(monkeypatch, capsys, folders):
    unmet = [law("bumps", 0.2, "hypotheses unmet"), law("plateau", -1.0, "holds")]
    (folders[2] / "report.json").write_text(json.dumps({"laws": unmet}))
    status, out, err = run(monkeypatch, capsys, "laws", folders[0], folders[2])
    assert (status, err) == (0, "")
    assert "holds 1, hypotheses unmet 1" in out


NO_REPORTS = [
    ("", "is not JSON"),
    ("[]", "is no report of ufm llm"),
    ("{}", "is no report of ufm llm"),
    ('{"laws": []}', "is no report of ufm llm"),
    (json.dumps({"laws": [law("bumps", "0.5", "holds")]}), "is no report of ufm llm"),
    (json.dumps({"laws": [law("bumps", 0.5, "certainly")]}), "is no report of ufm llm"),
    (b"\xff", "is not UTF-8 text"),
]


@pytest.mark.parametrize(("content", "message"), NO_REPORTS)
def test_what_is_no_report_is_one_line(monkeypatch, capsys, folders, content, message):
    path = folders[1] / "report.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    status, out, err = run(monkeypatch, capsys, "laws", *folders)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_no_reports_and_no_folder(monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, capsys, "laws")[0] == 2
    status, _, err = run(monkeypatch, capsys, "laws", tmp_path)
    assert status == 2
    assert "report.json does not exist: name what `ufm llm --out` was given" in err
