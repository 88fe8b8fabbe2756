"""Certificates against mpmath, against the float checks, and against edits that a checker must see."""

import copy
import json
import re
import subprocess
import sys
from fractions import Fraction as F
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theorems
from theorems import FINDINGS
from theorems.certificates import certify, check_certificate
from theorems.certificates.check import claims as _check_claims
from theorems.certificates.check import evidence as _check_evidence
from theorems.certificates.check.heads import certificate as heads
from theorems.certificates.write import conclusions
from theorems.certificates.write import evidence as _evidence
from theorems.certificates.write import hypotheses as _hypotheses
from theorems.certificates.write import peaks as _peaks
from theorems.certificates.write.certificate import BUILT_IN, digest, write_certificate
from theorems.certificates.write.cross_entropy import CrossEntropy
from theorems.certificates.write.heads.certificate import CONCLUSIONS as HEADS
from theorems.certificates.write.levels import Levels, coprime_base, is_zero_combination
from theorems.judging.claim import Certified
from theorems.tables.exact import exact_instance, read_exact
from ufm.numerics.bracket import Bracket

RECORDS = {finding.id: finding.counterexample for finding in FINDINGS}
TWO = RECORDS["finding-1.in-target"]
SMALLER = TWO | {
    "in_concept": ["7/10", "1/10", "1/5", "1/2"],
    "off_concept": ["1/10", "1/5", "3/20", "1/20"],
}
RECORDS["equal rates"] = TWO | {"in_concept": ["7/10", "1/10", "1/2", "3/10"]}
RECORDS["smaller rates"] = SMALLER
RECORDS["N in the target"] = TWO | {"positive": [0], "negative": [1]}
RECORDS["steered away"] = TWO | {
    "positive": [2, 3],
    "negative": [0, 1],
    "target": [True, True, False, False],
}
RECORDS["a table without concepts"] = {
    "next_token_probs": [["1/2", "1/3", "1/6"], ["1/7", "2/7", "4/7"]],
    "target": [True, False, False],
    "positive": [0],
    "negative": [1],
    "context_weights": ["1/10", "0.9"],
}


def peak(record, row: int, token: int) -> mp.mpf:
    """The root of E_α[M] = M(token) by bisection in mpmath, from the rationals themselves."""
    instance = read_exact(record)
    with mp.workdps(60):
        p = [[mp.mpf(v.numerator) / v.denominator for v in law] for law in instance.rows]

        def odds(z):
            up = mp.fsum(mp.log(p[j][z]) for j in instance.positive) / len(instance.positive)
            return up - mp.fsum(mp.log(p[j][z]) for j in instance.negative) / len(instance.negative)

        m = [odds(z) for z in range(len(p[0]))]

        def excess(alpha):
            return mp.fsum(
                q * (x - m[token]) * mp.exp(alpha * (x - m[token]))
                for q, x in zip(p[row], m, strict=True)
            )

        low, high = mp.mpf(-(2**12)), mp.mpf(2**12)
        for _ in range(160):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) < 0 else (low, middle)
        return low


def near_tie(digits: int) -> dict:
    """M of two tokens apart by about 10^-digits."""
    gap = F(1, 10**digits)
    rows = [
        [F(1, 4) + gap, F(1, 4) - gap, F(1, 4), F(1, 8), F(1, 8)],
        [F(1, 8)] * 3 + [F(1, 2), F(1, 8)],
    ]
    table = [[str(v) for v in row] for row in rows]
    target = [True, True, True, False, False]
    return {"next_token_probs": table, "target": target, "positive": [0], "negative": [1]}


# What is certified.


@pytest.mark.parametrize("name", ["finding-1.in-target", "finding-3.two-humps", "smaller rates"])
def test_brackets_hold_the_peaks_that_mpmath_finds(name):
    record = certify(read_exact(RECORDS[name])).record
    seen = 0
    for law, group in enumerate(record["laws"]):
        for tokens, ends in zip(record["levels"], record["peaks"][law], strict=True):
            if "inf" not in ends[0]:
                low, high = (F(end) for end in ends)
                exact = peak(RECORDS[name], group[0], tokens[0])
                with mp.workdps(60):
                    assert mp.mpf(low.numerator) / low.denominator < exact
                    assert exact < mp.mpf(high.numerator) / high.denominator
                seen += 1
    assert seen >= 4


