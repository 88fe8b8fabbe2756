"""Reaches, asserted: run by `pytest tests/benchmarks` alone, on a machine that is otherwise idle."""

import pytest

from tests.benchmarks import table

PARTS = [
    *(table.peaks_rows, table.sweep_rows, table.aggregate_rows, table.circle_rows),
    *(table.derivative_rows, table.peak_derivative_rows, table.losses),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda f: f.__name__)
def test_targets(part):
    missed = [r for r in part(3) if not r["met"]]
    assert not missed


def test_peaks_are_exact():
    worst, _ = table.peak_error(40)
    assert worst <= 1e-12
