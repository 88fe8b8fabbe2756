"""The hump of a concept's mass: planted peaks are found where they are."""

import numpy as np
import pytest

from ufm.llm.laws.hump import hump_law

ALPHAS = np.linspace(-10, 10, 201)


def bells(centres, height=0.3, floor=0.0):
    return np.stack([floor + height * np.exp(-np.square(ALPHAS - c)) for c in centres])


def test_place_and_height_of_planted_peaks():
    law = hump_law(ALPHAS, bells([2.0, 3.0, 4.0]))
    assert law.verdict == "holds"
    assert law.number == pytest.approx(1)
    np.testing.assert_allclose(law.evidence["places"], [2, 3, 4])
    np.testing.assert_allclose(law.evidence["heights"], 0.3)
    assert law.evidence["place"] == pytest.approx(3)
    assert law.evidence["height"] == pytest.approx(0.1 * (1 + 2 * np.exp(-1)))
    # in whatever order the strengths are
    again = hump_law(ALPHAS[::-1], bells([2.0, 3.0, 4.0])[:, ::-1])
    assert again.evidence["place"] == law.evidence["place"]


def test_a_tanh_is_no_hump_and_neither_is_a_peak_on_a_high_floor():
    rising = np.stack([0.5 + 0.4 * np.tanh(ALPHAS - c) for c in (-1, 0, 1)])
    law = hump_law(ALPHAS, rising)
    assert (law.verdict, law.number) == ("fails", pytest.approx(0, abs=1e-6))
    # 0.4 of 0.7 is lost at the ends, then 0.3
    assert hump_law(ALPHAS, bells([0, 1, 2], 0.4, 0.3)).number == pytest.approx(4 / 7)
    assert hump_law(ALPHAS, bells([0, 1, 2], 0.3, 0.4)).verdict == "fails"
    # lost on one side alone
    one_side = np.where(ALPHAS > 0, 0.3, bells([0, 0, 0]))
    assert hump_law(ALPHAS, one_side).number == pytest.approx(0)
