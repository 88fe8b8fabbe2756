"""`ufm falsify`: what it prints, writes and refuses, and with which exit status."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

from tests.command_line import refused, run
from theorems import CLAIMS, falsify
from theorems.certificates import check_certificate
from theorems.falsify import MAP, Falsification
from theorems.tables.exact import read_exact

BAD_INPUT = [
    (["falsify"], "name a claim and --without HYPOTHESIS"),
    (["falsify", "lemma-b4.sign"], "name a claim and --without HYPOTHESIS"),
    (["falsify", "--without", "assumption-1"], "name a claim and --without HYPOTHESIS"),
    (
        ["falsify", "thm-3.3"],
        "thm-3.3 is a statement, not a claim: name one of its claims: thm-3.3.bump, ",
    ),
    (
        ["falsify", "thm-3.3", "--without", "separation"],
        "bump, thm-3.3.peak-order, thm-3.3.monotone\n",
    ),
    (["falsify", "lemma-b4.sign", "--all"], "--all searches for every pair"),
    (
        ["falsify", "lemma-b9.sign", "--without", "assumption-1"],
        "there is no claim 'lemma-b9.sign'; did you mean lemma-b4.sign",
    ),
    (["falsify", "foo"], "there is no claim 'foo'; ufm falsify --all lists the claims\n"),
    (
        ["falsify", "foo", "--without", "separation"],
        "there is no claim 'foo'; ufm falsify --all lists the claims\n",
    ),
    (["falsify", "lemma-b4.sign", "--without", "luck"], "has no hypothesis 'luck'; it has "),
    (
        ["falsify", "lemma-b4.sign", "--without", "assumption1"],
        "has no hypothesis 'assumption1'; did you mean assumption-1?",
    ),
    (["falsify", "lemma-b4.sign", "--without", "assumption-1", "--seed", "-1"], "got -1"),
    (["falsify", "lemma-b4.sign", "--without", "assumption-1", "--seconds", "0"], "got 0.0"),
    (["falsify", "lemma-b4.sign", "--without", "assumption-1", "--seconds", "nan"], "got nan"),
    (["falsify", "lemma-b4.sign", "--without", "assumption-1", "--out", "no/x"], "no place"),
    (["falsify", "ce.convex", "--without", "exponential-path", "--out", "x"], "plain tilt"),
    (["falsify", "ce.convex", "--without", "assumption-2", "--out", "x"], "no counterexample"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=lambda v: str(v)[:50])
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused(monkeypatch, capsys, message, *arguments)
    assert not list(tmp_path.iterdir())


def test_a_counterexample_is_printed_and_its_certificate_confirmed(monkeypatch, capsys, tmp_path):
    pair = ("thm-3.3.peak-order", "--without", "separation")
    status, out, _ = run(monkeypatch, capsys, "falsify", *pair, "--out", tmp_path / "cert.json")
    assert status == 0
    assert out.startswith(
        "thm-3.3.peak-order without separation: needed\nFound: in context 0 token "
    )
    assert "the entry thm-3.3.peak-order contradicts it, with the conclusion “fails”." in out
    assert "\n  in_concept: " in out
    assert " ± " in out
    record = json.loads((tmp_path / "cert.json").read_text())
    assert check_certificate(record)["thm-3.3.peak-order"] == "hypotheses unmet"
    order = next(c for c in record["claims"] if c["id"] == "thm-3.3.peak-order")
    assert order["conclusion"] == "fails"


def test_where_the_claim_rightly_holds_the_entry_that_contradicts_the_wider_one_is_named(
    monkeypatch, capsys, tmp_path
):
    pair = ("remark-3.4.positive-peaks", "--without", "context-off-target")
    _, out, _ = run(monkeypatch, capsys, "falsify", *pair, "--out", tmp_path / "cert.json")
    assert "rightly says “holds”: the claim itself keeps to context-off-target" in out
    law, level, context, token = map(
        int,
        re.search(r"peaks\[(\d+)\]\[(\d+)\], the bracket of α\((\d+),(\d+)\)", out).groups(),
    )
    record = json.loads((tmp_path / "cert.json").read_text())
    assert context in record["laws"][law]
    assert token in record["levels"][level]
    _, above = map(Fraction, record["peaks"][law][level])
    assert above < 0


def test_what_is_needed_only_for_another_says_so(monkeypatch, capsys):
    pair = ("thm-3.3.peak-order", "--without", "assumption-1")
    _, out, _ = run(monkeypatch, capsys, "falsify", *pair)
    assert out.startswith("thm-3.3.peak-order without assumption-1: needed only for separation\n")
    assert "assumes separation in place of assumption-1, and holds wherever separation does" in out
    assert "thm_3_3_peak_order" in out


def test_what_is_not_known_is_not_called_proved(monkeypatch, capsys):
    pair = ("assumption-2.trained", "--without", "smoothed")
    status, out, _ = run(monkeypatch, capsys, "falsify", *pair)
    assert (status, out.splitlines()[0]) == (
        0,
        "assumption-2.trained without smoothed: not known",
    )
    assert "  of this is proved in theorems/coq/Statements.v: assumption_2_attainable" in out


def test_the_sentence_says_what_the_curve_does(monkeypatch, capsys):
    """The numbers in the sentence, against p_α(T) ∝ Σ p e^{αM} in floating point."""
    pair = ("thm-3.6.target-increasing", "--without", "separation")
    _, out, _ = run(monkeypatch, capsys, "falsify", *pair)
    told = re.search(
        r"^Found: in context (\d+) the target falls from (\S+) to (\S+) between α = (\S+) and (\S+): the "
        r"opposite of the claim\.$",
        out,
        re.MULTILINE,
    )
    assert told is not None
    context, (before, after, *strengths) = int(told[1]), told.groups()[1:]
    record = falsify.falsify("thm-3.6.target-increasing", "separation").counterexample
    instance = read_exact(record)
    logs = np.log(np.array(instance.rows, float))
    log_odds = logs[list(instance.positive)].mean(0) - logs[list(instance.negative)].mean(0)
    for strength, mass in zip(strengths, (before, after), strict=True):
        weight = np.exp(logs[context] + float(Fraction(strength)) * log_odds)
        share = weight[np.array(instance.target)].sum() / weight.sum()
        assert share == pytest.approx(float(mass), rel=1e-3)  # said in four digits
    assert float(after) < float(before)
    target = [token for token, is_in in enumerate(record["target"]) if is_in]
    assert f"\n  target: tokens {' '.join(map(str, target))}\n" in out


@pytest.mark.parametrize(("without", "is_told"), [("separation", True), ("assumption-1", False)])
def test_separation_is_said_to_follow_in_the_setting_of_the_paper(
    monkeypatch, capsys, without, is_told
):
    _, out, _ = run(monkeypatch, capsys, "falsify", "thm-3.3.peak-order", "--without", without)
    assert ("separation follows from Lemma B.4" in out) is is_told


def test_what_is_not_needed_names_its_proof(monkeypatch, capsys):
    status, out, _ = run(
        monkeypatch, capsys, "falsify", "thm-3.3.bump", "--without", "assumption-1"
    )
    assert status == 0
    assert "not needed" in out
    assert "thm_3_3_bump" in out


@pytest.mark.parametrize("without", ["interior-token", "non-constant-log-odds"])
def test_a_claim_without_which_nothing_is_claimed_is_vacuous(monkeypatch, capsys, without):
    status, out, _ = run(monkeypatch, capsys, "falsify", "thm-3.3.bump", "--without", without)
    assert status == 0
    assert out.startswith(f"thm-3.3.bump without {without}: vacuous\n")


def test_json_holds_exact_ends(monkeypatch, capsys):
    pair = ("lemma-b4.sign", "--without", "target-contexts")
    status, out, _ = run(monkeypatch, capsys, "falsify", *pair, "--json")
    data = json.loads(out)
    assert (status, data["outcome"]) == (0, "needed")
    assert 0 < Fraction(data["values"][0]["least"]) <= Fraction(data["values"][0]["largest"])


def test_the_map_has_the_hypotheses_of_a_claim_together_by_the_answer(monkeypatch, capsys):
    """Claims in the order of the registry, though the map is by hypothesis; one row an answer."""
    answers = {"assumption-1": "not needed", "interior-token": "vacuous"}
    outcome = lambda claim, without, *_: Falsification(  # noqa: E731
        claim, without, answers.get(without, "needed"), reason="a reason"
    )
    monkeypatch.setattr(falsify, "falsify", outcome)
    _, out, _ = run(monkeypatch, capsys, "falsify", "--all")
    rows = [line.split() for line in out.splitlines() if line.split()[0] in CLAIMS]
    named = list(dict.fromkeys(row[0] for row in rows))
    assert named == [claim for claim in CLAIMS if claim in {owner for owner, _ in MAP}]
    bump = {" ".join(row[1:]) for row in rows if row[0] == "thm-3.3.bump"}
    assert bump == {
        "non-constant-log-odds, exponential-path needed a reason",
        "interior-token vacuous a reason",
        "assumption-1 not needed a reason",
    }


def test_the_map_is_a_table_and_a_missing_counterexample_is_status_1(monkeypatch, capsys):
    pairs = [("lemma-b4.sign", "assumption-1"), ("thm-3.3.bump", "assumption-1")]
    pairs.append(("thm-3.3.bump", "interior-token"))
    pairs += [("thm-3.3.peak-order", "assumption-1"), ("assumption-2.trained", "smoothed")]
    for pair in set(MAP) - set(pairs):
        monkeypatch.delitem(MAP, pair)
    status, out, _ = run(monkeypatch, capsys, "falsify", "--all")
    assert status == 0
    assert out.endswith(
        "5 pairs of claim and hypothesis: 1 is needed, 1 is needed only for separation, 1 is not known, 1 is "
        "not needed, 1 is vacuous without it.\n"
    )
    assert run(monkeypatch, capsys, "falsify", "--all", "--json")[1].count('"claim"') == 5
    monkeypatch.setattr(falsify, "falsify", lambda *a: Falsification(*a[:2], "not found"))
    status, out, _ = run(monkeypatch, capsys, "falsify", "--all")
    assert status == 1
    assert out.endswith("5 pairs of claim and hypothesis: 5 are without a counterexample.\n")
