"""The four sums of what a strength spends on a window, and their derivatives."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..decoder.blocks import normalise, unembed
from ..decoder.taylor import Series, through


@jax.jit
def sums_at(
    logits: Array, alphas: Array, base: Array, targets: Array, weight: Array, members: Array
) -> Array:
    """The four sums [A, 4]; rows of α = 0 are those of the unsteered model itself."""
    is_off = (alphas == 0)[:, None, None]
    return _sums(jnp.where(is_off, base, logits), base, targets, weight, members)


def _sums(logits: Array, base: Array, targets: Array, weight: Array, members: Array) -> Array:
    before, after = jax.nn.log_softmax(base), jax.nn.log_softmax(logits)
    gap = after - before
    wanted = jnp.broadcast_to(targets[..., None], (*gap.shape[:-1], 1))
    parts = [
        -jnp.take_along_axis(gap, wanted, axis=-1)[..., 0],
        -(jnp.exp(before) * gap).sum(axis=-1),
        (jnp.exp(after) * gap).sum(axis=-1),
        jnp.where(members, jnp.exp(after), 0).sum(axis=-1),
    ]
    return jnp.stack([jnp.where(weight, part, 0).sum(axis=-1) for part in parts], axis=-1)


@partial(jax.jit, static_argnums=(1, 7))
def sums_series(
    params: Any,
    config: Any,
    series: Series,
    base: Array,
    targets: Array,
    weight: Array,
    members: Array,
    has_norm: bool,
) -> Series:
    """The four sums and their derivatives in α, from a Taylor series of hidden states."""

    def sums(x: Array) -> Array:
        hidden = x if has_norm else normalise(params, config, x)
        return _sums(unembed(params, config, hidden), base, targets, weight, members)

    return through(sums, series)
