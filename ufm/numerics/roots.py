"""Roots of increasing functions: of whole arrays at once, in JAX or NumPy, or of one costly scalar."""

# pyright: reportUnknownMemberType=false

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Generic, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from .bracket import Bracket

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_] | Array
Values = TypeVar("Values", Floats, Array)
Ends = TypeVar("Ends", float, Floats, Array)
_MOST_STEPS = 200


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Search(Generic[Values]):
    """Newton's method on the way to many roots: where each is looked for, and what is known of it.

    `step` is the length of the last step; an entry that is not `moving` has arrived.
    """

    x: Values
    bracket: Bracket[Values]
    step: Values
    moving: Mask

    def improved(self, value: Values, slope: Values, xp: ModuleType) -> "Search[Values]":
        """One step on, given the functions and their slopes at `x`.

        A step of Newton's method that leaves the bracket, or fails to halve the step before, is
        replaced by the middle. An entry has arrived once its step is below four units in the last place.
        """
        x = self.x
        low = xp.where(value <= 0, x, self.bracket.low)
        high = xp.where(value >= 0, x, self.bracket.high)
        newton = x - value / xp.where(slope > 0, slope, 1.0)
        is_safe = (slope > 0) & (newton >= low) & (newton <= high)
        is_safe &= xp.abs(newton - x) <= 0.5 * self.step
        bracket: Bracket[Values] = Bracket(low, high)
        target = xp.where(is_safe, newton, middle_of(bracket, xp))
        target = xp.where(self.moving & (value != 0), target, x)
        step = xp.abs(target - x)
        return Search(target, bracket, step, step > 4 * xp.finfo(x.dtype).eps * xp.abs(target))


def _begun(bracket: Bracket[Values], start: Values, xp: ModuleType) -> Search[Values]:
    """Nothing is known yet but the bracket, into which `start` is moved."""
    x = xp.clip(start, *bracket)
    return Search(x, bracket, xp.full_like(x, math.inf), xp.ones(x.shape, bool))


def middle_of(bracket: Bracket[Ends], xp: ModuleType) -> Ends:
    """The middles; the geometric ones of ends of one sign and different sizes.

    Those are at most 16 times the smaller end.
    """
    low, high = bracket
    from_low, from_high, sign = xp.abs(low), xp.abs(high), xp.sign(low)
    near, far = xp.minimum(from_low, from_high), xp.maximum(from_low, from_high)
    geometric = sign * xp.minimum(16 * near, xp.sqrt(near) * xp.sqrt(far))
    is_geometric = (sign == xp.sign(high)) & (far > 4 * near)
    return xp.where(is_geometric, geometric, low + 0.5 * (high - low))


def increasing_root(
    value_and_slope: Callable[[Array], tuple[Array, Array]], bracket: Bracket[Array], start: Array
) -> Array:
    """X with f(x) = 0 for an elementwise strictly increasing f with f(low) <= 0 <= f(high), in JAX.

    Newton's method from `start`, kept inside the `bracket` (`Search`). All arrays have one shape.
    """

    def is_unfinished(state: tuple[Array, Search[Array]]) -> Array:
        return (state[0] < _MOST_STEPS) & state[1].moving.any()

    def improve(state: tuple[Array, Search[Array]]) -> tuple[Array, Search[Array]]:
        count, search = state
        return count + 1, search.improved(*value_and_slope(search.x), jnp)

    state = (jnp.asarray(0), _begun(bracket, start, jnp))
    return jax.lax.while_loop(is_unfinished, improve, state)[1].x


def increasing_root_on_host(
    value_and_slope: Callable[[NDArray[np.intp], Floats], tuple[Floats, Floats]],
    bracket: Bracket[Floats],
    start: Floats,
) -> Floats:
    """As `increasing_root`, in NumPy: f and its slope are asked of those entries alone that still move.

    `value_and_slope` gets their indices and their x. All arrays are [n].
    """
    search = _begun(bracket, start, np)
    value, slope = np.zeros(start.size), np.ones(start.size)
    for _ in range(_MOST_STEPS):
        indices = np.flatnonzero(search.moving)
        if not indices.size:
            break
        value[indices], slope[indices] = value_and_slope(indices, search.x[indices])
        search = search.improved(value, slope, np)
    return search.x


# scipy.optimize.elementwise.find_root is the same method, as narrow in as many calls (11.2 a root where
# ours takes 11.6, on the budgets of the tests), but takes 0.9 ms a root to ours 0.05, 0.3 s to import, and
# has no types; brentq and toms748 promise no bracket of 4 units in the last place.
def bracketed_root(function: Callable[[float], float], start: float) -> Bracket[float]:
    """The root of an increasing `function`, between ends four units in the last place apart.

    Called on the host, about ten times. `start` > 0 is a guess of the root's size; the root is negative
    if `function`(0) > 0.
    """
    function = cache(function)
    return narrowed(function, _bracket(function, start if function(0.0) <= 0 else -start))


def narrowed(
    function: Callable[[float], float],
    bracket: Bracket[float] | tuple[float, float],
    width: float = 0.0,
    relative: float = 0.0,
    first: float = 0.5,
) -> Bracket[float]:
    """The bracket of a root, narrowed until its ends are close: the larger of three distances apart.

    `width`; `relative` times the larger end; four units in the last place. Chandrupatla's method (1997):
    inverse quadratic interpolation where three points promise that it converges, else bisection. `first`: how
    far into the bracket to look at first, as a share of it. No step is shorter than half the final
    width, so that both ends close in on the root.
    """
    newest, across = bracket
    at_newest, at_across, share = function(newest), function(across), first
    while abs(across - newest) > (final := _final_width(newest, across, width, relative)):
        least = min(0.5, 0.5 * final / abs(across - newest))
        x = newest + min(max(share, least), 1 - least) * (across - newest)
        at_x = function(x)
        # `replaced` is the end of the old bracket that the new one has lost
        if (at_x > 0) == (at_newest > 0):
            replaced, at_replaced = newest, at_newest
        else:
            replaced, at_replaced = across, at_across
            across, at_across = newest, at_newest
        newest, at_newest = x, at_x
        share = _share(newest, across, replaced, at_newest, at_across, at_replaced)
    return Bracket(min(newest, across), max(newest, across))


def _final_width(newest: float, across: float, width: float, relative: float) -> float:
    larger = max(abs(newest), abs(across))
    return max(width, relative * larger, 4 * math.ulp(larger))


def _bracket(function: Callable[[float], float], start: float) -> tuple[float, float]:
    """(near, far) of one sign, |near| < |far|, with the root between them."""
    sign = math.copysign(1.0, start)
    near = far = start
    if sign * function(far) < 0:
        while sign * function(far) < 0:
            near, far = far, 2 * far
        return near, far
    # Halving keeps the bracket in proportion to a small root, be it 1e-150; after that 0 is as good.
    # A root that is hit counts as below its bracket, so that from the negative side it is still outside.
    near = far / 2
    while not (inside := _is_inside(sign, function(near))) and abs(near) > abs(start) * 2.0**-20:
        near, far = near / 2, near
    return (near if inside else 0.0), far


def _is_inside(sign: float, value: float) -> bool:
    """Whether a function with this value at x has its root further from 0 than x, on the side of `sign`."""
    return value <= 0 if sign > 0 else value > 0


def _share(a: float, b: float, c: float, at_a: float, at_b: float, at_c: float) -> float:
    """How far from `a` towards `b` to look next: by inverse quadratic interpolation, or halfway."""
    if at_a in (at_b, at_c) or at_b == at_c:
        return 0.5
    xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (phi**2 < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    direct = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    return direct + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
