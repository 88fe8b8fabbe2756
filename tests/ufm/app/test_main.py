"""The command line: what it prints, where, and with which exit status."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import theorems
from tests.command_line import run
from theorems import Outcome, Verdict

TABLE = Path(__file__).parents[2] / "data" / "letter_case.json"


@pytest.fixture
def files(tmp_path):
    """A folder with tables that are wrong in one way each."""
    good = json.loads(TABLE.read_text())
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "broken.json").write_text('{"next_token_probs": [[0.5,')
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "words.txt").write_text("a b c")
    (tmp_path / "binary.npz").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "header.csv").write_text("a,b\n")
    (tmp_path / "folder.json").mkdir()
    changes = {
        "missing": {"positive": None},
        "nan": {"next_token_probs": [[float("nan")] * 24] * 16},
        "negative": {"next_token_probs": [[-1.0] + [2.0 / 23] * 23] * 16},
        "zero": {"next_token_probs": [[0.0] + [1.0 / 23] * 23] * 16},
        "sum": {"next_token_probs": [[0.5] * 24] * 16},
        "weights": {"context_weights": [-1.0] * 16},
        "overlap": {"negative": good["positive"]},
        "outside": {"positive": [99]},
        "nobody": {"positive": []},
        "short": {"token_concept": [0, 1]},
        "target": {"target": 7},
    }
    for name, change in changes.items():
        record = {k: v for k, v in {**good, **change}.items() if v is not None}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    return tmp_path


BAD_ARGUMENTS = [
    (["verify", "--instances", "many"], "--instances must be a whole number; got 'many'"),
    (["verify", "--instances", "0"], "--instances must be at least 1; got 0"),
    (["verify", "--instances", "-3"], "--instances must be at least 1; got -3"),
    (["verify", "--seed", "-1"], "--seed must be at least 0; got -1"),
    (["verify", "--seed", "1.5"], "--seed must be a whole number; got '1.5'"),
    (["verify", "thm-9.9"], "there is no statement or claim 'thm-9.9'"),
    (["verify", "thm-3.3.peek-order"], "there is no statement or claim"),
    (
        ["verify", "Theorem 3.4"],
        "there is no statement or claim 'Theorem 3.4'; did you mean Theorem 3.",
    ),
    (["verify", "finding-1.in-target"], "is a finding: ufm verify without names recomputes"),
    (["verify", "lemma-b4", ""], "there is no statement or claim ''"),
    (["verify", "--table"], "--table needs a value"),
    (
        ["verify", "--table", "thm-3.3"],
        "thm-3.3: no such file; give the path of a .json, .npz or .csv ",
    ),
    (["toy"], "ufm toy needs FOLDER: A new folder"),
    (["toy", "new", "--steps", "0"], "steps must be at least 1; got 0"),
    (["toy", "new", "--heads", "5"], "dimension 192 is not a multiple of heads 5"),
    (["toy", "ufm"], "ufm exists: name a new folder, or delete this one"),
    (["toy", "no/such/parent"], "cannot write no/such/parent: No such file or directory"),
]

BAD_TABLES = {
    "absent.json": "no such file",
    "empty.json": "empty",
    "broken.json": "line 1",
    "list.json": "list.json",
    "words.txt": ".txt",
    "binary.npz": "binary.npz",
    "header.csv": "header.csv",
    "folder.json": "folder.json",
    "missing.json": "positive",
    "nan.json": "next_token_probs",
    "negative.json": "next_token_probs",
    "zero.json": "smooth",
    "sum.json": "sum",
    "weights.json": "context_weights",
    "overlap.json": "negative",
    "outside.json": "99",
    "nobody.json": "positive",
    "short.json": "token_concept",
    "target.json": "target",
}


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS, ids=lambda v: str(v)[:30])
def test_a_bad_argument_is_one_line_and_status_2(monkeypatch, capsys, arguments, message):
    status, out, err = run(monkeypatch, capsys, *arguments)
    assert status == 2
    assert out == ""
    assert message in err
    assert err.startswith("ufm: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_one_line_and_status_2(monkeypatch, capsys, files, name):
    status, out, err = run(monkeypatch, capsys, "verify", "--json", "--table", str(files / name))
    assert status == 2
    assert out == ""
    assert BAD_TABLES[name] in err
    assert err.startswith("ufm: ")
    assert len(err.splitlines()) == 1


def test_a_table_of_real_text_says_claim_by_claim_what_holds(monkeypatch, capsys):
    status, out, _ = run(
        monkeypatch, capsys, "verify", "--table", str(TABLE), "lemma-b4", "thm-3.3"
    )
    assert status == 0
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert re.search(r" hypotheses unmet  assumption-1\b", rows["lemma-b4.sign"])
    assert "holds" in rows["thm-3.3.bump"]
    assert "unmet, assumption-1" in out
    assert "\n  thm-3.3.peak-order: separation, exponential-path\n" in out
    assert out.endswith("4 claims: 3 hold, 1 has unmet hypotheses.\n")


def test_a_table_without_weights_is_judged_with_equal_ones_and_told_so(
    monkeypatch, capsys, tmp_path
):
    record = json.loads(TABLE.read_text())
    said = {}
    for name in ("given", "left out"):
        (tmp_path / "t.json").write_text(json.dumps(record))
        command = ("verify", "--table", str(tmp_path / "t.json"), "thm-3.3.bump")
        status, said[name], _ = run(monkeypatch, capsys, *command)
        assert status == 0
        record.pop("context_weights", None)
    line = "context_weights: none given, so the 16 contexts count equally\n"
    assert line not in said["given"]
    assert line in said["left out"]


def test_json_is_all_of_standard_output_and_follows_the_schema(monkeypatch, capsys):
    status, out, _ = run(
        monkeypatch, capsys, "verify", "--json", "--instances", "3", "lemma-b4.sign"
    )
    data = json.loads(out)
    assert status == 0
    assert set(data) == {"version", "seed", "statements", "findings", "literature"}
    (statement,) = data["statements"]
    (claim,) = statement["claims"]
    assert set(statement) == {"id", "title", "findings", "claims"}
    assert set(claim) == {
        *("id", "hypotheses", "verdict", "numeric", "certificate", "proof", "control")
    }
    assert [*claim["hypotheses"]] == ["difference-of-means", "assumption-1", "target-contexts"]
    assert claim["hypotheses"]["assumption-1"].startswith("p(z|c_j) = a_{j,z} if z and c_j")
    assert claim["verdict"] == "holds"
    assert claim["numeric"]["instances"] >= 3
    assert claim["numeric"]["worst_margin"] > claim["numeric"]["tolerance"]
    assert claim["control"] == {"dropped": "assumption-1", "counterexample_found": True}


def test_a_failing_claim_is_status_1(monkeypatch, capsys):
    def fails(instance):
        return Verdict(Outcome.FAILS, -1.0, 1e-12, "planted")

    broken = tuple(
        replace(s, claims=tuple(replace(c, conclusion=fails) for c in s.claims))
        for s in theorems.STATEMENTS
    )
    monkeypatch.setattr(theorems, "STATEMENTS", broken)
    status, out, _ = run(monkeypatch, capsys, "verify", "--table", str(TABLE), "thm-3.3.bump")
    assert status == 1
    assert "fails, planted: thm-3.3.bump" in out


def test_an_output_that_cannot_be_written_is_one_line_and_status_2():
    code = "import sys; sys.argv = ['ufm', 'version']; from ufm.app.main import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "ufm: [Errno 28] No space left on device\n"


def test_importing_ufm_and_its_commands_loads_neither_jax_nor_what_is_heavier():
    """The names load on first use, so that `import ufm` and `ufm --help` cost next to nothing."""
    heavy = {
        "theorems",
        "jax",
        "equinox",
        "scipy",
        "matplotlib",
        "sympy",
        "hypothesis",
        "tokenizers",
        "flint",
    }
    code = f"import sys, ufm, ufm.app.main; print(sorted({heavy} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
