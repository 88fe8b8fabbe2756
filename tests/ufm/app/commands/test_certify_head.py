"""`ufm certify` of a head behind a norm: what it prints, writes and refuses, and with which exit status."""

import json
import re
from pathlib import Path

import pytest

from tests.command_line import refused, run
from tests.theorems.certificates.heads.fuzz import MEANS, MERGED, THREE, TWO, genuine
from theorems.certificates.write.certificate import digest, write_certificate
from theorems.certificates.write.heads import turns
from theorems.tables.exact_head import read_exact_head

DOCS = Path(__file__).parents[4] / "docs"
COUNTS = (
    "6 claims, for every strength: 1 by balls on all of the half circle, 5 by Coq theorems "
    "whose hypotheses are checked exactly: 4 hold, 2 have unmet hypotheses."
)
PARTS = {
    "head": {"head": [["0", "0"], ["3", "2"], ["3", "-1"]]},
    "gain": {"gain": ["1", "2"]},
    "bias": {"bias": ["1", "0"]},
    "eps": {"eps": "1"},
    "hidden": {"hidden": [["2", "0"]]},
    "vector": {"vector": ["0", "2"]},
    "target": {"target": [False, True, False]},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a head, its certificate, and others."""
    (tmp_path / "three.json").write_text(json.dumps(THREE))
    write_certificate(genuine()[0], tmp_path / "cert.json")
    forged = json.loads(json.dumps(genuine()[0]))
    forged["contexts"][0]["tokens"][0]["turns"].pop()
    write_certificate(forged | {"sha256": digest(forged)}, tmp_path / "forged.json")
    for name, change in PARTS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(THREE | change))
    (tmp_path / "axis.json").write_text(json.dumps(THREE | {"hidden": [["0", "3"]]}))
    (tmp_path / "merged.json").write_text(json.dumps(MERGED))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(text):
    """Lines by their first word, with single spaces."""
    return {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.strip()}


def test_the_numbers_on_the_page_are_those_that_are_printed(monkeypatch, capsys, folder):
    status, out, err = run(
        monkeypatch, capsys, "certify", DOCS / "smallest_head.json", "--out", "new.json"
    )
    assert (status, err) == (0, "")
    page = (DOCS / "certificates.md").read_text(encoding="utf-8")
    table = page.partition("<!-- the numbers of this table are tested -->")[2].partition(
        "\n\nAs α"
    )[0]
    shown = [
        " ".join(line.replace("|", " ").split()) for line in table.splitlines() if "plateau" in line
    ]
    assert len(shown) == 3
    printed = rows(out)
    assert [printed[line.split()[0]] for line in shown] == shown
    assert "α → ∞: token 1 dominates by 2.82843 nats; ΔCE tends to 2.15857 nats, from below" in out
    said = " ".join(page.split())
    assert (
        "As α → ∞ token 1 dominates by 2.82843 nats, and ΔCE tends to 2.15857 nats from below"
        in said
    )
    assert printed["norm-circle.turns"] == (
        "norm-circle.turns hypotheses unmet false here (context 0, token 0) two-tokens"
    )
    assert printed["target"].endswith("0.0556237 below plateau, above start")
    assert "probabilities: 3, of which the most turns are 3\n" in out
    assert out.endswith(f"{COUNTS}\n")
    assert json.loads(Path("new.json").read_text()) == genuine()[0]


@pytest.mark.parametrize("columns", [80, 200])
def test_no_turn_is_broken_at_the_end_of_a_line(monkeypatch, capsys, folder, columns):
    four = DOCS / "four_turns_head.json"
    _, out, _ = run(monkeypatch, capsys, "certify", four, columns=columns)
    lines = out.splitlines()
    turns = ("peak -13.861", "dip 1.05796", "peak 2.56194", "dip 8.37254")
    for turn in turns:  # token 0, and the target, which is token 0
        assert sum(turn in line for line in lines) == 2, turn
    is_one_line = any(all(turn in line for turn in turns) for line in lines)
    assert is_one_line is (columns == 200)


def test_a_probability_of_three_tokens_turns_four_times(monkeypatch, capsys, folder):
    """More than 2V - 3: what the page of open questions says, by the certificate and its checker."""
    four = DOCS / "four_turns_head.json"
    status, out, err = run(monkeypatch, capsys, "certify", four, "--out", "four.json")
    assert (status, err) == (0, "")
    turns = "peak -13.861, dip 1.05796, peak 2.56194, dip 8.37254"
    assert turns in rows(out)["0"]
    assert "probabilities: 3, of which the most turns are 4\n" in out
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", "four.json", "--instance", four)
    assert (status, out.splitlines()[0]) == (0, "four.json: confirmed.")
    page = " ".join((DOCS / "open_questions.md").read_text(encoding="utf-8").split())
    said = "a peak at α = -13.861, a dip at 1.058, a peak at 2.562 and a dip at 8.373"
    assert said in page
    rounded = [f"{float(part.split()[-1]):.3f}" for part in turns.split(", ")]
    assert rounded == re.findall(r"-?\d+\.\d{3}", said)


def test_a_check_says_what_it_verified(monkeypatch, capsys, folder):
    given = ["certify", "--check", "cert.json", "--instance", "three.json"]
    status, out, err = run(monkeypatch, capsys, *given)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "cert.json: confirmed."
    assert re.match(r"certificate of a head, version 1, .* balls of 320 bits", out.splitlines()[1])
    assert out.splitlines()[2] == "instance: V = 3 tokens, m = 1 context, d = 2, rmsnorm, eps = 0"
    assert read_exact_head(THREE).sha256 in out.splitlines()[3]
    shown = rows(out)
    assert (
        shown["norm-circle.log-odds"]
        == "norm-circle.log-odds holds for every α Coq: norm_circle_log_odds"
    )
    assert shown["0"].startswith("0 0.0556237 dip -0.59714, peak 0, dip 0.59714 0.00713354")
    assert out.endswith(f"{COUNTS}\n")
    status, out, _ = run(monkeypatch, capsys, *given, "--json")
    answer = json.loads(out)
    assert (status, answer["accepted"], answer["version"], answer["undecided"]) == (0, True, 1, 0)
    assert answer["instance"]["target"] == [0]
    assert answer["unmet"]["norm-circle.turns"] == ["two-tokens"]
    assert answer["limits"] == genuine()[0]["limits"]


def test_two_tokens_meet_every_hypothesis(monkeypatch, capsys, folder):
    (folder / "two.json").write_text(json.dumps(TWO))
    status, out, _ = run(monkeypatch, capsys, "certify", "two.json")
    assert status == 0
    assert rows(out)["norm-circle.turns"] == "norm-circle.turns holds"
    assert "5 hold, 1 has unmet hypotheses." in out
    assert "target" not in rows(out)
    status, out, _ = run(monkeypatch, capsys, "certify", "two.json", "--json")
    assert json.loads(out)["instance"] == read_exact_head(TWO).record_in_lowest_terms


def test_m_is_compared_with_the_tokens_that_dominate(monkeypatch, capsys, folder):
    (folder / "means.json").write_text(json.dumps(MEANS))
    status, out, _ = run(monkeypatch, capsys, "certify", "means.json", "--out", "means-cert.json")
    assert status == 0
    said = "M: largest at 0, which dominates as α → ∞; smallest at 2, which dominates as α → -∞; it is W"
    assert said in out
    assert rows(out)["dominating.last-block"] == "dominating.last-block holds"
    given = ["certify", "--check", "means-cert.json", "--instance", "means.json", "--json"]
    status, out, _ = run(monkeypatch, capsys, *given)
    answer = json.loads(out)
    assert (status, answer["instance"]["positive"]) == (0, [0, 1])
    assert answer["last_block"]["largest"] == [0]
    (folder / "others.json").write_text(json.dumps(MEANS | {"positive": [0], "vector": ["8", "4"]}))
    given = ["certify", "--check", "means-cert.json", "--instance", "others.json"]
    status, _, err = run(monkeypatch, capsys, *given)
    assert status == 1
    assert "than others.json: vector, P differ" in err


def test_a_curve_that_is_left_open_is_said(monkeypatch, capsys, folder):
    monkeypatch.setattr(turns, "DEEPEST", 16)
    status, out, _ = run(monkeypatch, capsys, "certify", "merged.json")
    assert status == 1
    assert "undecided" in rows(out)["0"]
    assert "probabilities: 3, of which the most turns are 1, 1 undecided\n" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["axis.json"], "axis.json: hidden[0] is a multiple of the vector"),
        (["cert.json"], "is a certificate, not an instance"),
        (["--check", "cert.json", "--instance", "axis.json"], "axis.json: hidden[0] is a multiple"),
        (["three.json", "--out", "three.json"], "is the file that is read"),
    ],
)
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, folder, arguments, message):
    refused(monkeypatch, capsys, message, "certify", *arguments)


def test_a_head_that_takes_too_long_is_bad_input(monkeypatch, capsys, folder):
    monkeypatch.setattr(turns, "MOST_WORK", 30)
    refused(monkeypatch, capsys, "three.json: the turns take more than 30", "certify", "three.json")


def test_what_is_refused_is_status_1(monkeypatch, capsys, folder):
    (folder / "table.json").write_text((DOCS / "smallest_instance.json").read_text())
    for arguments, message in (
        (
            ["forged.json"],
            "forged.json: refused: context 0, token 0: it turns where no turn is claimed",
        ),
        (["three.json"], "refused: this is an instance; `ufm certify FILE --out` makes"),
        (["cert.json", "--instance", "table.json"], "another kind of instance than table.json"),
        *(
            (
                ["cert.json", "--instance", f"{name}.json"],
                f"than {name}.json: {name} differ; SHA-256",
            )
            for name in PARTS
        ),
    ):
        status, out, err = run(monkeypatch, capsys, "certify", "--check", *arguments)
        assert (status, out) == (1, "")
        assert message in err
        assert len(err.splitlines()) == 1
