"""Texts that go on at several strengths: where they end, and by which seed each is sampled."""

import numpy as np
import pytest

import ufm.llm
from ufm._progress import silent
from ufm.llm.strength.continuations import write_continuations

PROMPTS, ALPHAS, COUNT = [[3, 4, 5], [9, 8]], [0.0, 1.0], 6


@pytest.fixture(scope="module")
def steered():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    return model, ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)


def written(steered, **change):
    how = dict(count=COUNT, ends=(), temperature=1.0, seed=3, progress=silent) | change
    return write_continuations(steered[0], PROMPTS, steered[1], ALPHAS, **how)


def test_each_prompt_has_its_own_seed(steered):
    found, is_same = written(steered)
    assert is_same
    for j, row in enumerate(PROMPTS):
        want = ufm.llm.generate(
            steered[0], row, steered[1], ALPHAS, count=COUNT, temperature=1.0, seed=3 + j
        )
        here = [text for text in found if text.prompt == j]
        assert [text.alpha for text in here] == ALPHAS
        assert [text.tokens for text in here] == want.tolist()
        assert not any(text.ended for text in here)


def test_a_text_ends_before_the_first_of_the_end_tokens(steered):
    whole, _ = written(steered)
    end = whole[0].tokens[2]  # planted: what the first text says third ends all texts
    found, _ = written(steered, ends=(end,))
    assert found[0].ended
    for before, after in zip(whole, found, strict=True):
        cut = before.tokens.index(end) if end in before.tokens else COUNT
        assert after.tokens == before.tokens[:cut]
        assert after.ended is (end in before.tokens)
        # an ended text is judged, however short
        assert after.loop.verdict == ("no loop" if after.ended else "too short")
