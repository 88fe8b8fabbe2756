import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import softmax

import ufm.tilt.peaks
from tests.planted_faults import PEAKS, Fault, must_be_seen, output, standard, uniform
from theorems import Instance
from theorems.judging import controls
from theorems.statements import sweet_spot


def tied_below() -> Instance:
    """M = (log 6, log 2, -log 4, -log 4): no token off the target has a peak, and the window no beginning."""
    data = controls.rate_table(["3/5", "1/5", "2/5", "2/5"], ["1/10"] * 4, [0, 0, 1, 1], 2)
    return Instance.from_dataset(data, [0, 1], [2, 3])


FAULTS = [
    Fault("ends exchanged", "sweet-spot.nonempty", standard,
          output(ufm.tilt.peaks, "sweet_spot", lambda a: a[:, ::-1])),
    # windows of the library that fit its peaks: only the derivatives inside see the first three
    Fault("window begins too early", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 3].add(-0.1))),
    Fault("window ends too late", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 1].add(0.1))),
    Fault("window without an end begins too early", "sweet-spot.nonempty", uniform,
          output(*PEAKS, lambda a: a.at[:, 6:9].add(-0.2))),
    Fault("window without a beginning ends too late", "sweet-spot.nonempty", tied_below,
          output(*PEAKS, lambda a: a.at[:, 1].add(0.2))),
    Fault("window shorter than 4δ/R²", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 1].add(-0.15).at[:, 3].add(0.15))),
    Fault("window off by 1e-9", "sweet-spot.nonempty", standard,
          output(ufm.tilt.peaks, "sweet_spot", lambda a: a + 1e-9)),
    Fault("window of 4δ/R² and more, yet too short", "sweet-spot.width", standard,
          output(*PEAKS, lambda a: a.at[:, 1].add(-0.12).at[:, 3].add(0.12))),
    Fault("cross-ratio squared", "sweet-spot.width", standard,
          output(sweet_spot, "_log_cross_ratio", lambda a: 2 * a)),
    Fault("one context's window too late", "sweet-spot.shared", standard,
          output(*PEAKS, lambda a: a.at[0].add(0.7))),
    Fault("contexts said to be one", "sweet-spot.shared", standard,
          output(sweet_spot, "distance", lambda a: 0.0)),
    Fault("contexts said to be half as far apart", "sweet-spot.shared", standard,
          output(sweet_spot, "distance", lambda a: a / 2)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


def window(log_probs: np.ndarray, odds: np.ndarray, levels: tuple[float, float]) -> list[float]:
    """Where the mean of M passes two levels, by scipy alone."""

    def mean(alpha):
        return softmax(log_probs + alpha * odds) @ odds

    return [
        brentq(lambda a, level=level: mean(a) - level, -5e3, 5e3, xtol=1e-13) for level in levels
    ]


def two_contexts(seed: int, *, on_the_ends: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """log p of two contexts [2, V], M in order, and the first token of the target, which is no end of M."""
    rng = np.random.default_rng(seed)
    odds = np.sort(rng.normal(size=rng.integers(4, 8))) * rng.choice([0.3, 1.0, 3.0])
    rows = rng.normal(size=odds.size) * rng.choice([0.3, 1.0, 3.0])
    rows = np.stack([rows, rows + rng.normal(size=odds.size) * rng.choice([0.05, 0.3, 1.0])])
    if on_the_ends:
        rows[:, 1:-1] -= 30
        rows[1, 1:-1] = rows[0, 1:-1] + (rows[1] - rows[0])[[0, -1]].mean()
    return rows, odds, int(rng.integers(2, odds.size - 1))


@pytest.mark.parametrize("on_the_ends", [False, True])
def test_windows_are_as_wide_and_overlap_as_far_as_the_cross_ratio_says(on_the_ends):
    judged = 0
    for seed in range(60):
        rows, odds, first = two_contexts(seed, on_the_ends=on_the_ends)
        levels = odds[first - 1], odds[first]
        (a, b), (low, high) = levels, (odds[0], odds[-1])
        log_ratio = np.log((b - low) / (a - low) * (high - a) / (high - b))
        windows = np.array([window(row, odds, levels) for row in rows])
        widths = (windows[:, 1] - windows[:, 0]) * (high - low) / log_ratio
        assert (widths >= 1 - 1e-9).all()
        apart = np.ptp(rows[0] - rows[1])
        if apart < log_ratio:
            judged += 1
            common = (windows[:, 1].min() - windows[:, 0].max()) * (high - low)
            assert common >= (log_ratio - apart) * (1 - 1e-9)
        if on_the_ends:  # nothing is wider than it must be: the bounds cannot be improved
            assert widths == pytest.approx(1, abs=1e-4)
            common = (windows[:, 1].min() - windows[:, 0].max()) * (high - low)
            assert common == pytest.approx(log_ratio - apart, abs=1e-3)
    assert judged > 20


def test_what_the_check_makes_of_an_instance_is_as_far_apart_as_it_says():
    instance = controls.standard()
    # M = log(6, 2, 1/6, 1/2): χ = (log 12 / log 3)²
    log_ratio = 2 * np.log(np.log(12) / np.log(3))
    apart = sweet_spot.distance(sweet_spot._moved_together(instance, 1.0).log_probs)
    assert sweet_spot._log_cross_ratio(instance) == pytest.approx(log_ratio)
    assert apart == pytest.approx(1.0)
    assert sweet_spot.distance(instance.log_probs) == pytest.approx(np.log(36))