def test_a_peak_at_exactly_zero_is_known_to_be_there():
    certificate = certify(read_exact(RECORDS["finding-2.vanishing"]))
    assert certificate.evidence.signs[2] == [-1, 0, 1]
    low, high = (F(end) for end in certificate.record["peaks"][2][1])
    assert low < 0 < high


@pytest.mark.parametrize("digits", [12, 40, 90, 150])
def test_near_ties_are_told_apart_and_ties_are_not(digits):
    record = certify(read_exact(near_tie(digits))).record
    assert record["levels"] == [[3], [4], [1], [2], [0]]
    assert check_certificate(record)["thm-3.3.bump"] == "holds"


def test_ties_between_different_rationals_are_exact():
    # e^{2M} = p_0 p_1 / p_2²: tokens 0 and 1 both have (1/32)/(1/16), from other numbers
    rows = [["1/4", "1/16", "11/16"], ["1/8", "1/2", "3/8"], ["1/4", "1/4", "1/2"]]
    record = {"next_token_probs": rows, "target": [True, False, False]}
    found = certify(read_exact(record | {"positive": [0, 1], "negative": [2]})).record
    assert found["levels"] == [[0, 1], [2]]
    assert check_certificate(found)["thm-3.3.peak-order"] == "hypotheses unmet"


def test_zero_combinations_of_logarithms():
    assert sorted(coprime_base([12, 18, 5, 1])) == [2, 3, 5]
    assert is_zero_combination([(F(1, 2), F(9, 4)), (F(-1), F(3, 2))])
    assert not is_zero_combination([(F(1, 2), F(9, 4)), (F(-1), F(3, 2) + F(1, 10**30))])
    big = F(10**40 + 1, 10**39 + 7)
    assert is_zero_combination([(F(3), big), (F(-1), big**3)])


def test_the_intersection_of_the_sweet_spots_can_be_certainly_empty():
    record = certify(read_exact(TWO)).record
    assert record["common_sweet_spot"] == "empty"
    windows = [[float(F(end)) for end in window] for window in record["sweet_spots"]]
    assert windows == [
        pytest.approx([-0.834, -0.166], abs=1e-3),
        pytest.approx([0.166, 0.834], abs=1e-3),
    ]


def test_failures_come_with_a_witness():
    claims = {c["id"]: c for c in certify(read_exact(SMALLER)).record["claims"]}
    order = claims["thm-3.3.peak-order"]
    assert (order["conclusion"], order["verdict"]) == ("fails", "hypotheses unmet")
    assert order["witness"] == {"context": 0, "target": 1, "other": 2}
    assert claims["lemma-b4.sign"]["witness"] == {"token": 1}
    assert claims["remark-3.4.positive-peaks"]["unmet"] == ["concept-laws", "small-epsilon"]


def test_what_the_precision_leaves_open_is_said(monkeypatch):
    monkeypatch.setattr(_peaks, "PRECISIONS", (24,))
    record = certify(read_exact(near_tie(40))).record
    verdicts = {c["id"]: c["conclusion"] for c in record["claims"]}
    assert None in record["peaks"][0]
    assert verdicts["thm-3.3.bump"] == "undecided"
    assert verdicts["thm-3.3.monotone"] == "holds"
    # the checker has more bits, and lets nothing stay open that it can decide
    with pytest.raises(ValueError, match=r"peaks\[0\]\[1\] is left open, but 2560 bits show it"):
        check_certificate(record)
    monkeypatch.setattr(_check_evidence, "OPEN", (16,))
    assert check_certificate(record)["thm-3.3.bump"] == "undecided"


@pytest.mark.parametrize("name", RECORDS)
def test_the_checker_confirms_what_was_certified(name):
    certificate = certify(read_exact(RECORDS[name]))
    record = json.loads(json.dumps(certificate.record))
    assert check_certificate(record) == certificate.verdicts
    assert "fails" not in certificate.verdicts.values()


