"""A figure of the gallery: its name, what it shows, and how it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .style import Look

# Whatever the user's matplotlibrc says; the salt keeps the ids in an SVG from being random.
_LOOK: Any = {  # names of settings, which matplotlib lists as literals
    "svg.hashsalt": "ufm",
    "svg.fonttype": "path",
    "savefig.dpi": 150,
    "font.size": 9.5,
}


@dataclass(frozen=True)
class Picture:
    """A figure of `ufm.plots.GALLERY`.

    - `name`: that of its files, such as "fig-3"; `title`; `source`: where it comes from.
    - `caption`: what is drawn, and with which parameters.
    - `draw_axes()`: a new figure, in the style that is set.

    >>> from ufm import plots
    >>> print(", ".join(picture.name for picture in plots.GALLERY[:5]))
    fig-2, fig-3, fig-b1, fig-4, fig-5
    """

    name: str
    title: str
    source: str
    caption: str
    draw_axes: Callable[[], Figure]

    def draw(self) -> Figure:
        """The figure in the gallery's own style, whatever style is set; not known to pyplot."""
        with gallery_style():
            return self.draw_axes()

    def as_json(self) -> dict[str, str]:
        """Name, title, source and caption."""
        return {key: getattr(self, key) for key in ("name", "title", "source", "caption")}


@contextmanager
def gallery_style() -> Iterator[None]:
    """Matplotlib's defaults and the gallery's few settings, until the end of the `with` block."""
    with style.context("default"), matplotlib.rc_context(_LOOK):
        yield


def panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure outside pyplot, and its `count` axes, one above the other, each `height` inches high."""
    figure = Figure(figsize=(8.2, count * height), layout="constrained")
    return figure, list(figure.subplots(count, 1, squeeze=False)[:, 0])


def drop_legend(axes: Axes) -> None:
    """Take away the legend, of which another panel or the labels of the curves say as much."""
    legend = axes.get_legend()
    assert legend is not None
    legend.remove()


def drop_limits(axes: Axes) -> None:
    """Take away the limits, which a panel that zooms in is too narrow to come near."""
    for line in list(axes.lines):
        if str(line.get_gid()).startswith("limit"):
            line.remove()


def keep_lines(axes: Axes, *marks: str) -> None:
    """Take away all lines but those with these gids."""
    for line in list(axes.lines):
        if line.get_gid() not in marks:
            line.remove()


_HALO = [withStroke(linewidth=3, foreground="white")]  # so that no curve runs through words
# Where words are beside a point: their shift from it in points, and their alignment.
_BESIDE: dict[str, tuple[tuple[float, float], Look]] = {
    "above": ((0.0, 5.0), {"ha": "center", "va": "bottom"}),
    "below": ((0.0, -6.0), {"ha": "center", "va": "top"}),
    "left": ((-7.0, 0.0), {"ha": "right", "va": "center"}),
    "right": ((7.0, 0.0), {"ha": "left", "va": "center"}),
    "below right": ((5.0, -4.0), {"ha": "left", "va": "top"}),
    "below left": ((-5.0, -4.0), {"ha": "right", "va": "top"}),
    "above left": ((-5.0, 3.0), {"ha": "right", "va": "bottom"}),
    "above right": ((5.0, 3.0), {"ha": "left", "va": "bottom"}),
}


def label(axes: Axes, mark: str, where: str, x: float | None = None, words: str = "") -> None:
    """The name of the line with gid `mark` beside it at `x`, in its colour; of a point, without `x`.

    `where` is "above", "below", "left" or "right", or as in "below right"; `words` are by default those of
    the legend.
    """
    line = {line.get_gid(): line for line in axes.lines}[mark]
    along, values = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    at = (along[0], values[0]) if x is None else (x, float(np.interp(x, along, values)))
    shift, alignment = _BESIDE[where]
    words = words or str(line.get_label())
    look: Look = {"color": line.get_color(), "xytext": shift, "textcoords": "offset points"}
    axes.annotate(words, at, annotation_clip=False, path_effects=_HALO, **look, **alignment)


def note(
    axes: Axes,
    at: tuple[float, float],
    words: str,
    ink: str,
    *,
    align: tuple[str, str] = ("left", "baseline"),
    size: float | None = None,
) -> None:
    """Words at the place `at`, in the units of the axes' data, or aligned to it otherwise."""
    look: Look = {"color": ink, "ha": align[0], "va": align[1], "fontsize": size}
    axes.text(*at, words, path_effects=_HALO, **look)
