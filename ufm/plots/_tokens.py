"""Token curves: the change of each next-token probability with the strength (Figures 3 and B.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._checks import Numbers
from ..tilt.tilt import ExponentialTilt
from ._numpy_laws import Row, peaks_of
from ._style import (
    DASHES,
    PALETTE,
    checked_concepts,
    checked_names,
    checked_strengths,
    colour,
    disc,
    disc_entry,
    draw_legend,
    draw_limits,
    prepared,
    signed,
)

_LONGEST_LEGEND = 16


def token_curves(
    tilt: ExponentialTilt,
    context: int,
    *,
    alphas: Numbers,
    names: Sequence[str] | None = None,
    token_concept: Numbers | None = None,
    peaks_in_legend: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Δp(z|c_j, α) = p_{j,α}(z) - p(z|c_j) against α, for every token z of context j (Theorem 3.3).

    - `context`: j; `alphas` [A]: the strengths, increasing, in multiples of the vector v.
    - `names` [V]: what to call the tokens (default: their numbers).
    - `token_concept` [V]: concepts numbered from 0; the tokens of one share a colour and differ in
      their dashes. Without it every token has its own colour.
    - `peaks_in_legend`: write each α(j,z) behind the name of the token, also one outside `alphas`.

    A disc marks the peak α(j,z) where it lies within `alphas`; dotted lines at the sides are the
    limits as α → ±∞ (Proposition B.1). Tokens with equal curves (same p and M) share a line.
    Needs float64 and log-odds that are not constant, like `ufm.peak_strengths`.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> axes = plots.token_curves(tilt, 2, alphas=np.linspace(-2, 2, 81), names=list("abAB"))
    >>> peak = next(line for line in axes.lines if line.get_gid() == "peak 1")
    >>> print(f"{peak.get_xdata()[0]:.6f} {peak.get_ydata()[0]:.6f}")
    0.834330 0.104727
    """
    strengths = checked_strengths(alphas)
    row = Row(tilt, context)
    vocabulary = row.odds.size
    names = checked_names(names, vocabulary, "tokens")
    change = row.laws(strengths) - row.p
    (peaks,) = peaks_of(tilt, [context])
    is_shown = (strengths[0] <= peaks) & (peaks <= strengths[-1])
    sides = [row.limit(sign) - row.p for sign in (-1, +1)]
    colours, dashes = _styles(token_concept, vocabulary)

    axes = prepared(axes, "Δp(z | c, α) (probability)", strengths)
    handles: list[Line2D] = []
    for z, tied in _equal_tokens(row).items():
        look: dict[str, Any] = {"color": colours[z], "linestyle": dashes[z], "gid": f"curve {z}"}
        label = _list_of([names[y] for y in tied])
        label += f"   {signed(peaks[z])}" if peaks_in_legend else ""
        handles += axes.plot(strengths, change[:, z], label=label, **look)
        draw_limits(axes, strengths, [side[z] for side in sides], z, colours[z])
        if is_shown[z]:
            height = (row.laws(peaks[z : z + 1])[0] - row.p)[z]
            disc(axes, peaks[z], height, f"peak {z}", color=colours[z])
    if len(handles) > _LONGEST_LEGEND:
        handles = [] if token_concept is None else _one_handle_a_concept(np.asarray(token_concept))
    title = "token z, its peak α(c, z)" if peaks_in_legend else "token z"
    draw_legend(axes, title, [*handles, disc_entry("peak")])
    return axes


def _styles(token_concept: Numbers | None, vocabulary: int) -> tuple[list[str], list]:
    """A colour a concept, and dashes by the place inside it; a colour a token without concepts."""
    if token_concept is None:
        concept, place = np.arange(vocabulary), np.arange(vocabulary) // len(PALETTE)
    else:
        concept = checked_concepts(token_concept, vocabulary)
        place = np.array([(concept[:z] == concept[z]).sum() for z in range(vocabulary)])
    return [colour(k) for k in concept.tolist()], [DASHES[i % len(DASHES)] for i in place]


def _equal_tokens(row: Row) -> Mapping[int, list[int]]:
    """Tokens whose curves are the same up to rounding, by the first of them."""
    groups: dict[tuple[float, float], list[int]] = {}
    for z, (log_p, odds) in enumerate(zip(row.log_p, row.odds, strict=True)):
        groups.setdefault((round(float(log_p), 10), round(float(odds), 10)), []).append(z)
    return {tied[0]: tied for tied in groups.values()}


def _one_handle_a_concept(concept: np.ndarray) -> list[Line2D]:
    return [
        Line2D([], [], color=colour(k), label=f"of concept {k}")
        for k in np.unique(concept).tolist()
    ]


def _list_of(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]}, … {names[-1]} ({len(names)})"
