"""The strengths at which tokens peak: windows between target and rest, and peaks against M."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._checks import Numbers, token_set
from ..tilt.peaks import require_separation
from ..tilt.tilt import ExponentialTilt
from ._draw import draw
from ._marks import Drawing, Entry, Points, Shape, Span
from .numpy_laws import Row, peaks_of
from .style import (
    GREY,
    PALETTE,
    STRENGTH,
    Look,
    checked_contexts,
    colour,
    dashes,
    draw_legend,
    prepared,
    rounded,
)

_OFF: tuple[str, Shape] = (PALETTE[0], "disc")
_ON: tuple[str, Shape] = (PALETTE[1], "diamond")
_ARROWS: tuple[Shape, Shape] = ("left", "right")
_WINDOW, _ALL = PALETTE[2], PALETTE[3]


def sweet_spot_windows(
    tilt: ExponentialTilt,
    *,
    target: Numbers,
    contexts: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """The sweet spot W_j of each context j, a bar along α, and the strengths in all of them.

    W_j lies between the last peak of an off-target token (disc) and the first of a target token
    (diamond); a bar that has no such peak at one end runs to the side of the picture with an arrow.

    - `target` [V]: T, a boolean mask with margin δ > 0 (else `ValueError`); `contexts`: which j
      to draw (default: all); `names`: what to call them.

    Bar j has the gid "window j", the discs of its row "on j" and "off j"; a band, gid "common",
    covers the strengths in all the windows drawn, and without one the title says so.

    >>> import ufm
    >>> from ufm import plots
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> axes = plots.sweet_spot_windows(tilt, target=data.concept_tokens(0), contexts=[0, 2])
    >>> bar = next(line for line in axes.lines if line.get_gid() == "window 2")
    >>> print(bar.get_xdata().round(3), axes.get_title(loc="left"))
    [0.166 0.834] no strength lies in every window
    """
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    chosen, names = checked_contexts(tilt, contexts, names)
    require_separation(tilt, jnp.asarray(mask))
    peaks = dict(zip(chosen, peaks_of(tilt, chosen), strict=True))
    drawing = window_drawing(peaks, mask, names, _range_of(peaks))
    is_met = drawing.marks[-1].mark == "common"
    axes = draw(axes, drawing)
    text = "a strength in every window exists" if is_met else "no strength lies in every window"
    axes.set_title(text, loc="left", fontsize="medium")
    return axes


def window_drawing(
    peaks: Mapping[int, np.ndarray],
    target: np.ndarray,
    names: Sequence[str],
    ends: tuple[float, float],
) -> Drawing:
    """What `sweet_spot_windows` shows of the peaks [V] of each context, on α in `ends`."""
    drawing = Drawing((STRENGTH, "context"), ends, (len(peaks) - 0.4, -0.6), rows=names)
    windows = [(float(row[~target].max()), float(row[target].min())) for row in peaks.values()]
    for place, (j, window) in enumerate(zip(peaks, windows, strict=True)):
        hint = f"sweet spot of context {names[place]}: {_interval(*window)}"
        drawing.marks.append(Span(f"window {j}", *window, _WINDOW, place, hint))
        for end, side, shape in zip(window, ends, _ARROWS, strict=True):
            if not np.isfinite(end):
                drawing.marks.append(Points(f"open {j}", float(side), place, _WINDOW, shape))
        drawing.marks += [
            Points(f"{kind} {j}", np.unique(peaks[j][tokens & np.isfinite(peaks[j])]), place, *look)
            for kind, tokens, look in (("off", ~target, _OFF), ("on", target, _ON))
        ]
    drawing.entries = [
        Entry(Points("", 0.0, 0.0, *_OFF), "peak off target"),
        Entry(Points("", 0.0, 0.0, *_ON), "peak on target"),
        Entry(drawing.marks[0], "sweet spot of the context"),
    ]
    low, high = max(low for low, _ in windows), min(high for _, high in windows)
    if low < high:
        hint = f"every sweet spot: {_interval(low, high)}"
        drawing.marks.append(Span("common", low, high, _ALL, hint=hint))
        drawing.entries.append(Entry(drawing.marks[-1], "in every window"))
    return drawing


def _interval(low: float, high: float) -> str:
    return f"({rounded(low, 4)}, {rounded(high, 4)})"


def peak_map(
    tilt: ExponentialTilt,
    *,
    target: Numbers,
    contexts: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """α(j,z) against M(z): every peak of context j lies on one rising curve, {(E_{j,α}[M], α)}.

    Theorem 3.3 at a glance: α(j,z) is the α at which the mean E_{j,α}[M] passes M(z), so that peaks
    come in the order of M, and the tokens with the largest and the smallest M have theirs at ±∞
    (triangles at the edges).

    - `target` [V]: T, a boolean mask; the band between max M off T and min M on T, where δ > 0, cuts
      each curve in its sweet spot; diamonds are target tokens, discs are others.
    - `contexts`: which j to draw (default: all); `names`: what to call them.

    Gids: "curve j", "on j" and "off j" for the finite peaks, "infinite j" for the others, "margin".

    >>> import ufm
    >>> from ufm import plots
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> axes = plots.peak_map(tilt, target=data.concept_tokens(0), contexts=[0])
    >>> peaks = next(line for line in axes.lines if line.get_gid() == "on 0")
    >>> print(f"{peaks.get_xdata()[0]:.6f} {peaks.get_ydata()[0]:.6f}")
    0.693147 -0.165670
    """
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    chosen, names = checked_contexts(tilt, contexts, names)
    peaks = dict(zip(chosen, peaks_of(tilt, chosen), strict=True))
    log_odds = np.asarray(tilt.log_odds)
    ends = _range_of(peaks)
    strengths = np.linspace(*ends, 401)

    axes = prepared(axes, "peak α(j, z) (multiples of v)")
    inside, off = log_odds[mask].min(), log_odds[~mask].max()
    if inside > off:
        axes.axvspan(off, inside, color=_ALL, alpha=0.18, lw=0, gid="margin", label="margin δ")
    for place, (j, name) in enumerate(zip(chosen, names, strict=True)):
        means = Row(tilt, j).laws(strengths) @ log_odds
        line: Look = {"color": colour(place), "linestyle": dashes(place), "label": name}
        axes.plot(means, strengths, gid=f"curve {j}", **line)
        _mark_finite_peaks(axes, j, log_odds, peaks[j], mask, colour(place))
        _mark_infinite_peaks(axes, j, log_odds, peaks[j], ends)
    axes.set(xlabel="log-odds M(z) (nats per unit of α)", ylim=ends)
    marks = (("o", "peak off target"), ("D", "peak on target"), ("^", "peak at ±∞"))
    look: Look = {"color": GREY, "linestyle": "none"}
    handles = [Line2D([], [], marker=marker, label=text, **look) for marker, text in marks]
    drawn = axes.get_legend_handles_labels()[0]
    bands = int(inside > off)  # drawn first, listed last
    draw_legend(axes, "context c", drawn[bands:] + handles + drawn[:bands])
    return axes


def _mark_finite_peaks(
    axes: Axes, j: int, log_odds: np.ndarray, peaks: np.ndarray, target: np.ndarray, ink: str
) -> None:
    """A disc at each finite peak of context j off the target, a diamond at each on it."""
    for kind, tokens, marker in (("off", ~target, "o"), ("on", target, "D")):
        shown = tokens & np.isfinite(peaks)
        look: Look = {"linestyle": "none", "marker": marker, "zorder": 3}
        look |= {"color": ink, "markeredgecolor": "white", "markersize": 7}
        axes.plot(log_odds[shown], peaks[shown], gid=f"{kind} {j}", label="_peaks", **look)


def _mark_infinite_peaks(
    axes: Axes, j: int, log_odds: np.ndarray, peaks: np.ndarray, ends: tuple[float, float]
) -> None:
    """A triangle at the lower edge for the tokens of context j that peak at -∞, at the upper for +∞."""
    for infinity, edge, marker in zip((-np.inf, np.inf), ends, "v^", strict=True):
        at = np.unique(log_odds[peaks == infinity])
        look: Look = {"linestyle": "none", "marker": marker, "color": "black", "clip_on": False}
        axes.plot(at, [edge] * at.size, gid=f"infinite {j}", label="_infinite", zorder=4, **look)


def _range_of(peaks: dict[int, np.ndarray]) -> tuple[float, float]:
    """All finite peaks and 0, with a margin."""
    every = np.concatenate([*peaks.values(), [0.0]])
    shown = every[np.isfinite(every)]
    low, high = float(shown.min()), float(shown.max())
    margin = 0.12 * (high - low) or 1.0
    return low - margin, high + margin
