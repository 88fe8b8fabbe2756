"""The report on one strength: the text that it is chosen and measured on, and the strengths looked at."""

import math

import numpy as np
import pytest

import ufm.llm
from ufm.llm.strength.direction import Direction
from ufm.llm.strength.make import strength_report
from ufm.llm.strength.request import Request

TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31], [50, 51, 6, 20]]
PROMPTS = [[3, 4, 5], [9, 8], [7], [20, 21, 22], [11, 12]]
TARGET = np.arange(64) < 8
VECTOR = np.linspace(-1, 1, 16) ** 3 + 0.1
BUDGET = 0.01


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


def report(model, **change):
    vector = ufm.llm.ControlVector({0: VECTOR})
    asked = dict(budget=BUDGET, kind="forward_kl", digits=8, windows=TEXT, prompts=PROMPTS)
    request = Request(**(asked | dict(length=8, target=TARGET, new_tokens=2) | change))
    return strength_report(model, Direction.on_text(vector, model, TEXT, False), request)


def spend(model, windows):
    steering = ufm.llm.Steering(VECTOR, 0)
    return ufm.llm.TextSpend(model, windows, steering, length=8, target=TARGET)


def test_a_strength_is_chosen_on_every_other_window_and_measured_on_the_rest(model):
    found = report(model)
    alpha = found.choice.alpha
    assert spend(model, TEXT[::2]).at([alpha])[0, 1] == pytest.approx(BUDGET, rel=1e-6)
    other, around = spend(model, TEXT[1::2]), alpha * np.array([0.5, 1, math.sqrt(2), 2])
    np.testing.assert_allclose(found.held_out, other.at([alpha])[0], rtol=1e-12)
    np.testing.assert_allclose(found.held_out_error, other.standard_error(alpha), rtol=1e-12)
    np.testing.assert_allclose(found.around, other.at(around), rtol=1e-12)
    assert found.held_out_tokens == 6
    # texts go on from the first four prompts; sweet spots are looked for out to 4α
    written = [(text.prompt, text.alpha / alpha) for text in found.continuations]
    assert sorted(written) == [(j, share) for j in range(4) for share in (0, 0.5, 1, 2)]
    np.testing.assert_allclose(found.spots.alphas, alpha * np.arange(1, 17) / 4, rtol=1e-12)


def test_of_one_window_nothing_is_held_out(model):
    found = report(model, windows=TEXT[:1], target=None)
    assert found.held_out_tokens == 0
    assert np.isnan(found.held_out).all()
    around = found.choice.alpha * np.array([0.5, 1, math.sqrt(2), 2])
    np.testing.assert_allclose(found.around[:, :3], spend(model, TEXT[:1]).at(around)[:, :3])
    assert (found.spots, found.prompt_mass) == (None, None)


def test_without_a_strength_texts_are_unsteered_and_the_grid_ends_at_twice_the_usual_length(model):
    found = report(model, budget=1e3)
    assert not found.choice.reachable
    assert {text.alpha for text in found.continuations} == {0}
    assert np.isnan(found.held_out).all()
    assert found.around is None
    assert found.spots.alphas[-1] * found.choice.scale == pytest.approx(2)
