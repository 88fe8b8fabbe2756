"""What a tilt changes, from c = log p_α/p without cancellation: one context a row, in JAX or NumPy.

With r the likeliest token at α and g(z) = α(M(z) - M(r)),

    c = g - log E_0[e^g],   KL(p||p_α) = Σ p φ(c),   KL(p_α||p) = Σ p_α φ(-c),   φ(y) = e^y - 1 - y >= 0.

All the terms of both sums are positive. An error that is common to all c leaves them as they are, to first
order; those of g are relative, and neither α nor a p next to 0 or 1 costs digits. Of p the square root is
kept: it is far above the smallest float where p itself is not.
"""

# pyright: reportUnknownMemberType=false

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .roots import Mask, Values


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LogRatio(Generic[Values]):
    """√p and √p_α [m, V], c = log p_α/p [m, V], and log E_0[e^g] [m]."""

    root_before: Values
    root_after: Values
    ratio: Values
    log_mean: Values


def log_ratio(
    log_probs: Values, growth: Values, from_pivot: Values, is_pivot: Mask, xp: ModuleType
) -> LogRatio[Values]:
    """From log p, the `growth` g = α(M - M(r)), `from_pivot` log p_α/p_α(r), and the mask of r, all [m, V].

    A token whose log p is -∞ counts for nothing.
    """
    root, root_weight = xp.exp(0.5 * log_probs), xp.exp(0.5 * from_pivot)
    p, weight = root * root, xp.where(is_pivot, 0.0, root_weight * root_weight)
    rest = weight.sum(axis=1)
    pivot_log_prob = xp.where(is_pivot, log_probs, 0.0).sum(axis=1)
    risen = xp.exp(pivot_log_prob)[:, None] * weight  # p e^g, which never exceeds p(r)
    rises = growth > 1
    change = xp.where(rises, risen - p, p * xp.expm1(xp.where(rises, 1.0, growth))).sum(axis=1)
    is_far = change < -0.5
    near = xp.log1p(xp.where(is_far, 0.0, change))
    log_mean = xp.where(is_far, pivot_log_prob + xp.log1p(rest), near)
    root_after = root_weight / xp.sqrt(1 + rest)[:, None]
    return LogRatio(root, root_after, growth - log_mean[:, None], log_mean)


def weighted_remainder(
    root_before: Values, root_after: Values, ratio: Values, xp: ModuleType
) -> Values:
    """p φ(c) = p_α - p - pc >= 0 [m, V] from √p, √p_α and `ratio` c."""
    return _remainder(root_before, root_after * root_after, ratio, xp)


def log_mean_of_centred(log_probs: Array, growth: Array) -> Array:
    """log E_0[e^y] = log1p(E_0 φ(y)) >= 0 [m] from log p and a `growth` y of mean 0, [m, V]; in JAX.

    For whole tables of strengths this is cheaper than `log_ratio`: y is a multiple of what depends on none.
    """
    exponents = log_probs + growth
    # far from overflowing, and from mattering beside 1; the result does not depend on what it is counted from
    most = math.log(float(cast(np.floating, jnp.finfo(exponents.dtype).max))) / 2.3
    excess = jnp.maximum(jax.lax.stop_gradient(exponents).max(axis=1) - most, 0)
    grown = jnp.exp(exponents - excess[:, None])
    rise = _remainder(jnp.exp(0.5 * log_probs), grown, growth, jnp).sum(axis=1)
    is_near = excess == 0
    near = jnp.log1p(jnp.where(is_near, rise, 0.0))
    return jnp.where(is_near, near, excess + jnp.log(grown.sum(axis=1)))


def _remainder(root: Values, grown: Values, growth: Values, xp: ModuleType) -> Values:
    """p φ(y) from √p, p e^y and `growth` y: by the Taylor series of φ inside |y| < 1."""
    is_near = xp.abs(growth) < 1
    inside = xp.where(is_near, growth, 0.0)
    series = xp.full_like(growth, 1 / math.factorial(20))
    for n in range(19, 1, -1):
        series = series * inside + 1 / math.factorial(n)
    near = root * (root * (inside * inside * series))
    far = grown - root * (root * (1 + xp.where(is_near, 1.0, growth)))
    return xp.where(is_near, near, far)


def change(root_before: Values, root_after: Values, ratio: Values, xp: ModuleType) -> Values:
    """p_α - p from √p, √p_α and `ratio` c = log p_α/p: the larger of the two times 1 - e^{-|c|}."""
    rises = ratio > 0
    larger = xp.where(rises, root_after, -root_before)
    gain = -xp.expm1(xp.where(rises, -ratio, ratio))
    return xp.where(rises, root_after, root_before) * (larger * gain)
