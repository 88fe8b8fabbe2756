"""Roots of increasing functions: of whole arrays at once in JAX, of one costly scalar on the host."""

import math
from collections.abc import Callable
from functools import cache

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


def bracketed_root(function: Callable[[float], float], start: float) -> tuple[float, float]:
    """(lower, upper), four units in the last place apart, around the root of an increasing `function`.

    Called on the host, about ten times. `start` > 0 is a guess of the root's size; the root is negative
    if `function`(0) > 0. Chandrupatla's method (1997): inverse quadratic interpolation where three points
    promise that it converges, else bisection. No step is shorter than half the final width, so that
    both ends close in on the root.
    """
    function = cache(function)
    newest, across = _bracket(function, start if function(0.0) <= 0 else -start)
    at_newest, at_across, share = function(newest), function(across), 0.5
    while abs(across - newest) > (width := 4 * math.ulp(max(abs(newest), abs(across)))):
        x = newest + share * (across - newest)
        at_x = function(x)
        # `replaced` is the end of the old bracket that the new one has lost
        if (at_x > 0) == (at_newest > 0):
            replaced, at_replaced = newest, at_newest
        else:
            replaced, at_replaced = across, at_across
            across, at_across = newest, at_newest
        newest, at_newest = x, at_x
        share = _share(newest, across, replaced, at_newest, at_across, at_replaced)
        least = min(0.5, 0.5 * width / abs(across - newest))
        share = min(max(share, least), 1 - least)
    return min(newest, across), max(newest, across)


def _bracket(function: Callable[[float], float], start: float) -> tuple[float, float]:
    """(near, far) of one sign, |near| < |far|, with the root between them."""
    sign = math.copysign(1.0, start)
    near = far = start
    if sign * function(far) < 0:
        while sign * function(far) < 0:
            near, far = far, 2 * far
        return near, far
    # Halving keeps the bracket in proportion to a small root, be it 1e-150; after that 0 is as good.
    near = far / 2
    while sign * function(near) > 0 and abs(near) > abs(start) * 2.0**-20:
        near, far = near / 2, near
    return (near if sign * function(near) <= 0 else 0.0), far


def _share(a: float, b: float, c: float, at_a: float, at_b: float, at_c: float) -> float:
    """How far from `a` towards `b` to look next: by inverse quadratic interpolation, or halfway."""
    if at_a in (at_b, at_c) or at_b == at_c:
        return 0.5
    xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (phi**2 < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    direct = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    return direct + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
