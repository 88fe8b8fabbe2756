"""Each contestant on its own, by pytest-benchmark, for its statistics, comparisons and history:

    pytest tests/benchmarks/test_timings.py [--benchmark-save=NAME] [--benchmark-compare]

Ratios are for `tests.benchmarks.table`, which runs ours and the rival in turn.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import ufm
from tests.benchmarks.table import V, arrays, numpy_aggregates, numpy_rows, scipy_peak, zipf_tilt

ALPHAS = np.linspace(-4, 4, 1024)
MANY = np.linspace(-4, 4, 10_000)


def contestants() -> dict[str, dict[str, Callable[[ufm.ExponentialTilt], Any]]]:
    """What runs against what; each takes the tilt of 50,257 tokens."""
    probs = ufm.ExponentialTilt.probs
    token = V // 3
    return {
        "all peaks (scipy: one)": {
            "ufm": ufm.peak_strengths,
            "scipy": lambda tilt: scipy_peak(*arrays(tilt), token),
            "numpy-dense": lambda tilt: numpy_rows(*arrays(tilt), ALPHAS),
        },
        "dense 1,024 α": {
            "ufm": lambda tilt: ufm.sweep(tilt, ALPHAS, probs),
            "numpy": lambda tilt: numpy_rows(*arrays(tilt), ALPHAS),
            "fill": lambda tilt: np.full((ALPHAS.size, V), 1.0),
        },
        "aggregates (numpy: 100 of 10,000 α)": {
            "ufm": lambda tilt: ufm.sweep_aggregates(tilt, MANY).mean,
            "numpy": lambda tilt: numpy_aggregates(*arrays(tilt), MANY[::100]),
        },
        "top 20 at 1,024 α": {"ufm": lambda tilt: ufm.sweep_top(tilt, ALPHAS, 20).probs},
    }


@pytest.fixture(scope="module")
def tilt() -> ufm.ExponentialTilt:
    return zipf_tilt(V)


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, named in contestants().items() for name in named]
)
def test_timing(benchmark, tilt, group, name):
    benchmark.group = group
    call = contestants()[group][name]
    found = benchmark.pedantic(lambda: jax.block_until_ready(call(tilt)), rounds=5, warmup_rounds=1)
    assert np.isfinite(np.asarray(found)).any()
