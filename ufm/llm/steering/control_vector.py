"""What files of steering vectors hold: directions by block, and the strength at which they are added."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import jax.numpy as jnp
import numpy as np

from ufm._json import JSON

from ..decoder.arguments import POSITIONS, SITES, one_of
from ..decoder.steering import Steering
from .vector import SteeringVector


@dataclass(frozen=True, eq=False)
class ControlVector:
    """α v after each of some blocks: what one tool writes to a file and another adds to its model.

    - `directions`: block, counted from 0, → v [d]. Entries are kept in float32 where that is exact, else
      in float64. A direction of zeros steers nothing and is left out.
    - `alpha`: the strength α. Formats without one get α v, and are read with α = 1.
    - `site`, `positions`: as of a `Steering`. `model`: the model or its type, as the file names it.
    - `about`: whatever else is known, as JSON; only ufm's own format keeps it all.

    Raises `ValueError` where nothing would be steered, and on entries that are not finite.

    >>> import numpy as np, ufm.llm
    >>> vector = ufm.llm.ControlVector({3: np.array([3.0, 4.0])}, alpha=2.0)
    >>> print(vector.layers, vector.width, vector.folded().directions[3])
    (3,) 2 [6. 8.]
    """

    directions: Mapping[int, np.ndarray]
    alpha: float = 1.0
    site: str = "residual"
    positions: str = "all"
    model: str = ""
    about: Mapping[str, JSON] = field(default_factory=dict)

    def __post_init__(self):
        one_of("site", self.site, SITES)
        one_of("positions", self.positions, POSITIONS)
        if not math.isfinite(self.alpha) or self.alpha == 0:
            raise ValueError(f"the strength must be finite and not 0; got {self.alpha}")
        kept = {}
        for layer, values in sorted(self.directions.items()):
            if layer < 0:
                raise ValueError(f"blocks are counted from 0; got block {layer}")
            v = _exact(f"the direction of block {layer}", values)
            if v.any():
                kept[layer] = v
        if not kept:
            raise ValueError("every direction is zero: the vector steers nothing")
        widths = sorted({v.size for v in kept.values()})
        if len(widths) > 1:
            raise ValueError(f"directions differ in width: {widths[0]} and {widths[-1]}")
        if self.site == "post-norm" and len(kept) > 1:
            raise ValueError("a post-norm vector is of the last block alone")
        object.__setattr__(self, "directions", kept)
        object.__setattr__(self, "alpha", float(self.alpha))
        object.__setattr__(self, "about", dict(self.about))

    @classmethod
    def of(cls, vector: SteeringVector, alpha: float = 1.0) -> "ControlVector":
        """A measured vector at strength α; `about` keeps the rest of what is known of it."""
        own = {"values", "layer", *(f.name for f in fields(cls))}
        about = {f.name: getattr(vector, f.name) for f in fields(vector) if f.name not in own}
        return cls(
            {vector.layer: vector.values},
            alpha,
            vector.site,
            vector.positions,
            vector.model,
            about,
        )

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks after which something is added, from 0, in order."""
        return tuple(self.directions)

    @property
    def width(self) -> int:
        """The number d of entries of a direction."""
        return next(iter(self.directions.values())).size

    def only(self, layers: Sequence[int]) -> "ControlVector":
        """The directions of these blocks alone."""
        for layer in layers:
            if layer not in self.directions:
                raise ValueError(f"there is no direction of block {layer}, only of {self.layers}")
        return replace(self, directions={layer: self.directions[layer] for layer in layers})

    def folded(self) -> "ControlVector":
        """The vector that steers alike at α = 1: α is multiplied into the directions."""
        if self.alpha == 1:
            return self
        with np.errstate(over="ignore", under="ignore"):  # the record refuses what is not finite
            scaled = {k: self.alpha * v.astype(np.float64) for k, v in self.directions.items()}
        return self._with(scaled, f"α = {self.alpha:g} multiplied in", alpha=1.0)

    def rounded(self) -> "ControlVector":
        """This vector with its directions in float32."""
        with np.errstate(over="ignore", under="ignore"):
            narrow = {k: v.astype(np.float32) for k, v in self.directions.items()}
        return self._with(narrow, "rounded to float32", alpha=self.alpha)

    def _with(self, directions: dict[int, np.ndarray], what: str, alpha: float) -> "ControlVector":
        for layer, v in directions.items():
            if not np.isfinite(v).all() or not v.any():
                raise ValueError(
                    f"{what}, the direction of block {layer} overflows or vanishes: scale it first"
                )
        return replace(self, directions=directions, alpha=alpha)

    def steering(self) -> Steering:
        """The directions and their places, to steer a `LanguageModel`; α is the caller's to pass."""
        rows = list(self.directions.values())
        if len(rows) == 1:
            return Steering(rows[0], self.layers[0], self.positions, self.site)
        return Steering(np.stack(rows), self.layers, self.positions, self.site)


def _exact(name: str, values: np.ndarray) -> np.ndarray:
    """A row of finite numbers, in float32 where that is exact, else in float64."""
    is_real = values.dtype.kind in "iuf" or values.dtype == jnp.bfloat16
    if values.ndim != 1 or not values.size or not is_real:
        raise ValueError(
            f"{name} must be a row of real numbers; got {values.dtype} of shape {values.shape}"
        )
    wide = values.astype(np.float64)
    if not np.isfinite(wide).all():
        raise ValueError(f"{name} holds a number that is not finite")
    with np.errstate(over="ignore", under="ignore"):
        narrow = wide.astype(np.float32)
    return narrow if (narrow == wide).all() else wide
