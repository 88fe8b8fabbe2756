"""The decoder: pure functions of (parameters, hidden states), one compiled program a kind of block."""

from dataclasses import KW_ONLY
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .config import BlockConfig, Config, Mixture

# float32 products in float32: an accelerator would otherwise round their inputs to 8 or 10 bits.
_PRECISE = jax.lax.Precision.HIGHEST

# Cos and sin [B, T, head_dim] of the rotary embedding; None where positions are learned.
Rotation = tuple[Array, Array] | None


def at_least_float32(dtype: np.dtype) -> np.dtype:
    """`dtype`, or float32 if it is narrower: for norms, softmax and sums."""
    return dtype if jnp.finfo(dtype).bits >= 32 else np.dtype(np.float32)


class Linear(eqx.Module):
    """x ↦ x Wᵀ + b; `weight` is [out, in]."""

    weight: Float[Array, "out in"]
    bias: Float[Array, " out"] | None = None

    def __call__(self, x: Float[Array, "*rows in"]) -> Float[Array, "*rows out"]:
        """Wx + b."""
        y = jnp.einsum("...i,oi->...o", x, self.weight, precision=_PRECISE)
        return y if self.bias is None else y + jnp.expand_dims(self.bias, tuple(range(x.ndim - 1)))


class Experts(eqx.Module):
    """A linear map of each of E experts, W_e x + b_e; `weight` is [E, out, in].

    All of them are worked out for every token, and the shares of those unused are 0: E / used times
    the work, but plain products, of which there are series of any order.
    """

    weight: Float[Array, "experts out in"]
    bias: Float[Array, "experts out"] | None = None

    def __call__(self, x: Float[Array, "*rows in"]) -> Float[Array, "*rows experts out"]:
        """W_e x + b_e, of each e."""
        y = jnp.einsum("...i,eoi->...eo", x, self.weight, precision=_PRECISE)
        return y if self.bias is None else y + jnp.expand_dims(self.bias, tuple(range(x.ndim - 1)))

    def mixed(
        self, x: Float[Array, "*rows experts in"], shares: Float[Array, "*rows experts"]
    ) -> Float[Array, "*rows out"]:
        """The sum over e of share_e (W_e x_e + b_e)."""
        y = jnp.einsum("...ei,eoi->...o", x * shares[..., None], self.weight, precision=_PRECISE)
        if self.bias is None:
            return y
        return y + jnp.einsum("...e,eo->...o", shares, self.bias, precision=_PRECISE)


class Norm(eqx.Module):
    """LayerNorm if it has a bias, else RMSNorm, on the last axis; at least in float32."""

    scale: Float[Array, " d"]
    bias: Float[Array, " d"] | None = None

    def __call__(self, x: Float[Array, "*rows d"], eps: float) -> Float[Array, "*rows d"]:
        """The normalised x, in x's dtype; `eps` is added to the mean square."""
        y = x.astype(self.scale.dtype)
        lift = tuple(range(x.ndim - 1))
        if self.bias is not None:
            y = y - jnp.mean(y, axis=-1, keepdims=True)
        y = y * jax.lax.rsqrt(jnp.mean(y * y, axis=-1, keepdims=True) + eps)
        y = y * jnp.expand_dims(self.scale, lift)
        if self.bias is not None:
            y = y + jnp.expand_dims(self.bias, lift)
        return y.astype(x.dtype)


class Block(eqx.Module):
    """Weights of one block; None where a family has no such part.

    Norms of queries and keys are of one head each, or of all heads together. `sinks` [heads] are scores
    of a key that every query sees and whose value is 0. A `router` goes with experts.
    """

    _: KW_ONLY
    attention_norm: Norm | None = None
    query: Linear
    key: Linear
    value: Linear
    output: Linear
    sinks: Float[Array, " heads"] | None = None
    query_norm: Norm | None = None
    key_norm: Norm | None = None
    attention_post_norm: Norm | None = None
    mlp_norm: Norm | None = None
    router: Linear | None = None
    gate: Linear | Experts | None = None
    up: Linear | Experts
    down: Linear | Experts
    mlp_post_norm: Norm | None = None


