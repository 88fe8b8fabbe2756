from dataclasses import replace

import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.log_odds
from tests.planted_faults import (
    PEAKS,
    Fault,
    at_strength,
    exchanged,
    must_be_seen,
    output,
    standard,
    wrap,
)
from theorems import suite
from theorems.judging import controls

ORDER, PAIRS = "sign-separation.order", "sign-separation.pairs"

FAULTS = [
    Fault("curves that run backwards", ORDER, standard, at_strength(lambda alpha: -alpha)),
    Fault("peaks of -v", ORDER, standard, output(*PEAKS, lambda peaks: -peaks)),
    Fault("P and N exchanged", PAIRS, standard, wrap(ufm.tilt.log_odds, "log_odds", exchanged)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


def table(rows) -> theorems.Instance:
    """Contexts 0 and 1 of two concepts with these distributions, steered from the second to the first."""
    base = controls.standard()
    log_probs = np.log(np.asarray(rows, float))
    tilt = ufm.ExponentialTilt(log_probs, np.asarray(ufm.log_odds(log_probs, [0], [1])))
    return theorems.Instance(
        tilt, base.target, base.token_concept, np.array([0, 1]), np.array([0.5, 0.5]), (0,), (1,)
    )


def test_the_order_needs_no_signs_but_their_difference():
    """M = (-1, -2, -3, -4): no token has M > 0, and the first two peak last all the same."""
    tilt = ufm.ExponentialTilt(np.log(np.full((2, 4), 0.25)), -np.arange(1.0, 5))
    base = replace(controls.standard(), positive=None, negative=None)
    concept, weights = np.array([0, 1]), np.array([0.5, 0.5])
    instance = replace(base, tilt=tilt, context_concept=concept, context_weights=weights)
    for claim in (ORDER, "thm-3.3.peak-order", "thm-3.6.target-increasing"):
        assert theorems.check(claim, instance).verdict == "holds"
    peaks = np.asarray(ufm.peak_strengths(tilt))[0]
    assert (np.diff(peaks) < 0).all()


def test_uneven_b_that_leaves_the_target_separated():
    """b(2) goes from 2/20 to 1/20: M(2) > 0 off the target breaks Lemma B.4, and δ > 0 all the same."""
    instance = table([[0.5, 0.35, 0.1, 0.05], [0.05, 0.05, 0.05, 0.85]])
    assert instance.tilt.log_odds[2] > 0
    assert theorems.check("lemma-b4.sign", instance).verdict == "hypotheses unmet"
    for claim in (PAIRS, ORDER, "thm-3.3.peak-order"):
        assert theorems.check(claim, instance).verdict == "holds"


def test_uneven_b_that_breaks_the_separation():
    """b(2) goes from 4/10 to 1/100, more than any a exceeds b: g < τ, δ < 0, and token 2 peaks last."""
    instance = table([[0.3, 0.25, 0.4, 0.05], [0.1, 0.1, 0.01, 0.79]])
    assert instance.margin < 0
    assert theorems.check(PAIRS, instance).verdict == "holds"
    assert theorems.check(ORDER, instance).verdict == "holds"
    assert theorems.check("thm-3.3.peak-order", instance).verdict == "hypotheses unmet"
    assert np.asarray(ufm.peak_strengths(instance.tilt))[0].argmax() == 2


def test_with_one_pair_nothing_is_to_spare():
    instance = table([[0.5, 0.35, 0.1, 0.05], [0.05, 0.05, 0.05, 0.85]])
    verdict = theorems.check(PAIRS, instance)
    assert verdict.verdict == "holds"
    assert abs(verdict.margin) < verdict.tolerance
    # log of (7, 2): the least ratio on the target over the largest off it
    assert instance.margin == pytest.approx(np.log(7) - np.log(2), rel=1e-14)


@pytest.mark.parametrize(
    "claim", [ORDER, "thm-3.3.peak-order", "thm-3.3.bump", "thm-3.8.quadratic"]
)
def test_a_rate_for_each_context_is_enough(claim):
    for i in range(4):
        assert theorems.check(claim, suite.draw("varying", 3, i)).verdict == "holds"
