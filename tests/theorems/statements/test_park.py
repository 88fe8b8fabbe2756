from dataclasses import replace
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
from tests.planted_faults import Fault, at_strength, must_be_seen, standard, wrap
from theorems import suite
from theorems.judging import controls

SEPARABLE, TOGETHER = "park.separable", "park.together"
LAW = (ufm.ExponentialTilt, "log_probs_at")


def flattened(f):
    """Probabilities raised to a power below 1 as α grows: p_α ∝ (p e^{αM})^{1/(1+|α|)}."""

    def law(self, alpha):
        logs = f(self, alpha) / (1 + abs(alpha))
        return logs - ufm.tilt.tilt.jax.nn.logsumexp(logs, axis=1, keepdims=True)

    return law


def separable() -> theorems.Instance:
    """`standard`, with M the same for both tokens off the target."""
    base = standard()
    odds = np.where(base.target, base.odds, -1.0)
    tilt = ufm.ExponentialTilt(base.log_probs, odds)
    return replace(base, tilt=tilt, positive=None, negative=None)


FAULTS = [
    Fault("flattened", SEPARABLE, separable, wrap(*LAW, flattened)),
    Fault("α with its sign turned", SEPARABLE, standard, at_strength(lambda alpha: -alpha)),
    Fault("twice the strength", TOGETHER, standard, at_strength(lambda alpha: 2 * alpha)),
    Fault("flattened", TOGETHER, separable, wrap(*LAW, flattened)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("claim", [SEPARABLE, TOGETHER])
def test_it_holds_on_extreme_tilts_and_on_separable_ones(claim):
    for i in range(8):
        assert theorems.check(claim, suite.draw("tilts", 3, i)).verdict == "holds"
    assert theorems.check(claim, separable()).verdict == "holds"


def test_off_a_separable_target_all_concepts_fall_as_what_is_left():
    """Exact: p = (4, 3, 2, 1)/10, e^M = (6, 2, 2, 2) at α = 1, so that F_C goes from 2/10 to 4/36."""
    tilt = ufm.ExponentialTilt(np.log([[0.4, 0.3, 0.2, 0.1]]), np.log([6.0, 2, 2, 2]))
    after = np.asarray(tilt.probs(1.0))[0]
    weights = [Fraction(4) * 6, Fraction(3) * 2, Fraction(2) * 2, Fraction(1) * 2]
    np.testing.assert_allclose(after, [float(w / sum(weights)) for w in weights], rtol=1e-14)
    np.testing.assert_allclose(after[1:] / (1 - after[0]), [1 / 2, 1 / 3, 1 / 6], rtol=1e-14)
    assert float(ufm.inseparability(tilt, np.array([True, False, False, False]))[0]) == 0


@mp.workdps(50)
def test_the_factor_is_approached():
    """C = {z} with the larger M of two tokens off T, hardly any mass: the factor tends to e^{αR_off}."""
    small, alpha = mp.mpf("1e-20"), mp.mpf(2)
    weight = [mp.mpf(1) / 2 * mp.exp(alpha), mp.mpf(1) / 2 - small, small * mp.exp(alpha)]
    total = mp.fsum(weight)
    factor = (weight[2] / total / small) / ((total - weight[0]) / total * 2)
    assert 1 - mp.mpf("1e-18") < factor / mp.exp(alpha) < 1


def test_a_path_before_the_norm_turns_log_odds_back():
    verdict = theorems.CLAIMS[SEPARABLE].conclusion(controls.before_the_norm())
    assert verdict.verdict == "fails"
