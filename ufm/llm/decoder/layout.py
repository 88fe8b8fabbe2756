"""Where the tokens of a batch are, and which of them each one sees."""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from .config import BlockConfig

# Cos and sin [B, T, head_dim] of the rotary embedding; None where positions are learned.
Rotation = tuple[Array, Array] | None


class Layout(eqx.Module):
    """Where the tokens of a batch are; made once, used by all blocks.

    `mask` [B, T]: real tokens (not padding). `positions` [B, T]: 0, 1, … over the real tokens.
    `last` [B]: index of the last real token.
    """

    mask: Bool[Array, "batch length"]
    positions: Int[Array, "batch length"]
    last: Int[Array, " batch"]


@jax.jit
def layout_of(mask: Bool[Array, "batch length"]) -> Layout:
    """The layout of a batch whose real tokens are `mask`, padded on either side."""
    count = jnp.cumsum(mask, axis=1)
    last = jnp.argmax(count, axis=1)  # the first index at which the count is full
    return Layout(mask, jnp.maximum(count - 1, 0), last)


@partial(jax.jit, static_argnums=(1, 2))
def arrange(
    layout: Layout, settings: BlockConfig, dtype: np.dtype
) -> tuple[Rotation, Bool[Array, "batch length length"]]:
    """Cos and sin [B, T, head_dim] of the rotary embedding, and which keys each query looks at.

    Those (last axis) are real, not later than the query, and within the window.
    """
    index = jnp.arange(layout.mask.shape[1])
    back = index[:, None] - index[None, :]
    near = back >= 0
    if settings.window is not None:
        near = near & (back < settings.window)
    visible = near[None] & layout.mask[:, None, :]
    if settings.rotary is None:
        return None, visible
    cos, sin = settings.rotary.table(index.size)
    positions = layout.positions
    return (jnp.asarray(cos, dtype)[positions], jnp.asarray(sin, dtype)[positions]), visible


def arranger(
    layout: Layout, dtype: np.dtype
) -> Callable[[BlockConfig], tuple[Rotation, Bool[Array, "batch length length"]]]:
    """`arrange` of each block, worked out once for blocks of one kind."""
    found = {}

    def of(settings: BlockConfig) -> tuple[Rotation, Bool[Array, "batch length length"]]:
        kind = settings.rotary, settings.window
        if kind not in found:
            found[kind] = arrange(layout, settings, dtype)
        return found[kind]

    return of


def pick(x: Array, rows: Int[Array, " #batch"]) -> Array:
    """Row `rows[b]` of x[b], its axis kept; one index serves all."""
    if rows.shape[0] == 1:
        return jax.lax.dynamic_slice_in_dim(x, rows[0], 1, axis=1)
    return jnp.take_along_axis(x, rows[:, None, None], axis=1)


def rows_of(rotation: Rotation, rows: Int[Array, " #batch"]) -> Rotation:
    """The rotation of row `rows[b]` of each sequence."""
    return None if rotation is None else (pick(rotation[0], rows), pick(rotation[1], rows))