class Params(eqx.Module):
    """All weights of a decoder; `position_embedding` is None where positions are rotary.

    `final_norm` is None where the head reads the stream itself.
    """

    embedding: Float[Array, "vocab d"]
    position_embedding: Float[Array, "length d"] | None
    blocks: tuple[Block, ...]
    final_norm: Norm | None
    unembedding: Float[Array, "vocab d"]


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
    arranged = {}
    for i in range(start, stop):
        settings = config.blocks[i]
        where = (settings.rotary, settings.window)
        if where not in arranged:
            arranged[where] = arrange(layout, settings, x.dtype)
        rows = layout.last if only_last and i == stop - 1 else None
        x, *_ = apply_block(settings, params.blocks[i], x, *arranged[where], rows)
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


def keys_values(
    settings: BlockConfig, block: Block, x: Array, rotation: Rotation
) -> tuple[Array, Array]:
    """Keys and values [B, T, kv_heads, head_dim] of the tokens whose residual stream is `x`."""
    y = _normed(block.attention_norm, x, settings.norm_eps)
    keys = _heads(block.key_norm, block.key(y), settings.kv_heads, settings)
    return _rotate(keys, rotation), _heads(None, block.value(y), settings.kv_heads, settings)


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
    eps = settings.norm_eps
    groups = settings.heads // settings.kv_heads
    queries = block.query(_normed(block.attention_norm, x, eps))
    queries = _rotate(_heads(block.query_norm, queries, settings.heads, settings), rotation)
    queries = queries.reshape(*x.shape[:2], settings.kv_heads, groups, settings.head_dim)
    scores = jnp.einsum("bqhgd,bkhd->bhgqk", queries, keys, precision=_PRECISE) * settings.scale
    sinks = None
    if block.sinks is not None:
        sinks = block.sinks.reshape(1, settings.kv_heads, groups, 1, 1)
    weights = _masked_softmax(capped(scores, settings.softcap), visible[:, None, None], sinks)
    mixed = jnp.einsum("bhgqk,bkhd->bqhgd", weights, values, precision=_PRECISE)
    y = block.output(mixed.reshape(*x.shape[:2], settings.heads * settings.head_dim))
    attended = _added(settings, block.attention_post_norm, x, y)
    y = _normed(block.mlp_norm, x if settings.is_parallel else attended, eps)
    y = _mlp(settings, block, y)
    return _added(settings, block.mlp_post_norm, attended, y)


# What follows hands its compiled part the few weights that it needs: looking through those of all blocks
# takes a millisecond a call.


def normalise(
    params: Params, config: Config, x: Float[Array, "*rows d"]
) -> Float[Array, "*rows d"]:
    """The final norm, if there is one."""
    norm = params.final_norm
    return x if norm is None else _normalise(norm, x, config.blocks[0].norm_eps)


_normalise = partial(jax.jit, static_argnums=2)(Norm.__call__)


def unembed(
    params: Params, config: Config, x: Float[Array, "*rows d"]
) -> Float[Array, "*rows vocab"]:
    """Logits of the (post-norm) hidden states `x`, at least in float32."""
    head = params.unembedding
    return _unembed(head, x, at_least_float32(head.dtype), config.final_softcap)


def product_with_head(
    head: Float[Array, "vocab d"], x: Float[Array, "*rows d"], dtype: np.dtype
) -> Float[Array, "*rows vocab"]:
    """Logits of the (post-norm) hidden states `x` before any softcap, in this dtype."""
    return jnp.einsum("...d,vd->...v", x, head, precision=_PRECISE).astype(dtype)


