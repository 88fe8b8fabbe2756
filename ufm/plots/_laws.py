"""Next-token distributions as bars (Figure 2)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..models.dataset import ConceptDataset
from .style import checked_names, colour, draw_legend, prepared


def next_token_bars(
    dataset: ConceptDataset,
    context: int,
    *,
    names: Sequence[str] | None = None,
    concept_names: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """p_j(z) of every token z of context j, in bars with their values, by concept (Figure 2).

    - `context`: j; `names` [V]: of the tokens; `concept_names` [G]: of the concepts (default: numbers).

    The legend gives the mass of each concept. Bar z carries the gid "bar z".

    >>> import ufm
    >>> from ufm import plots
    >>> axes = plots.next_token_bars(ufm.ConceptDataset.smoothed(epsilon=0.05), 0)
    >>> print(f"{axes.patches[0].get_height():.6f}")
    0.316667
    """
    probs = np.asarray(dataset.next_token_probs)
    if not 0 <= context < len(probs):
        raise ValueError(f"context must be one of 0..{len(probs) - 1}; got {context}")
    law, concept = probs[context], np.asarray(dataset.token_concept)
    groups = int(concept.max()) + 1
    names = checked_names(names, law.size, "tokens")
    concept_names = checked_names(concept_names, groups, "concepts")

    axes = prepared(axes, "p(z) (probability)")
    bars = axes.bar(
        np.arange(law.size), law, width=0.7, color=[colour(k) for k in concept.tolist()]
    )
    for z, bar in enumerate(bars):
        bar.set_gid(f"bar {z}")
    if law.size <= 30:  # more would run into one another
        axes.bar_label(bars, fmt="%.3g", padding=2, fontsize="small")
    axes.set_xticks(np.arange(law.size), names)
    axes.set(xlabel="next token z", ylim=(0, 1.12 * law.max()))
    axes.grid(False, axis="x")
    handles = [
        Patch(color=colour(k), label=f"{concept_names[k]}: {law[concept == k].sum():.3g}")
        for k in range(groups)
    ]
    draw_legend(axes, "mass of concept", handles)
    return axes
