"""Every quantity at the ends of what floats hold, against balls: offset, scale, confidence, ties, V = 2, weights."""

import jax
import mpmath as mp
import numpy as np
import pytest
from flint import arb
from hypothesis import settings

import ufm
from tests import balls, extremes, oracles

# 100,000 random instances are for the night: pytest --hypothesis-profile=nightly
EXAMPLES = 100_000 if settings().max_examples >= 2000 else 240


@pytest.mark.parametrize("instances", [extremes.table, extremes.two_tokens])
def test_table_of_extremes(instances):
    assert list(extremes.misses(instances())) == []


def test_random_extremes():
    for start in range(0, EXAMPLES, 800):
        seeds = range(start, min(EXAMPLES, start + 800))
        assert list(extremes.misses([extremes.drawn(seed) for seed in seeds])) == []
