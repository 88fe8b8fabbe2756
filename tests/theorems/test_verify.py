import json
from pathlib import Path

import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.tilt
from theorems import Instance, Outcome, Verdict
from theorems.judging import controls
from theorems.suite import FAMILIES
from theorems.table import read_table
from theorems.verify import Tally, as_json, verify_instance, verify_suite
from theorems.verify.run import _CHECK

LETTERS = Path(__file__).parents[1] / "data" / "letter_case.json"
# Quick ones of each kind: on rates and laws, on tilts as well, and with a control of its own.
STATEMENTS = [s for s in theorems.STATEMENTS if s.id in {"lemma-b4", "thm-3.3", "sign-rule"}]
CLAIM_IDS = [claim.id for statement in STATEMENTS for claim in statement.claims]
# DESIGN.md section 2.
TOP = {"version", "seed", "statements", "literature", "findings"}
CLAIM = {"id", "hypotheses", "verdict", "numeric", "certificate", "proof", "control"}
NUMERIC = {"verdict", "instances", "worst_margin", "tolerance"}
FINDING = {"id", "text", "source", "counterexample", "confirmed"}
LITERATURE = {"id", "source", "place", "says", "in_model", "needs", "truth", "settled_by"}
LITERATURE |= {"on_real_model", "real", "claim"}
FINDING |= {
    "title",
    "severity",
    "quote",
    "says",
    "truth",
    "charitable_reading",
    "witness",
    "numbers",
}


def statement(name):
    return next(s for s in theorems.STATEMENTS if s.id == name)


@pytest.fixture(scope="module")
def report():
    findings = theorems.FINDINGS[:1]
    return verify_suite(STATEMENTS, instances=3, seed=7, findings=findings)


@pytest.fixture(scope="module")
def letters():
    table = read_table(LETTERS)
    log_p = np.log(table.next_token_probs)
    odds = ufm.log_odds(log_p, table.positive, table.negative)
    return Instance(
        ufm.ExponentialTilt(log_p, odds),
        table.target,
        table.token_concept,
        table.context_concept,
        table.context_weights,
        table.positive,
        table.negative,
    )


def test_the_suite_holds(report):
    assert report.ok
    assert list(report.tallies) == CLAIM_IDS
    for tally in report.tallies.values():
        assert tally.verdict == "holds"
        assert tally.instances >= 3  # what is unmet does not count
        assert tally.control[0]


def test_the_same_seed_gives_the_same_report(report):
    again = verify_suite(STATEMENTS, instances=3, seed=7, findings=theorems.FINDINGS[:1])
    assert json.dumps(as_json(again, "1")) == json.dumps(as_json(report, "1"))


def test_another_seed_draws_other_instances(report):
    # the first few of a family are the paper's, whatever the seed
    lemma = [statement("lemma-b4")]
    first, second = (verify_suite(lemma, instances=30, seed=seed) for seed in (0, 1))
    assert first.ok
    assert second.ok
    assert first.tallies["lemma-b4.sign"].worst != second.tallies["lemma-b4.sign"].worst


def test_json_has_the_documented_schema(report):
    data = as_json(report, "1.2.3")
    assert set(data) == TOP
    assert (data["version"], data["seed"]) == ("1.2.3", 7)
    assert [s["id"] for s in data["statements"]] == [s.id for s in STATEMENTS]
    for entry in data["statements"]:
        assert set(entry) == {"id", "title", "findings", "claims"}
        for claim in entry["claims"]:
            assert set(claim) == CLAIM
            assert set(claim["numeric"]) >= NUMERIC
            assert claim["verdict"] == claim["numeric"]["verdict"] == "holds"
            assert type(claim["verdict"]) is str
            assert claim["certificate"] is None
            assert claim["proof"] is None
            assert set(claim["control"]) == {"dropped", "counterexample_found"}
            assert claim["control"]["counterexample_found"] is True
    about = {entry["id"]: entry["findings"] for entry in data["statements"]}
    assert about["thm-3.3"] == ["finding-4.no-bump"]
    assert about["lemma-b4"] == []
    assert data["literature"] == []  # none of them was asked for
    (finding,) = data["findings"]
    assert set(finding) == FINDING
    assert finding["severity"] == "loose remark"
    assert type(finding["severity"]) is str
    assert finding["confirmed"] is True
    assert finding["counterexample"]["off_concept"] == ["1/10"] * 4
    # strict JSON: no NaN, no infinity, no numpy numbers
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_claims_of_others_are_a_group_of_their_own_in_json():
    report = verify_instance([statement("literature"), statement("park")], controls.standard())
    data = json.loads(json.dumps(as_json(report, "1"), allow_nan=False))
    assert [entry["id"] for entry in data["statements"]] == ["park"]
    assert [found["id"] for found in data["literature"]] == [c.id for c in theorems.LITERATURE]
    for found in data["literature"]:
        assert set(found) == LITERATURE
        assert set(found["claim"] or CLAIM) == CLAIM
    # a sentence that fails in the model is no claim of this registry that fails
    masses = next(found for found in data["literature"] if found["id"] == "literature.masses")
    assert (masses["in_model"], masses["claim"]["verdict"]) == ("fails", "hypotheses unmet")
    assert report.ok


