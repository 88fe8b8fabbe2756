"""The parts of a block, one by one, against their formulas in mpmath and in plain loops.

The stored logits of test_model.py reach only the settings that the stored models have.
"""

import math
from dataclasses import replace

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from ufm.llm.checkpoint.families import read_config
from ufm.llm.decoder.attention import _masked_softmax, _rotate
from ufm.llm.decoder.blocks import embed
from ufm.llm.decoder.config import BlockConfig, Config, Mixture, Reader
from ufm.llm.decoder.head import unembed
from ufm.llm.decoder.layout import arrange, layout_of
from ufm.llm.decoder.mlp import _activate, _shares
from ufm.llm.decoder.params import Linear, Norm, Params
from ufm.llm.decoder.rotary import Rotary, read_rotary

POINTS = np.array([-7.5, -1.7, -0.3, -1e-9, 0.0, 0.4, 1.0, 2.6, 9.0])
ACTIVATIONS = {
    # Hendrycks and Gimpel, arXiv:1606.08415: x Φ(x), and its approximation in section 2
    "gelu": lambda x: x * mpmath.ncdf(x),
    "gelu_tanh": lambda x: (
        x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)))
    ),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "relu": lambda x: max(x, 0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    want = [float(ACTIVATIONS[name](mpmath.mpf(x))) for x in POINTS.tolist()]
    # rounding of some ten operations; where 1 + erf(x) nearly cancels, that of the terms before it
    np.testing.assert_allclose(_activate(name, jnp.asarray(POINTS)), want, rtol=2e-15, atol=1e-15)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("gelu", "gelu"),
        ("gelu_new", "gelu_tanh"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("silu", "silu"),
        ("swish", "silu"),
        ("relu", "relu"),
    ],
)
def test_names_of_activations_in_config_json(theirs, ours):
    assert Reader({"act": theirs}).activation("act", "silu") == ours


@pytest.mark.parametrize("has_bias", [True, False])
def test_norms(has_bias):
    """With an eps that matters: mean and biased variance, or the mean square alone."""
    x, scale, bias, eps = (
        [0.5, -1.25, 3.0, 0.75],
        [1.5, -0.5, 2.0, 1.0],
        [0.25, 0.5, -1.0, 2.0],
        0.3,
    )
    mean = mpmath.fsum(x) / 4 if has_bias else mpmath.mpf(0)
    size = mpmath.sqrt(mpmath.fsum((a - mean) ** 2 for a in x) / 4 + mpmath.mpf(eps))
    shift = bias if has_bias else [0.0] * 4
    want = [float((a - mean) / size * s + b) for a, s, b in zip(x, scale, shift, strict=True)]
    norm = Norm(jnp.asarray(scale), jnp.asarray(bias) if has_bias else None)
    # the sums are of terms of order 1
    np.testing.assert_allclose(norm(jnp.asarray([x]), eps)[0], want, atol=1e-15)


def llama3_frequency(frequency, scaling):
    """As Meta's own code has it, by wavelengths."""
    wave = 2 * mpmath.pi / frequency
    short, long = scaling["original"] / scaling["high"], scaling["original"] / scaling["low"]
    if wave < short:
        return frequency
    if wave > long:
        return frequency / scaling["factor"]
    smooth = (scaling["original"] / wave - scaling["low"]) / (scaling["high"] - scaling["low"])
    return (1 - smooth) * frequency / scaling["factor"] + smooth * frequency


@pytest.mark.parametrize("kind", ["default", "linear", "llama3"])
def test_rotary_frequencies(kind):
    scaling = {"factor": 8.0, "low": 1.0, "high": 4.0, "original": 64}
    asked = {"rope_type": kind, "factor": 8.0}
    if kind == "llama3":
        asked |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
        asked |= {"original_max_position_embeddings": 64}
    rotary = read_rotary(asked, 12, 500.0)
    plain = [mpmath.mpf(500) ** (-mpmath.mpf(2 * i) / 12) for i in range(6)]
    want = {
        "default": plain,
        "linear": [f / 8 for f in plain],
        "llama3": [llama3_frequency(f, scaling) for f in plain],
    }[kind]
    angle = np.array([[float(p * f) for f in (*want, *want)] for p in range(5)])
    cos, sin = rotary.table(5)
    np.testing.assert_allclose(cos, np.cos(angle), atol=1e-14)
    np.testing.assert_allclose(sin, np.sin(angle), atol=1e-14)
    if kind == "llama3":  # all three regimes are there: kept, blended, slowed
        ratios = {round(float(f / g), 6) for f, g in zip(plain, want, strict=True)}
        assert {1.0, 8.0} < ratios


