import itertools
import math

import numpy as np
import pytest

from theorems import Outcome, Verdict
from theorems.judging.verdict import bound, identity, strict, unmet, worst

HOLDS, FAILS = Outcome.HOLDS, Outcome.FAILS
UNDECIDED, UNMET = Outcome.UNDECIDED, Outcome.UNMET
NAN, INF = math.nan, math.inf


def _judged(outcome: Outcome, margin: float, points: int) -> Verdict:
    return Verdict(outcome, margin, 0.1, f"x [{points} points]")


@pytest.mark.parametrize(
    ("errors", "outcome", "margin"),
    [
        ([0.0, 0.0], HOLDS, 0.0),
        ([1e-12, -1e-12], HOLDS, -1e-12),
        ([0.1, -0.05], HOLDS, -0.1),  # at the tolerance exactly
        ([0.0, 0.1000001], FAILS, -0.1000001),
        ([0.0, -0.2], FAILS, -0.2),
        ([INF], FAILS, -INF),
        ([-INF, 0.0], FAILS, -INF),
    ],
)
def test_identity_allows_errors_of_either_sign_up_to_the_tolerance(errors, outcome, margin):
    assert identity(np.array(errors), 0.1, "x") == _judged(outcome, margin, len(errors))


@pytest.mark.parametrize(
    ("slack", "outcome", "margin"),
    [
        ([3.0, 1.0, 2.0], HOLDS, 1.0),
        ([0.0], HOLDS, 0.0),
        ([-0.1, 5.0], HOLDS, -0.1),
        ([-0.1000001, 5.0], FAILS, -0.1000001),
        ([INF, 1.0], HOLDS, 1.0),
        ([-INF, 1.0], FAILS, -INF),
    ],
)
def test_bound_fails_below_minus_the_tolerance(slack, outcome, margin):
    assert bound(np.array(slack), 0.1, "x") == _judged(outcome, margin, len(slack))


@pytest.mark.parametrize(
    ("slack", "outcome"),
    [
        ([0.2, 1.0], HOLDS),
        ([0.1000001], HOLDS),
        ([0.1, 1.0], UNDECIDED),
        ([0.0], UNDECIDED),
        ([-0.1], UNDECIDED),
        ([-0.1000001, 1.0], FAILS),
        ([INF], HOLDS),
    ],
)
def test_strict_is_undecided_within_the_tolerance_of_zero(slack, outcome):
    verdict = strict(np.array(slack), 0.1, "x")
    assert verdict == _judged(outcome, min(slack), len(slack))


@pytest.mark.parametrize("judge", [identity, bound, strict])
@pytest.mark.parametrize(
    ("values", "count", "where"),
    [
        ([NAN], 1, "0"),
        ([1.0, NAN], 1, "1"),
        ([NAN, INF], 1, "0"),
        ([-9.0, NAN, NAN], 2, "1"),
        ([[0.0, 0.0], [NAN, 0.0]], 1, "1, 0"),
    ],
)
def test_what_is_not_a_number_is_undecided_and_says_where(judge, values, count, where):
    verdict = judge(np.array(values), 0.1, "x")
    assert verdict.verdict is UNDECIDED
    assert math.isnan(verdict.margin)
    points = np.size(values)
    expected = f"not a number in {count} of them, first at [{where}]: x [{points} points]"
    assert verdict.evidence == expected


@pytest.mark.parametrize("judge", [identity, bound, strict])
@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)])
def test_nothing_to_judge_is_undecided(judge, shape):
    verdict = judge(np.zeros(shape), 0.1, "x")
    assert verdict.verdict is UNDECIDED
    assert math.isnan(verdict.margin)
    assert verdict.evidence == "no point to judge: x"


@pytest.mark.parametrize("judge", [identity, bound, strict])
def test_a_scalar_and_a_list_are_judged_too(judge):
    assert judge(0.5, 0.6, "x") == judge([0.5], 0.6, "x")


def _of(outcome: Outcome, margin: float, tolerance: float = 1.0) -> Verdict:
    return Verdict(outcome, margin, tolerance, "")


RANKED = [
    _of(FAILS, NAN),
    _of(FAILS, -3.0),
    _of(FAILS, -2.0),
    _of(UNDECIDED, NAN),
    _of(UNDECIDED, 0.5),
    unmet("a hypothesis"),
    _of(HOLDS, 0.1),
    _of(HOLDS, 0.2),
    _of(HOLDS, INF),
]


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations(RANKED, 2)])
def test_the_worst_of_two_is_the_same_in_either_order(first, second):
    assert worst(first, second) is first
    assert worst(second, first) is first


def test_margins_are_compared_in_units_of_their_tolerances():
    coarse, fine = _of(HOLDS, -0.5, 1.0), _of(HOLDS, -0.009, 0.01)
    assert worst(coarse, fine) is fine


def test_the_worst_of_one_is_that_one():
    assert worst(RANKED[4]) is RANKED[4]


def test_an_unmet_verdict_gives_its_reason_and_no_margin():
    verdict = unmet("δ = -1")
    assert (verdict.verdict, verdict.evidence) == (UNMET, "δ = -1")
    assert math.isnan(verdict.margin)