@partial(jax.jit, static_argnums=(2, 3))
def _unembed(head: Array, x: Array, dtype: np.dtype, softcap: float | None) -> Array:
    return capped(product_with_head(head, x, dtype), softcap)


def capped(x: Array, cap: float | None) -> Array:
    """The softcap: cap · tanh(x / cap)."""
    return x if cap is None else cap * jnp.tanh(x / cap)


def pick(x: Array, rows: Int[Array, " #batch"]) -> Array:
    """Row `rows[b]` of x[b], its axis kept; one index serves all."""
    if rows.shape[0] == 1:
        return jax.lax.dynamic_slice_in_dim(x, rows[0], 1, axis=1)
    return jnp.take_along_axis(x, rows[:, None, None], axis=1)


def rows_of(rotation: Rotation, rows: Int[Array, " #batch"]) -> Rotation:
    """The rotation of row `rows[b]` of each sequence."""
    return None if rotation is None else (pick(rotation[0], rows), pick(rotation[1], rows))


def _normed(norm: Norm | None, x: Array, eps: float) -> Array:
    return x if norm is None else norm(x, eps)


def _added(settings: BlockConfig, norm: Norm | None, x: Array, y: Array) -> Array:
    """The stream x after attention or MLP, which gives y."""
    if settings.norms_sums:
        return _normed(norm, x + y, settings.norm_eps)
    return x + settings.residual_scale * _normed(norm, y, settings.norm_eps)


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


def _mlp(settings: BlockConfig, block: Block, y: Array) -> Array:
    """One MLP of y [B, T, d], or a mixture of experts."""
    up = block.up(y)
    if block.gate is None:
        inner = _activate(settings.activation, up)
    elif settings.clamped_gate is None:
        inner = _activate(settings.activation, block.gate(y)) * up
    else:
        gate, limit = block.gate(y), settings.clamped_gate.limit
        # not minimum and clip, whose Taylor series want arrays of one shape
        gate, up = (jnp.where(x > limit, limit, x) for x in (gate, up))
        up = jnp.where(up < -limit, -limit, up)
        inner = gate * jax.lax.logistic(settings.clamped_gate.slope * gate) * (up + 1)
    if isinstance(block.down, Linear):
        return block.down(inner)
    assert block.router is not None  # as it goes with experts
    assert settings.mixture is not None
    return block.down.mixed(inner, _shares(settings.mixture, block.router(y)))


def _shares(mixture: Mixture, scores: Float[Array, "*rows experts"]) -> Array:
    """The share of each expert, 0 where it is not used; of equal scores the first are taken.

    Which are used is constant but at ties, so that derivatives are exact away from them.
    """
    x = scores.astype(at_least_float32(scores.dtype))
    fixed, index = jax.lax.stop_gradient(x), np.arange(mixture.count)
    is_earlier = jnp.broadcast_to(index < index[:, None], (*x.shape, mixture.count))
    one, other = fixed[..., :, None], fixed[..., None, :]
    is_ahead = (other > one) | ((other == one) & is_earlier)
    # comparisons, not top_k: Taylor series go through them
    is_used = jnp.sum(jnp.where(is_ahead, 1.0, 0.0), axis=-1) < mixture.used
    weights = jnp.exp(x - jnp.max(fixed, axis=-1, keepdims=True))
    used = jnp.where(is_used, weights, 0.0)
    total = used if mixture.is_renormalised else weights
    return (used / jnp.sum(total, axis=-1, keepdims=True)).astype(scores.dtype)


def _activate(name: str, x: Array) -> Array:
    if name == "gelu_tanh":
        inner = (2 / jnp.pi) ** 0.5 * (x + 0.044715 * (x * x * x))
        return 0.5 * x * (1 + jnp.tanh(inner))
    if name == "gelu":
        return 0.5 * x * (1 + jax.lax.erf(x * 0.5**0.5))
    if name == "relu":
        return jnp.where(x > 0, x, 0)
    return x * jax.lax.logistic(x)
