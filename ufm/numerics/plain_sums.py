"""Sums under a tilted distribution at a few ordinary strengths, without pivots: as fast as plain NumPy.

    Σ w, Σ w y, Σ w y² and Σ w log w0,   w = w0 e^{αy},   y = M - (max M + min M)/2

Nothing is counted from the likeliest token. Where |αy| is at most 32, and no difference of these sums loses
more than four digits, they are as exact as the pivots' way; where not, the strength is refused.
"""

from typing import NamedTuple

import numpy as np

_MOST = 32.0  # |αy|, whose rounding is then below 1e-14
# Below the size at which OpenBLAS starts threads for a product of strengths x tokens x 4: on a busy machine
# they wait for each other.
_TOKENS, _STRENGTHS = 8192, 8


class PlainSums(NamedTuple):
    """At each strength [A]: log Σ w, the mean and variance of M, entropy, KL(w0||w), and whether they hold.

    The distributions are those ∝ w. Where `holds` is False the others mean nothing.
    """

    log_total: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    forward_kl: np.ndarray
    holds: np.ndarray


def plain_sums(
    alphas: np.ndarray, log_odds: np.ndarray, log_weights: np.ndarray
) -> PlainSums | None:
    """The sums at `alphas` [A] for `log_odds` M and `log_weights` log w0, both [n]; None where none holds."""
    highest, lowest = float(log_odds.max()), float(log_odds.min())
    reach, middle = 0.5 * (highest - lowest), 0.5 * (highest + lowest)
    near = np.abs(alphas) * reach <= _MOST
    if not (1e-100 < reach < 1e100 and abs(middle) < 1e3 * reach and near.any()):
        return None
    strengths = np.where(near, alphas, 0.0)
    sums = _sums(np.append(0.0, strengths), log_odds, middle, log_weights)
    total, first, second, expected = sums.T
    if not total.min() > 1e-200:  # as that of a rare set of tokens, whose weights lose digits
        return None
    log_total, mean = np.log(total), first / total
    square, log_weight = second / total, expected / total
    variance = square - mean * mean
    shift = np.append(0.0, strengths) * mean
    entropy = log_total - log_weight - shift
    rise = np.log(total[1:] / total[0])
    forward_kl = rise - strengths * mean[0]
    size = np.abs(log_total) + np.abs(log_weight) + np.abs(shift)
    holds = near & (variance > 1e-3 * square)[1:] & (entropy > 1e-2 * size)[1:]
    # a divergence of 5e-4 keeps twelve digits of sums that have sixteen
    holds &= (forward_kl > 5e-4 * np.maximum(1.0, 10 * np.abs(rise))) | (strengths == 0)
    return PlainSums(
        log_total[1:] + strengths * middle,
        middle + mean[1:],
        variance[1:],
        entropy[1:],
        np.where(strengths == 0, 0.0, forward_kl),
        holds,
    )


def _sums(
    alphas: np.ndarray, log_odds: np.ndarray, middle: float, log_weights: np.ndarray
) -> np.ndarray:
    """Σ w (1, y, y², log w0) [A, 4], in blocks of tokens that stay in the cache."""
    sums = np.zeros((alphas.size, 4))
    width = min(_TOKENS, log_odds.size)
    rows, weights = np.ones((4, width)), np.empty((min(alphas.size, _STRENGTHS), width))
    for start in range(0, log_odds.size, _TOKENS):
        part = slice(start, start + _TOKENS)
        logs = log_weights[part]
        of = rows[:, : logs.size]
        y = np.subtract(log_odds[part], middle, out=of[1])
        np.multiply(y, y, out=of[2])
        of[3] = logs
        for first in range(0, alphas.size, _STRENGTHS):
            some = slice(first, first + _STRENGTHS)
            w = weights[: alphas[some].size, : logs.size]
            np.multiply(alphas[some, None], y, out=w)
            np.add(w, logs, out=w)
            sums[some] += np.exp(w, out=w) @ of.T
    return sums
