from dataclasses import replace

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import ufm.tilt.divergences
from tests.planted_faults import Fault, must_be_seen, output, standard, uniform, wrap
from theorems import Instance
from theorems.judging import instance
from theorems.suite import tight_remainder
from ufm import ExponentialTilt
from ufm.tilt import cross_entropy_bounds


def weighted() -> Instance:
    return replace(standard(), context_weights=np.array([0.1, 0.2, 0.3, 0.4]))


def extreme() -> Instance:
    """Half the mass at each end of M: the upper bounds are nearly reached."""
    law = np.log(np.array([[0.499, 0.001, 0.499, 0.001]] * 4))
    return replace(standard(), tilt=ExponentialTilt(law, standard().tilt.log_odds))


def two_tokens(low: float) -> Instance:
    """V = 2, M = (1, 0), and p = `low` where M is 1."""
    tilt = ExponentialTilt(np.log([[low, 1 - low]]), np.array([1.0, 0.0]))
    token = np.array([True, False])
    return Instance(tilt, token, np.array([0, 1]), np.array([1]), np.ones(1))


def rare() -> Instance:
    """Nearly as much as is allowed is lost for α > 0, nearly as little for α < 0."""
    return two_tokens(1e-6)


def standard_pair() -> Instance:
    """Two tokens: the law of two points, and the masses of the target and of the rest, are all."""
    return two_tokens(0.3)


def common() -> Instance:
    """`rare` with the signs of α exchanged."""
    return two_tokens(1 - 1e-6)


def _reverse_divergence(f):
    def divergence(tilt, alpha):
        log_p = tilt.log_probs_at(alpha)
        return (jnp.exp(log_p) * (log_p - tilt.log_probs)).sum(axis=1)

    return divergence


def _uniform_weights(f):
    def increase(tilt, alpha, weights, data_probs=None):
        used = (weights > 0).astype(weights.dtype)
        return f(tilt, alpha, used / used.sum(), data_probs)

    return increase


def _without_normaliser(f):
    return lambda self, alpha: self.from_pivot(alpha)[0]


def _bound_times(name, share):
    """One bound multiplied by `share`."""
    return output(
        instance,
        "cross_entropy_enclosure",
        lambda b: b._replace(**{name: share * getattr(b, name)}),
    )


FAULTS = [
    Fault("contexts weighed alike", "ce.kl-identity", weighted,
          wrap(ufm.tilt.divergences, "cross_entropy_increase", _uniform_weights)),
    Fault("reverse for forward KL", "ce.kl-identity", standard,
          wrap(ufm.tilt.divergences, "forward_kl", _reverse_divergence)),
    Fault("reverse for forward KL", "ce.convex", standard,
          wrap(ufm.tilt.divergences, "forward_kl", _reverse_divergence)),
    Fault("1/16 for 1/8 in Hoeffding's bound", "ce.upper-bounds", extreme,
          _bound_times("hoeffding", 0.5)),
    Fault("Bennett's bound too small by 1e-4", "ce.upper-bounds", rare, _bound_times("bennett", 0.9999)),
    Fault("Bennett's bound too small by 1e-4", "ce.upper-bounds", common, _bound_times("bennett", 0.9999)),
    Fault("two-point bound too small by 1e-9", "ce.upper-bounds", rare,
          _bound_times("two_point", 1 - 1e-9)),
    Fault("two-point bound too small by 1e-9", "ce.upper-bounds", standard_pair,
          _bound_times("two_point", 1 - 1e-9)),
    Fault("y²/2 for e^{-y} + y - 1", "ce.lower-bounds", standard,
          wrap(cross_entropy_bounds, "remainder_of_exponential", lambda f: lambda y: y**2 / 2)),
    Fault("lower bound too large by 1e-4", "ce.lower-bounds", rare,
          _bound_times("lower", 1.0001)),
    Fault("lower bound too large by 1e-4", "ce.lower-bounds", common,
          _bound_times("lower", 1.0001)),
    Fault("divergence of the masses too large by 1e-9", "ce.lower-bounds", standard_pair,
          _bound_times("target", 1 + 1e-9)),
    Fault("72 for 36", "ce.remainder", tight_remainder,
          _bound_times("remainder", 1 / 2)),
    Fault("37 for 36", "ce.remainder", tight_remainder,
          _bound_times("remainder", 36 / 37)),
    Fault("½ forgotten", "ce.remainder", standard,
          _bound_times("quadratic", 2.0)),
    Fault("normaliser dropped", "ce.asymptote", uniform,
          wrap(ExponentialTilt, "log_probs_at", _without_normaliser)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@mp.workdps(50)
def test_the_bounds_are_those_of_their_formulas():
    """At 50 digits, on contexts of unlike laws and weights, where M is not symmetric."""
    law = np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.05, 0.05, 0.8]] * 2)
    tilt = ExponentialTilt(np.log(law), np.array([1.5, 0.25, -0.5, -2.0]))
    example = replace(weighted(), tilt=tilt)
    log_p, odds, alphas, weights = (
        np.vectorize(mp.mpf, otypes=[object])(array)
        for array in (example.log_probs, example.odds, example.alphas, example.context_weights)
    )
    p = np.vectorize(mp.exp, otypes=[object])(log_p)
    span = max(odds) - min(odds)
    means = p @ odds
    variances = (p * (odds[None, :] - means[:, None]) ** 2).sum(axis=1)
    found = example.cross_entropy_bounds
    steered = example.curves.log_probs
    binary = cross_entropy_bounds.binary_divergence(example.log_probs, steered, example.target)
    for i, alpha in enumerate(alphas):
        y = span * abs(alpha)
        if not 0 < y < 300:
            continue
        two_point = mp.mpf(0)
        for weight, mean, variance in zip(weights, means, variances, strict=True):
            b = max(odds) - mean if alpha > 0 else mean - min(odds)
            low = b**2 * mp.exp(-abs(alpha) * variance / b) + variance * mp.exp(abs(alpha) * b)
            two_point += weight * mp.log(low / (b**2 + variance))
        expected = {
            "hoeffding": y**2 / 8,
            "bennett": (weights @ variances) / span**2 * (mp.exp(y) - 1 - y),
            "two_point": two_point,
        }
        for name, value in expected.items():
            assert getattr(found, name)[i] == pytest.approx(float(value), rel=1e-11), (
                name,
                float(alpha),
            )
        assert found.remainder[i] == pytest.approx(float(y**3 / (36 * mp.sqrt(3))), rel=1e-13)
        for j in range(len(p)):
            tilted = [q * mp.exp(alpha * m) for q, m in zip(p[j], odds, strict=True)]
            kl = mp.mpf(0)
            for part in (example.target, ~example.target):
                before, now = mp.fsum(p[j][part]), mp.fsum(np.array(tilted)[part])
                kl += before * mp.log(before * mp.fsum(tilted) / now)
            assert binary[i, j] == pytest.approx(float(kl), rel=1e-9, abs=1e-13)
