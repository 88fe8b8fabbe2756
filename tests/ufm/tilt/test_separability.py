from fractions import Fraction

import numpy as np
import pytest

import ufm

TARGET = np.array([True, False, False, False])


def exact(probs: list[Fraction], odds: list[Fraction]) -> Fraction:
    """Var(M | not T)/Var(M), with T the first token."""

    def variance(pairs):
        total = sum(p for p, _ in pairs)
        mean = sum(p * m for p, m in pairs) / total
        return sum(p * (m - mean) ** 2 for p, m in pairs) / total

    pairs = list(zip(probs, odds, strict=True))
    return variance(pairs[1:]) / variance(pairs)


@pytest.mark.parametrize("odds", [[5, 1, 2, -3], [0, 1, 2, 3], [1, 0, 0, 1]])
def test_it_is_the_ratio_of_variances(odds):
    probs = [Fraction(n, 10) for n in (2, 3, 1, 4)]
    tilt = ufm.ExponentialTilt(np.log([[float(p) for p in probs]]), np.array(odds, float))
    found = float(ufm.inseparability(tilt, TARGET)[0])
    assert found == pytest.approx(float(exact(probs, [Fraction(m) for m in odds])), rel=1e-13)


def test_its_ends_are_attained():
    """0 where M is constant off T; 1/(1 - F_T) where it is constant on T, at the mean off T."""
    logs = np.log([[0.2, 0.3, 0.1, 0.4]])
    assert (
        float(ufm.inseparability(ufm.ExponentialTilt(logs, [1.0, 0.3, 0.3, 0.3]), TARGET)[0]) == 0
    )
    mean = (0.3 * 1 + 0.1 * 5 - 0.4 * 2) / 0.8
    tilt = ufm.ExponentialTilt(logs, [mean, 1.0, 5.0, -2.0])
    assert float(ufm.inseparability(tilt, TARGET)[0]) == pytest.approx(1 / 0.8, rel=1e-13)
    drawn = np.random.default_rng(0)
    for _ in range(50):
        p, odds = drawn.dirichlet(np.ones(4)), drawn.normal(size=4)
        value = float(ufm.inseparability(ufm.ExponentialTilt(np.log([p]), odds), TARGET)[0])
        assert 0 < value <= 1 / (1 - p[0]) + 1e-12


def test_the_scale_of_m_does_not_matter():
    logs = np.log([[0.2, 0.3, 0.1, 0.4]])
    values = [
        float(
            ufm.inseparability(ufm.ExponentialTilt(logs, c * np.array([1.0, 2, 3, 5])), TARGET)[0]
        )
        for c in (1e-150, 1.0, -3.0, 1e150)
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-12)


def test_a_constant_m_is_refused():
    tilt = ufm.ExponentialTilt(np.log([[0.2, 0.3, 0.1, 0.4]]), np.ones(4))
    with pytest.raises(ValueError, match="M is the same for every token"):
        ufm.inseparability(tilt, TARGET)
