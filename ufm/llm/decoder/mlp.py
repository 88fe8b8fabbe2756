"""The MLP of a block, or a mixture of experts."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .config import BlockConfig, Mixture
from .params import Block, Linear, at_least_float32


def mlp(settings: BlockConfig, block: Block, y: Array) -> Array:
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
    assert block.router is not None  # a block with experts has one
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