@pytest.mark.parametrize("name", [n for n in RECORDS if "without" not in n and n[-6:] != "target"])
def test_certificates_and_float_checks_agree(name):
    instance = exact_instance(RECORDS[name])
    for claim, verdict in certify(read_exact(RECORDS[name])).verdicts.items():
        assert str(theorems.check(claim, instance).verdict) == verdict, claim


weights = st.lists(st.integers(1, 20), min_size=4, max_size=4)


@given(weights, weights, st.integers(1, 20))
@settings(max_examples=25)
def test_random_rates_satisfy_every_claim_whose_hypotheses_they_meet(off, inside, rest):
    total = sum(off) + rest
    b = [F(w, total) for w in off]
    a = [
        b[z] + F(rest, total) * F(inside[z], sum(inside[z // 2 * 2 : z // 2 * 2 + 2]))
        for z in range(4)
    ]
    record = TWO | {"in_concept": [str(v) for v in a], "off_concept": [str(v) for v in b]}
    certificate = certify(read_exact(record))
    assert set(certificate.verdicts.values()) <= {"holds", "hypotheses unmet"}
    assert check_certificate(certificate.record) == certificate.verdicts


def test_the_registry_and_both_tables_of_claims_agree():
    assert set(conclusions.CONCLUSIONS) == set(_check_claims.CLAIMS)
    certified = {c.id for c in theorems.CLAIMS.values() if isinstance(c.certificate, Certified)}
    assert {*conclusions.CONCLUSIONS, *HEADS} == certified
    assert tuple(HEADS) == heads.CLAIMS
    for name, (_, needed) in _check_claims.CLAIMS.items():
        every = [h.id for h in theorems.CLAIMS[name].hypotheses]
        assert sorted(needed) == sorted(set(every) - set(BUILT_IN)), name


def test_the_page_on_certificates_has_every_claim_where_it_belongs():
    page = Path(__file__).parents[3].joinpath("docs/certificates.md").read_text(encoding="utf-8")
    lines = [line.removesuffix("|") for line in page.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line[1:].split(" | ")] for line in lines]
    evaluated = [r for r in rows if len(r) == 2 and not r[0].endswith(")")]
    cited = [r for r in rows if len(r) == 3]
    without = [r for r in rows if r[0].endswith(")")]
    named = lambda rows: re.findall(r"`([\w.-]+)`", " ".join(row[0] for row in rows))  # noqa: E731
    known = {*_check_claims.CLAIMS, *HEADS}
    proved = _check_claims.THEOREMS | heads.THEOREMS
    assert sorted(named(evaluated)) == sorted(known - set(proved))
    assert sorted(named(cited)) == sorted(proved)
    theorems_cited = re.findall(r"`(\w+)`", " ".join(row[1] for row in cited))
    assert sorted(theorems_cited) == sorted(name for names in proved.values() for name in names)
    own = {name for name, claim in theorems.CLAIMS.items() if not claim.is_of_others}
    assert sorted(named(without)) == sorted(own - known)
    for row in without:
        assert len(named([row])) == int(re.findall(r"\((\d+)\)$", row[0])[0])
    assert len(named(evaluated)) + len(named(cited)) + len(named(without)) == len(own)


# What a checker must refuse, with the digest made good again.


def _claim(record, name):
    return next(c for c in record["claims"] if c["id"] == name)


def _shift(pair, share):
    low, high = F(pair[0]), F(pair[1])
    step = (high - low) * share
    pair[:] = [str(low + step), str(high + step)]


def _set(record, value, *path):
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value


def _swap(record, first, second, *path):
    for key in path:
        record = record[key]
    record[first], record[second] = record[second], record[first]


def _remove_token(record):
    record["levels"][1] = []
    record["instance"]["in_concept"].pop()


EDITS = {
    "a bracket turned around": lambda r: r["peaks"][0][1].reverse(),
    "two brackets exchanged": lambda r: _swap(r, 1, 2, "peaks", 0),
    "brackets of two laws exchanged": lambda r: _swap(r, 0, 1, "peaks"),
    "a bracket moved up": lambda r: _shift(r["peaks"][0][1], 2),
    "a bracket moved down": lambda r: _shift(r["peaks"][0][1], -2),
    "a start past the peak": lambda r: _set(r, r["peaks"][0][1][1], "peaks", 0, 1, 0),
    "a bracket widened": lambda r: _set(r, "1000", "peaks", 0, 2, 1),
    "a bracket widened a little": lambda r: _set(r, "-1/10", "peaks", 0, 2, 1),
    "a bracket left out": lambda r: r["peaks"][0].pop(1),
    "a bracket blanked": lambda r: _set(r, None, "peaks", 0, 1),
    "an infinite peak made finite": lambda r: _set(r, ["1000", "1001"], "peaks", 0, 3),
    "infinity for a peak": lambda r: _set(r, ["inf", "inf"], "peaks", 0, 1),
    "an endpoint as a float": lambda r: _set(r, -0.83, "peaks", 0, 1, 0),
    "an endpoint not in lowest terms": lambda r: _set(r, "-2/2", "peaks", 0, 1, 0),
    "an endpoint that is no number": lambda r: _set(r, "nan", "peaks", 0, 1, 0),
    "the order of levels reversed": lambda r: r["levels"].reverse(),
    "two levels exchanged": lambda r: _swap(r, 1, 2, "levels"),
    "two levels merged": lambda r: _set(r, [[2], [3, 1], [0]], "levels"),
    "a token removed": _remove_token,
    "a token twice": lambda r: _set(r, [2, 2], "levels", 0),
    "another probability": lambda r: _set(r, "2/5", "instance", "in_concept", 1),
    "another law, still a law": lambda r: _set(
        r, ["1/2", "3/10", "3/5", "1/5"], "instance", "in_concept"
    ),
    "P and N exchanged": lambda r: _swap(r, "positive", "negative", "instance"),
    "P made smaller": lambda r: _set(r, [0], "instance", "negative"),
    "a rounded probability": lambda r: _set(r, 0.6, "instance", "in_concept", 0),
    "weights added": lambda r: _set(
        r, ["1/10", "1/10", "2/5", "2/5"], "instance", "context_weights"
    ),
    "contexts grouped wrongly": lambda r: _set(r, [[0, 2], [1, 3]], "laws"),
    "a context left out": lambda r: _set(r, [[0], [2, 3]], "laws"),
    "log-odds moved": lambda r: _shift(r["log_odds"][0], 2),
    "log-odds widened": lambda r: _set(r, ["-3", "-1"], "log_odds", 0),
    "a larger gap": lambda r: _set(r, "2", "limits", "plus", "gap"),
    "a smaller gap": lambda r: _set(r, "1/2", "limits", "plus", "gap"),
    "another limit": lambda r: _set(r, ["1/2", "1/10"], "limits", "plus", "masses"),
    "another factor": lambda r: _set(r, ["1/2", "9"], "limits", "plus", "factors"),
    "another variance": lambda r: _shift(r["cross_entropy"]["variance"], 3),
    "another ΔCE": lambda r: _shift(r["cross_entropy"]["samples"][2]["increase"], 3),
    "fewer strengths": lambda r: r["cross_entropy"]["samples"].pop(),
    "one strength twice": lambda r: _set(
        r, r["cross_entropy"]["samples"][0], "cross_entropy", "samples", 1
    ),
    "a wider sweet spot": lambda r: _set(r, ["-1", "-1/8"], "sweet_spots", 0),
    "a common sweet spot": lambda r: _set(r, ["-1/10", "1/10"], "common_sweet_spot"),
    "a verdict raised": lambda r: _claim(r, "thm-3.6.vanishing").update(verdict="holds"),
    "a conclusion raised": lambda r: _claim(r, "thm-3.6.vanishing").update(conclusion="holds"),
    "a verdict lowered": lambda r: _claim(r, "ce.convex").update(verdict="fails"),
    "a hypothesis forgotten": lambda r: _claim(r, "thm-3.6.vanishing").update(unmet=[]),
    "a claim removed": lambda r: r["claims"].pop(0),
    "a claim invented": lambda r: r["claims"].append(dict(r["claims"][0], id="thm-9.9")),
    "a larger margin": lambda r: _shift(r["margins"]["least"], 3),
    "a margin of nothing": lambda r: _set(r, ["0", "0"], "margins", "most"),
    "a range widened": lambda r: _set(r, ["3", "4"], "margins", "range"),
    "other pairs": lambda r: _set(r, ["3", "1/2"], "margins", "pairs"),
    "another covariance": lambda r: _shift(r["sets"][0]["covariances"][1], 3),
    "no covariance": lambda r: _set(r, ["0", "0"], "sets", 2, "covariances", 0),
    "M constant on the rest": lambda r: _set(r, ["0", "0"], "sets", 1, "range"),
    "masses of another set": lambda r: _set(r, r["sets"][1]["masses"], "sets", 0, "masses"),
    "two sets exchanged": lambda r: _swap(r, 0, 1, "sets"),
    "a set left out": lambda r: r["sets"].pop(),
    "prompts that part": lambda r: _set(r, [[0], [1]], "prompts"),
    "half saturation moved": lambda r: _shift(r["half_saturation"][0], 2),
    "half saturation blanked": lambda r: _set(r, None, "half_saturation", 1),
    "half saturation in the middle": lambda r: _set(r, ["0", "0"], "half_saturation", 0),
    "a strength that costs more": lambda r: _shift(r["budgets"][1]["cross_entropy"]["strength"], 2),
    "a strength that costs less": lambda r: _shift(r["budgets"][1]["reverse_kl"]["strength"], -2),
    "a lower ceiling": lambda r: _shift(r["budgets"][0]["cross_entropy"]["ceiling"], -2),
    "a higher ceiling": lambda r: _shift(r["budgets"][0]["reverse_kl"]["ceiling"], 2),
    "a ceiling of all": lambda r: r["budgets"][1]["reverse_kl"].update(
        multiplier=None, ceiling=["1", "1"]
    ),
    "a ceiling below all": lambda r: r["budgets"][2]["reverse_kl"].update(
        multiplier=["8", "8"], ceiling=["99/100", "99/100"]
    ),
    "a multiplier below 1": lambda r: _set(
        r, ["1/2", "2"], "budgets", 0, "reverse_kl", "multiplier"
    ),
    "more mass along the vector": lambda r: _shift(r["budgets"][2]["cross_entropy"]["mass"], 2),
    "a larger lift": lambda r: _shift(r["budgets"][0]["reverse_kl"]["lift"], 2),
    "a lift blanked": lambda r: _set(r, None, "budgets", 0, "reverse_kl", "lift"),
    "budgets exchanged": lambda r: _swap(r, 0, 1, "budgets"),
    "a budget left out": lambda r: r["budgets"].pop(),
    "another budget": lambda r: _set(r, "1/9", "budgets", 1, "budget"),
    "the first version": lambda r: r.update(version=1),
    "another version": lambda r: r.update(version=3),
    "a version that is true": lambda r: r.update(version=True),
    "another format": lambda r: r.update(format="a certificate"),
    "a key added": lambda r: r.update(note="trust me"),
    "precision in words": lambda r: r.update(precision="128"),
}


@pytest.fixture(scope="module")
def genuine():
    return certify(read_exact(TWO)).record


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_certificate_is_refused(genuine, edit):
    record = copy.deepcopy(genuine)
    EDITS[edit](record)
    assert json.dumps(record) != json.dumps(genuine)
    record["sha256"] = digest(record)
    with pytest.raises(ValueError, match=r"."):
        check_certificate(record)


def test_any_edit_is_seen_by_the_digest(genuine):
    record = copy.deepcopy(genuine)
    low, high = (F(end) for end in record["peaks"][0][1])
    record["peaks"][0][1][0] = str(low - (high - low) / 64)  # wider by a hair: still true
    with pytest.raises(ValueError, match="sha256 does not match"):
        check_certificate(record)


@pytest.mark.parametrize("value", [None, 3, [], {}, "certificate", [{}]])
def test_what_is_no_certificate_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        check_certificate(value)


@pytest.mark.parametrize(
    ("claim", "witness"),
    [
        ("lemma-b4.sign", {"token": 0}),
        ("lemma-b4.sign", None),
        ("thm-3.3.peak-order", {"context": 0, "target": 0, "other": 2}),
        ("thm-3.6.target-increasing", {"context": 0, "strength": "100"}),
        ("thm-3.6.target-increasing", {"context": 0, "strength": "+inf"}),
        ("sweet-spot.nonempty", None),
    ],
)
def test_a_witness_that_shows_nothing_is_refused(claim, witness):
    record = certify(read_exact(SMALLER)).record
    _claim(record, claim)["witness"] = witness
    record["sha256"] = digest(record)
    with pytest.raises(ValueError, match=r"."):
        check_certificate(record)


def _peaks_moved(monkeypatch):
    exact = _peaks.Peaks._around

    def off(self, level, guess, unit):
        low, high = exact(self, level, guess, unit)
        return Bracket(low + 1, high + 1)

    monkeypatch.setattr(_peaks.Peaks, "_around", off)


def _order_changed(monkeypatch):
    exact = Levels.__init__

    def swapped(self, instance):
        exact(self, instance)
        bottom, second, third, *rest = self.tokens
        self.tokens = (bottom, third, second, *rest)
        for z in range(len(self.level)):
            self.level[z] = next(k for k, group in enumerate(self.tokens) if z in group)

    monkeypatch.setattr(Levels, "__init__", swapped)


def _loss_doubled(monkeypatch):
    exact = CrossEntropy.increase
    monkeypatch.setattr(CrossEntropy, "increase", lambda self, alpha: 2 * exact(self, alpha))


def _hypothesis_forgotten(monkeypatch):
    monkeypatch.setitem(_hypotheses.TESTS, "interior-concept", lambda instance, levels: None)


def _always_holds(monkeypatch):
    holds = conclusions.Conclusion("holds")
    monkeypatch.setitem(conclusions.CONCLUSIONS, "thm-3.6.vanishing", lambda evidence: holds)


def _mass_moved(monkeypatch):
    exact = Levels.masses

    def moved(self, row):
        first, *rest, last = exact(self, row)
        return [first + last - F(1, 10), *rest, F(1, 10)]

    monkeypatch.setattr(Levels, "masses", moved)


FAULTS = {
    _peaks_moved: "not rising at its start",
    _order_changed: "level 1 is not below level 2",
    _loss_doubled: "increase misses its value",
    _hypothesis_forgotten: "thm-3.6.vanishing: the unmet hypotheses are",
    _always_holds: "thm-3.6.vanishing: it fails, and the witness names no concept",
    _mass_moved: "peaks|masses are wrong",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_writes_certificates_cannot_pass(monkeypatch, fault):
    fault(monkeypatch)
    record = certify(read_exact(TWO)).record
    with pytest.raises(ValueError, match=FAULTS[fault]):
        check_certificate(record)


def test_mass_that_is_lost_stops_what_writes_certificates(monkeypatch):
    exact = Levels.masses
    monkeypatch.setattr(Levels, "masses", lambda self, row: [*exact(self, row)[:-1], F(1, 10)])
    with pytest.raises(ValueError, match="a root is looked for from 0 on, and is not after it"):
        certify(read_exact(TWO))


# Reading and writing.

GOOD_TABLE = RECORDS["a table without concepts"]
BAD_RECORDS = [
    ([], "the record is a list"),
    ({}, "in_concept is missing"),
    (TWO | {"colour": 1}, "there is no key 'colour'"),
    (
        TWO | {"in_concept": [0.6, "1/5", "3/5", "1/5"]},
        "in_concept[0] is 0.6; write numbers as exact",
    ),
    (TWO | {"in_concept": ["0.6e0", "1/5", "3/5", "1/5"]}, "in_concept[0] is '0.6e0'"),
    (TWO | {"in_concept": ["1e999999999", "1/5", "3/5", "1/5"]}, "'1e999999999'"),
    (TWO | {"in_concept": ["-3/5", "1/5", "3/5", "1/5"]}, "'-3/5'"),
    (TWO | {"in_concept": ["3/0", "1/5", "3/5", "1/5"]}, "divides by zero"),
    (TWO | {"in_concept": ["9" * 201, "1/5", "3/5", "1/5"]}, "in_concept[0]"),
    (TWO | {"in_concept": ["3/5", "1/5", "3/5"]}, "in_concept has 3 entries; it needs 4"),
    (TWO | {"in_concept": ["1/2", "1/5", "3/5", "1/5"]}, "row 0 sums to 9/10, not 1"),
    (TWO | {"off_concept": ["0", "1/5", "0", "1/5"]}, "has no log-odds"),
    (TWO | {"token_concept": [0, 0, 1, True]}, "token_concept[3] is True"),
    (TWO | {"contexts": []}, "contexts is []"),
    (TWO | {"positive": []}, "positive is []"),
    (TWO | {"positive": [0, 0]}, "positive repeats a context"),
    (TWO | {"positive": [0, 9]}, "positive holds context 9, outside 0..3"),
    (TWO | {"positive": [0, 2]}, "positive and negative share context 2"),
    (TWO | {"positive": [-1]}, "positive[0] is -1"),
    (TWO | {"target": [True] * 4}, "target must name some but not all of the 4 tokens; got 4"),
    (TWO | {"target": [1, 0, 0, 0]}, "target must hold true or false"),
    (TWO | {"context_weights": ["1/2"] * 4}, "they sum to 2"),
    ({k: v for k, v in GOOD_TABLE.items() if k != "target"}, "target is missing"),
    (GOOD_TABLE | {"next_token_probs": [["1/2"], ["1/2", "1/2"]]}, "next_token_probs[1] has 2"),
    (GOOD_TABLE | {"next_token_probs": "1/2"}, "next_token_probs is 1/2"),
]


@pytest.mark.parametrize(("record", "message"), BAD_RECORDS, ids=lambda v: str(v)[:40])
def test_a_bad_record_is_told_in_one_line(record, message):
    with pytest.raises(ValueError, match=r".") as caught:
        read_exact(record)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_floats_of_an_exact_instance_are_its_rationals():
    instance = read_exact(RECORDS["finding-1.large-epsilon"])
    floats = np.exp(instance.to_instance().log_probs)
    np.testing.assert_allclose(floats, np.array(instance.rows, dtype=float), rtol=1e-14)
    with pytest.raises(ValueError, match="token_concept and contexts are not given"):
        read_exact(GOOD_TABLE).to_instance()


def test_a_failed_write_leaves_the_old_file(tmp_path, genuine):
    path = tmp_path / "certificate.json"
    write_certificate(genuine, path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_certificate({"record": object()}, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["certificate.json"]


def test_flint_loads_only_when_something_is_certified():
    code = (
        "import sys, ufm, ufm.app.main, theorems, theorems.certificates, theorems.tables.exact; "
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'flint']; "
        "theorems.certificates.certify; assert 'flint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_papers_datasets_are_certified_claim_by_claim():
    from theorems.certificates import certify_paper

    found = certify_paper()
    assert {*found} == {*theorems.CLAIMS}
    assert {c.verdict for c in found.values()} == {"holds", "none"}
    assert all(bool(c.datasets) == (c.verdict == "holds") for c in found.values())
    assert all(c.detail for c in found.values() if c.verdict == "none")


@pytest.mark.parametrize(
    ("name", "index"),
    [("figure-3", 0), ("figure-4", 1), ("figure-5", 2), ("figure-4-random", 3)],
)
def test_the_exact_records_are_the_datasets_of_the_suite(name, index):
    from theorems.suite import draw
    from theorems.tables.exact import exact_instance
    from theorems.tables.paper import PAPER

    exact, floats = exact_instance(PAPER[name]), draw("rates", seed=0, index=index)
    for part in ("log_probs", "odds", "target", "positive", "negative"):
        np.testing.assert_allclose(getattr(exact, part), getattr(floats, part), rtol=1e-14)


def test_a_report_is_not_ok_when_a_certificate_says_that_a_claim_fails():
    from theorems.certificates import PaperCertificate
    from theorems.verify import Report, as_json

    statement = next(s for s in theorems.STATEMENTS if s.id == "sign-rule")
    report = Report(0, (statement,))
    assert report.ok
    for verdict, ok in (("holds", True), ("none", True), ("fails", False), ("undecided", False)):
        report.certificates = {"sign-rule": PaperCertificate(verdict, ("figure-3",))}
        assert report.ok is ok
    from theorems.verify import Tally

    report.tallies["sign-rule"] = Tally(statement.claims[0])
    shown = as_json(report, "0")["statements"][0]["claims"][0]["certificate"]
    assert shown == {"verdict": "undecided", "datasets": ["figure-3"], "detail": ""}


@pytest.mark.parametrize("digits", [19, 25, 45, 77, 150, 190])
def test_nearly_equal_laws_are_certified_and_checked(digits):
    e = F(1, 10**digits)
    laws = [[str(F(1, 3) + e), str(F(1, 3) - e), "1/3"], ["1/3"] * 3]
    target = [True, False, False]
    record = {"next_token_probs": laws, "target": target, "positive": [0], "negative": [1]}
    certificate = certify(read_exact(record))
    assert certificate.verdicts["sign-rule"] == "holds"
    assert check_certificate(certificate.record) == certificate.verdicts


def test_nearly_certain_laws_are_certified_and_checked():
    e = F(1, 10**100)
    record = {
        "in_concept": [str(1 - 2 * e), str(e)] * 2,
        "off_concept": [str(e / 2)] * 4,
        "token_concept": [0, 0, 1, 1],
        "contexts": [0, 1],
        "positive": [0],
        "negative": [1],
    }
    certificate = certify(read_exact(record))
    assert check_certificate(certificate.record) == certificate.verdicts


@pytest.mark.parametrize("ratio", [F(2), F(2**200 + 235, 2**198 + 9), F(10**90 + 33, 10**90 + 1)])
def test_a_peak_at_exactly_zero_among_numbers_that_nobody_factors(ratio):
    total = 1 + ratio + ratio**2
    rows = [[str(ratio**2 / total), str(ratio / total), str(1 / total)], ["1/3"] * 3]
    record = {"next_token_probs": [*rows, ["1/5", "3/5", "1/5"]], "target": [True, False, False]}
    certificate = certify(read_exact(record | {"positive": [0], "negative": [1]}))
    assert certificate.evidence.signs[2] == [-1, 0, 1]
    assert certificate.verdicts["sign-rule"] == "holds"
    assert check_certificate(certificate.record) == certificate.verdicts


def test_sweet_spots_that_are_barely_long_enough_are_shown_to_be(monkeypatch):
    # in the last law M is ±R/2 nearly always, so that Var M is nearly R²/4 all through the sweet spot
    e = F(1, 10**40)
    firsts = [[F(2, 3) - e, e * (1 + e), e * (1 - e)], [F(1, 3) - e, e, e], [F(1, 2) - e, e, e]]
    record = {
        "next_token_probs": [[*map(str, law), str(1 - sum(law))] for law in firsts],
        "target": [True, True, False, False],
        "positive": [0],
        "negative": [1],
    }
    certificate = certify(read_exact(record))
    assert certificate.verdicts["sweet-spot.nonempty"] == "holds"
    assert check_certificate(certificate.record) == certificate.verdicts
    monkeypatch.setattr(_evidence.Evidence, "_lengthen_windows", lambda evidence: None)
    certificate = certify(read_exact(record))
    assert certificate.verdicts["sweet-spot.nonempty"] == "undecided"
    with pytest.raises(ValueError, match="brackets too wide to show that it is 4δ/R² long"):
        check_certificate(certificate.record)


def test_levels_that_the_last_precision_does_not_tell_apart_are_an_error(monkeypatch):
    from theorems.certificates.write import levels

    monkeypatch.setattr(levels, "PRECISIONS", (128, 256))
    with pytest.raises(
        ValueError, match=r"M of tokens \d and \d differ by less than 256 bits show; certify"
    ):
        certify(read_exact(near_tie(100)))


def test_an_older_certificate_is_refused_in_a_line_that_says_what_to_do():
    instance = TWO | {"in_concept": ["0.6", "2/10", "3/5", "1/5"]}
    record = certify(read_exact(instance)).record
    assert record["instance"]["in_concept"] == ["3/5", "1/5", "3/5", "1/5"]
    check_certificate(record)
    old = record | {"instance": dict(instance)}  # as it was given
    old["sha256"] = digest(old)
    with pytest.raises(
        ValueError, match=r"in_concept\[0\] = '0.6' .*; make the certificate anew with `ufm"
    ):
        check_certificate(old)
