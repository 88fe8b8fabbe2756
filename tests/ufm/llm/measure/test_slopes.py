"""Slopes of log-probabilities against finite differences."""

import jax
import numpy as np
import pytest

import ufm.llm

VECTOR = np.linspace(-1, 1, 16)
PROMPTS = [[5, 9, 27, 3], [3, 4, 8, 40]]


@pytest.mark.parametrize(
    ("family", "layer", "positions"), [("gpt2", 0, "last"), ("gemma3", 1, "all")]
)
def test_slopes_are_the_derivatives_by_finite_differences(family, layer, positions, tmp_path):
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    alphas, h = np.array([-2.0, 0.0, 0.7, 1.5]), 1e-5
    tokens = np.array([[3, 60, 9], [5, 5, 1]])
    steering = ufm.llm.Steering(VECTOR, layer, positions)
    found = ufm.llm.sweep_slopes(model, PROMPTS, tokens, steering, alphas, tmp_path, batch_size=2)
    assert found.distance is None
    for j, row in enumerate(PROMPTS):
        down, up = (
            np.asarray(
                jax.nn.log_softmax(
                    ufm.llm.steered_logits(model, row, steering, alphas + step, batch_size=2),
                    axis=1,
                )
            )
            for step in (-h, h)
        )
        want = ((up - down) / (2 * h))[:, tokens[j]]
        # h² times the third derivative, and 1e-16 |log p| / h
        np.testing.assert_allclose(found.slopes[j], want, atol=1e-9)
