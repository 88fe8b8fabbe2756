"""How long the stages of a report take, against the multiplications of one forward pass, counted by hand."""

import numpy as np

from ufm.llm.decoder.config import BlockConfig, Config
from ufm.llm.report.expected import expected_times
from ufm.llm.report.request import Request

# Three blocks of 2 (4·2 + 3·5) = 46 multiplications a token, a head of 2·7 = 14.
BLOCK = BlockConfig(1, 1, 2, 1.0, "gelu", 1e-5, None, None)
CONFIG = Config("gpt2", 7, 2, 5, 16, (BLOCK,) * 3, True, True, True)
ROWS = {"positive": [[1, 2]], "negative": [[3]], "contexts": [[1, 2, 3, 4]] * 10}


COMPILED = 5e10


def request(layer):
    return Request(("a",), ("b",), ("c",) * 10, np.linspace(-1, 1, 100), layer, length=16)


def test_a_stage_is_counted_by_the_blocks_after_the_steered_one():
    times = expected_times(CONFIG, request(0), ROWS, 2)
    prompt = 4 * 2 * 46 + 14
    assert times["steering vectors"] == 3 * 3 * 46
    assert times["token curves"] == 100 * 10 * prompt + 5 * COMPILED
    assert times["the paper's curves"] == 401 * 8 * prompt
    assert times["exact slopes, plateau"] == (200 + 26) * 10 * prompt + 4 * COMPILED
    assert times["cross-entropy, wide"] == 32 * (3 * 46 + 14 + 65 * (2 * 46 + 14))
    assert times["cross-entropy, near"] == 32 * (3 * 46 + 14 + 27 * (2 * 46 + 14))


def test_after_the_last_block_the_head_is_left_and_without_a_text_no_time_goes_to_it():
    times = expected_times(CONFIG, request(2), ROWS, 0)
    assert times["token curves"] == 100 * 10 * 14 + 5 * COMPILED
    assert [times[f"cross-entropy, {name}"] for name in ("exact", "wide", "near")] == [0, 0, 0]
    assert times["the paper's curves"] == 401 * 8 * 14
    pairs = 10 * 2 * (4 * 2 * 46 / 2 + 14)
    assert times["blocks against log-odds"] == 3 * pairs + 3 * COMPILED
