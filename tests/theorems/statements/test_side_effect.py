import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.effects
import ufm.tilt.two_vectors
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems import suite
from theorems.judging import controls
from theorems.statements import side_effect

CLAIM = "side-effect.first-order"
CROSS, TWO = "side-effect.cross-talk", "side-effect.two-vectors"


def not_centred(_):
    """Σ_C p M, from which F_C E[M] is not taken away."""

    def product(tilt, tokens):
        return np.asarray(np.exp(tilt.log_probs)[:, tokens] @ np.asarray(tilt.log_odds)[tokens])

    return product


EFFECT = (ufm.tilt.effects, "first_order_effect")
TALK = (ufm.tilt.two_vectors, "cross_talk")
UNDOING = (ufm.tilt.two_vectors, "undoing_strength")
COMBINED = (ufm.ExponentialTilt, "combined")


def without_the_second(f):
    return lambda tilt, log_odds, alpha=0.0, beta=0.0: f(tilt, log_odds, alpha, 0.0)


def subtracted(f):
    return lambda self, alpha, log_odds, beta: f(self, alpha, log_odds, -beta)


FAULTS = [
    Fault("1% too large", CLAIM, standard, output(*EFFECT, lambda slope: 1.01 * slope)),
    Fault("of the other sign", CLAIM, standard, output(*EFFECT, lambda slope: -slope)),
    Fault("the mean of M not taken away", CLAIM, standard, wrap(*EFFECT, not_centred)),
    Fault("1e-4 too large", CLAIM, standard, output(*EFFECT, lambda slope: slope + 1e-4)),
    Fault("1e-6 too large", CROSS, standard, output(*TALK, lambda found: (1 + 1e-6) * found)),
    Fault("of the other sign", CROSS, standard, output(*TALK, lambda found: -found)),
    Fault("at β = 0 throughout", CROSS, standard, wrap(*TALK, without_the_second)),
    Fault("the second subtracted", CROSS, standard, wrap(*COMBINED, subtracted)),
    Fault("the second subtracted", TWO, standard, wrap(*COMBINED, subtracted)),
    Fault("covariance halved", TWO, standard, output(*TALK, lambda found: found / 2)),
    Fault("0.1% too strong", TWO, standard, output(*UNDOING, lambda beta: 1.001 * beta)),
    Fault("of the other sign", TWO, standard, output(*UNDOING, lambda beta: -beta)),
    Fault("not undone at all", TWO, standard, output(*UNDOING, lambda beta: 0 * beta)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("rate", [-1.0, 0.5, 1.01])
@pytest.mark.parametrize("claim", [CLAIM, CROSS])
def test_a_path_of_another_rate_fails(claim, rate):
    verdict = theorems.CLAIMS[claim].conclusion(controls.rescaled_vector(rate))
    assert verdict.verdict == "fails"


@pytest.mark.parametrize("claim", [CLAIM, CROSS, TWO])
def test_it_holds_on_extreme_tilts(claim):
    for i in range(8):
        assert theorems.check(claim, suite.draw("tilts", 3, i)).verdict == "holds"


def test_the_price_of_two_is_not_convex_before_the_norm():
    """Where the control fails, its own chords do, not only the library's number."""
    instance = controls.before_the_norm()
    near = side_effect._near(instance)
    alphas, path = instance.alphas[near], instance.curves.log_probs[near]
    price = instance.cross_entropy_from(path)
    share = (alphas[1:-1] - alphas[:-2]) / (alphas[2:] - alphas[:-2])
    assert ((1 - share) * price[:-2] + share * price[2:] < price[1:-1] - 1e-4).any()


@mp.workdps(50)
def test_the_constant_of_the_cross_talk_is_the_best():
    """Two tokens, M₂ = M: E[M] - E_0[M] - α Var(M) is that of the mass of the first."""
    share, alpha = (3 - mp.sqrt(3)) / 6, mp.mpf("1e-10")
    weight = share * mp.exp(alpha)
    rest = weight / (weight + 1 - share) - share - alpha * share * (1 - share)
    assert abs(rest) <= alpha**2 / (12 * mp.sqrt(3))
    assert abs(rest) > (1 - mp.mpf("1e-8")) * alpha**2 / (12 * mp.sqrt(3))


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
