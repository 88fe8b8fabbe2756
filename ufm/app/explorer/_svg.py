"""A chart as SVG text: what a browser draws at once, and colours by the page's own theme.

Measured on V = 60: matplotlib takes 0.7 to 1.1 s for the explorer's four pictures, a quarter of it before
anything is drawn; this takes about 20 ms. Marks carry the names that `ufm.plots` gives its artists, as
`data-mark`, and the numbers that they stand for, to the last digit.
"""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np

from ufm.plots._style import DASHES, PALETTE

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 480, 52, 12, 8, 38
# matplotlib's dashes in the units of SVG
_DASHES = ("", "6 4", "8 3 2 3", "9 2 2 2 2 2", "3 2")
assert len(_DASHES) == len(DASHES)


class Chart:
    """Axes with curves, discs, lines and bands; `svg()` is the picture.

    `x`, `y`: ranges; `labels`: of the axes; `height`: of the picture, which is 480 wide.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        labels: tuple[str, str],
        height: int = 260,
        rows: Sequence[str] = (),
    ):
        self.x, self.y, self.height, self.labels = x, y, height, labels
        self.rows = rows
        self.parts: list[str] = []

    def px(self, values: Any) -> Any:
        """Horizontal places, in the units of the picture's inner part."""
        inner = _WIDTH - _LEFT - _RIGHT
        return (np.asarray(values, float) - self.x[0]) * (inner / (self.x[1] - self.x[0]))

    def py(self, values: Any) -> Any:
        """Vertical places; what is far outside ends just outside."""
        inner = self.height - _TOP - _BOTTOM
        share = (self.y[1] - np.asarray(values, float)) / (self.y[1] - self.y[0])
        return np.clip(share, -1, 2) * inner

    def line(self, xs: Any, ys: Any, ink: int, dash: int, mark: str, hint: str = "") -> None:
        """A curve, in colour number `ink` with dashes number `dash`; `hint` shows on hovering."""
        places = zip(self.px(xs).tolist(), self.py(ys).tolist(), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        last = float(np.asarray(ys)[-1])
        self.parts.append(
            f'<polyline class="line ink{ink % len(PALETTE)}" stroke-dasharray="{dash_of(dash)}" '
            f'data-mark="{mark}" data-last="{last!r}" points="{points}">{_title(hint)}</polyline>'
        )

    def limit(self, side: int, y: float, ink: int, mark: str) -> None:
        """A dotted line over the outer sixth: the limit as α → -∞ (`side` -1) or +∞."""
        width = (self.x[1] - self.x[0]) / 6
        at = np.array(
            [self.x[0], self.x[0] + width] if side < 0 else [self.x[1] - width, self.x[1]]
        )
        (x1, x2), y1 = self.px(at), float(self.py(y))
        self.parts.append(
            f'<line class="line limit ink{ink % len(PALETTE)}" data-mark="{mark}" data-y="{y!r}" '
            f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y1:.1f}"></line>'
        )

    def disc(self, x: float, y: float, ink: int, mark: str, hint: str, is_square: bool = False):
        """A disc, or a diamond, at a point."""
        cx, cy = float(self.px(x)), float(self.py(y))
        shape = (
            f'class="disc ink{ink % len(PALETTE)}" data-mark="{mark}" data-x="{x!r}" data-y="{y!r}"'
        )
        body = (
            f'<path {shape} d="M{cx - 6:.1f} {cy:.1f}l6 -6l6 6l-6 6z">'
            if is_square
            else f'<circle {shape} cx="{cx:.1f}" cy="{cy:.1f}" r="4.5">'
        )
        self.parts.append(f"{body}{_title(hint)}</{'path' if is_square else 'circle'}>")

    def upright(self, x: float, mark: str, hint: str) -> None:
        """A thin vertical line, such as the chosen strength."""
        at = float(self.px(x))
        self.parts.append(
            f'<line class="line upright" data-mark="{mark}" data-x="{x!r}" x1="{at:.1f}" '
            f'x2="{at:.1f}" y1="0" y2="{self.height}">{_title(hint)}</line>'
        )

    def level(self, y: float, mark: str, hint: str) -> None:
        """A thin horizontal line, such as the budget."""
        at = float(self.py(y))
        self.parts.append(
            f'<line class="line upright" data-mark="{mark}" data-y="{y!r}" x1="0" '
            f'x2="{_WIDTH}" y1="{at:.1f}" y2="{at:.1f}">{_title(hint)}</line>'
        )

    def bar(self, low: float, high: float, y: float, thick: float, mark: str, hint: str) -> None:
        """A bar from `low` to `high`, which may be infinite, of thickness `thick` about y."""
        ends = np.clip([low, high], *self.x)
        (x1, x2), (y1, y2) = self.px(ends), self.py([y - thick / 2, y + thick / 2])
        top, size = min(y1, y2), abs(y2 - y1)
        self.parts.append(
            f'<rect class="{mark.split()[0]}" data-mark="{mark}" data-low="{low!r}" data-high="{high!r}" '
            f'x="{x1:.1f}" y="{top:.1f}" width="{max(x2 - x1, 1):.1f}" height="{size:.1f}">'
            f"{_title(hint)}</rect>"
        )

    def svg(self, about: str) -> str:
        """The picture; `about` describes it to those who do not see it."""
        right, bottom = float(_WIDTH - _LEFT - _RIGHT), float(self.height - _TOP - _BOTTOM)
        grid = [self._vertical_tick(tick, bottom) for tick in ticks(*self.x)]
        if self.rows:
            grid += [
                f'<text class="tick" text-anchor="end" x="-8" y="{float(self.py(i)) + 4:.1f}">'
                f"{escape(row)}</text>"
                for i, row in enumerate(self.rows)
            ]
        else:
            grid += [self._horizontal_tick(tick, right) for tick in ticks(*self.y)]
        x_label, y_label = map(escape, self.labels)
        return (
            f'<svg class="chart" viewBox="0 0 {_WIDTH} {self.height}" role="img" '
            f'aria-label="{escape(about)}">'
            f'<g transform="translate({_LEFT} {_TOP})">{"".join(grid)}'
            f'<svg width="{right}" height="{bottom}">{"".join(self.parts)}</svg>'
            f'<text class="label" text-anchor="middle" x="{right / 2}" y="{bottom + 33}">{x_label}</text>'
            f'<text class="label" text-anchor="middle" transform="translate(-40 {bottom / 2}) '
            f'rotate(-90)">{y_label}</text></g></svg>'
        )

    def _vertical_tick(self, tick: float, bottom: float) -> str:
        at = float(self.px(tick))
        return (
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{bottom}"></line>'
            f'<text class="tick" text-anchor="middle" x="{at:.1f}" y="{bottom + 16}">{number(tick)}</text>'
        )

    def _horizontal_tick(self, tick: float, right: float) -> str:
        at = float(self.py(tick))
        return (
            f'<line class="grid" x1="0" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"></line>'
            f'<text class="tick" text-anchor="end" x="-8" y="{at + 4:.1f}">{number(tick)}</text>'
        )


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Samples with words beside them, below a picture; each entry is (SVG of the sample, words)."""
    items = "".join(
        f'<span class="entry"><svg class="sample" width="26" height="12" viewBox="0 0 26 12">{sample}'
        f"</svg>{escape(words)}</span>"
        for sample, words in entries
    )
    return f'<div class="legend">{items}</div>'


def line_sample(ink: int, dash: int) -> str:
    """The sample of a curve in a legend."""
    return (
        f'<line class="line ink{ink % len(PALETTE)}" stroke-dasharray="{dash_of(dash)}" '
        'x1="0" x2="26" y1="6" y2="6"></line>'
    )


DISC_SAMPLE = '<circle class="disc inkgrey" cx="13" cy="6" r="4.5"></circle>'
DIAMOND_SAMPLE = '<path class="disc inkgrey" d="M7 6l6 -6l6 6l-6 6z"></path>'
LIMIT_SAMPLE = '<line class="line limit inkgrey" x1="0" x2="26" y1="6" y2="6"></line>'
UPRIGHT_SAMPLE = '<line class="line upright" x1="13" x2="13" y1="0" y2="12"></line>'
WINDOW_SAMPLE = '<rect class="window" x="0" y="2" width="26" height="8"></rect>'
COMMON_SAMPLE = '<rect class="common" x="0" y="0" width="26" height="12"></rect>'


def dash_of(place: int) -> str:
    """The dashes of curve number `place` of a colour."""
    return _DASHES[place % len(_DASHES)]


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten, at most `most`."""
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = power * next(m for m in (1, 2, 5, 10, 20) if m * power >= rough)
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def number(value: float, digits: int = 3) -> str:
    """A number for people: so many digits, a true minus sign, ∞."""
    if not isfinite(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def _title(hint: str) -> str:
    return f"<title>{escape(hint)}</title>" if hint else ""
