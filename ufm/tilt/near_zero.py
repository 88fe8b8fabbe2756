"""The unsteered distributions, centred: effects of small strengths come from them without cancellation."""

# pyright: reportUnknownMemberType=false

import math
from typing import NamedTuple, cast

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from .tilt import ExponentialTilt


class Centred(NamedTuple):
    """The unsteered distribution of each context on a set of tokens C, counted from its heaviest token r."""

    from_pivot: Array  # log p(z) - log p(r) [m, V], -∞ off C
    log_total: Array  # log Σ_C p/p(r) [m]
    is_other: Array  # mask [m, V] of C without r
    offsets: Array  # M(z) - E[M|C] [m, V]
    pivot: Array  # M(r) - E[M|C] [m]
    mean: Array  # E[M|C] [m]


def centre(tilt: ExponentialTilt, mask: Bool[Array, " vocab"]) -> Centred:
    """The unsteered distributions of `tilt` on the tokens of `mask`, one per context."""
    # From r on, what is left of M - E[M] at r is exact, and so is log p(r), which rounds to 0 where
    # p(r) is next to 1.
    log_p = jnp.where(mask[None, :], tilt.log_probs, -jnp.inf)
    is_pivot = jnp.arange(mask.size)[None, :] == jnp.argmax(log_p, axis=1)[:, None]
    is_other = mask[None, :] & ~is_pivot
    from_pivot = log_p - log_p.max(axis=1, keepdims=True)
    weight = jnp.exp(from_pivot)
    rest = jnp.where(is_other, weight, 0.0).sum(axis=1)
    pivot_log_odds = jnp.where(is_pivot, tilt.log_odds[None, :], 0.0).sum(axis=1)
    gaps = tilt.log_odds[None, :] - pivot_log_odds[:, None]
    excess = (weight * gaps).sum(axis=1) / (1 + rest)
    offsets = gaps - excess[:, None]
    return Centred(from_pivot, jnp.log1p(rest), is_other, offsets, -excess, pivot_log_odds + excess)


def near_growth(centred: Centred, alpha: Array) -> Array:
    """log E[e^{α(M - E[M|C])} | C] >= 0 [m] as log1p(E φ(α(M - E[M]))), for α(M - E[M|C]) below log(max)."""
    p = jnp.exp(centred.from_pivot - centred.log_total[:, None])
    y = jnp.minimum(alpha * centred.offsets, largest_exponent(p.dtype))
    return jnp.log1p((p * exponential_remainder(y)).sum(axis=1))


def largest_exponent(dtype: np.dtype) -> float:
    """Well inside the range in which e^y is finite."""
    largest = float(cast(np.floating, jnp.finfo(dtype).max))
    return math.log(largest) / 2.3


def small_change(tilt: ExponentialTilt, alpha: Array) -> tuple[Array, Array]:
    """Whether |α| R <= 1, and log p_α - log p [m, V] = αx - KL(p||p_α) if so (0 if not)."""
    is_small = jnp.abs(alpha) * tilt.odds_range() <= 1
    small = jnp.where(is_small, alpha, 0.0)
    centred = centre(tilt, jnp.ones(tilt.log_odds.shape, bool))
    return is_small, small * centred.offsets - near_growth(centred, small)[:, None]


def exponential_remainder(y: Array) -> Array:
    """φ(y) = e^y - 1 - y without cancellation: its Taylor series to order 14 inside |y| < 0.3."""
    inside = jnp.where(jnp.abs(y) < 0.3, y, 0.0)
    series = jnp.zeros_like(y)
    for n in range(14, 1, -1):
        series = (series * inside + 1.0) / n
    return jnp.where(jnp.abs(y) < 0.3, inside**2 * series, jnp.expm1(y) - y)
