"""Ranges of strengths in units of what they do, against full passes of the model."""

import numpy as np
import pytest

import ufm.llm
from ufm.llm.report.strengths import in_multiples

ROWS = [[5, 9, 27], [40, 8, 3]]
ASKED = np.linspace(-2, 2, 9)


@pytest.fixture(scope="module")
def steered():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    return model, ufm.llm.steering_vectors(model, [[3, 4], [5, 6]], [[7, 8]])[0]


def test_multiples_and_hidden_states(steered):
    model, vector = steered
    assert in_multiples(model, vector, ROWS, ASKED, "vector") is ASKED
    found = in_multiples(model, vector, ROWS, ASKED, "hidden")
    assert [vector.relative(x) for x in found] == pytest.approx(ASKED.tolist())
    with pytest.raises(ValueError, match="unit must be one of vector, hidden, nats; got 'miles'"):
        in_multiples(model, vector, ROWS, ASKED, "miles")


def divergence(model, vector, alpha):
    total = 0.0
    for row in ROWS:
        before, after = (
            np.asarray(model.logits(row, x, vector=vector.values, layer=vector.layer))
            for x in (0.0, alpha)
        )
        before, after = (x - np.log(np.exp(x).sum()) for x in (before, after))
        total += (np.exp(before) * (before - after)).sum()
    return total / len(ROWS)


@pytest.mark.parametrize("ends", [(-0.2, 0.1), (-1e-8, 1e-7)])
def test_nats_at_the_ends(steered, ends):
    model, vector = steered
    found = in_multiples(model, vector, ROWS, np.linspace(*ends, 9), "nats")
    assert found.size == 9
    np.testing.assert_allclose(np.diff(found), found[1] - found[0])
    for alpha, nats in zip(found[[0, -1]], ends, strict=True):
        # half an octave is bridged by a line in log-log
        assert divergence(model, vector, alpha) == pytest.approx(abs(nats), rel=0.05)


def test_nats_that_are_not_reached_and_one_sided_ranges(steered):
    model, vector = steered
    with pytest.raises(ValueError, match=r"α < 0 moves the prompts by at most .* nats, not 1000"):
        in_multiples(model, vector, ROWS, np.linspace(-1000, 0.1, 9), "nats")
    with pytest.raises(ValueError, match="reaches to both sides of 0; got 1 to 2"):
        in_multiples(model, vector, ROWS, np.linspace(1, 2, 9), "nats")
