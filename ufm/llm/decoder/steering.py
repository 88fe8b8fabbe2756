"""The one record of what is added where, and the sum h + αv itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypedDict, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ufm._checks import Numbers, finite, is_concrete

from .arguments import POSITIONS, SITES, check_shift, direction, one_of, steered_block
from .blocks import Layout


@runtime_checkable
class Measured(Protocol):
    """A direction that knows where it was measured, such as a `SteeringVector`."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def layer(self) -> int: ...  # noqa: D102
    @property
    def positions(self) -> str: ...  # noqa: D102
    @property
    def site(self) -> str: ...  # noqa: D102


class Where(TypedDict, total=False):
    """The fields of a `Steering` as keywords, for a call that steers once."""

    vector: Numbers | None
    layer: int | None
    positions: str
    site: str


@dataclass(frozen=True, eq=False)
class Steering:
    """What is added where: `vector` [d] after block `layer`, at "all" or the "last" positions.

    `site` is "residual", the stream after the block, or "post-norm", the last block's state after
    the final norm. A vector of zeros steers nothing and raises `ValueError`, as do entries that are
    not finite and positions or sites that do not exist; a model checks the layer and the width.
    """

    vector: np.ndarray | Array
    layer: int
    positions: str = "all"
    site: str = "residual"

    def __post_init__(self):
        one_of("positions", self.positions, POSITIONS)
        one_of("site", self.site, SITES)
        if is_concrete(self.vector):
            vector = np.asarray(self.vector)
            finite("vector", vector)
            if not vector.any():
                raise ValueError("the steering vector is zero: it steers nothing")
            object.__setattr__(self, "vector", vector)

    @classmethod
    def of(cls, vector: Measured, positions: str | None = None) -> "Steering":
        """A vector from prompts, at the site it was measured at; `positions` replaces its own."""
        return cls(vector.values, vector.layer, positions or vector.positions, vector.site)


@dataclass(frozen=True, eq=False)
class Placed:
    """A steering as a model adds it: `vector` [d] in the dtype of the sum, after block `layer`.

    v may be traced, so that results can be differentiated in v, and 0, so that they can be at v = 0.
    """

    vector: Array
    layer: int
    positions: str
    site: str


def place(
    vector: Numbers,
    layer: int | None = None,
    positions: str = "all",
    site: str = "residual",
    *,
    count: int,
    width: int,
    dtype: np.dtype,
) -> Placed:
    """Steering checked against a model of `count` blocks and of this `width`, which adds in `dtype`."""
    one_of("positions", positions, POSITIONS)
    one_of("site", site, SITES)
    block = steered_block(layer, site, count)
    return Placed(direction(vector, width, dtype), block, positions, site)


def asked(
    alpha: ArrayLike,
    place: Callable[[Numbers, int | None, str, str], Placed],
    *,
    vector: Numbers | None = None,
    layer: int | None = None,
    positions: str = "all",
    site: str = "residual",
) -> Placed | None:
    """The steering of these fields, by the model's `place`; None where they name no vector."""
    one_of("positions", positions, POSITIONS)
    one_of("site", site, SITES)
    if vector is not None:
        return place(vector, layer, positions, site)
    if layer is not None or not isinstance(alpha, int | float) or alpha != 0:
        raise ValueError("alpha and layer steer nothing without a vector: pass vector=")
    return None


def asked_derivatives(
    order: int,
    place: Callable[[Numbers, int | None, str, str], Placed],
    vector: Steering | Numbers,
    layer: int | None,
    positions: str,
    site: str,
) -> Placed:
    """What derivatives of this `order` are taken along: a `Steering`, or a direction that the rest places."""
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ValueError(f"order must be an integer of at least 0; got {order!r}")
    if not isinstance(vector, Steering):
        return place(vector, layer, positions, site)
    if (layer, positions, site) != (None, "all", "residual"):
        raise ValueError("a Steering has its own layer, positions and site: leave these out")
    return place(vector.vector, vector.layer, vector.positions, vector.site)


def check_strength(strength: Array, steering: Placed | None, dtype: np.dtype) -> Array:
    """The strength; refused where αv overflows the norms, which work in `dtype`."""
    if steering is not None:
        check_shift(strength, steering.vector, dtype)
    return strength


def step(
    x: Float[Array, "batch length d"], layout: Layout, steering: Placed
) -> Float[Array, "#batch #length d"]:
    """v at the steered positions of `x`, 0 elsewhere."""
    if steering.positions == "all" or x.shape[1] == 1:
        return steering.vector[None, None, :]
    return _at_last(steering.vector, layout)


@jax.jit
def add(
    x: Float[Array, "#batch length d"],
    step: Float[Array, "#batch #length d"],
    alphas: Float[Array, " #batch"],
) -> Float[Array, "batch length d"]:
    """h + αv, in the dtype of v: one α for each sequence, or one sequence for each α."""
    return (x.astype(step.dtype) + alphas[:, None, None] * step).astype(x.dtype)


@jax.jit
def _at_last(vector: Array, layout: Layout) -> Array:
    index = jnp.arange(layout.mask.shape[1])
    is_last = index[None, :] == layout.last[:, None]
    return jnp.where(is_last[:, :, None], vector[None, None, :], 0)
