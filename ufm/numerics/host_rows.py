"""Tilted distributions at any strengths, row by row on the host, for vocabularies too large for caches."""

# pyright: reportUnknownMemberType=false

import os
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from numpy.typing import NDArray

from .._progress import Progress, silent
from .uniform_grid import aligned

Reals = NDArray[np.floating]

FEWEST_TOKENS = 4096  # below, a row is so short that Python's own time would show


def row_probs(
    log_probs: Reals, log_odds: Reals, alphas: Reals, progress: Progress = silent
) -> jax.Array:
    """p [A, m, V] at `alphas` [A], as `ExponentialTilt.probs` has it; handed to JAX without a copy."""
    shape = (alphas.size, *log_probs.shape)
    result = aligned(int(np.prod(shape)), log_probs.dtype).reshape(shape)
    ends = log_odds.min(), log_odds.max()

    def fill(place: tuple[int, int]) -> None:
        i, j = place
        alpha, log_p, row = alphas[i], log_probs[j], result[i, j]

        def count_from(log_p0: np.floating | float, log_odds0: np.floating) -> None:
            # (log p - log p0) + α(M - M0): subtracted before multiplied, nothing large cancels
            np.subtract(log_odds, log_odds0, out=row)
            np.multiply(row, alpha, out=row)
            np.add(row, log_p if log_p0 == 0 else log_p - log_p0, out=row)

        # Counted from the end of M that α favours, αM is below |log p| wherever p_α is large: no
        # strength, however great, drowns log p while the likeliest token is looked for.
        with np.errstate(over="ignore"):  # to -inf, where p is zero
            count_from(0.0, ends[int(alpha >= 0)])
            r = int(row.argmax())
            count_from(log_p[r], log_odds[r])
        np.exp(row, out=row)
        row /= row.sum()

    places = list(np.ndindex(shape[:2]))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for done, _ in enumerate(threads.map(fill, places), start=1):
            if done % shape[1] == 0:
                progress(done / len(places))
    return jax.device_put(result, may_alias=True)
