"""The weights of a decoder, and the maps that they make."""

from dataclasses import KW_ONLY

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# float32 products in float32: an accelerator would otherwise round their inputs to 8 or 10 bits.
PRECISE = jax.lax.Precision.HIGHEST


def at_least_float32(dtype: np.dtype) -> np.dtype:
    """`dtype`, or float32 if it is narrower: for norms, softmax and sums."""
    return dtype if jnp.finfo(dtype).bits >= 32 else np.dtype(np.float32)


class Linear(eqx.Module):
    """x ↦ x Wᵀ + b; `weight` is [out, in]."""

    weight: Float[Array, "out in"]
    bias: Float[Array, " out"] | None = None

    def __call__(self, x: Float[Array, "*rows in"]) -> Float[Array, "*rows out"]:
        """Wx + b."""
        y = jnp.einsum("...i,oi->...o", x, self.weight, precision=PRECISE)
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
        y = jnp.einsum("...i,eoi->...eo", x, self.weight, precision=PRECISE)
        return y if self.bias is None else y + jnp.expand_dims(self.bias, tuple(range(x.ndim - 1)))

    def mixed(
        self, x: Float[Array, "*rows experts in"], shares: Float[Array, "*rows experts"]
    ) -> Float[Array, "*rows out"]:
        """The sum over e of share_e (W_e x_e + b_e)."""
        y = jnp.einsum("...ei,eoi->...o", x * shares[..., None], self.weight, precision=PRECISE)
        if self.bias is None:
            return y
        return y + jnp.einsum("...e,eo->...o", shares, self.bias, precision=PRECISE)


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


def normed(norm: Norm | None, x: Array, eps: float) -> Array:
    """`norm` of x, or x itself where there is none."""
    return x if norm is None else norm(x, eps)


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
