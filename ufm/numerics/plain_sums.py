"""Sums under a tilted distribution at a few ordinary strengths, without pivots: as fast as plain NumPy.

    Σ w, Σ w y, Σ w y² and Σ w log w0,   w = w0 e^{αy},   y = M - c

with c the middle of M's range, or 0 where that is near. Nothing is counted from the likeliest token. Where
|αy| is at most 32, and no difference of these sums loses more than four digits, they are as exact as the
pivots' way; where not, the strength is refused.
"""

import math
from collections.abc import Iterable, Iterator
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


class _Block(NamedTuple):
    """Tokens that stay in the cache together: y, the rows w0 (1, y, y², log w0), Σ w0 and Σ w0 y."""

    y: np.ndarray
    rows: np.ndarray
    start: float
    start_first: float


class PlainWeights:
    """M and log w0, both [n], made ready for sums at any strengths; `keep` holds on to four arrays [n]."""

    def __init__(self, log_odds: np.ndarray, log_weights: np.ndarray, *, keep: bool = False):
        highest, lowest = float(log_odds.max()), float(log_odds.min())
        reach, centre = 0.5 * (highest - lowest), 0.5 * (highest + lowest)
        self.is_ordinary = 1e-100 < reach < 1e100 and abs(centre) < 1e3 * reach
        if abs(centre) < 0.25 * reach:  # a pass over the tokens less
            reach, centre = max(highest, -lowest), 0.0
        self.reach, self.centre = reach, centre
        self._arrays = log_odds, log_weights
        self._kept = list(self._made(apart=True)) if keep and self.is_ordinary else None

    def blocks(self) -> Iterable[_Block]:
        """All tokens; where they are not kept, a block is overwritten by the next."""
        return self._made(apart=False) if self._kept is None else self._kept

    def _made(self, *, apart: bool) -> Iterator[_Block]:
        log_odds, log_weights = self._arrays
        width = -(-log_odds.size // -(-log_odds.size // _TOKENS))
        room = np.empty((4, width))
        for place in range(0, log_odds.size, width):
            y, logs = log_odds[place : place + width], log_weights[place : place + width]
            if self.centre:
                y = y - self.centre
            rows = np.empty((4, y.size)) if apart else room[:, : y.size]
            w, wy, wyy, wlog = rows
            np.exp(logs, out=w)
            np.multiply(w, y, out=wy)
            np.multiply(wy, y, out=wyy)
            np.multiply(w, logs, out=wlog)
            yield _Block(y, rows, float(np.add.reduce(w)), float(np.dot(w, y)))


def plain_sums(alphas: np.ndarray, weights: PlainWeights) -> list[PlainSums | None]:
    """The sums at each of `alphas` [A]; None at a strength that is refused."""
    found: list[PlainSums | None] = [None] * alphas.size
    if not weights.is_ordinary:
        return found
    reach, centre = weights.reach, weights.centre
    near = {i: alpha for i, alpha in enumerate(alphas.tolist()) if abs(alpha) * reach <= _MOST}
    if not near:
        return found
    start, start_first, sums = _sums([*near.values()], weights)
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


def _sums(alphas: list[float], weights: PlainWeights) -> tuple[float, float, np.ndarray]:
    """Σ w0, Σ w0 y, and Σ w (1, y, y², log w0) [A, 4]."""
    start, start_first, sums = 0.0, 0.0, np.zeros((len(alphas), 4))
    tilts, column = np.empty((min(len(alphas), _STRENGTHS), _TOKENS)), np.array(alphas)[:, None]
    for block in weights.blocks():
        start += block.start
        start_first += block.start_first
        for i in range(0, len(alphas), _STRENGTHS):
            some = column[i : i + _STRENGTHS]
            tilt = np.multiply(some, block.y, out=tilts[: len(some), : block.y.size])
            np.exp(tilt, out=tilt)
            sums[i : i + _STRENGTHS] += np.vecdot(tilt[:, None], block.rows)
    return start, start_first, sums
