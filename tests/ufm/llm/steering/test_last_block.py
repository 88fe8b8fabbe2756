"""The closed form after the last block against one forward pass a strength, in every family."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering.last_block import has_closed_form
from ufm.llm.steering.steered_prompt import SteeredPrompt

ROOT = Path("tests/data/llm")
FAMILIES = sorted(path.parent.name for path in ROOT.glob("*/config.json"))
TOKENS = [5, 9, 27, 3, 14]
ALPHAS = [-1e6, -30.0, -1.3, 0.0, 1e-3, 2.5, 1e7]


def model_of(family, dtype="float64"):
    """The norm's scale and bias far from 1 and 0, as no tiny random model has them."""
    model = ufm.llm.load(ROOT / family, dtype)
    draw = np.random.default_rng(0).normal(size=(2, model.dimension)).astype(model.wide)
    norm = model.params.final_norm
    if norm is None:
        return model
    bias = None if norm.bias is None else jnp.asarray(draw[1])
    changed = eqx.tree_at(lambda n: n.scale, norm, norm.scale + 0.3 * draw[0])
    changed = changed if bias is None else eqx.tree_at(lambda n: n.bias, changed, bias)
    return eqx.tree_at(lambda m: m.params.final_norm, model, changed)


def direct(model, steering):
    return np.stack([np.asarray(model.logits(TOKENS, alpha, steering)) for alpha in ALPHAS])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("site", ["residual", "post-norm"])
def test_every_family_in_float64(family, site):
    model = model_of(family)
    vector = np.random.default_rng(1).normal(size=model.dimension)
    steering = ufm.llm.Steering(vector, model.blocks - 1, "all", site)
    prompt = SteeredPrompt(model, TOKENS, steering, length=8)
    assert prompt.last_block is not None
    found, want = ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS), direct(model, steering)
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found[3], model.logits(TOKENS))


@pytest.mark.parametrize("family", ["gpt2", "gemma2"])
def test_float32_is_within_its_rounding(family):
    model = model_of(family, "float32")
    steering = ufm.llm.Steering(np.linspace(-1, 1, model.dimension), model.blocks - 1)
    found, want = ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS), direct(model, steering)
    np.testing.assert_allclose(found, want, atol=4e-6 * abs(want).max())


def test_where_there_is_no_closed_form_the_blocks_are_run():
    model = model_of("gpt2")
    cases = {
        "another block": (model, np.linspace(-1, 1, 16), 0),
        "a vector that a LayerNorm takes away": (model, np.full(16, 0.1), 1),
        "so short that h·v/|v|² overflows": (model, np.full(16, 1e-308) * np.arange(16), 1),
        "states rounded to bfloat16": (model_of("gpt2", "bfloat16"), np.linspace(-1, 1, 16), 1),
    }
    for case, (tried, vector, layer) in cases.items():
        steering = ufm.llm.Steering(vector, layer)
        assert not has_closed_form(tried, steering, jnp.full((1, 16), 50.0)), case
        found = ufm.llm.steered_logits(tried, TOKENS, steering, ALPHAS[1:-1])
        assert np.isfinite(found).all(), case


def test_the_model_at_zero_runs_on_from_the_steered_block():
    """Without padding nothing is run twice; the bits are the model's own all the same."""
    for layer in (0, 1):
        model = model_of("llama3")
        prompt = SteeredPrompt(model, TOKENS, ufm.llm.Steering(np.ones(16), layer))
        np.testing.assert_array_equal(prompt.base, model.logits(TOKENS))
