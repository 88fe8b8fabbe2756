"""A figure in the shape of a phone: as wide as one, panels below each other, legends below their panels."""

import io
import pickle
from itertools import pairwise
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import AutoLocator, MaxNLocator
from matplotlib.transforms import ScaledTranslation

_WIDTH, _PANEL = 4.2, 2.9  # inches: letters of ten points are read where this is 350 pixels wide
_TITLE, _LEGEND = 36, 46  # characters of a title, and of a line of a legend, that fit the width
_SHORT = 14  # of a line of words over one of three groups of bars
_TICKS = 6  # at most so many steps along x
_APART = 2.0  # pixels between two numbers
_LINE = 0.19  # inches of a line of a legend


def narrowed(figure: Figure) -> Figure:
    """A copy of a figure for a page that is 400 pixels wide; the figure itself stays as it is.

    The words beside curves are kept where they fit. Where some are cut or lie over each other, the
    legend names all curves of that panel.
    """
    narrow: Figure = pickle.loads(pickle.dumps(figure))
    panels = list(narrow.axes)
    for axes in panels:
        _wrap(axes)
        if isinstance(axes.xaxis.get_major_locator(), AutoLocator):
            axes.xaxis.set_major_locator(MaxNLocator(_TICKS, steps=[1, 2, 5, 10]))
        _legend_below(axes)
    _stack(narrow, panels)
    crowded = [axes for axes in panels if axes.texts and _is_crowded(axes)]
    for axes in crowded:
        _name_in_legend(axes)
    if crowded:
        _stack(narrow, panels)
    return narrow


def png_of(figure: Figure) -> bytes:
    """The figure as a picture with at most 600 pixels a row, nearly twice a phone's."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=142, metadata={"Software": None})
    return buffer.getvalue()


def _stack(figure: Figure, panels: list[Axes]) -> None:
    """One panel a row, each as high as its legend asks."""
    heights = [
        _PANEL + _LINE * (_lines(axes) + axes.get_title(loc="left").count("\n")) for axes in panels
    ]
    figure.set_size_inches(_WIDTH, sum(heights))
    rows = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    for k, axes in enumerate(panels):
        axes.set_subplotspec(rows[k])
    figure.draw_without_rendering()


def _lines(axes: Axes) -> int:
    """The lines of its legend."""
    legend = axes.get_legend()
    if legend is None:
        return 0
    words = [text.get_text() for text in legend.get_texts()]
    lines = sum(line.count("\n") + 1 for line in words)
    return -(-lines // _columns(words)) + bool(legend.get_title().get_text())


def _columns(words: list[str]) -> int:
    """How many of these lines of a legend have room beside each other."""
    return min(3, max(1, _LEGEND // (6 + max(map(len, words)))))


def _wrap(axes: Axes) -> None:
    """Its titles, and its name along y, in lines that fit; no line ends within a formula."""
    for side in ("left", "center"):
        if title := axes.get_title(loc=side):
            axes.set_title("\n".join(wrap(title, _TITLE)), loc=side)
    lines = wrap(axes.get_ylabel(), _TITLE)
    if all(line.count("$") % 2 == 0 for line in lines):
        axes.set_ylabel("\n".join(lines))


def _legend_below(axes: Axes) -> None:
    """Its legend, if it has one, below its label along x."""
    legend = axes.get_legend()
    if legend is None:
        return
    handles, words = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    _draw_below(axes, handles, words, legend.get_title().get_text())


def _name_in_legend(axes: Axes) -> None:
    """The curves' own names in a legend, instead of words beside them; over bars, the words in short lines.

    Where the curves have no names, the words themselves are the legend. Numbers, at a contour or on a bar,
    stay where they are, one of two that touch above the other.
    """
    handles, words = axes.get_legend_handles_labels()
    texts = [text for text in axes.texts if not _is_number(text.get_text())]
    if not handles and axes.lines:
        handles, words = (
            [_curve_of(text, axes) for text in texts],
            [text.get_text() for text in texts],
        )
    for text in texts:
        if handles:
            text.remove()
        else:
            text.set(text="\n".join(wrap(text.get_text(), _SHORT)), va="center")
    _part_numbers([text for text in axes.texts if _is_number(text.get_text())])
    if handles:
        _draw_below(axes, handles, words, "")


def _curve_of(text: Text, axes: Axes) -> Line2D:
    """The curve in the colour of the words; of words about several curves, none."""
    for line in axes.lines:
        if same_color(line.get_color(), text.get_color()):
            return line
    return Line2D([], [], linestyle="none")


def _part_numbers(numbers: list[Text]) -> None:
    """Raise each number on a bar that touches the one before it."""
    for one, other in pairwise(numbers):
        before, box = one.get_window_extent(), other.get_window_extent()
        touches = box.padded(_APART).overlaps(before)
        if touches and isinstance(other, Annotation):
            x, y = other.xyann
            other.xyann = (x, y + 1.5 * float(other.get_fontsize()))


def _is_number(words: str) -> bool:
    return set(words) <= set("0123456789.−-")


def _draw_below(axes: Axes, handles: list, words: list[str], title: str) -> None:
    figure = axes.figure
    lines = ["\n".join(wrap(line, _LEGEND)) for line in words]
    place = axes.transAxes + ScaledTranslation(-0.45, -0.5, figure.dpi_scale_trans)
    axes.legend(
        handles,
        lines,
        ncols=_columns(lines),
        title=title or None,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=place,
        borderaxespad=0.0,
        alignment="left",
        frameon=False,
        labelspacing=0.25,
    )


def _is_crowded(axes: Axes) -> bool:
    """Whether words in the panel run out of it sideways, or lie over others."""
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    left, right = axes.bbox.x0 - 3, axes.bbox.x1 + 3
    return any(box.x0 < left or box.x1 > right for box in boxes) or any(
        one.shrunk(0.98, 0.98).overlaps(other.shrunk(0.98, 0.98))
        for i, one in enumerate(boxes)
        for other in boxes[:i]
    )
