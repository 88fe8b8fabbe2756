import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.effects
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems import suite
from theorems.judging import controls

CLAIM = "side-effect.first-order"


def not_centred(_):
    """Σ_C p M, from which F_C E[M] is not taken away."""

    def product(tilt, tokens):
        return np.asarray(np.exp(tilt.log_probs)[:, tokens] @ np.asarray(tilt.log_odds)[tokens])

    return product


EFFECT = (ufm.tilt.effects, "first_order_effect")
FAULTS = [
    Fault("1% too large", CLAIM, standard, output(*EFFECT, lambda slope: 1.01 * slope)),
    Fault("of the other sign", CLAIM, standard, output(*EFFECT, lambda slope: -slope)),
    Fault("the mean of M not taken away", CLAIM, standard, wrap(*EFFECT, not_centred)),
    Fault("1e-4 too large", CLAIM, standard, output(*EFFECT, lambda slope: slope + 1e-4)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("rate", [-1.0, 0.5, 1.01])
def test_a_path_of_another_rate_fails(rate):
    verdict = theorems.CLAIMS[CLAIM].conclusion(controls.rescaled_vector(rate))
    assert verdict.verdict == "fails"


def test_it_holds_on_extreme_tilts():
    for i in range(8):
        assert theorems.check(CLAIM, suite.draw("tilts", 3, i)).verdict == "holds"


@mp.workdps(60)
def test_the_constant_is_the_best():
    """Two tokens with F = (3 - √3)/6 and M = (1, 0), as α → 0; at random nothing is beyond it."""
    share, alpha = (3 - mp.sqrt(3)) / 6, mp.mpf("1e-12")
    weight = share * mp.exp(alpha)
    rest = weight / (weight + 1 - share) - share - alpha * share * (1 - share)
    assert abs(rest / (alpha**2 / (12 * mp.sqrt(3))) - 1) < mp.mpf("1e-11")


def test_a_set_that_is_as_likely_above_as_below_the_mean_moves_by_a_square():
    """p uniform on M = (-1, 0, 0, 1): the ends together gain as cosh(α), with no slope."""
    tilt = ufm.ExponentialTilt(np.log(np.full((1, 4), 0.25)), [-1.0, 0.0, 0.0, 1.0])
    ends = np.array([True, False, False, True])
    assert abs(float(ufm.first_order_effect(tilt, ends)[0])) < 1e-17
    for alpha in (1e-3, -1e-2, 0.5):
        exact = np.cosh(alpha) / (1 + np.cosh(alpha)) - 0.5
        gain = 2 * float(ufm.concept_increase(tilt, alpha, ends)[0])
        assert gain == pytest.approx(exact, rel=1e-6)
        assert gain <= alpha**2 * 4 / (12 * np.sqrt(3))
