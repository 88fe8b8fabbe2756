"""Perplexity against a product of next-token probabilities; AxBench's mean against fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import ufm.llm
from ufm.llm.judge.fluency import axbench_score, distinct, nats


@pytest.mark.parametrize("memory", [1 << 30, 1])
def test_nats_are_those_of_one_token_after_the_other(memory):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    object.__setattr__(model, "memory", memory)
    prompts, texts = [[3, 4, 5], [8], [9, 2]], [[7, 8], [], [5, 5, 6, 1]]
    want = []
    for prompt, text in zip(prompts, texts, strict=True):
        spent = 0.0
        for k, z in enumerate(text):
            logits = np.asarray(model.logits([*prompt, *text[:k]]))
            spent += np.log(np.exp(logits - logits[z]).sum())
        want.append(spent)
    assert nats(model, prompts, texts) == pytest.approx(want, rel=1e-12)


def test_distinct():
    assert distinct([[5, 5, 5, 5]], 2) == pytest.approx(1 / 3)
    assert distinct([[1, 2], [1, 2], [2, 1]], 2) == pytest.approx(2 / 3)
    assert np.isnan(distinct([[1], []], 2))


def test_axbench_is_the_harmonic_mean_and_0_if_one_is():
    for ratings in product(range(3), repeat=3):
        want = 0 if 0 in ratings else Fraction(3) / sum(Fraction(1, r) for r in ratings)
        assert float(axbench_score(*map(float, ratings))) == pytest.approx(float(want))
    with pytest.raises(ValueError, match=r"ratings must be within 0\.\.2; got 3"):
        axbench_score(1.0, 3.0, 2.0)
