"""The decoder against stored logits of transformers and of a plain numpy pass (tests/data/llm).

`python -m pytest tests/oracle` compares with transformers itself, on many more models.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.jet import jet
from safetensors.numpy import load_file

import ufm.llm

DATA = Path("tests/data/llm")
FAMILIES = ["gpt2", "gpt_neox", "llama3", "mistral", "qwen2", "qwen3", "phi3", "gemma2", "gemma3"]
FAMILIES += ["olmo2", "olmo3", "granite", "smollm3", "opt", "opt-350m"]
FAMILIES += ["mixtral", "qwen3_moe", "gpt_oss"]
STEERS = json.loads((DATA / "steers.json").read_text())
TOLERANCE = {"float32": 5e-6, "float64": 1e-12}


@pytest.mark.parametrize(
    ("family", "dtype"),
    # compiling is most of the time: float32 of the others is in tests/oracle
    [(f, "float64") for f in FAMILIES] + [("gpt2", "float32"), ("gemma3", "float32")],
)
def test_logits_are_the_stored_ones(family, dtype):
    stored = load_file(DATA / family / "golden.safetensors")
    model = ufm.llm.load(DATA / family, dtype)
    for name, steer in STEERS.items():
        how = {}
        if steer is not None:
            layer, alpha, positions, site = steer
            how = dict(
                alpha=alpha, vector=stored["vector"], layer=layer, positions=positions, site=site
            )
        want = stored[f"{name}.{dtype}"]
        found = np.asarray(model.all_logits(stored["tokens"], **how))
        assert abs(found - want).max() <= TOLERANCE[dtype], name
        assert (
            abs(np.asarray(model.logits(stored["tokens"], **how)) - want[-1]).max()
            <= (TOLERANCE[dtype])
        )
    assert want.std() > 0.3
    # the comparison can fail: other weights give other logits
    other = jax.tree.map(lambda x: x * (1 + 1e-4), model.params)
    changed = ufm.llm.LanguageModel(other, model.config).all_logits(stored["tokens"])
    assert abs(np.asarray(changed) - stored[f"plain.{dtype}"]).max() > 2 * TOLERANCE["float32"]


@pytest.mark.parametrize("family", ["gpt2", "gemma3"])
def test_no_strength_is_the_unsteered_model_bit_for_bit(family):
    stored = load_file(DATA / family / "golden.safetensors")
    model = ufm.llm.load(DATA / family)
    tokens = stored["tokens"]
    sites = [(layer, "residual") for layer in range(model.blocks)] + [(None, "post-norm")]
    for layer, site in sites:
        for positions in ("all", "last"):
            how = dict(vector=1e3 * stored["vector"], layer=layer, positions=positions, site=site)
            found = model.logits(tokens, 0.0, **how)
            np.testing.assert_array_equal(found, model.logits(tokens))
            found = model.all_logits(tokens, 0.0, **how)
            np.testing.assert_array_equal(found, model.all_logits(tokens))


# of the others in tests/oracle: here caps of logits and of attention, ReLU, and experts
@pytest.mark.parametrize("family", ["gemma2", "gemma3", "opt", "mixtral", "qwen3_moe", "gpt_oss"])
def test_derivatives_against_nested_jvp(family):
    stored = load_file(DATA / family / "golden.safetensors")
    model = ufm.llm.load(DATA / family, "float64")
    found = model.derivatives(stored["tokens"], stored["vector"], 0, 0.3, 2)

    def probs(alpha):
        return jax.nn.softmax(
            model.logits(stored["tokens"], alpha, vector=stored["vector"], layer=0)
        )

    def slope(alpha):
        return jax.jvp(probs, (alpha,), (1.0,))

    (value, first), (_, second) = jax.jit(lambda a: jax.jvp(slope, (a,), (1.0,)))(0.3)
    for order, want in enumerate([value, first, second]):
        assert abs(found[order] - want).max() <= 1e-12 * max(1, abs(want).max())


def test_jet_vmap_and_jit_go_through_logits():
    model = ufm.llm.load(DATA / "gpt2", "float64")
    tokens, vector = [3, 4, 5], np.ones(16)

    def curve(alpha):
        return model.logits(tokens, alpha, vector=vector, layer=0)

    alphas = jnp.array([0.0, 1.0, -2.0])
    rows = jax.jit(jax.vmap(curve))(alphas)
    for row, alpha in zip(rows, alphas, strict=True):
        assert abs(row - curve(alpha)).max() < 1e-13
    value, (first,) = jet(curve, (0.5,), ((1.0,),))
    assert abs(first - jax.jvp(curve, (0.5,), (1.0,))[1]).max() < 1e-12
    assert abs(value - curve(0.5)).max() < 1e-13


def test_hidden_states_are_what_is_steered():
    model = ufm.llm.load(DATA / "qwen3", "float64")
    tokens = [3, 9, 27, 5]
    last = model.hidden_states(tokens, 1)
    normed = model.hidden_states(tokens, 1, site="post-norm")
    np.testing.assert_allclose(normed[-1] @ model.unembedding.T, model.logits(tokens), atol=1e-13)
    scale = model.params.final_norm.scale
    eps = model.config.blocks[0].norm_eps
    by_hand = scale * last[-1] / jnp.sqrt((last[-1] ** 2).mean() + eps)
    np.testing.assert_allclose(normed[-1], by_hand, atol=1e-13)


def test_steering_the_post_norm_state_moves_logits_along_a_line():
    model = ufm.llm.load(DATA / "llama3", "float64")
    vector = np.linspace(-1, 1, 16)
    how = dict(vector=vector, site="post-norm")
    move = model.logits([5, 6], 3.0, **how) - model.logits([5, 6])
    np.testing.assert_allclose(move, 3.0 * model.unembedding @ vector, atol=1e-13)


@pytest.mark.parametrize("family", ["mistral"])
def test_padding_changes_nothing(family):
    stored = load_file(DATA / family / "golden.safetensors")
    model = ufm.llm.load(DATA / family, "float64")
    tokens = stored["tokens"][:6]
    how = dict(vector=stored["vector"], layer=0, positions="last")
    want = model.logits(tokens, 2.0, **how)
    for left in (0, 3):
        batch, mask = np.full((2, 9), 63), np.zeros((2, 9), bool)
        batch[0], mask[0] = stored["tokens"], True
        batch[1, left : left + 6], mask[1, left : left + 6] = tokens, True
        found = model.logits(batch, 2.0, mask=mask, **how)
        np.testing.assert_allclose(found[1], want, atol=1e-13)
