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
