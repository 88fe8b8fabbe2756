"""When a vector is nothing to the final norm: every command must say the same of it."""

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

import ufm.llm
from ufm.llm.checkpoint.families import FAMILIES
from ufm.llm.decoder.limits import is_rounding, limit_states

WAVE = np.where(np.arange(16) % 2, 1.0, -1.0)


def refuses(call, *arguments):
    try:
        return call(*arguments) is None
    except ValueError as error:
        return "the final LayerNorm is blind to it" in str(error)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_threshold_for_the_limits_of_laws_and_of_costs(dtype):
    model = ufm.llm.load("tests/data/llm/gpt2", dtype)
    found, heights = [], 10.0 ** -np.arange(0, 18, 1.5)
    for height in heights:
        steering = ufm.llm.Steering(0.3 + height * WAVE, 0)
        spend = ufm.llm.TextSpend(model, [[5, 9, 27]], steering, length=4)
        found.append(refuses(ufm.llm.plateau_limits, model, steering))
        assert refuses(spend.limit) == refuses(limit_states, model, steering) == found[-1]
    # |v| is 0.3 √d and its wave `height` √d: what is below 8 eps · 0.3 is refused, and nothing else
    assert found == (heights <= 8 * np.finfo(dtype).eps * 0.3).tolist()
    assert {True, False} == set(found)


def test_an_rms_norm_sees_equal_entries():
    model = ufm.llm.load("tests/data/llm/gemma3", "float64")
    assert not refuses(limit_states, model, ufm.llm.Steering(np.full(16, 0.3), 0))


def test_a_difference_is_rounding_up_to_eight_units_of_its_dtype():
    eps = np.finfo(np.float32).eps
    one = np.array([0.0, 1.0], np.float32)
    assert is_rounding(7.9 * eps * one, 1.0, np.float32)
    assert not is_rounding(8.1 * eps * one, 1.0, np.float32)
    assert is_rounding(8.1 * eps * one, 2.0, np.float32)
    assert not is_rounding(7.9 * eps * one, 1.0, np.float64)


STORED = {"llama": "llama3", "gemma3_text": "gemma3"}


def total_variation(p, q):
    return float(abs(p - q).sum() / 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_the_limits_of_proposition_4_1(family):
    """Steered after the first block at α and 100 α, the distribution is 100 times nearer: rate 1/α."""
    directory = f"tests/data/llm/{STORED.get(family, family)}"
    model = ufm.llm.load(directory, "float64")
    assert model.config.family == family
    golden = load_file(f"{directory}/golden.safetensors")
    tokens, vector = golden["tokens"], golden["vector"]
    limits = ufm.llm.plateau_limits(model, ufm.llm.Steering(vector, 0))
    assert total_variation(*limits) > 0.05, "limits so alike would be told apart by accident"

    def distance(alpha, limit):
        probs = jax.nn.softmax(model.logits(tokens, alpha, vector=vector, layer=0))
        return total_variation(np.asarray(probs), limit)

    for sign, limit in zip((-1, 1), limits, strict=True):
        near, far = (distance(sign * alpha, limit) for alpha in (1e4, 1e6))
        assert far < 1e-3
        assert far == pytest.approx(near / 100, rel=0.02)


# ---- the control: the OPT of 350m has no final norm, and Proposition 4.1 fails there


@pytest.fixture(scope="module")
def unnormed():
    directory = "tests/data/llm/opt-350m"
    golden = load_file(f"{directory}/golden.safetensors")
    model = ufm.llm.load(directory, "float64")
    return model, golden["tokens"], golden["vector"]


def normed_limits(model, vector):
    """softmax(W LN(±v)), as if there were a final norm without scales."""
    seen = (vector - vector.mean()) / vector.std()
    return [np.asarray(jax.nn.softmax(model.unembedding @ (sign * seen))) for sign in (-1, 1)]


def test_after_the_last_block_the_likeliest_token_takes_all(unnormed):
    """Logits grow along W v without end: a point mass, which no softmax(W LN(±v)) is."""
    model, tokens, vector = unnormed
    how = dict(vector=vector, layer=model.blocks - 1)
    plain = model.logits(tokens)
    slope = np.asarray(model.unembedding @ vector)
    for alpha in (-1e4, 1e-2, 1.0, 1e4):
        grown = model.logits(tokens, alpha, **how)
        np.testing.assert_allclose(grown, plain + alpha * slope, rtol=1e-12, atol=1e-12)
    for sign, normed in zip((-1, 1), normed_limits(model, vector), strict=True):
        probs = np.asarray(jax.nn.softmax(model.logits(tokens, sign * 1e4, **how)))
        assert probs[np.argmax(sign * slope)] > 1 - 1e-12
        assert total_variation(probs, normed) > 0.5


def test_before_the_last_block_its_norms_lead_elsewhere(unnormed):
    """The next block norms the stream, and so there is a limit; it is not that of Proposition 4.1."""
    model, tokens, vector = unnormed
    for sign, normed in zip((-1, 1), normed_limits(model, vector), strict=True):
        near, far, further = (
            np.asarray(jax.nn.softmax(model.logits(tokens, sign * a, vector=vector, layer=0)))
            for a in (1e4, 1e6, 1e8)
        )
        assert total_variation(far, further) < 0.02 * total_variation(near, further) < 1e-3
        assert total_variation(further, normed) > 0.1


def test_no_limit_is_named(unnormed):
    model, tokens, vector = unnormed
    for layer in range(model.blocks):
        steering = ufm.llm.Steering(vector, layer)
        with pytest.raises(ValueError, match="this opt has no final norm: Proposition"):
            ufm.llm.plateau_limits(model, steering)
        assert limit_states(model, steering) is None
        spend = ufm.llm.TextSpend(model, [tokens.tolist()], steering, length=9)
        assert spend.limit() is None


def test_the_last_block_is_a_line_and_a_tilt(unnormed):
    model, tokens, vector = unnormed
    alphas = np.array([-30.0, 0.0, 0.7, 30.0])
    steering = ufm.llm.Steering(vector, model.blocks - 1)
    found = ufm.llm.steered_logits(model, tokens, steering, alphas)
    want = [model.logits(tokens, a, vector=vector, layer=model.blocks - 1) for a in alphas]
    np.testing.assert_allclose(found, np.stack(want), rtol=0, atol=1e-12)
    tilt = ufm.llm.tilt(model, [tokens.tolist()], vector)
    probs = jax.nn.softmax(np.asarray(found), axis=1)
    tilted = np.concatenate([tilt.probs(alpha) for alpha in alphas])
    np.testing.assert_allclose(probs, tilted, rtol=0, atol=1e-12)
