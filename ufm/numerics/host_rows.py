"""Steered distributions at any strengths, row by row on the host, for vocabularies too large for caches."""

# pyright: reportUnknownMemberType=false

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from numpy.typing import NDArray

from .._progress import Progress, silent
from .log_totals import TOGETHER, Logits, blocks, log_totals
from .uniform_grid import aligned

Reals = NDArray[np.floating]

FEWEST_TOKENS = 4096  # below, a row is so short that Python's own time would show

# |α(M - middle)| below which its rounding, 1e-14, is no reason to count from the pivot
_PLAIN = 32.0
_ROWS_A_NODE = (
    3  # a node of log Z takes as long as the sum and the division of so many rows, at most
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
    if is_plain.all():

        def of_context(j: int) -> tuple[Logits, Reals]:
            parts = np.stack([centred, log_probs[j]])
            return Logits(_with_one, parts, float(np.abs(centred).max())), alphas

        found = _normalised_rows((alphas.size, *log_probs.shape), of_context, progress)
        if found is not None:
            return found

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
    if is_small and across.dtype == np.float64 and (np.hypot(cos, sin) > 0).all():

        def of_context(j: int) -> tuple[Logits, Reals]:
            # a constant in a, or in b, changes nothing
            a, b = (part - 0.5 * (part.max() + part.min()) for part in (across[j], along))
            speed = float(np.hypot(a, b).max())
            return Logits(_turned, np.stack([a, b, offset]), speed), np.arctan2(
                sin[:, j], cos[:, j]
            )

        found = _normalised_rows((len(cos), *across.shape), of_context, progress)
        if found is not None:
            return found

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


def _with_one(alphas: Reals) -> Reals:
    return np.stack([alphas, np.ones_like(alphas)], axis=1)


def _turned(angles: Reals) -> Reals:
    return np.stack([np.cos(angles), np.sin(angles), np.ones_like(angles)], axis=1)


def _normalised_rows(
    shape: tuple[int, int, int],
    of_context: Callable[[int], tuple[Logits, Reals]],
    progress: Progress,
) -> jax.Array | None:
    """p [A, m, V] as e^{logit - log Z}, with log Z found first: each row is written once.

    `of_context`(j) are the logits of context j, and the places of its A rows. None where there are so few
    that log Z by itself would take longer.
    """
    size, contexts, vocabulary = shape
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        products: list[tuple[Reals, Reals]] = []
        for j in range(contexts):
            logits, places = of_context(j)
            totals = log_totals(logits, places, size // _ROWS_A_NODE, threads)
            if totals is None:
                return None
            factors = np.append(logits.factors(places), -totals[:, None], axis=1)
            products.append((factors, np.append(logits.parts, np.ones((1, vocabulary)), axis=0)))
        result = aligned(int(np.prod(shape)), np.dtype(np.float64)).reshape(shape)

        def fill(start: int) -> int:
            some = slice(start, start + TOGETHER)
            for j, (factors, parts) in enumerate(products):
                for s in blocks(vocabulary):
                    part = np.matmul(factors[some], parts[:, s], out=result[some, j, s])
                    np.exp(part, out=part)
            return min(start + TOGETHER, size)

        for done in threads.map(fill, range(0, size, TOGETHER)):
            progress(done / size)
    return jax.device_put(result, may_alias=True)


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
