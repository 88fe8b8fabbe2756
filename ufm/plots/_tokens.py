"""Token curves: the change of each next-token probability with the strength (Figures 3 and B.1)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers
from ..tilt.tilt import ExponentialTilt
from ._draw import draw
from ._marks import Curve, Dashes, Drawing, Entry, Points
from .numpy_laws import Row, peaks_of
from .style import (
    LIMIT_ENTRY,
    PALETTE,
    STRENGTH,
    checked_concepts,
    checked_names,
    checked_strengths,
    colour,
    dashes,
    disc_entry,
    limits,
    rounded,
    signed,
)

LONGEST_LEGEND = 16


def token_curves(
    tilt: ExponentialTilt,
    context: int,
    *,
    alphas: Numbers,
    names: Sequence[str] | None = None,
    token_concept: Numbers | None = None,
    peaks_in_legend: bool = False,
    is_relative: bool = False,
    is_probability: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Δp_j(z|α) = p_{j,α}(z) - p_j(z) against α, for every token z of context j (Theorem 3.3).

    - `context`: j; `alphas` [A]: the strengths, increasing, in multiples of the vector v.
    - `names` [V]: what to call the tokens (default: their numbers).
    - `token_concept` [V]: concepts numbered from 0; the tokens of one share a colour and differ in
      their dashes. Without it every token has its own colour.
    - `peaks_in_legend`: write each α(j,z) behind the name of the token, also one outside `alphas`.
    - `is_relative`: draw log(p_{j,α}(z) / p_j(z)) in nats instead, in which unlikely tokens are seen
      as well as likely ones; it is concave, highest at the peak, and has no limits to draw.
    - `is_probability`: draw p_{j,α}(z) itself instead.

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
    names = checked_names(names, row.log_odds.size, "tokens")
    (peaks,) = peaks_of(tilt, [context])
    drawing = token_drawing(
        row,
        strengths,
        peaks,
        names,
        token_concept=token_concept,
        peaks_in_legend=peaks_in_legend,
        is_relative=is_relative,
        is_probability=is_probability,
    )
    return draw(axes, drawing)


def token_drawing(
    row: Row,
    strengths: np.ndarray,
    peaks: np.ndarray | None,
    names: Sequence[str],
    *,
    token_concept: Numbers | None = None,
    concept_names: Sequence[str] | None = None,
    peaks_in_legend: bool = False,
    is_relative: bool = False,
    is_probability: bool = False,
) -> Drawing:
    """What `token_curves` shows; `peaks` [V] is None where M is constant.

    Where the tokens are too many for a legend it names the concepts instead.
    """
    if is_relative and is_probability:
        raise ValueError("is_relative and is_probability ask for two quantities; choose one")
    change = row.log_ratios if is_relative else row.laws if is_probability else row.changes
    values = change(strengths)
    sides = [row.limit(sign) - (0 if is_probability else row.p) for sign in (-1, +1)]
    colours, lines = _styles(token_concept, row.log_odds.size)
    title = "token z, its peak α(j, z)" if peaks_in_legend else "token z"
    ends = (float(strengths[0]), float(strengths[-1]))
    measure = "Δp(z | α) (probability)"
    if is_relative or is_probability:
        measure = "log p(z | α) / p(z) (nats)" if is_relative else "p(z | α) (probability)"
    drawing = Drawing((STRENGTH, measure), ends, legend_title=title)
    for z, tied in _equal_tokens(row).items():
        words = _list_of([names[y] for y in tied])
        hint = words if peaks is None else f"{words}, peak at {rounded(peaks[z], 4)}"
        curve = Curve(f"curve {z}", strengths, values[:, z], colours[z], lines[z], hint)
        drawing.marks.append(curve)
        if not is_relative:
            drawing.marks += limits(ends, [side[z] for side in sides], z, colours[z])
        if peaks is not None and ends[0] <= peaks[z] <= ends[1]:
            height = change(peaks[z : z + 1])[0, z]
            hint = f"{names[z]} peaks at α = {rounded(peaks[z], 6)}"
            at = float(peaks[z]), float(height)
            drawing.marks.append(Points(f"peak {z}", *at, colours[z], hint=hint))
        if peaks_in_legend and peaks is not None:
            words += f"   {signed(peaks[z])}"
        drawing.entries.append(Entry(curve, words))
    if len(drawing.entries) > LONGEST_LEGEND:
        drawing.entries = _one_entry_a_concept(token_concept, concept_names)
    drawing.entries += [disc_entry("peak")] + [LIMIT_ENTRY] * (not is_relative)
    return drawing


def _styles(token_concept: Numbers | None, vocabulary: int) -> tuple[list[str], list[Dashes]]:
    """A colour for each concept, and dashes by the place in it; without concepts, a colour for each token."""
    if token_concept is None:
        concept, place = np.arange(vocabulary), np.arange(vocabulary) // len(PALETTE)
    else:
        concept = checked_concepts(token_concept, vocabulary)
        place = np.array([(concept[:z] == concept[z]).sum() for z in range(vocabulary)])
    return list(map(colour, concept.tolist())), list(map(dashes, place.tolist()))


def _equal_tokens(row: Row) -> Mapping[int, list[int]]:
    """Tokens whose curves are the same up to rounding, by the first of them."""
    groups: dict[tuple[float, float], list[int]] = {}
    for z, (log_p, log_odds) in enumerate(zip(row.log_p, row.log_odds, strict=True)):
        groups.setdefault((round(float(log_p), 10), round(float(log_odds), 10)), []).append(z)
    return {tied[0]: tied for tied in groups.values()}


def _one_entry_a_concept(token_concept: Numbers | None, names: Sequence[str] | None) -> list[Entry]:
    if token_concept is None:
        return []
    nothing = np.zeros(0)
    return [
        Entry(
            Curve("", nothing, nothing, colour(k)), f"of concept {k}" if names is None else names[i]
        )
        for i, k in enumerate(np.unique(np.asarray(token_concept)).tolist())
    ]


def _list_of(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]}, … {names[-1]} ({len(names)})"
