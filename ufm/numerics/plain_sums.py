"""Sums under a tilted distribution at a few ordinary strengths, without pivots: as fast as plain NumPy.

    Σ w, Σ w y, Σ w y² and Σ w log w0,   w = w0 e^{αy},   y = M - c

with c the middle of M's range, or 0 where that is near. Nothing is counted from the likeliest token. Where
|αy| is at most 32, and no difference of these sums loses more than four digits, they are as exact as the
pivots' way; where not, the strength is refused.
"""

import math
from typing import NamedTuple

import numpy as np

_MOST = 32.0  # |αy|, whose rounding is then below 1e-14
# As many tokens as OpenBLAS starts no threads for in a dot product: on a busy machine they wait for each
# other. And as many strengths as stay in the cache with them.
_TOKENS, _STRENGTHS = 10_000, 4


class PlainSums(NamedTuple):
    """At one strength: log Σ w, the mean and variance of M, entropy, KL(w0||w) of the distributions ∝ w.

    log Σ w0 e^{αM} is `log_total` + α `centre`.
    """

    centre: float
    log_total: float
    mean: float
    variance: float
    entropy: float
    forward_kl: float


def plain_sums(
    alphas: np.ndarray, log_odds: np.ndarray, log_weights: np.ndarray
) -> list[PlainSums | None]:
    """The sums for M and log w0, both [n], at each of `alphas` [A]; None at a strength that is refused."""
    highest, lowest = float(log_odds.max()), float(log_odds.min())
    reach, centre = 0.5 * (highest - lowest), 0.5 * (highest + lowest)
    if not (1e-100 < reach < 1e100 and abs(centre) < 1e3 * reach):
        return [None] * alphas.size
    if abs(centre) < 0.25 * reach:  # a pass over the tokens less
        reach, centre = max(highest, -lowest), 0.0
    near = {i: alpha for i, alpha in enumerate(alphas.tolist()) if abs(alpha) * reach <= _MOST}
    found: list[PlainSums | None] = [None] * alphas.size
    if not near:
        return found
    start, start_first, sums = _sums([*near.values()], log_odds, centre, log_weights)
    if start > 1e-200:  # not as that of a rare set of tokens, whose weights lose digits
        # one by one: for an operation on a few numbers NumPy takes longer than Python
        for (i, alpha), at_alpha in zip(near.items(), sums.tolist(), strict=True):
            found[i] = _of(alpha, at_alpha, centre, start, start_first / start)
    return found


def _of(
    alpha: float, sums: list[float], centre: float, start: float, start_mean: float
) -> PlainSums | None:
    """All that follows from the sums at `alpha`, from Σ w0 and from the mean of y under w0."""
    total, first, second, expected = sums
    if not total > 1e-200:
        return None
    log_total, log_weight = math.log(total), expected / total
    mean, square = first / total, second / total
    variance, shift = square - mean * mean, alpha * mean
    entropy = log_total - log_weight - shift
    size = abs(log_total) + abs(log_weight) + abs(shift)
    rise = math.log(total / start)
    forward_kl = rise - alpha * start_mean if alpha else 0.0
    # a divergence of 5e-4 keeps twelve digits of sums that have sixteen
    has_cost = forward_kl > 5e-4 * max(1.0, 10 * abs(rise)) or not alpha
    if not (variance > 1e-3 * square and entropy > 1e-2 * size and has_cost):
        return None
    return PlainSums(centre, log_total, centre + mean, variance, entropy, forward_kl)


def _sums(
    alphas: list[float], log_odds: np.ndarray, centre: float, log_weights: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Σ w0, Σ w0 y, and Σ w (1, y, y², log w0) [A, 4], in blocks of tokens that stay in the cache."""
    start, start_first, sums = 0.0, 0.0, np.zeros((len(alphas), 4))
    width = -(-log_odds.size // -(-log_odds.size // _TOKENS))
    rows, tilts = np.empty((4, width)), np.empty((min(len(alphas), _STRENGTHS), width))
    column = np.array(alphas)[:, None]
    for place in range(0, log_odds.size, width):
        y, logs = log_odds[place : place + width], log_weights[place : place + width]
        if centre:
            y = y - centre
        w, wy, wyy, wlog = weighted = rows[:, : y.size]
        np.exp(logs, out=w)
        np.multiply(w, y, out=wy)
        np.multiply(wy, y, out=wyy)
        np.multiply(w, logs, out=wlog)
        start += float(np.add.reduce(w))
        start_first += float(np.dot(w, y))
        for i in range(0, len(alphas), _STRENGTHS):
            some = column[i : i + _STRENGTHS]
            tilt = np.multiply(some, y, out=tilts[: len(some), : y.size])
            np.exp(tilt, out=tilt)
            sums[i : i + _STRENGTHS] += np.vecdot(tilt[:, None], weighted)
    return start, start_first, sums
