"""Where the token curves of an instance have their maxima, read off the curves alone."""

from typing import TYPE_CHECKING

import numpy as np

from .evaluate import slope_at

if TYPE_CHECKING:
    from .instance import Instance

# Distances from a peak at which the slope is looked at, in units of |α| + 1/R.
_BESIDE = np.array([-0.1, -1e-4, -3e-8, 3e-8, 1e-4, 0.1])[:, None, None]
_HALVINGS = 60


def of_curves(instance: "Instance") -> np.ndarray:
    """`Instance.maxima`: the library's peaks where the curves turn there, found anew elsewhere."""
    peaks = instance.peaks
    confirmed = _never_against(instance, peaks) & _turns_at(instance, peaks)
    return peaks if confirmed.all() else np.where(confirmed, peaks, _searched(instance))


def beside(instance: "Instance", peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How surely each curve rises before its peak and falls after it, and where that can be seen.

    Both are [6, m, V]: the slope over its cancellation scale, at 3e-8, 1e-4 and 0.1 times (|α| + 1/R)
    from `peaks` [m, V], counted positive where it has the sign it should; seen, for finite peaks, where
    the terms of the slope do not underflow.
    """
    is_finite = np.isfinite(peaks)
    centre = np.where(is_finite, peaks, 0.0)
    slope, scale = slope_at(instance.tilt, centre + _BESIDE * (np.abs(centre) + instance.unit))
    sureness = -np.sign(_BESIDE) * slope / np.where(scale > 0, scale, 1.0)
    return sureness, is_finite & (scale > 1e-280 * instance.odds_range)


def _turns_at(instance: "Instance", peaks: np.ndarray) -> np.ndarray:
    sureness, is_seen = beside(instance, peaks)
    return np.all(~is_seen | (sureness > instance.tolerance), axis=0)


def _never_against(instance: "Instance", peaks: np.ndarray) -> np.ndarray:
    """Whether no strength of the grid shows a curve that falls before `peaks` or rises after it."""
    curves, alphas = instance.curves, instance.alphas[:, None, None]
    with np.errstate(invalid="ignore"):
        side = np.sign(peaks - alphas)
        clear = np.abs(peaks - alphas) > 1e-6 * (np.abs(peaks) + instance.unit)
    scale = np.where(curves.scale > 0, curves.scale, 1.0)
    slope = np.where(clear | np.isinf(peaks), side, 0.0) * curves.slope / scale
    change = np.diff(curves.log_probs, axis=0) * (side[1:] * (side[1:] == side[:-1]))
    allowed = instance.rounding(instance.alphas)
    steps = (allowed[1:] + allowed[:-1])[:, None, None]
    return np.all(slope >= -instance.tolerance, axis=0) & np.all(change >= -steps, axis=0)


def _searched(instance: "Instance") -> np.ndarray:
    """The highest strength of the grid, then the turn of the slope between its neighbours, by bisection."""
    log_probs, alphas = instance.curves.log_probs, instance.alphas
    best = log_probs.argmax(axis=0)  # NaN counts as highest
    low, high = alphas[np.maximum(best - 1, 0)], alphas[np.minimum(best + 1, len(alphas) - 1)]
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        rises = slope_at(instance.tilt, middle[None])[0][0] > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    found = low + (high - low) / 2
    found = np.where(best == 0, -np.inf, np.where(best == len(alphas) - 1, np.inf, found))
    return np.where(np.isnan(log_probs).any(axis=0), np.nan, found)