@pytest.mark.parametrize("truncates", [True, False])
def test_yarn(truncates):
    """Peng et al., arXiv:2309.00071, section 3.2 to 3.4: the ramp is in the number of a frequency."""
    asked = {"rope_type": "yarn", "factor": 8.0, "beta_fast": 8.0, "truncate": truncates}
    asked |= {"original_max_position_embeddings": 64}
    rotary = read_rotary(asked, 12, 500.0, 512)
    plain = [mpmath.mpf(500) ** (-mpmath.mpf(2 * i) / 12) for i in range(6)]

    def number(turns):
        return 6 * mpmath.log(64 / (2 * mpmath.pi * turns)) / mpmath.log(500)

    first, last = number(8), number(1)
    if truncates:
        first, last = mpmath.floor(first), mpmath.ceil(last)
    kept = [1 - min(max((i - first) / (last - first), 0), 1) for i in range(6)]
    want = [k * f + (1 - k) * f / 8 for k, f in zip(kept, plain, strict=True)]
    assert {0, 1} < set(kept), "kept, slowed and blended"
    np.testing.assert_allclose(rotary.inverse_frequencies(), [float(f) for f in want], rtol=1e-14)
    assert rotary.length == pytest.approx(0.1 * math.log(8) + 1, rel=1e-15)
    cos, _ = rotary.table(1)
    np.testing.assert_array_equal(cos, np.full((1, 12), rotary.length))


@pytest.mark.parametrize(
    ("given", "length"),
    [
        ({}, 0.1 * math.log(8) + 1),
        ({"factor": 0.5}, 1.0),
        ({"factor": None}, 0.1 * math.log(512 / 64) + 1),
        ({"attention_factor": 1.5}, 1.5),
        ({"mscale": 2.0}, 0.1 * math.log(8) + 1),  # alone it says nothing
        ({"mscale": 2.0, "mscale_all_dim": 1.0}, (0.2 * math.log(8) + 1) / (0.1 * math.log(8) + 1)),
    ],
)
def test_how_yarn_lengthens(given, length):
    asked = {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64}
    assert read_rotary(asked | given, 12, 500.0, 512).length == pytest.approx(length, rel=1e-15)


def test_dynamic_scaling_changes_nothing_up_to_the_length_trained_on():
    rotary = read_rotary({"rope_type": "dynamic", "factor": 4.0}, 12, 500.0, 8)
    np.testing.assert_array_equal(rotary.table(8), Rotary(12, 500.0).table(8))
    with pytest.raises(ValueError, match=r"more than 8 tokens \(here 9\)"):
        rotary.table(9)
    with pytest.raises(ValueError, match="'dynamic' needs max_position_embeddings"):
        read_rotary({"rope_type": "dynamic", "factor": 4.0}, 12, 500.0)


def test_rotation_turns_pairs_of_entries():
    """Entries i and i + d/2 are the two parts of a complex number, turned by its angle."""
    x = np.random.default_rng(0).normal(size=(1, 3, 2, 6))
    cos, sin = Rotary(6, 10.0).table(3)
    rotation = jnp.asarray(cos)[None], jnp.asarray(sin)[None]
    angle = np.arange(3)[:, None] * Rotary(6, 10.0).inverse_frequencies()
    turned = (x[..., :3] + 1j * x[..., 3:]) * np.exp(1j * angle)[None, :, None]
    want = np.concatenate([turned.real, turned.imag], axis=-1)
    np.testing.assert_allclose(_rotate(jnp.asarray(x), rotation), want, atol=1e-15)


