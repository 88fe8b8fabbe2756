"""The log-balance of two sums of exponentials: an increasing function of α, and its root.

    g(α) = log Σ_{above} e^{t + αx} - log Σ_{below} e^{t + αx},   x larger above than below

Both sums are of positive terms and lose nothing. With x = M - m and t = log p + log|M - m|, split at
M > m, its root is the peak of a token of log-odds m, where E_α[M] = m; with x = M and t = log p, split
into a set of tokens and the rest, it is the log-odds of the set.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from .bracket import Bracket
from .roots import Floats, Mask, Values, increasing_root_on_host, middle_of


def log_balance(
    alpha: Values, rates: Values, terms: Values, above: Mask, xp: ModuleType
) -> tuple[Values, Values]:
    """g(α) and its slope [n] at `alpha` [n]; `rates` x, `terms` t and the mask `above` are [n or 1, W].

    A term of -∞ counts for nothing.
    """
    exponents = terms + alpha[:, None] * rates
    up, rise = logsumexp_and_mean(exponents, rates, above, xp)
    down, fall = logsumexp_and_mean(exponents, rates, ~above, xp)
    return up - down, rise - fall


def logsumexp_and_mean(
    terms: Values, rates: Values, mask: Mask, xp: ModuleType
) -> tuple[Values, Values]:
    """Log Σ e^{terms} over `mask` and the mean of `rates` under those weights, along the last axis.

    Where nothing is left to sum they are 0.
    """
    kept = xp.where(mask, terms, -xp.inf)
    top = kept.max(axis=-1, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    weights = xp.exp(kept - top)
    total = weights.sum(axis=-1)
    total = xp.where(total > 0, total, 1.0)
    return top[..., 0] + xp.log(total), (weights * rates).sum(axis=-1) / total


def bracket_by_slopes(
    at_zero: Values, least: Values, greatest: Values, xp: ModuleType
) -> Bracket[Values]:
    """Where the root lies of a g with g(0) = `at_zero` and slopes between `least` and `greatest`."""
    ends = xp.stack([-at_zero / greatest, -at_zero / least])
    slack = 1e-9 * xp.abs(ends) + 1e-300  # rounding errors, of g(0) as well
    return Bracket((ends - slack).min(axis=0), (ends + slack).max(axis=0))


def balanced(
    rates: Floats, terms: Floats, above: NDArray[np.bool_], bracket: Bracket[Floats]
) -> Floats:
    """The root of each row's log-balance [n] within `bracket` [n], in NumPy.

    `rates` [n, W] are in units in which they neither over- nor underflow, `terms` and `above` [n, W].
    """

    def value_and_slope(rows: NDArray[np.intp], alpha: Floats) -> tuple[Floats, Floats]:
        return log_balance(alpha, rates[rows], terms[rows], above[rows], np)

    return increasing_root_on_host(value_and_slope, bracket, middle_of(bracket, np))
