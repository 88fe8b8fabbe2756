"""Reaches, asserted: run by `pytest tests/benchmarks` alone, on a machine that is otherwise idle."""

import pytest

from tests.benchmarks import table

PARTS = [
    *(table.peaks_rows, table.sweep_rows, table.aggregate_rows, table.circle_rows),
    *(table.derivative_rows, table.peak_derivative_rows, table.losses),
]
# Targets that were not reached; docs/benchmarks.md has the figures, and why.
MISSED = {
    *(f"aggregates, {count} uneven α, of a new tilt" for count in (1, 2)),
    "dense 1,024 α x V",
    "dense 256 uneven α x V",  # or just met
    "circle, dense 1,024 α x V",
    "derivatives of order 8",
}


@pytest.mark.parametrize("part", PARTS, ids=lambda f: f.__name__)
def test_targets(part):
    assert not [r for r in part(3) if not r["met"] and r["work"] not in MISSED]


def test_peaks_are_exact():
    worst, _ = table.peak_error(40)
    assert worst <= 1e-12


def test_memory():
    assert table.peak_memory_of_a_million() < 2
