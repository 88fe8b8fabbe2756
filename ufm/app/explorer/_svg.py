"""A drawing of `ufm.plots` as SVG text: what a browser draws at once, and colours by the page's own theme.

Measured on V = 60: matplotlib takes 0.7 to 1.1 s for the explorer's four pictures, a quarter of it before
anything is drawn; this takes about 20 ms. An element has its mark as `data-mark`, and beside it the numbers
that it shows, to the last digit.
"""

from collections.abc import Iterable, Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

import numpy as np

from ufm.plots._marks import Curve, Dashes, Drawing, Limit, Mark, Points, Span
from ufm.plots._style import DASHES, PALETTE, rounded

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 480, 52, 12, 8, 38
# matplotlib's dashes in the units of SVG; its dots are for limits, and those of a curve are short dashes
_DASHES: dict[Dashes, str] = {
    **dict(zip(DASHES, ("", "6 4", "8 3 2 3", "9 2 2 2 2 2", "3 2"), strict=True)),
    ":": "3 2",
}


class Rule(NamedTuple):
    """A thin line through the whole picture, at `x` or at `y`: what the user chose; `words` in the legend."""

    mark: str
    hint: str
    words: str = ""
    x: float | None = None
    y: float | None = None


def picture(drawing: Drawing, about: str, rules: Sequence[Rule] = (), *, height: int = 260) -> str:
    """The drawing with `rules` across it, and its legend; `about` describes it to those who do not see it."""
    chart = _Chart(drawing, height)
    layered = sorted([*drawing.marks, *rules], key=_layer)
    entries = [*drawing.entries, *((rule, rule.words) for rule in rules if rule.words)]
    return chart.svg(map(chart.element, layered), about) + _legend(entries)


# What is drawn first lies below what comes after it.
_LAYERS = (Span, Curve, Limit, Rule, Points)


def _layer(mark: Mark | Rule) -> tuple[int, bool]:
    is_above = isinstance(mark, Curve) and mark.is_above
    return _LAYERS.index(type(mark)), is_above or (isinstance(mark, Span) and mark.y is not None)


