"""When a vector is nothing to the final norm: every command must say the same of it."""

import numpy as np
import pytest

import ufm.llm
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
