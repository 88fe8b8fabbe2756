"""The root of an increasing function, bracketed and polished, for whole arrays at once."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array


def increasing_root(
    value_and_slope: Callable[[Array], tuple[Array, Array]],
    lower: Array,
    upper: Array,
    start: Array,
    steps: int = 200,
) -> Array:
    """X with f(x) = 0 for an elementwise strictly increasing f with f(lower) <= 0 <= f(upper).

    Newton's method from `start`, kept inside the bracket: a step that leaves it, or fails to halve
    the step before the last, is replaced by the midpoint. All arrays have one shape; entries stop
    moving once their step is below four units in the last place.
    """
    eps = jnp.finfo(start.dtype).eps

    def unfinished(state):
        step_number, _, _, _, _, active = state
        return (step_number < steps) & active.any()

    def improve(state):
        step_number, x, lower, upper, previous, active = state
        value, slope = value_and_slope(x)
        lower = jnp.where(value <= 0, x, lower)
        upper = jnp.where(value >= 0, x, upper)
        newton = x - value / jnp.where(slope > 0, slope, 1.0)
        is_safe = (newton >= lower) & (newton <= upper) & (slope > 0)
        is_safe &= jnp.abs(newton - x) <= 0.5 * previous
        target = jnp.where(is_safe, newton, lower + 0.5 * (upper - lower))
        target = jnp.where(active, target, x)
        step = jnp.abs(target - x)
        still = active & (step > 4 * eps * jnp.abs(target)) & (value != 0)
        target = jnp.where(value == 0, x, target)
        return step_number + 1, target, lower, upper, step, still

    wide = jnp.full_like(start, jnp.inf)
    state = (0, jnp.clip(start, lower, upper), lower, upper, wide, jnp.ones(start.shape, bool))
    return jax.lax.while_loop(unfinished, improve, state)[1]