class _Chart:
    """Axes of a drawing: where its numbers come to lie."""

    def __init__(self, drawing: Drawing, height: int):
        self.drawing, self.x = drawing, drawing.x
        self.y = drawing.y or _span(drawing.marks)
        self.right, self.bottom = _WIDTH - _LEFT - _RIGHT, height - _TOP - _BOTTOM

    def px(self, values: int | float | np.ndarray) -> np.ndarray:
        """Horizontal places, in the units of the picture's inner part."""
        scale = self.right / (self.x[1] - self.x[0])
        return np.asarray((values - self.x[0]) * scale)

    def py(self, values: int | float | np.ndarray) -> np.ndarray:
        """Vertical places; what is far outside ends just outside."""
        share = (self.y[1] - values) / (self.y[1] - self.y[0])
        return np.asarray(np.clip(share, -1, 2) * self.bottom)

    def element(self, mark: Mark | Rule) -> str:
        """A mark or a rule as SVG."""
        match mark:
            case Rule():
                return self._rule(mark)
            case Curve():
                return self._curve(mark)
            case Limit():
                (x1, x2), y1 = self.px(np.array([mark.start, mark.end])), float(self.py(mark.y))
                return (
                    f'<line class="line limit {_ink(mark)}" data-mark="{mark.mark}" '
                    f'data-y="{mark.y!r}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y1:.1f}"></line>'
                )
            case Points(x=float(x)):
                return self._point(mark, x, mark.mark)
            case Points():
                places = enumerate(np.asarray(mark.x, float).tolist())
                inside = ((i, x) for i, x in places if self.x[0] <= x <= self.x[1])
                return "".join(self._point(mark, x, f"{mark.mark}.{i}") for i, x in inside)
            case Span(y=int(y)):
                return self._box(mark, y - 0.25, y + 0.25)
            case Span():
                return self._box(mark, *self.y)

    def _curve(self, curve: Curve) -> str:
        """A curve, with its last number."""
        places = zip(self.px(curve.x).tolist(), self.py(curve.y).tolist(), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return (
            f'<polyline class="line {_ink(curve)}" stroke-dasharray="{_DASHES[curve.dashes]}" '
            f'data-mark="{curve.mark}" data-last="{float(curve.y[-1])!r}" points="{points}">'
            f"{_title(curve.hint)}</polyline>"
        )

    def _point(self, mark: Points, x: float, name: str) -> str:
        """A disc or a diamond; an arrow at the edge is not drawn, for the bar goes on to the edge."""
        if mark.shape in ("left", "right"):
            return ""
        cx, cy, y = float(self.px(x)), float(self.py(mark.y)), float(mark.y)
        look = f'class="disc {_ink(mark)}" data-mark="{name}" data-x="{x!r}" data-y="{y!r}"'
        title = _title(mark.hint or f"α = {rounded(x, 6)}")
        if mark.shape == "diamond":
            return f'<path {look} d="M{cx - 6:.1f} {cy:.1f}l6 -6l6 6l-6 6z">{title}</path>'
        return f'<circle {look} cx="{cx:.1f}" cy="{cy:.1f}" r="4.5">{title}</circle>'

    def _box(self, mark: Span, start: float, end: float) -> str:
        """A rectangle from `low` to `high`, which may be infinite, and from `start` to `end` along y."""
        x1, x2 = self.px(np.clip([mark.low, mark.high], *self.x))
        y1, y2 = sorted(self.py(np.array([start, end])))
        return (
            f'<rect class="{mark.mark.split()[0]}" data-mark="{mark.mark}" data-low="{mark.low!r}" '
            f'data-high="{mark.high!r}" x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1, 1):.1f}" '
            f'height="{y2 - y1:.1f}">{_title(mark.hint)}</rect>'
        )

    def _rule(self, rule: Rule) -> str:
        if rule.x is not None and not self.x[0] <= rule.x <= self.x[1]:
            return ""
        if rule.x is not None:
            at = float(self.px(rule.x))
            ends = f'data-x="{rule.x!r}" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{self.bottom}"'
        else:
            at = float(self.py(rule.y or 0.0))
            ends = f'data-y="{rule.y!r}" x1="0" x2="{self.right}" y1="{at:.1f}" y2="{at:.1f}"'
        return (
            f'<line class="line upright" data-mark="{rule.mark}" {ends}>{_title(rule.hint)}</line>'
        )

    def svg(self, elements: Iterable[str], about: str) -> str:
        """The picture around the elements."""
        right, bottom, rows = self.right, self.bottom, self.drawing.rows
        grid = [self._tick_below(tick) for tick in ticks(*self.x)]
        if rows:
            grid += [self._name_beside(float(place), row) for place, row in enumerate(rows)]
        else:
            grid += [self._tick_beside(tick) for tick in ticks(*self.y)]
        x_label, y_label = map(escape, self.drawing.labels)
        return (
            f'<svg class="chart" viewBox="0 0 {_WIDTH} {bottom + _TOP + _BOTTOM}" role="img" '
            f'aria-label="{escape(about)}">'
            f'<g transform="translate({_LEFT} {_TOP})">{"".join(grid)}'
            f'<svg width="{right}" height="{bottom}">{"".join(elements)}</svg>'
            f'<text class="label" text-anchor="middle" x="{right / 2}" y="{bottom + 33}">{x_label}</text>'
            f'<text class="label" text-anchor="middle" transform="translate(-40 {bottom / 2}) '
            f'rotate(-90)">{y_label}</text></g></svg>'
        )

    def _tick_below(self, tick: float) -> str:
        at = float(self.px(tick))
        return (
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{self.bottom}"></line>'
            f'<text class="tick" text-anchor="middle" x="{at:.1f}" y="{self.bottom + 16}">{rounded(tick)}'
            "</text>"
        )

    def _tick_beside(self, tick: float) -> str:
        at = float(self.py(tick))
        line = f'<line class="grid" x1="0" x2="{self.right}" y1="{at:.1f}" y2="{at:.1f}"></line>'
        return line + self._name_beside(tick, rounded(tick))

    def _name_beside(self, place: float, name: str) -> str:
        at = float(self.py(place)) + 4
        return f'<text class="tick" text-anchor="end" x="-8" y="{at:.1f}">{escape(name)}</text>'


def _span(marks: Sequence[Mark]) -> tuple[float, float]:
    """The range of all curves, with a margin."""
    values = np.concatenate([mark.y for mark in marks if isinstance(mark, Curve)])
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:  # rounding of what does not move
        low, high = low - 0.05, high + 0.05
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def _legend(entries: Iterable[tuple[Mark | Rule, str]]) -> str:
    """Samples with words beside them, below a picture."""
    items = "".join(
        f'<span class="entry"><svg class="sample" width="26" height="12" viewBox="0 0 26 12">'
        f"{_sample(mark)}</svg>{escape(words)}</span>"
        for mark, words in entries
    )
    return f'<div class="legend">{items}</div>'


def _sample(mark: Mark | Rule) -> str:
    """The sample of a mark in a legend."""
    if isinstance(mark, Rule):
        return '<line class="line upright" x1="13" x2="13" y1="0" y2="12"></line>'
    ink = _ink(mark)
    match mark:
        case Curve(dashes=dashes):
            line = f'<line class="line {ink}" stroke-dasharray="{_DASHES[dashes]}" '
            return line + 'x1="0" x2="26" y1="6" y2="6"></line>'
        case Limit():
            return f'<line class="line limit {ink}" x1="0" x2="26" y1="6" y2="6"></line>'
        case Points(shape="diamond"):
            return f'<path class="disc {ink}" d="M7 6l6 -6l6 6l-6 6z"></path>'
        case Points():
            return f'<circle class="disc {ink}" cx="13" cy="6" r="4.5"></circle>'
        case Span(y=None):
            return '<rect class="common" x="0" y="0" width="26" height="12"></rect>'
        case Span():
            return '<rect class="window" x="0" y="2" width="26" height="8"></rect>'


def _ink(mark: Mark) -> str:
    """The class of a mark's colour, which style.css and _style.py know; of any other, grey."""
    return f"ink{PALETTE.index(mark.colour)}" if mark.colour in PALETTE else "inkgrey"


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten, at most `most`."""
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = power * next(m for m in (1, 2, 5, 10, 20) if m * power >= rough)
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _title(hint: str) -> str:
    return f"<title>{escape(hint)}</title>" if hint else ""
