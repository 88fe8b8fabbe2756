"""The one record of what is added where, and the sum h + αv itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias, TypedDict, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ufm._checks import Numbers, finite, is_concrete

from .arguments import POSITIONS, SITES, check_shift, directions, one_of, steered_blocks
from .layout import Layout

# The number of a block, or of several.
Blocks: TypeAlias = int | tuple[int, ...]


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
    layer: Blocks | None
    positions: str
    site: str


@dataclass(frozen=True, eq=False)
class Steering:
    """What is added where: `vector` [d] after block `layer`, at "all" or the "last" positions.

    Several blocks at once: `layer` names them, in increasing order, and `vector` [n, d] has a row for each.
    One α multiplies all rows: h ← h + αv_k after block l_k, k = 1, …, n.

    `site` is "residual", the stream after the block, or "post-norm", the last block's state after
    the final norm. A vector of zeros steers nothing and raises `ValueError`, as do entries that are
    not finite and positions or sites that do not exist; a model checks the layer and the width.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> both = ufm.llm.Steering(np.stack([np.linspace(-1, 1, 16), np.ones(16)]), layer=(0, 1))
    >>> print(abs(model.logits([1, 2, 3], 2.0, both) - model.logits([1, 2, 3])).max().round(2))
    3.16
    """

    vector: np.ndarray | Array
    layer: Blocks
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
        if isinstance(self.layer, Sequence):
            object.__setattr__(self, "layer", tuple(self.layer))

    @classmethod
    def of(
        cls,
        vector: Measured | Sequence[Measured],
        positions: str | None = None,
        weights: Sequence[float] | None = None,
    ) -> "Steering":
        """A vector from prompts, at the site it was measured at; `positions` replaces its own.

        Of several vectors, each is added after its own block, `weights` times (1 if not given). Raises
        `ValueError` where they differ in site or positions.
        """
        if isinstance(vector, Sequence):
            return _at_once(vector, positions, weights)
        if weights is not None:
            raise ValueError("weights are of several vectors: one is scaled by alpha")
        return cls(vector.values, vector.layer, positions or vector.positions, vector.site)

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks after which something is added, one or more."""
        return self.layer if isinstance(self.layer, tuple) else (self.layer,)


def _at_once(
    vectors: Sequence[Measured], positions: str | None, weights: Sequence[float] | None
) -> Steering:
    """Each vector after its own block, `weights` times."""
    factors = [1.0] * len(vectors) if weights is None else list(map(float, weights))
    if len(factors) != len(vectors) or 0 in factors:
        raise ValueError(
            f"weights must be {len(vectors)} numbers other than 0, one for each block; got {factors}"
        )
    places = sorted({(v.site, positions or v.positions) for v in vectors})
    if len(places) != 1:
        raise ValueError(f"the vectors must be of one site and positions; got {places}")
    ((site, where),) = places
    order = np.argsort([v.layer for v in vectors], kind="stable").tolist()
    rows = np.stack([factors[k] * np.asarray(vectors[k].values) for k in order])
    return Steering(rows, tuple(vectors[k].layer for k in order), where, site)


@dataclass(frozen=True, eq=False)
class Placed:
    """A steering as a model adds it: `vector` in the dtype of the sum, [d] after one block or [n, d] after n.

    v may be traced, so that results can be differentiated in v, and 0, so that they can be at v = 0.
    """

    vector: Array
    layer: Blocks
    positions: str
    site: str

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks after which something is added, in increasing order."""
        return self.layer if isinstance(self.layer, tuple) else (self.layer,)

    @property
    def parts(self) -> "tuple[Placed, ...]":
        """What is added after each block, as a steering of its own."""
        if not isinstance(self.layer, tuple):
            return (self,)
        return tuple(
            replace(self, vector=row, layer=layer)
            for row, layer in zip(self.vector, self.layer, strict=True)
        )


def place(
    vector: Numbers,
    layer: Blocks | None = None,
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
    blocks = steered_blocks(layer, site, count)
    rows = len(blocks) if isinstance(blocks, tuple) else None
    return Placed(directions(vector, width, dtype, rows), blocks, positions, site)


def asked(
    alpha: ArrayLike,
    place: Callable[[Numbers, Blocks | None, str, str], Placed],
    *,
    vector: Numbers | None = None,
    layer: Blocks | None = None,
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
    place: Callable[[Numbers, Blocks | None, str, str], Placed],
    vector: Steering | Numbers,
    layer: Blocks | None,
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
    """v of one block at the steered positions of `x`, 0 elsewhere."""
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
