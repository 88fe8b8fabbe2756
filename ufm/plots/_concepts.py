"""Concept curves: the change of the mean probability, or of the mass, of concepts (Figure 4)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.tilt import ExponentialTilt
from ._mass_turns import mass_turns
from ._numpy_laws import Row
from ._style import (
    DASHES,
    checked_concepts,
    checked_contexts,
    checked_names,
    checked_strengths,
    colour,
    disc,
    disc_entry,
    draw_legend,
    draw_limits,
    prepared,
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
    """Δp(C|c_j, α) = (1/|C|) Σ_{z in C} Δp(z|c_j, α) against α, for every concept C (Theorem 3.6).

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
    concept = checked_concepts(token_concept, row.odds.size)
    numbers = np.unique(concept).tolist()
    names = checked_names(names, len(numbers), "concepts")
    axes = prepared(axes, _label(is_mass), strengths)
    has_turns = False
    for k, name in zip(numbers, names, strict=True):
        look: dict[str, Any] = {"color": colour(k), "linestyle": DASHES[k % len(DASHES)]}
        look["label"] = name
        has_turns |= _draw(axes, row, concept == k, strengths, is_mass, k, look)
    handles = axes.get_legend_handles_labels()[0]
    draw_legend(axes, "concept C", handles + ([disc_entry("peak or trough")] * has_turns))
    return axes


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
    """Δp(C|c_j, α) against α for one concept C and several contexts j (Theorem 3.6).

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
    chosen = checked_contexts(tilt, contexts)
    names = checked_names(names, len(chosen), "contexts")
    axes = prepared(axes, _label(is_mass), strengths)
    has_turns = False
    for place, (j, name) in enumerate(zip(chosen, names, strict=True)):
        look: dict[str, Any] = {"color": colour(place), "label": name}
        look["linestyle"] = DASHES[place % len(DASHES)]
        has_turns |= _draw(axes, Row(tilt, j), mask, strengths, is_mass, j, look)
    handles = axes.get_legend_handles_labels()[0]
    draw_legend(axes, "context c", handles + ([disc_entry("peak or trough")] * has_turns))
    return axes


def _label(is_mass: bool) -> str:
    return "mass of C (probability)" if is_mass else "Δp(C | c, α) (probability a token)"


def _draw(axes: Axes, row: Row, tokens, strengths, is_mass: bool, number: int, look) -> bool:
    """One curve with its turns and limits; whether it has turns."""
    before = row.p[tokens].sum()

    def shown(mass):
        return mass if is_mass else (mass - before) / tokens.sum()

    curve = shown(row.laws(strengths)[:, tokens].sum(axis=1))
    axes.plot(strengths, curve, gid=f"curve {number}", **look)
    sides = [shown(row.limit(sign)[tokens].sum()) for sign in (-1, +1)]
    draw_limits(axes, strengths, sides, number, look["color"])
    turns = mass_turns(row, tokens, strengths)
    for i, turn in enumerate(turns):
        gid = f"{'peak' if turn.is_peak else 'trough'} {number}.{i}"
        disc(axes, turn.alpha, shown(turn.mass), gid, color=look["color"])
    return bool(turns)
