"""The bounds on ΔCE against their formulas at 30 digits, on a dataset that is not symmetric."""

import mpmath
import numpy as np
import pytest

import ufm
from ufm.tilt.cross_entropy_bounds import Bounds, cross_entropy_enclosure, remainder_of_exponential

# Contexts of unequal laws and weights, N in two concepts: nothing is symmetric in α.
A, B = [0.62, 0.18, 0.55, 0.25, 0.41, 0.39], [0.06, 0.04, 0.05, 0.05, 0.07, 0.03]
DATA = ufm.ConceptDataset.from_rates(A, B, [0, 0, 1, 1, 2, 2], contexts_per_concept=1)
TILT = ufm.ExponentialTilt.from_dataset(DATA, [0], [1, 2])
WEIGHTS, TARGET = np.array([0.5, 0.3, 0.2]), np.arange(6) < 2
ALPHAS = np.array([-40.0, -0.7, 0.01, 1.3, 25.0])


def by_hand(alpha: float) -> dict[str, mpmath.mpf]:
    """Every bound at one strength, and ΔCE itself."""
    exp, log = mpmath.exp, mpmath.log
    p = [[mpmath.mpf(float(v)) for v in row] for row in np.exp(np.asarray(TILT.log_probs))]
    odds = [mpmath.mpf(float(v)) for v in np.asarray(TILT.log_odds)]
    pi = [mpmath.mpf(float(w)) for w in WEIGHTS]
    size, reach = abs(mpmath.mpf(alpha)), max(odds) - min(odds)
    end = max(odds) if alpha > 0 else min(odds)
    y = reach * size
    two, kl, line, cost, sigma2 = [], [], [], [], mpmath.mpf(0)
    for weight, row in zip(pi, p, strict=True):
        mean = sum(q * m for q, m in zip(row, odds, strict=True))
        s2 = sum(q * (m - mean) ** 2 for q, m in zip(row, odds, strict=True))
        sigma2 += weight * s2
        b = abs(end - mean)
        two.append(log((b**2 * exp(-size * s2 / b) + s2 * exp(size * b)) / (b**2 + s2)))
        moved = [q * exp(alpha * m) for q, m in zip(row, odds, strict=True)]
        before, after = sum(row[:2]) / sum(row), sum(moved[:2]) / sum(moved)
        off = sum(moved[2:]) / sum(moved)
        kl.append(before * log(before / after) + (1 - before) * log((1 - before) / off))
        extremal = sum(q for q, m in zip(row, odds, strict=True) if m == end)
        line.append(size * b + log(extremal))
        cost.append(log(sum(moved) / sum(row)) - alpha * mean)
    return {
        "quadratic": sigma2 * size**2 / 2,
        "remainder": y**3 / (36 * mpmath.sqrt(3)),
        "hoeffding": y**2 / 8,
        "bennett": sigma2 / reach**2 * (exp(y) - y - 1),
        "two_point": mpmath.fdot(pi, two),
        "lower": sigma2 / reach**2 * (exp(-y) + y - 1),
        "target": mpmath.fdot(pi, kl),
        "asymptote": mpmath.fdot(pi, line),
        "cost": mpmath.fdot(pi, cost),
    }


@pytest.mark.parametrize("name", Bounds._fields)
def test_each_bound_is_its_formula(name):
    found = getattr(cross_entropy_enclosure(TILT, WEIGHTS, TARGET, ALPHAS), name)
    with mpmath.workdps(40):
        want = np.array([float(by_hand(alpha)[name]) for alpha in ALPHAS])
    # for a picture: 1e-12 of it, and 1e-13 nats where two logarithms cancel next to α = 0
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-13)


def test_the_bounds_enclose():
    with mpmath.workdps(40):
        for alpha in ALPHAS:
            value = by_hand(alpha)
            assert abs(value["cost"] - value["quadratic"]) <= value["remainder"]
            assert value["cost"] <= min(value[n] for n in ("hoeffding", "bennett", "two_point"))
            assert value["cost"] >= max(value[n] for n in ("lower", "target", "asymptote"))


@pytest.mark.parametrize(
    "size", [0.0, 1e-200, 1e-12, 1e-5, 0.02, 0.0999, 0.1, 0.11, 2.0, 40.0, 700.0]
)
def test_the_remainder_of_the_exponential_keeps_its_digits(size):
    with mpmath.workdps(450):
        for y in (size, -size):
            exact = float(mpmath.expm1(mpmath.mpf(y)) - mpmath.mpf(y))
            found = float(remainder_of_exponential(np.array(y)))
            # e^y - 1 - y is left with one digit in twenty less at |y| = 0.1
            assert found == pytest.approx(exact, rel=1e-14, abs=0.0)


def test_a_remainder_too_large_for_a_float_is_infinite():
    found = remainder_of_exponential(np.array([1e4, -1e4]))
    np.testing.assert_allclose(found, [np.inf, 9999.0])
