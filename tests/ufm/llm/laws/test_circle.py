"""Shapes of curves over all strengths after the last block, against plain counts of turns."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import ufm
import ufm.llm
from ufm.llm.laws.circle import CircleShapes, circle_shapes, curves_along
from ufm.llm.steering.last_block import LastBlock


def block_of(head, dtype=jnp.float64):
    """The circle of a = √2 W[:, 0] and b = √2 W[:, 1], α* = 0, w = 1."""
    circle = ufm.NormCircle(np.asarray(head), np.eye(2)[:1], np.eye(2)[1], np.ones(2), eps=0.0)
    arc = circle.closest, circle.width
    parts = (x.astype(dtype) for x in (circle.across, circle.along, circle.offset))
    return LastBlock(*parts, arc, None), circle


def test_curves_and_slopes_are_those_of_the_circle():
    block, circle = block_of(np.random.default_rng(0).normal(size=(6, 2)))
    values, slopes = curves_along(block, np.array([4, 1]))
    assert values.shape == slopes.shape == (513, 2)
    for k in (1, 200, 256, 511):
        t = np.pi * (k / 512 - 0.5)
        alpha = np.tan(t)
        np.testing.assert_allclose(
            values[k], np.asarray(circle.probs(alpha))[0, [4, 1]], rtol=1e-11
        )
        # d log p/dt = d log p/dα (1 + α²)
        want = np.asarray(circle.log_derivative(alpha))[0, [4, 1]] * (1 + alpha**2)
        np.testing.assert_allclose(slopes[k], want, rtol=1e-8, atol=1e-9)
    # at the ends the slope is the next term, of which -t grows like 1/α
    for k, sign in ((0, -1), (-1, 1)):
        want = -sign * np.asarray(circle.approach(sign))[0, [4, 1]]
        np.testing.assert_allclose(slopes[k], want, rtol=1e-12, atol=1e-13)


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


def test_shapes_are_those_of_the_models_own_logits(model):
    steering = ufm.llm.Steering(np.random.default_rng(3).normal(size=16), layer=model.blocks - 1)
    prompts = [[3, 4, 5], [9, 8]]
    tokens = np.stack([np.arange(30), np.arange(30, 60)])
    found = circle_shapes(model, prompts, steering, tokens)
    turns, ends = [], []
    for prompt, row in zip(prompts, tokens, strict=True):
        block = ufm.llm.steering.steered_prompt.SteeredPrompt(model, prompt, steering).last_block
        closest, width = (float(x[0]) for x in block.circle)
        alphas = closest + width * np.tan(np.linspace(-1.5707, 1.5707, 2001))
        logits = ufm.llm.steered_logits(model, prompt, steering, alphas)
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))[:, row]
        signs = np.sign(np.diff(p, axis=0))
        turns += (np.diff(signs, axis=0) != 0).sum(axis=0).tolist()
        ends += list(zip(signs[0], signs[-1], strict=True))
    assert found.shapes["increasing"] + found.shapes["decreasing"] == turns.count(0)
    assert found.shapes["bump"] + found.shapes["dip"] == turns.count(1)
    assert found.shapes["several"] == sum(t > 1 for t in turns)
    assert found.ends == {
        "bump": ends.count((1, -1)),
        "increasing": ends.count((1, 1)),
        "decreasing": ends.count((-1, -1)),
        "dip": ends.count((-1, 1)),
    }
    assert found.as_ends == sum(t < 2 for t in turns)


def test_a_curve_that_turns_three_times_has_the_ends_of_a_dip(monkeypatch, model):
    block, _ = block_of(np.array([[0.0, 0.0], [4.0, 3.0], [4.0, -3.0]]) / np.sqrt(2))
    monkeypatch.setattr(
        "ufm.llm.laws.circle.SteeredPrompt", lambda *given: type("P", (), {"last_block": block})
    )
    steering = ufm.llm.Steering(np.ones(16), layer=model.blocks - 1)
    found = circle_shapes(model, [[1]], steering, np.array([[0]]))
    assert (found.shapes["several"], found.ends["dip"], found.as_ends) == (1, 1, 0)
    capped = replace(block, softcap=30.0)
    monkeypatch.setattr(
        "ufm.llm.laws.circle.SteeredPrompt", lambda *given: type("P", (), {"last_block": capped})
    )
    assert circle_shapes(model, [[1]], steering, np.array([[0]])) is None


def test_elsewhere_there_is_no_circle(model):
    tokens = np.arange(4)[None]
    for change in ({"layer": 0}, {"site": "post-norm"}):
        steering = ufm.llm.Steering(np.ones(16), **({"layer": model.blocks - 1} | change))
        assert circle_shapes(model, [[1, 2]], steering, tokens) is None


def test_the_line_names_what_was_counted():
    shapes = {"bump": 3, "increasing": 1, "decreasing": 0, "dip": 0, "several": 2}
    ends = {"bump": 4, "increasing": 1, "decreasing": 1, "dip": 0}
    assert CircleShapes(ends, shapes, 4).words == (
        "over all strengths from -∞ to ∞ 3 bump, 1 increasing, 2 several; by the sides from which they "
        "come to their plateaus 4 bump, 1 increasing, 1 decreasing, and 4 turn no more than that"
    )
