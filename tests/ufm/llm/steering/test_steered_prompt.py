"""How many strengths are run at a time."""

import dataclasses

import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering.steered_prompt import SteeredPrompt


@pytest.mark.parametrize(
    ("length", "layer", "floats"),
    [
        (3, 0, 3 * 64),  # what the MLP of each token holds
        (20, 0, 20 * 20 * 4),  # the attention of each token to each, in four heads
        (3, 1, 64),  # after the last block: the logits of the last token
    ],
)
def test_a_batch_of_strengths_fits_the_memory(length, layer, floats):
    model = ufm.llm.load("tests/data/llm/gpt2", "float32")
    steering = ufm.llm.Steering(np.ones(16), layer)
    one = 4 * 4 * floats  # four arrays of four bytes a number
    for memory, count in ((1, 1), (3 * one, 3), (3 * one - 1, 2), (64 * one, 64), (999 * one, 64)):
        little = dataclasses.replace(model, memory=memory)
        prompt = SteeredPrompt(little, [3] * length, steering, length=length)
        assert prompt.batch_size() == count
