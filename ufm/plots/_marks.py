"""A picture as a list of plain marks, whatever draws it: matplotlib here, SVG in the explorer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

# A linestyle of matplotlib: a name, or an offset and the lengths of dashes and gaps.
Dashes = str | tuple[int, tuple[int, ...]]

Shape = Literal["disc", "diamond", "left", "right"]


@dataclass(frozen=True, eq=False)
class Curve:
    """y against x; `is_above`: over the other curves, and thicker."""

    mark: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    dashes: Dashes = "-"
    hint: str = ""
    width: float | None = None
    is_above: bool = False


@dataclass(frozen=True, eq=False)
class Limit:
    """A dotted line at the side of a picture, over the x from `start` to `end`: y as α → ±∞."""

    mark: str
    start: float
    end: float
    y: float
    colour: str


@dataclass(frozen=True, eq=False)
class Points:
    """A point, or several that share a mark: discs, diamonds, or arrows at the edge of the picture."""

    mark: str
    x: float | np.ndarray
    y: int | float
    colour: str
    shape: Shape = "disc"
    hint: str = ""


@dataclass(frozen=True, eq=False)
class Span:
    """A bar from `low` to `high`, which may be infinite: in the row `y`, or over the whole height."""

    mark: str
    low: float
    high: float
    colour: str
    y: int | None = None
    hint: str = ""


Mark = Curve | Limit | Points | Span


class Entry(NamedTuple):
    """A line of a legend: a mark as its sample, and words."""

    sample: Mark
    words: str


@dataclass
class Drawing:
    """What a picture shows.

    - `labels`: of the axes; `x`, `y`: their ranges, None where they follow the marks.
    - `marks`, from below to above; `entries` of the legend, under `legend_title`.
    - `rows`: names of the rows 0, 1, … from above, in place of numbers along y.
    """

    labels: tuple[str, str]
    x: tuple[float, float]
    y: tuple[float, float] | None = None
    marks: list[Mark] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    legend_title: str | None = None
    rows: Sequence[str] = ()
