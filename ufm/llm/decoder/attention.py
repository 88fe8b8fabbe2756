"""Attention: what each token reads of those before it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .config import BlockConfig
from .head import capped
from .layout import Rotation
from .params import PRECISE, Block, Norm, at_least_float32, normed


def keys_values(
    settings: BlockConfig, block: Block, x: Array, rotation: Rotation
) -> tuple[Array, Array]:
    """Keys and values [B, T, kv_heads, head_dim] of the tokens whose residual stream is `x`."""
    y = normed(block.attention_norm, x, settings.norm_eps)
    keys = _heads(block.key_norm, block.key(y), settings.kv_heads, settings)
    return _rotate(keys, rotation), _heads(None, block.value(y), settings.kv_heads, settings)


def attention(
    settings: BlockConfig,
    block: Block,
    x: Float[Array, "batch rows d"],
    rotation: Rotation,
    visible: Bool[Array, "#batch rows length"],
    keys: Array,
    values: Array,
) -> Float[Array, "batch rows d"]:
    """What attention gives at the rows `x`, which look at the `visible` among `keys` and `values`."""
    groups = settings.heads // settings.kv_heads
    queries = block.query(normed(block.attention_norm, x, settings.norm_eps))
    queries = _rotate(_heads(block.query_norm, queries, settings.heads, settings), rotation)
    queries = queries.reshape(*x.shape[:2], settings.kv_heads, groups, settings.head_dim)
    scores = jnp.einsum("bqhgd,bkhd->bhgqk", queries, keys, precision=PRECISE) * settings.scale
    sinks = None
    if block.sinks is not None:
        sinks = block.sinks.reshape(1, settings.kv_heads, groups, 1, 1)
    weights = _masked_softmax(capped(scores, settings.softcap), visible[:, None, None], sinks)
    mixed = jnp.einsum("bhgqk,bkhd->bqhgd", weights, values, precision=PRECISE)
    return block.output(mixed.reshape(*x.shape[:2], settings.heads * settings.head_dim))


def _heads(norm: Norm | None, x: Array, heads: int, settings: BlockConfig) -> Array:
    """x [B, T, heads · head_dim], normed, as [B, T, heads, head_dim]."""
    if norm is not None:
        # a head at a time, or all together, as the norm is wide
        x = norm(x.reshape(*x.shape[:2], -1, norm.scale.size), settings.norm_eps)
    return x.reshape(*x.shape[:2], heads, settings.head_dim)


def _rotate(x: Array, rotation: Rotation) -> Array:
    """The first numbers of each head, as many as there are cosines, turned; the others as they are."""
    if rotation is None:
        return x
    cos, sin = (part[:, :, None] for part in rotation)
    turned, rest = jnp.split(x, [cos.shape[-1]], axis=-1)
    first, second = jnp.split(turned, 2, axis=-1)
    turned = turned * cos + jnp.concatenate([-second, first], axis=-1) * sin
    return turned if rest.shape[-1] == 0 else jnp.concatenate([turned, rest], axis=-1)


def _masked_softmax(
    scores: Array, visible: Bool[Array, "#batch 1 1 rows length"], sinks: Array | None = None
) -> Array:
    """Softmax over the visible keys and, if there are `sinks`, one more, whose weight is left out."""
    x = scores.astype(at_least_float32(scores.dtype))
    # the least number, not -inf: Taylor series through exp(-inf) are NaN
    x = jnp.where(visible, x, jnp.finfo(x.dtype).min)
    top = jnp.max(x, axis=-1, keepdims=True)
    top = jax.lax.stop_gradient(top if sinks is None else jnp.maximum(top, sinks))
    weights = jnp.exp(x - top)
    total = jnp.sum(weights, axis=-1, keepdims=True)
    total = total if sinks is None else total + jnp.exp(sinks - top)
    return (weights / total).astype(scores.dtype)
