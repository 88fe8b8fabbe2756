"""The decoder: pure functions of (parameters, hidden states), one compiled program a kind of block."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .attention import attention, keys_values
from .config import BlockConfig, Config
from .layout import Layout, Rotation, arranger, pick, rows_of
from .mlp import mlp
from .params import Block, Norm, Params, normed


@partial(jax.jit, static_argnums=1)
def embed(
    params: Params, config: Config, tokens: Int[Array, "batch length"], layout: Layout
) -> Float[Array, "batch length d"]:
    """The residual stream before the first block."""
    x, table = params.embedding[tokens] * config.embedding_scale, params.position_embedding
    return x if table is None else x + table[layout.positions]


def run_blocks(
    params: Params,
    config: Config,
    x: Float[Array, "batch length d"],
    layout: Layout,
    start: int,
    stop: int,
    only_last: bool = False,
) -> Float[Array, "batch rows d"]:
    """The residual stream after blocks start..stop-1, given it before them.

    `layout` may be of batch 1 for a larger batch. With `only_last` the result holds one row, that
    of the last real token, and the last block works out no other.
    """
    arranged = arranger(layout, x.dtype)
    for i in range(start, stop):
        settings = config.blocks[i]
        rows = layout.last if only_last and i == stop - 1 else None
        x, *_ = apply_block(settings, params.blocks[i], x, *arranged(settings), rows)
    return x


@partial(jax.jit, static_argnums=0)
def apply_block(
    settings: BlockConfig,
    block: Block,
    x: Float[Array, "batch length d"],
    rotation: Rotation,
    visible: Bool[Array, "#batch length length"],
    rows: Int[Array, " #batch"] | None = None,
) -> tuple[Array, Array, Array]:
    """One block, and the keys and values [B, T, kv_heads, head_dim] that later tokens look at.

    With `rows`, only the row of that index in each sequence is worked out.
    """
    keys, values = keys_values(settings, block, x, rotation)
    if rows is not None:
        x, visible, rotation = pick(x, rows), pick(visible, rows), rows_of(rotation, rows)
    return attend_and_mix(settings, block, x, rotation, visible, keys, values), keys, values


@partial(jax.jit, static_argnums=0)
def extend(
    settings: BlockConfig,
    block: Block,
    x: Float[Array, "batch 1 d"],
    rotation: Rotation,
    visible: Bool[Array, "#batch length length"],
    keys: Float[Array, "#batch length kv_heads head_dim"],
    values: Float[Array, "#batch length kv_heads head_dim"],
    position: Int[Array, " 1"],
) -> tuple[Array, Array, Array]:
    """One block at the token `x` at `position`, and `keys` and `values` with its own written in.

    `rotation` and `visible` are those of all positions.
    """
    rotation = rows_of(rotation, position)
    own_keys, own_values = keys_values(settings, block, x, rotation)
    is_here = (jnp.arange(keys.shape[1]) == position)[None, :, None, None]
    keys, values = jnp.where(is_here, own_keys, keys), jnp.where(is_here, own_values, values)
    seen = pick(visible, position)
    return attend_and_mix(settings, block, x, rotation, seen, keys, values), keys, values


def attend_and_mix(
    settings: BlockConfig,
    block: Block,
    x: Float[Array, "batch rows d"],
    rotation: Rotation,
    visible: Bool[Array, "#batch rows length"],
    keys: Array,
    values: Array,
) -> Float[Array, "batch rows d"]:
    """The block's output at the rows `x`, which look at the `visible` among `keys` and `values`."""
    y = attention(settings, block, x, rotation, visible, keys, values)
    attended = _added(settings, block.attention_post_norm, x, y)
    y = normed(block.mlp_norm, x if settings.is_parallel else attended, settings.norm_eps)
    return _added(settings, block.mlp_post_norm, attended, mlp(settings, block, y))


def _added(settings: BlockConfig, norm: Norm | None, x: Array, y: Array) -> Array:
    """The stream x after attention or MLP, which gives y."""
    if settings.norms_sums:
        return normed(norm, x + y, settings.norm_eps)
    return x + settings.residual_scale * normed(norm, y, settings.norm_eps)
