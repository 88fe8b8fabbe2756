"""How many strengths are run at a time."""

import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering import steered_prompt as room


@pytest.mark.parametrize(
    ("length", "layer", "floats"),
    [
        (3, 0, 3 * 64),  # what the MLP of each token holds
        (20, 0, 20 * 20 * 4),  # the attention of each token to each, in four heads
        (3, 1, 64),  # after the last block: the logits of the last token
    ],
)
def test_a_batch_of_strengths_fits_the_memory(monkeypatch, length, layer, floats):
    model = ufm.llm.load("tests/data/llm/gpt2", "float32")
    steering = ufm.llm.Steering(np.ones(16), layer)
    prompt = room.SteeredPrompt(model, [3] * length, steering, length=length)
    for count in (1, 3, 64):
        monkeypatch.setattr(room, "_BATCH_BYTES", count * 4 * floats)
        assert prompt.batch_size() == count
        monkeypatch.setattr(room, "_BATCH_BYTES", count * 4 * floats - 1)
        assert prompt.batch_size() == max(1, count - 1)
    monkeypatch.setattr(room, "_BATCH_BYTES", 1 << 40)
    assert prompt.batch_size() == 64
