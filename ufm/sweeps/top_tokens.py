"""The likeliest tokens along many strengths, without a look at the whole vocabulary for each."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._checks import Numbers, needs_float64
from .._progress import Progress, silent
from ..tilt.tilt import ExponentialTilt
from .aggregates import along
from .sweep import strength_row

_CHUNK = 256  # strengths taken together
_FEW = 4096  # tokens left to compare, at most, where it can be


class TopTokens(NamedTuple):
    """The k likeliest tokens [A, m, k] at each strength, likeliest first, and their probabilities.

    Of equally likely tokens the one with the smaller index comes first.
    """

    tokens: Int[Array, "strengths contexts k"]
    probs: Float[Array, "strengths contexts k"]


def sweep_top(
    tilt: ExponentialTilt,
    alphas: Numbers,
    k: int,
    *,
    progress: Progress | None = None,
) -> TopTokens:
    """The `k` likeliest tokens at each α of `alphas` [A], streamed: no [A, m, V] is ever held.

    log p_α(z) is a line in α up to a common term, so that a token which k others beat at both ends of
    a stretch of strengths is out of it: what is compared at each strength is a few hundred tokens.
    In numpy on the host, in memory of a few times V and 256 x 4096 numbers; needs float64. Raises
    `ValueError` for a `k` outside of 1..V.

    >>> import numpy as np, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> found = ufm.sweep_top(tilt, np.linspace(-4, 4, 9), k=2)
    >>> print(found.tokens[0, 0], found.probs[0, 0].round(4))
    [3 4] [0.3333 0.3333]
    """
    points = np.asarray(strength_row(alphas, tilt))
    needs_float64("sweep_top", tilt.log_probs, tilt.log_odds)
    rows, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    m, vocabulary = rows.shape
    if not 1 <= k <= vocabulary:
        raise ValueError(f"k must lie in 1..{vocabulary}, the number of tokens; got {k}")
    order = np.argsort(points, kind="stable")
    tokens, probs = np.empty((points.size, m, k), np.int64), np.empty((points.size, m, k))
    done, show = 0, progress or silent
    for j, row in enumerate(rows):
        curves = along(points, log_odds, row)
        waiting = [order[i : i + _CHUNK] for i in range(0, points.size, _CHUNK)][::-1]
        while waiting:
            chunk = waiting.pop()
            ends = float(points[chunk[0]]), float(points[chunk[-1]])
            left = _contenders(*ends, log_odds, row, k)
            if left.size * len(chunk) > _FEW * _CHUNK and len(chunk) > 1:
                half = len(chunk) // 2
                waiting += [chunk[half:], chunk[:half]]
                continue
            # counted as K is: subtracted before multiplied, nothing large cancels
            logs = points[chunk][:, None] * (log_odds[left] - curves.log_odds[chunk][:, None])
            logs += row[left] - curves.log_weight[chunk][:, None]
            first = np.argsort(-logs, axis=1, kind="stable")[:, :k]
            chosen = np.take_along_axis(logs, first, axis=1)
            tokens[chunk, j] = left[first]
            probs[chunk, j] = np.exp(np.minimum(chosen - curves.excess[chunk][:, None], 0.0))
            done += len(chunk)
            show(done / (m * points.size))
    return TopTokens(jnp.asarray(tokens), jnp.asarray(probs))


def _contenders(
    low: float, high: float, log_odds: np.ndarray, row: np.ndarray, k: int
) -> np.ndarray:
    """The tokens, ascending, that can be among the k likeliest somewhere in [low, high]."""
    middle = 0.5 * low + 0.5 * high
    r = int(np.argmax(row + middle * log_odds))
    logs, gaps = row - row[r], log_odds - log_odds[r]
    at_low, at_high = logs + low * gaps, logs + high * gaps
    best = np.argpartition(-(logs + middle * gaps), k - 1)[:k]
    # a rounding error's room, so that ties are compared and not lost
    slack = 1e-9 * (1 + np.abs(at_low[best]).max() + np.abs(at_high[best]).max())
    least_low, least_high = at_low[best].min() - slack, at_high[best].min() - slack
    return np.flatnonzero((at_low >= least_low) | (at_high >= least_high))
