"""Steered distributions at any strengths, row by row on the host, for vocabularies too large for caches."""

# pyright: reportUnknownMemberType=false

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from numpy.typing import NDArray

from .._progress import Progress, silent
from .uniform_grid import aligned

Reals = NDArray[np.floating]

FEWEST_TOKENS = 4096  # below, a row is so short that Python's own time would show


_PLAIN = (
    32.0  # |α(M - middle)| below which its rounding, 1e-14, is no reason to count from the pivot
)


def row_probs(
    log_probs: Reals, log_odds: Reals, alphas: Reals, progress: Progress = silent
) -> jax.Array:
    """p [A, m, V] at `alphas` [A], as `ExponentialTilt.probs` has it; handed to JAX without a copy."""
    lowest, highest = log_odds.min(), log_odds.max()
    centred = log_odds - (lowest + 0.5 * (highest - lowest))
    with np.errstate(over="ignore"):
        is_plain = np.abs(alphas) * (0.5 * (highest - lowest)) <= _PLAIN
    is_plain &= log_odds.dtype == np.float64

    def weigh(i: int, j: int, row: Reals) -> None:
        alpha, log_p = alphas[i], log_probs[j]
        if is_plain[i]:
            np.multiply(centred, alpha, out=row)
            np.add(row, log_p, out=row)
            return

        def count_from(log_p0: np.floating | float, log_odds0: np.floating) -> None:
            # (log p - log p0) + α(M - M0): subtracted before multiplied, nothing large cancels
            np.subtract(log_odds, log_odds0, out=row)
            np.multiply(row, alpha, out=row)
            np.add(row, log_p if log_p0 == 0 else log_p - log_p0, out=row)

        # Counted from the end of M that α favours, αM is below |log p| wherever p_α is large: no
        # strength, however great, drowns log p while the likeliest token is looked for.
        with np.errstate(over="ignore"):  # to -inf, where p is zero
            count_from(0.0, highest if alpha >= 0 else lowest)
            r = int(row.argmax())
            count_from(log_p[r], log_odds[r])

    return _softmax_rows((alphas.size, *log_probs.shape), log_probs.dtype, weigh, progress)


def arc_probs(
    across: Reals, along: Reals, offset: Reals, cos: Reals, sin: Reals, progress: Progress = silent
) -> jax.Array:
    """softmax(cos · a + sin · b + c) [A, m, V]; a is [m, V], b and c [V], cos and sin [A, m]."""
    # within this no exponential overflows, nor does the sum of all vanish
    most = 600 if across.dtype == np.float64 else 60
    is_small = sum(float(np.abs(part).max()) for part in (across, along, offset)) < most
    has_offset = bool(offset.any())  # not under an RMSNorm without a bias

    def weigh(i: int, j: int, row: Reals) -> None:
        # the larger of the two factors comes last, so that the row holds all there is to hold
        (small, first), (large, second) = (cos[i, j], across[j]), (sin[i, j], along)
        if abs(small) > abs(large):
            (small, first), (large, second) = (large, second), (small, first)
        np.multiply(first, small / large if large else small, out=row)
        np.add(row, second, out=row)
        np.multiply(row, large, out=row)
        if has_offset:
            np.add(row, offset, out=row)
        if not is_small:
            np.subtract(row, row.max(), out=row)

    return _softmax_rows((len(cos), *across.shape), across.dtype, weigh, progress)


def _softmax_rows(
    shape: tuple[int, int, int],
    dtype: np.dtype,
    weigh: Callable[[int, int, Reals], None],
    progress: Progress,
) -> jax.Array:
    """Softmax of each row [A, m, V], on all cores; `weigh`(i, j, row) writes the logits of row [i, j]."""
    result = aligned(int(np.prod(shape)), dtype).reshape(shape)

    def fill(place: tuple[int, int]) -> None:
        row = result[place]
        weigh(*place, row)
        np.exp(row, out=row)
        np.multiply(row, 1 / row.sum(), out=row)

    places = list(np.ndindex(shape[:2]))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for done, _ in enumerate(threads.map(fill, places), start=1):
            if done % shape[1] == 0:
                progress(done / len(places))
    return jax.device_put(result, may_alias=True)
