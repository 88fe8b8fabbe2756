"""The parabola of the cross-entropy against curves that are known."""

import numpy as np
import pytest

import ufm.llm
from ufm.llm.laws.quadratic import near_strengths


@pytest.mark.parametrize(
    ("slope", "cubic", "verdict"),
    [(0.0, 0.0, "holds"), (0.0, 0.2, "holds"), (0.0, 0.4, "undecided"), (0.3, 0.0, "fails")],
)
def test_the_parabola_against_a_known_curve(slope, cubic, verdict):
    curvature = 0.4
    near = near_strengths(curvature)
    # where the parabola says 0.05 nats (α = 1/2), the cubic is `cubic` of that
    measured = slope * near + curvature / 2 * near**2 + 0.05 * cubic * (2 * near) ** 3
    law = ufm.llm.cost_law(np.array([3.0, slope, curvature]), near, measured, 99)
    assert law.verdict == verdict
    assert law.number == pytest.approx(cubic + abs(slope) * 0.5 / 0.05)
    assert law.evidence["measured_quadratic"] == pytest.approx(0.2)
    assert law.evidence["measured_linear"] == pytest.approx(slope, abs=1e-12)
    assert law.evidence["linear_share"] == pytest.approx(abs(slope) * 10)


def test_strengths_near_zero_are_eighths_and_a_sixteenth_on_both_sides():
    # the parabola says 0.05 nats at α = 1/2
    near = 0.5 * np.sort([*np.arange(-12, 13) / 8, -1 / 16, 1 / 16])
    np.testing.assert_allclose(near_strengths(0.4), near, rtol=1e-14)
    np.testing.assert_allclose(near_strengths(-0.4), near, rtol=1e-14)


def test_a_hill_at_zero_fails():
    near = near_strengths(-0.4)
    law = ufm.llm.cost_law(np.array([3.0, 0.0, -0.4]), near, -0.2 * near**2, 99)
    assert (law.verdict, law.number) == ("fails", pytest.approx(0, abs=1e-12))


def test_the_evidence_of_a_parabola_with_a_linear_term():
    near = near_strengths(0.4)
    law = ufm.llm.cost_law(np.array([3.0, 0.02, 0.4]), near, 0.02 * near + 0.2 * near**2, 99)
    assert law.evidence["cross_entropy"] == 3
    assert law.evidence["tokens"] == 99
    assert law.evidence["strengths"] == pytest.approx([-0.5, 0.5])
    assert law.evidence["predicted_nats"] == 0.05
    assert law.evidence["measured_nats"] == pytest.approx([0.04, 0.06])
    # the minimum of 0.02 α + 0.2 α²
    assert law.evidence["lowest_at"] == pytest.approx(-0.05)
    assert law.evidence["lowest_nats"] == pytest.approx(-0.0005)
    assert "measured 0.04 and 0.06; the linear term CE' = 0.02 is 20.0% of that" in law.why
    hill = ufm.llm.cost_law(np.array([3.0, 0.0, -0.4]), near, -0.2 * near**2, 99)
    assert hill.evidence["predicted_nats"] == -0.05
    assert "lowest_at" not in hill.evidence


def test_the_worse_side_is_judged():
    near = near_strengths(0.4)
    for side in (-1, 1):
        measured = 0.2 * near**2 * np.where(side * near > 0, 1.3, 1.0)
        law = ufm.llm.cost_law(np.array([3.0, 0.0, 0.4]), near, measured, 99)
        assert (law.verdict, law.number) == ("undecided", pytest.approx(0.3))


@pytest.mark.parametrize("curvature", [0.0, np.nan, np.inf])
def test_no_strength_is_near_without_a_curvature(curvature):
    with pytest.raises(ValueError, match="the curvature of CE at 0 must not be zero; got"):
        near_strengths(curvature)
