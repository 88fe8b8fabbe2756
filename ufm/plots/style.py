"""What the pictures share: colours, dashes, axes, dotted limits, legends; and checks of arguments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._checks import Numbers, floating
from ..tilt.tilt import ExponentialTilt
from ._marks import Dashes, Entry, Limit, Points

# Okabe and Ito's colour-blind-safe palette, without the yellow that white paper swallows.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000")
Look = dict[str, Any]  # keyword arguments of matplotlib
GREY = "0.4"  # of a sample in a legend whose mark comes in every colour
# Dots are for limits.
DASHES: tuple[Dashes, ...] = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1)))
STRENGTH = "steering strength α (multiples of v)"


def checked_strengths(alphas: Numbers) -> np.ndarray:
    """`alphas` on the host: at least two finite numbers in increasing order."""
    strengths = np.asarray(floating("alphas", alphas, 1))
    if strengths.size < 2 or not (np.diff(strengths) > 0).all() or not np.isfinite(strengths).all():
        raise ValueError(
            f"alphas must be at least 2 finite strengths in increasing order; got {strengths.size} "
            f"of them{f', first {strengths[0]:g}' if strengths.size else ''}"
        )
    return strengths


def one_context(tilt: ExponentialTilt, context: int) -> ExponentialTilt:
    """The tilt of context number `context` alone."""
    contexts = tilt.log_probs.shape[0]
    if not 0 <= context < contexts:
        raise ValueError(f"context must be one of 0..{contexts - 1}; got {context}")
    return ExponentialTilt(tilt.log_probs[context : context + 1], tilt.log_odds)


def checked_contexts(
    tilt: ExponentialTilt, contexts: Sequence[int] | None, names: Sequence[str] | None
) -> tuple[list[int], list[str]]:
    """The contexts to draw, all by default, at least one and in range; and what to call them."""
    every = tilt.log_probs.shape[0]
    chosen = list(range(every)) if contexts is None else [int(j) for j in contexts]
    if not chosen or not all(0 <= j < every for j in chosen):
        raise ValueError(f"contexts must name at least one of 0..{every - 1}; got {chosen}")
    return chosen, checked_names(names, len(chosen), "contexts")


def checked_names(names: Sequence[str] | None, count: int, what: str) -> list[str]:
    """`names`, one for each of the `count` things; their numbers by default."""
    if names is None:
        return [str(z) for z in range(count)]
    if len(names) != count:
        raise ValueError(f"names must name the {count} {what}; got {len(names)} names")
    return list(names)


def checked_concepts(token_concept: Numbers, vocabulary: int) -> np.ndarray:
    """`token_concept` [V] on the host: whole numbers from 0 on."""
    concept = np.asarray(token_concept)
    if concept.shape != (vocabulary,) or concept.dtype.kind not in "iu" or concept.min() < 0:
        raise ValueError(
            f"token_concept must hold {vocabulary} concept numbers from 0 on; "
            f"got shape {concept.shape}, dtype {concept.dtype}"
        )
    return concept


def colour(number: int) -> str:
    """The colour of concept, context or token number `number`."""
    return PALETTE[number % len(PALETTE)]


def dashes(number: int) -> Dashes:
    """The dashes of thing number `number` among those of one colour, or in a row."""
    return DASHES[number % len(DASHES)]


def prepared(axes: Axes | None, label: str, strengths: np.ndarray | None = None) -> Axes:
    """`axes`, or new ones, with a light grid; with `strengths`, they run along x."""
    if axes is None:
        from matplotlib import pyplot as plt  # a backend is needed only for a figure of our own

        axes = plt.subplots(figsize=(7.2, 3.8), layout="constrained")[1]
    axes.set_ylabel(label)
    if strengths is not None:
        axes.set(xlabel=STRENGTH, xlim=(strengths[0], strengths[-1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    return axes


def new_axes(
    count: int = 1, *, label: str | None = None, height: float = 3.2
) -> tuple[Figure, list[Axes]]:
    """A figure `height` inches high, and its `count` axes side by side, lightly ruled.

    The figure is unknown to pyplot, so that a notebook that runs for days keeps none. `label`: what
    runs up, with the steering strength α along x; without it neither has a name.

    >>> from ufm import plots
    >>> figure, (left, right) = plots.new_axes(2, label="Δp(z | α)")
    >>> print(right.get_xlabel(), figure.get_figheight())
    steering strength α (multiples of v) 3.2
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    figure = Figure(figsize=(8.2, height), layout="constrained")
    every = [prepared(axes, label or "") for axes in figure.subplots(1, count, squeeze=False)[0]]
    for axes in every if label else ():
        axes.set_xlabel(STRENGTH)
    return figure, every


def limits(ends: tuple[float, float], sides: Sequence[float], number: int, ink: str) -> list[Limit]:
    """Limits over the outer sixth of the picture, on each side that the strengths go to."""
    first, last = ends
    width = (last - first) / 6
    left = Limit(f"limit {number} left", first, first + width, float(sides[0]), ink)
    right = Limit(f"limit {number}", last - width, last, float(sides[1]), ink)
    return [left] * (first < 0) + [right] * (last > 0)


LIMIT_ENTRY = Entry(Limit("", 0.0, 0.0, 0.0, GREY), "limit, α → ±∞")


def disc_entry(words: str) -> Entry:
    """The legend's line for discs of all colours."""
    return Entry(Points("", 0.0, 0.0, GREY), words)


def disc(axes: Axes, x: float, y: float, **look: Any) -> None:
    """A disc with a white rim on a curve."""
    shape = {"marker": "o", "markersize": 7, "markeredgecolor": "white", "zorder": 3}
    axes.plot([x], [y], **shape | look)


def draw_legend(axes: Axes, title: str | None, handles: Sequence[Artist]) -> None:
    """A legend to the right of the axes, where it covers no curve."""
    beside: Look = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    axes.legend(handles=handles, title=title, frameon=False, alignment="left", **beside)


def rounded(value: float, digits: int = 3) -> str:
    """A number to so many digits, with a true minus sign, and ∞."""
    return f"{value + 0.0:.{digits}g}".replace("-", "−").replace("inf", "∞")


def signed(value: float, digits: int = 2) -> str:
    """A number to so many decimals, with a true minus sign, and ∞."""
    if np.isinf(value):
        return "+∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")
