"""Concept curves: the change of the mean probability, or of the mass, of concepts (Figure 4)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.tilt import ExponentialTilt
from ._draw import draw
from ._marks import Curve, Drawing, Entry, Points
from ._mass_turns import mass_turns
from .numpy_laws import Row
from .style import (
    LIMIT_ENTRY,
    STRENGTH,
    checked_concepts,
    checked_contexts,
    checked_names,
    checked_strengths,
    colour,
    dashes,
    disc_entry,
    limits,
    rounded,
)


def concept_curves(
    tilt: ExponentialTilt,
    context: int,
    *,
    alphas: Numbers,
    token_concept: Numbers,
    names: Sequence[str] | None = None,
    is_mass: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Δp_j(C|α) = (1/|C|) Σ_{z in C} Δp_j(z|α) against α, for every concept C (Theorem 3.6).

    - `context`: j; `alphas` [A]: the strengths, increasing, in multiples of the vector v.
    - `token_concept` [V]: the concept of each token, numbered from 0; `names`: of the concepts.
    - `is_mass`: draw the mass F_C(α) = Σ_{z in C} p_{j,α}(z) instead; the masses sum to one.

    Discs mark the peaks and troughs within `alphas` (gids "peak k.i", "trough k.i": concept k, turn
    i); dotted lines at the sides are the limits as α → ±∞.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> strengths = np.linspace(-4, 4, 81)
    >>> axes = plots.concept_curves(tilt, 4, alphas=strengths, token_concept=data.token_concept)
    >>> print(f"{axes.lines[0].get_ydata()[-1]:.6f}")
    0.324994
    """
    strengths = checked_strengths(alphas)
    row = Row(tilt, context)
    concept = checked_concepts(token_concept, row.log_odds.size)
    names = checked_names(names, len(np.unique(concept)), "concepts")
    return draw(axes, concept_drawing(row, strengths, concept, names, is_mass=is_mass))


def concept_drawing(
    row: Row, strengths: np.ndarray, concept: np.ndarray, names: Sequence[str], *, is_mass: bool
) -> Drawing:
    """What `concept_curves` shows."""
    masses = [
        _Mass(row, concept == k, name, k, k)
        for k, name in zip(np.unique(concept).tolist(), names, strict=True)
    ]
    return _drawing(masses, strengths, is_mass, "concept C")


def concept_across_contexts(
    tilt: ExponentialTilt,
    tokens: Numbers,
    *,
    alphas: Numbers,
    contexts: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    is_mass: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Δp_j(C|α) against α for one concept C and several contexts j (Theorem 3.6).

    - `tokens`: C, a boolean mask [V]; `alphas` [A]: increasing, in multiples of the vector v.
    - `contexts`: which j to draw (default: all); `names`: what to call them.
    - `is_mass`: draw the mass F_C(α) instead.

    Discs and dotted limits as in `concept_curves`, with j for the concept's number.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> third, strengths = data.concept_tokens(2), np.linspace(-4, 4, 81)
    >>> axes = plots.concept_across_contexts(tilt, third, alphas=strengths, contexts=[4])
    >>> limit = next(line for line in axes.lines if line.get_gid() == "limit 4")
    >>> print(f"{limit.get_ydata()[0]:.6f}")
    -0.316667
    """
    strengths = checked_strengths(alphas)
    mask = np.asarray(token_set(tokens, tilt.log_odds.size))
    chosen, names = checked_contexts(tilt, contexts, names)
    masses = [_Mass(Row(tilt, j), mask, names[place], j, place) for place, j in enumerate(chosen)]
    return draw(axes, _drawing(masses, strengths, is_mass, "context c"))


class _Mass(NamedTuple):
    """The mass of `tokens` in one context: its name, its number in the marks, and whose colour it has."""

    row: Row
    tokens: np.ndarray
    name: str
    number: int
    place: int


def _drawing(
    masses: Sequence[_Mass], strengths: np.ndarray, is_mass: bool, legend_title: str
) -> Drawing:
    """A curve for each mass, with its turns and limits."""
    label = "mass of C (probability)" if is_mass else "Δp(C | α) (probability a token)"
    ends = (float(strengths[0]), float(strengths[-1]))
    drawing = Drawing((STRENGTH, label), ends, legend_title=legend_title)
    for row, tokens, name, number, place in masses:
        ink = colour(place)
        # the change of the mean probability is the mass less what it was, over the number of tokens
        start, size = (0.0, 1) if is_mass else (row.p[tokens].sum(), tokens.sum())
        values = (row.laws(strengths)[:, tokens].sum(axis=1) - start) / size
        curve = Curve(f"curve {number}", strengths, values, ink, dashes(place), name)
        sides = [(row.limit(sign)[tokens].sum() - start) / size for sign in (-1, +1)]
        drawing.marks += [curve, *limits(ends, sides, number, ink)]
        for i, turn in enumerate(mass_turns(row, tokens, strengths)):
            kind = "peak" if turn.is_peak else "trough"
            hint = f"{kind} of {name} at α = {rounded(turn.alpha, 6)}: {rounded(turn.mass, 4)}"
            at = turn.alpha, float((turn.mass - start) / size)
            drawing.marks.append(Points(f"{kind} {number}.{i}", *at, ink, hint=hint))
        drawing.entries.append(Entry(curve, name))
    if any(isinstance(mark, Points) for mark in drawing.marks):
        drawing.entries.append(disc_entry("peak or trough"))
    drawing.entries.append(LIMIT_ENTRY)
    return drawing
