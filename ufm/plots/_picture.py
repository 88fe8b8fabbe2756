"""A figure of the gallery: its name, what it shows, and how it is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    """Take away a legend that another panel has already."""
    legend = axes.get_legend()
    assert legend is not None
    legend.remove()
