"""A quantity of a tilt along many strengths, in bounded memory."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import Numbers, finite, floating, is_concrete, within
from .._progress import Progress, silent
from ..numerics.host_rows import FEWEST_TOKENS, arc_probs, row_probs
from ..numerics.uniform_grid import device_grid_probs, grid_bytes, grid_of, grid_probs, is_on_host
from ..tilt.effects import probability_increase
from ..tilt.norm_circle import NormCircle, cos_sin
from ..tilt.tilt import ExponentialTilt

Steered = ExponentialTilt | NormCircle
Quantity = Callable[[ExponentialTilt, Array], Array] | Callable[[NormCircle, Array], Array]
_COPIES = 16  # arrays [m, V] that one strength of a quantity keeps in memory, at most


def sweep(
    tilt: Steered,
    alphas: Numbers,
    quantity: Quantity = probability_increase,
    *,
    tokens: Numbers | None = None,
    batch_size: int | None = None,
    memory: int = 1 << 28,
    progress: Progress | None = None,
) -> Float[Array, "strengths ..."]:
    r"""`quantity(tilt, α)` for each α of `alphas` [A], stacked along a first axis of length A.

    The default gives Δp [A, m, V] (Definition 3.1); pass e.g. `ExponentialTilt.probs`, or
    `lambda tilt, alpha: ufm.concept_increase(tilt, alpha, tokens)`. A `ufm.NormCircle` is swept as well,
    along a quantity of its own, e.g. `ufm.NormCircle.probs`. `tokens`, indices of some of the V tokens or
    a boolean mask [V], keeps these alone along the last axis, for a quantity whose last axis is V.

    At most `memory` bytes are used beyond the result itself (a strength is counted as 16 arrays [m, V];
    or fix the number worked on at once by `batch_size`). `progress` is called with the share done. For
    a result that is too large to hold see `ufm.sweep_blocks`; for means, masses and costs alone
    `ufm.sweep_aggregates`, far cheaper; for the likeliest tokens `ufm.sweep_top`.

    On a uniform grid of strengths `ExponentialTilt.probs` takes one exponential per token and 32
    strengths: p_{a+jh} ∝ p_a e^{jhM}, where that stays within 1e-13 of the direct value in relative
    error; else, and for all other quantities, each strength is worked out on its own (p by NumPy on a CPU
    from 4,096 tokens on, with the same numbers). There, from some hundred strengths on at which |αM| stays
    below 32, or on a `NormCircle`, log Z is found first, by interpolation, and each row is written once.

    >>> import jax.numpy as jnp, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(ufm.sweep(tilt, jnp.linspace(-4, 4, 9)).shape)
    (9, 6, 9)
    """
    strengths = strength_row(alphas, tilt)
    _check_quantity(tilt, quantity)
    kept = _checked_tokens(tokens, _table(tilt).shape[1])
    batch = _batch(tilt, batch_size, memory)
    if kept is None and quantity in (ExponentialTilt.probs, NormCircle.probs):
        found = _without_compiling(tilt, strengths, memory, progress or silent)
        if found is not None:
            return found
    if progress is None or not strengths.size:
        return _mapped(tilt, strengths, quantity, kept, batch)
    parts, done = [], 0
    for block in _blocks(tilt, strengths, quantity, kept, batch):
        parts.append(block)
        done += len(block)
        progress(done / strengths.size)
    return jnp.concatenate(parts)


def _check_quantity(tilt: Steered, quantity: Quantity) -> None:
    if isinstance(tilt, NormCircle) and quantity is probability_increase:
        raise ValueError(
            "a NormCircle has no Δp(z|c, α) of its own: name a quantity, e.g. ufm.NormCircle.probs"
        )


def _table(tilt: Steered) -> Array:
    """An array [m, V] of it."""
    return tilt.across if isinstance(tilt, NormCircle) else tilt.log_probs


def _without_compiling(
    tilt: Steered, strengths: Array, memory: int, progress: Progress
) -> Array | None:
    """p along an even grid by its factors, else in rows on the host; None where neither will do."""
    if not is_concrete(strengths, *jax.tree.leaves(tilt)):
        return None
    if isinstance(tilt, NormCircle):
        return _circle_rows(tilt, np.asarray(strengths), progress)
    if type(tilt) is not ExponentialTilt:  # with a distribution of its own
        return None
    log_probs, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    alphas, on_host = np.asarray(strengths), is_on_host(tilt.log_probs)
    contexts, vocabulary = log_probs.shape
    is_small = grid_bytes(contexts, vocabulary, alphas.size) <= memory
    grid = grid_of(log_probs, log_odds, alphas) if is_small else None
    if grid is not None and on_host:
        return grid_probs(log_probs, log_odds, grid, progress)
    if grid is not None:
        return device_grid_probs(tilt.log_probs, tilt.log_odds, grid)
    if on_host and vocabulary >= FEWEST_TOKENS:
        return row_probs(log_probs, log_odds, alphas, progress)
    return None


def _circle_rows(circle: NormCircle, alphas: np.ndarray, progress: Progress) -> Array | None:
    """p in rows on the host, or None where the vocabulary is small or elsewhere."""
    if not is_on_host(circle.across) or circle.along.size < FEWEST_TOKENS:
        return None
    beyond = alphas.astype(circle.along.dtype)[:, None] - np.asarray(circle.closest)
    cos, sin = cos_sin(jnp.asarray(beyond), jnp.broadcast_to(circle.width, beyond.shape))
    along, offset = np.asarray(circle.along), np.asarray(circle.offset)
    parts = np.asarray(circle.across), along, offset, np.asarray(cos), np.asarray(sin)
    return arc_probs(*parts, progress)


def sweep_blocks(
    tilt: Steered,
    alphas: Numbers,
    quantity: Quantity = probability_increase,
    *,
    tokens: Numbers | None = None,
    memory: int = 1 << 28,
) -> Iterator[Float[Array, "strengths ..."]]:
    """The result of `ufm.sweep` in blocks along its first axis, in order, each within `memory` bytes.

    >>> import jax.numpy as jnp, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> blocks = ufm.sweep_blocks(tilt, jnp.linspace(-4, 4, 9), memory=30_000)
    >>> print([block.shape for block in blocks])
    [(4, 6, 9), (4, 6, 9), (1, 6, 9)]
    """
    strengths = strength_row(alphas, tilt)
    _check_quantity(tilt, quantity)
    kept = _checked_tokens(tokens, _table(tilt).shape[1])
    return _blocks(tilt, strengths, quantity, kept, _batch(tilt, None, memory))


def _blocks(
    tilt: Steered, strengths: Array, quantity: Quantity, kept: Array | None, batch: int
) -> Iterator[Array]:
    if strengths.size == 0:
        yield _mapped(tilt, strengths, quantity, kept, batch)
    run = jax.jit(partial(_mapped, quantity=quantity, kept=kept, batch=batch))
    for start in range(0, strengths.size, batch):
        yield run(tilt, strengths[start : start + batch])


def _mapped(
    tilt: Steered, strengths: Array, quantity: Quantity, kept: Array | None, batch: int
) -> Array:
    def at(alpha: Array) -> Array:
        found = cast(Callable[[Steered, Array], Array], quantity)(tilt, alpha)
        return found if kept is None else jnp.take(found, kept, axis=-1)

    return jax.lax.map(at, strengths, batch_size=batch)


def strength_row(alphas: Numbers, tilt: Steered) -> Array:
    """Strengths as a row [A] of finite numbers, which the tilt's dtype holds."""
    strengths = floating("alphas", alphas, 1)
    finite("alphas", strengths)
    within("alphas", strengths, _table(tilt).dtype)
    return strengths


def _checked_tokens(tokens: Numbers | None, vocabulary: int) -> Array | None:
    if tokens is None:
        return None
    indices = np.asarray(tokens)
    if indices.dtype == np.bool_ and indices.shape == (vocabulary,):
        indices = np.flatnonzero(indices)
    if not indices.size:
        raise ValueError("tokens names no token: name at least one, or leave it out for all")
    if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(
            f"tokens must be a sequence of token indices, or a boolean mask [V]; got shape {indices.shape}, "
            f"dtype {indices.dtype}"
        )
    outside = indices[(indices < 0) | (indices >= vocabulary)]
    if outside.size:
        raise ValueError(f"tokens holds {outside[0]}, outside 0..{vocabulary - 1}")
    return jnp.asarray(indices)


def _batch(tilt: Steered, batch_size: int | None, memory: int) -> int:
    if batch_size is not None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {batch_size}")
        return batch_size
    one = _COPIES * _table(tilt).size * _table(tilt).dtype.itemsize
    if memory < one:
        raise ValueError(f"memory must hold one strength, {one} bytes; got {memory}")
    return min(memory // one, 64)