@pytest.mark.parametrize("window", [None, 1, 2])
def test_each_token_sees_the_real_ones_before_it_in_its_window(window):
    mask = np.array([[0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
    settings = BlockConfig(1, 1, 2, 1.0, "silu", 1e-6, None, window)
    layout = layout_of(jnp.asarray(mask))
    rotation, visible = arrange(layout, settings, np.dtype(np.float64))
    assert rotation is None
    for b, query, key in np.ndindex(2, 5, 5):
        reach = 5 if window is None else window
        want = mask[b, key] and key <= query < key + reach
        assert visible[b, query, key] == want, (b, query, key)
    np.testing.assert_array_equal(layout.last, [3, 4])
    # positions count the real tokens
    np.testing.assert_array_equal(layout.positions[0][1:4], [0, 1, 2])
    np.testing.assert_array_equal(layout.positions[1], range(5))


def test_hidden_keys_have_no_weight():
    scores, visible = np.array([1.0, 50.0, -2.0, 0.5]), np.array([True, False, True, True])
    weights = [
        float(mpmath.exp(s)) if seen else 0.0 for s, seen in zip(scores, visible, strict=True)
    ]
    found = _masked_softmax(
        jnp.asarray(scores)[None, None, None, None], jnp.asarray(visible)[None, None, None, None]
    )
    np.testing.assert_allclose(found[0, 0, 0, 0], np.array(weights) / sum(weights), rtol=1e-15)


@pytest.fixture
def head():
    """A head alone: Config and parameters of a model without blocks."""
    settings = BlockConfig(1, 1, 2, 1.0, "silu", 1e-6, None, None)
    config = Config("llama", 3, 2, 4, None, (settings,), False, False, False)
    table, ones = jnp.array([[1.0, 2.0], [-3.0, 0.5], [0.0, 4.0]]), jnp.ones(2)
    return config, Params(table, None, (), Norm(ones), table)


def test_the_softcap_and_the_embedding_scale(head):
    config, params = head
    x = jnp.array([[2.0, 1.0]])
    np.testing.assert_array_equal(unembed(params, config, x), [[4.0, -5.5, 4.0]])
    capped = unembed(params, replace(config, final_softcap=3.0), x)
    want = [float(3 * mpmath.tanh(mpmath.mpf(z) / 3)) for z in (4.0, -5.5, 4.0)]
    np.testing.assert_allclose(capped[0], want, rtol=1e-15)
    layout = layout_of(jnp.ones((1, 2), bool))
    tokens = jnp.array([[1, 0]], jnp.int32)
    scaled = embed(params, replace(config, embedding_scale=0.5), tokens, layout)
    np.testing.assert_array_equal(scaled, [[[-1.5, 0.25], [0.5, 1.0]]])


def test_linear_maps_add_their_bias():
    weight, bias = jnp.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), jnp.array([0.5, 0.0, -1.0])
    x = jnp.array([[[1.0, -1.0]]])
    np.testing.assert_array_equal(Linear(weight)(x), [[[-1.0, -1.0, -1.0]]])
    np.testing.assert_array_equal(Linear(weight, bias)(x), [[[-0.5, -1.0, -2.0]]])


def test_gpt2_may_scale_its_scores_by_depth():
    settings = {
        "model_type": "gpt2",
        "n_embd": 8,
        "n_head": 2,
        "n_layer": 3,
        "n_positions": 4,
        "vocab_size": 5,
    }
    scales = [b.scale for b in read_config(settings).blocks]
    assert scales == [0.5] * 3
    depth = read_config(settings | {"scale_attn_by_inverse_layer_idx": True}).blocks
    np.testing.assert_allclose([b.scale for b in depth], [1 / 2, 1 / 4, 1 / 6], rtol=1e-15)
    plain = read_config(settings | {"scale_attn_weights": False}).blocks
    assert [b.scale for b in plain] == [1.0] * 3


@pytest.mark.parametrize("is_renormalised", [True, False])
def test_shares_of_experts(is_renormalised):
    """Softmax among the used, or among all and then cut; of equal scores the first are used."""
    scores = [0.5, 2.0, -1.0, 2.0, 0.5]
    found = _shares(Mixture(5, 3, 8, is_renormalised), jnp.array([scores]))
    among = [0.5, 2.0, 2.0] if is_renormalised else scores
    total = mpmath.fsum(mpmath.exp(s) for s in among)
    want = [float(mpmath.exp(scores[e]) / total) if e in (0, 1, 3) else 0.0 for e in range(5)]
    np.testing.assert_allclose(found[0], want, rtol=1e-15)


def test_a_sink_takes_a_share_and_gives_nothing():
    scores, sink = np.array([1.0, -2.0, 0.5]), 3.0
    total = mpmath.fsum(mpmath.exp(s) for s in (*scores, sink))
    found = _masked_softmax(
        jnp.asarray(scores)[None, None, None, None],
        jnp.ones((1, 1, 1, 1, 3), bool),
        jnp.full((1, 1, 1, 1, 1), sink),
    )
    want = [float(mpmath.exp(s) / total) for s in scores]
    np.testing.assert_allclose(found[0, 0, 0, 0], want, rtol=1e-15)
