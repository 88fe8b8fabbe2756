"""How far a vector is from separable, on a small model."""

import jax.numpy as jnp
import numpy as np
import pytest

import ufm
import ufm.llm
from ufm.llm.measure.separability import inseparability

PROMPTS = [[3, 4, 5], [9, 8], [7]]
TARGET = np.arange(64) < 9
VECTOR = np.linspace(-1, 1, 16) ** 3 + 0.1


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


def test_after_the_norm_it_is_that_of_the_tilt(model):
    steering = ufm.llm.Steering(VECTOR, model.blocks - 1, site="post-norm")
    found = inseparability(model, PROMPTS, steering, TARGET)
    want = ufm.inseparability(ufm.llm.tilt(model, PROMPTS, VECTOR), TARGET)
    np.testing.assert_allclose(found, want, rtol=1e-10)


def test_a_vector_that_moves_the_target_alone_has_none(model):
    """v by least squares, so that Wv is as near to 1 on T and 0 off it as 16 dimensions allow."""
    few = np.arange(64) < 2
    unembedding = np.asarray(model.unembedding)
    near = np.linalg.lstsq(unembedding, few.astype(float), rcond=None)[0]
    rows = [ufm.llm.Steering(v, model.blocks - 1, site="post-norm") for v in (near, VECTOR)]
    fitted, plain = (inseparability(model, PROMPTS, s, few).mean() for s in rows)
    assert fitted < plain


def test_a_vector_without_effect_gives_no_number(model, monkeypatch):
    class Still:
        def slopes(self, alphas):
            return jnp.zeros((1, 64)), jnp.ones((1, 64))

    monkeypatch.setattr(ufm.llm.measure.separability, "steered_prompt", lambda *given: Still())
    steering = ufm.llm.Steering(VECTOR, 0)
    assert np.isnan(inseparability(model, [[3, 4]], steering, TARGET)).all()
