"""Log-probabilities of chosen tokens, against softmax in float64 of all logits of each text alone."""

import dataclasses

import numpy as np
import pytest

import ufm.llm
from ufm.llm.measure import token_scores as scores

rng = np.random.default_rng(3)
TEXTS = [rng.integers(3, 64, size=n).tolist() for n in (9, 4, 1)]
PREDICTED = np.array([(0, 8, 5), (0, 0, 7), (1, 3, 9), (2, 0, 11), (0, 8, 6)], np.int32)
STEERING = ufm.llm.Steering(np.linspace(-1, 1, 16), 0)


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


@pytest.mark.parametrize("memory", [1 << 30, 1])  # of 1 byte, a token at a time
@pytest.mark.parametrize("alpha", [0.0, 2.5])
def test_scores_are_those_of_each_text_alone(model, memory, alpha):
    model = dataclasses.replace(model, memory=memory)
    best = [
        (row, t, int(np.argmax(model.all_logits(text, alpha, STEERING)[t])))
        for row, text in enumerate(TEXTS)
        for t in (0, len(text) - 1)
    ]
    predicted = np.concatenate([PREDICTED, np.array(best, np.int32)])
    found, is_best = scores.score_tokens(model, STEERING, alpha, TEXTS, predicted)
    for (row, t, token), score, flag in zip(predicted, found, is_best, strict=True):
        logits = np.asarray(model.all_logits(TEXTS[row], alpha, STEERING))[t]
        want = logits[token] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        assert score == pytest.approx(want, abs=1e-12)
        assert flag == (np.argmax(logits) == token)
    assert is_best[len(PREDICTED) :].all()
    assert not is_best[: len(PREDICTED)].all()


def test_lengths_are_rounded_up_within_the_model(model):
    most = model.config.positions
    assert most is not None
    assert [scores.padded_length(model, n) for n in (1, 32)] == [min(32, most)] * 2
    llama = ufm.llm.load("tests/data/llm/llama3", "float64")
    assert llama.config.positions is None
    assert [scores.padded_length(llama, n) for n in (1, 33, 64)] == [32, 64, 64]