def test_the_time_left_knows_every_family():
    assert set(_CHECK) == set(FAMILIES)


def test_progress_goes_from_0_to_1():
    seen = []
    verify_suite(
        [statement("lemma-b4")],
        instances=8,
        progress=lambda share, total, what: total and seen.append((share / total, what)),
    )
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.5
    assert seen[-1] == (1.0, "done")


def test_a_fault_that_leaves_a_claim_without_instances_is_not_ok(monkeypatch):
    """With P and N exchanged in M the hypothesis on M is unmet everywhere: nothing is judged."""
    right = ufm.tilt.tilt.log_odds
    monkeypatch.setattr(
        ufm.tilt.tilt, "log_odds", lambda rows, p, n, *rest: right(rows, n, p, *rest)
    )
    report = verify_suite([statement("lemma-b3")], instances=1)
    assert report.tallies["lemma-b3.tilt"].verdict == "hypotheses unmet"
    assert not report.ok


def _tally(*outcomes):
    tally = Tally(theorems.CLAIMS["lemma-b4.sign"])
    for number, outcome in enumerate(outcomes):
        tally.add(Verdict(outcome, -1.0 - number, 1.0, f"evidence {number}"), f"place {number}")
    return tally


@pytest.mark.parametrize(
    ("outcomes", "expected", "where"),
    [
        ([], Outcome.UNMET, ""),
        ([Outcome.UNMET, Outcome.UNMET], Outcome.UNMET, ""),
        ([Outcome.HOLDS, Outcome.UNMET], Outcome.HOLDS, "place 0"),
        ([Outcome.HOLDS, Outcome.HOLDS], Outcome.HOLDS, "place 1"),
        ([Outcome.UNDECIDED, Outcome.HOLDS], Outcome.UNDECIDED, "place 0"),
        ([Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED], Outcome.FAILS, "place 1"),
    ],
)
def test_a_tally_keeps_the_worst_and_where_it_was(outcomes, expected, where):
    tally = _tally(*outcomes)
    assert (tally.verdict, tally.where) == (expected, where)
    assert tally.instances + tally.unmet == len(outcomes)
    assert tally.unmet == outcomes.count(Outcome.UNMET)


def test_a_verdict_that_is_not_a_number_is_the_worst_and_is_null_in_json():
    report = verify_instance([statement("lemma-b4")], controls.standard())
    tally = report.tallies["lemma-b4.sign"]
    tally.add(Verdict(Outcome.FAILS, -5.0, 1.0, "finite"), "first")
    tally.add(Verdict(Outcome.FAILS, float("nan"), 1.0, "not a number"), "second")
    assert (tally.verdict, tally.where) == ("fails", "second")
    assert not report.ok
    claim = as_json(report, "1")["statements"][0]["claims"][0]
    assert claim["numeric"]["worst_margin"] is None
    assert claim["control"]["counterexample_found"] is None


def test_letters_of_real_text_break_assumption_1_and_still_bump(letters):
    report = verify_instance([statement("lemma-b4"), statement("thm-3.3")], letters)
    sign, bump = (report.tallies[i] for i in ("lemma-b4.sign", "thm-3.3.bump"))
    assert (sign.verdict, sign.unmet, sign.worst) == ("hypotheses unmet", 1, None)
    assert sign.reason.startswith("assumption-1: p(token ")
    assert (bump.verdict, bump.instances, bump.where) == ("holds", 1, "table")
    assert report.tallies["thm-3.3.monotone"].verdict == "holds"
    # on a user's table an unmet hypothesis is an answer, not a fault
    assert report.ok
    claim = as_json(report, "1")["statements"][0]["claims"][0]
    assert claim["numeric"]["evidence"] == sign.reason
    assert claim["numeric"]["worst_margin"] is None


def test_a_table_has_no_transformer(letters):
    report = verify_instance([statement("prop-4.1")], letters)
    assert {t.verdict for t in report.tallies.values()} == {Outcome.UNMET}
    assert {t.reason for t in report.tallies.values()} == {"transformer: a table has none"}


@pytest.mark.parametrize("log_p", [[-380.0, 0.0], [0.0, -380.0]])
def test_upper_bounds_hold_next_to_certainty(log_p):
    tilt = ufm.ExponentialTilt([log_p], [0.0, 1.0])
    instance = Instance(tilt, np.array([False, True]), np.array([0, 1]), np.array([0]), np.ones(1))
    assert theorems.check("ce.upper-bounds", instance).verdict is Outcome.HOLDS
