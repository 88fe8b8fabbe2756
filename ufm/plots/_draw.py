"""Drawings by matplotlib."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ._marks import Curve, Drawing, Entry, Limit, Mark, Points, Span
from .style import Look, disc, draw_legend, prepared

MARKERS = {"disc": "o", "diamond": "D", "left": "<", "right": ">"}
_FAINT, _FULL = 0.25, 0.5  # opacity of a span behind everything, and of one in its row
_DOTTED: Look = {"linestyle": ":", "linewidth": 1.8}


def draw(axes: Axes | None, drawing: Drawing) -> Axes:
    """Draw into `axes`, or into new ones, which are returned; each artist has its mark as gid."""
    axes = prepared(axes, drawing.labels[1])
    words = {entry.sample.mark: entry.words for entry in drawing.entries}
    for mark in drawing.marks:
        _add(axes, mark, drawing.x, words.get(mark.mark, f"_{mark.mark}"))
    axes.set(xlabel=drawing.labels[0], xlim=drawing.x)
    if drawing.y is not None:
        axes.set_ylim(drawing.y)
    if drawing.rows:
        axes.set_yticks(range(len(drawing.rows)), drawing.rows)
    draw_legend(axes, drawing.legend_title, list(map(_handle, drawing.entries)))
    return axes


def _add(axes: Axes, mark: Mark, ends: tuple[float, float], label: str) -> None:
    look: Look = {"color": mark.colour, "gid": mark.mark, "label": label}
    match mark:
        case Curve():
            look |= {"linestyle": mark.dashes, "linewidth": mark.width}
            axes.plot(mark.x, mark.y, zorder=3 if mark.is_above else 2, **look)
        case Limit():
            axes.plot([mark.start, mark.end], [mark.y] * 2, **look, **_DOTTED)
        case Points(x=float(x)):
            look["clip_on"] = mark.shape in ("disc", "diamond")  # arrows are on the edge
            disc(axes, x, float(mark.y), marker=MARKERS[mark.shape], **look)
        case Points():
            look |= {"marker": MARKERS[mark.shape], "markeredgecolor": "white"}
            axes.plot(mark.x, np.full(np.size(mark.x), mark.y), linestyle="none", **look)
        case Span(y=None):
            axes.axvspan(*np.clip([mark.low, mark.high], *ends), alpha=_FAINT, lw=0, **look)
        case Span(y=int(y)):
            look |= {"linewidth": 9, "alpha": _FULL, "solid_capstyle": "butt"}
            axes.plot(np.clip([mark.low, mark.high], *ends), [y] * 2, **look)


def _handle(entry: Entry) -> Artist:
    look: Look = {"color": entry.sample.colour, "label": entry.words}
    match entry.sample:
        case Curve() as curve:
            look |= {"linestyle": curve.dashes, "linewidth": curve.width}
            return Line2D([], [], **look)
        case Limit():
            return Line2D([], [], **look, **_DOTTED)
        case Points(shape=shape):
            return Line2D([], [], **look, marker=MARKERS[shape], linestyle="none")
        case Span(y=y):
            return Patch(**look, alpha=_FAINT if y is None else _FULL)
