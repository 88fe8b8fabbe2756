"""Peaks one token at a time: the root of the log-balance, for many tokens at once, in numpy.

    g(α) = log Σ_{M>m} p (M-m) e^{α(M-m)} - log Σ_{M<m} p (m-M) e^{α(M-m)}

increases with α and is 0 where E_α[M] = m; its two sums of positive terms lose nothing.
"""

import math

import numpy as np

_EPS = float(np.finfo(float).eps)


def middle_of(lower: float, upper: float) -> float:
    """The middle; of ends of different sizes the geometric one, at most 16 times the smaller."""
    if lower > 0 and upper > 4 * lower:
        return min(16 * lower, math.sqrt(lower) * math.sqrt(upper))
    if upper < 0 and lower < 4 * upper:
        return -middle_of(-upper, -lower)
    return lower + 0.5 * (upper - lower)


def balanced(
    gaps: np.ndarray, terms: np.ndarray, above: np.ndarray, low: float, high: float
) -> np.ndarray:
    """The root of each row's log-balance [n], by Newton's method inside a bracket that shrinks.

    `gaps` [n, W] are M - m in units in which they neither over- nor underflow, `terms` log p + log|M - m|,
    -∞ at gap 0; `above` is where M > m. Every root lies between `low` and `high`.
    """
    n = gaps.shape[0]
    lower, upper = np.full(n, low), np.full(n, high)
    alpha = np.full(n, middle_of(low, high))
    previous, active = np.full(n, np.inf), np.arange(n)
    for _ in range(200):
        value, slope = _log_balance(gaps[active], terms[active], above[active], alpha[active])
        at = alpha[active]
        lower[active] = np.where(value <= 0, at, lower[active])
        upper[active] = np.where(value >= 0, at, upper[active])
        target = at - value / np.where(slope > 0, slope, 1.0)
        safe = (target >= lower[active]) & (target <= upper[active]) & (slope > 0)
        safe &= np.abs(target - at) <= 0.5 * previous[active]
        halves = np.array(
            [middle_of(*ends) for ends in zip(lower[active], upper[active], strict=True)]
        )
        target = np.where(safe, target, halves)
        target = np.where(value == 0, at, target)
        step = np.abs(target - at)
        alpha[active], previous[active] = target, step
        active = active[(step > 4 * _EPS * np.abs(target)) & (value != 0)]
        if not active.size:
            break
    return alpha


def _log_balance(
    gaps: np.ndarray, terms: np.ndarray, above: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    exponents = terms + alpha[:, None] * gaps
    sums = []
    for mask in (above, ~above):
        kept = np.where(mask, exponents, -np.inf)
        top = kept.max(axis=1, keepdims=True)
        weights = np.exp(kept - top)
        total = weights.sum(axis=1)
        sums.append((top[:, 0] + np.log(total), (weights * gaps).sum(axis=1) / total))
    (up, rise), (down, fall) = sums
    return up - down, rise - fall
