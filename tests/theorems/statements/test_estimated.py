import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.divergences
import ufm.tilt.log_odds
import ufm.tilt.strength
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems import suite
from theorems.judging import controls

NAMES = ("log-probability", "total-variation", "cross-entropy", "feasible")


def without_the_error(choose):
    """A strength chosen as if the estimate were exact."""
    return lambda *args, log_odds_error=0.0, **named: choose(*args, **named)


def root_mean_square(_):
    """The root mean square of the error less its mean, in place of half its range."""
    return lambda estimate, log_odds: np.std(np.asarray(estimate) - np.asarray(log_odds))


ERROR = (ufm.tilt.log_odds, "log_odds_error")
FAULTS = [
    *(Fault("η halved", f"estimated.{name}", standard, output(*ERROR, lambda eta: eta / 2))
      for name in NAMES[:3]),
    Fault("η a root mean square", "estimated.total-variation", standard, wrap(*ERROR, root_mean_square)),
    Fault("η 1% too large", "estimated.total-variation", standard, output(*ERROR, lambda eta: 1.01 * eta)),
    Fault("ΔCE 0.1% too large", "estimated.cross-entropy", standard,
          output(ufm.tilt.divergences, "cross_entropy_increase", lambda cost: 1.001 * cost)),
    Fault("a strength that leaves nothing unspent", "estimated.feasible", standard,
          wrap(ufm.tilt.strength, "choose_strength", without_the_error)),
    Fault("η = 0 at the choice of a strength", "estimated.feasible", standard,
          output(*ERROR, lambda eta: 0 * eta)),
    Fault("a strength 0.1% too large", "estimated.feasible", standard,
          output(ufm.tilt.strength, "choose_strength", lambda c: c._replace(alpha=c.alpha * 1.001))),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [0.5, 1.01])
def test_a_path_of_another_rate_fails(name, rate):
    claim = theorems.CLAIMS[f"estimated.{name}"]
    assert claim.conclusion(controls.rescaled_vector(rate)).verdict == "fails"


def test_it_holds_where_the_data_do_not_follow_the_model():
    verdict = theorems.check("estimated.cross-entropy", controls.unfinished_training())
    assert verdict.verdict == "holds"


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_on_extreme_tilts(name):
    seen = [
        theorems.check(f"estimated.{name}", suite.draw("tilts", 3, i)).verdict for i in range(8)
    ]
    assert "fails" not in seen
    assert "undecided" not in seen
    assert "holds" in seen


@mp.workdps(50)
@pytest.mark.parametrize("alpha", ["-5", "1/10", "3"])
def test_no_constant_could_be_smaller(alpha):
    """In 50 digits, two tokens: all three bounds are approached, that of total variation is reached."""
    numerator, _, denominator = alpha.partition("/")
    alpha, eta = mp.mpf(numerator) / int(denominator or 1), mp.mpf("0.7")

    def law(first_log_odds):
        weight = mp.exp(first_log_odds)
        return [weight / (1 + weight), 1 / (1 + weight)]

    # p(1)/p(2) = e^r; M = (0, 0) and M̂ = (2η, 0), whose error is within η of η
    def off(r):
        return law(r), law(r + 2 * alpha * eta)

    p, q = off(-alpha * eta)
    variation = mp.fsum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2
    assert abs(variation - mp.tanh(abs(alpha) * eta / 2)) < mp.mpf("1e-45")
    # a token that steering, one way or the other, has all but lost: its log-probability is off by 2αη
    p, q = off(mp.mpf(-60))
    assert abs(mp.log(q[0] / p[0]) / (2 * alpha * eta) - 1) < mp.mpf("1e-15")
    # and so is the cost of a context that was sure of it
    change = mp.fsum(a * mp.log(b / c) for a, b, c in zip(law(60), p, q, strict=True))
    assert abs(change / (-2 * alpha * eta) - 1) < mp.mpf("1e-15")
