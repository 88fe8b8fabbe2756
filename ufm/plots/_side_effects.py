"""What steering does to the mass of any set of tokens: its slope at 0, and what is left beyond that line."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.effects import first_order_effect
from ..tilt.tilt import ExponentialTilt
from .numpy_laws import Row
from .style import (
    Look,
    checked_names,
    checked_strengths,
    colour,
    draw_legend,
    one_context,
    prepared,
)

# What is left is at most this many (αR)², and lost in rounding at smaller |α|R.
_MOST = 1 / (12 * np.sqrt(3))
_RESOLVED = 1e-3


def side_effects(
    tilt: ExponentialTilt,
    context: int,
    *,
    sets: Sequence[Numbers],
    alphas: Numbers,
    names: Sequence[str] | None = None,
    is_relative: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """F_C(α) - F_C(0) of sets C of tokens in one context, and the line α Cov(1_C, M) that it leaves 0 along.

    - `sets`: boolean masks [V], neither empty nor full; `names`: what to call them.
    - `alphas` [A]: increasing, in multiples of v.
    - `is_relative`: draw what is left beyond the line instead, over (αR)², R = max M - min M, where that is
      not next to 0; it stays within ± 1/(12√3) (dotted, gids "most" and "least").

    Set number i has the gids "curve i" and "slope i" (dashed; not of what is left).

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> sets = [data.concept_tokens(0)]
    >>> axes = plots.side_effects(tilt, 4, sets=sets, alphas=np.linspace(-0.1, 0.1, 3))
    >>> print(" ".join(f"{line.get_gid()} {line.get_ydata()[-1]:.5f}" for line in axes.lines))
    slope 0 0.00909 curve 0 0.01085
    """
    strengths = checked_strengths(alphas)
    masks = [np.asarray(token_set(tokens, tilt.log_odds.size)) for tokens in sets]
    labels = checked_names(names, len(masks), "sets")
    alone = one_context(tilt, context)
    laws = Row(tilt, context).laws(strengths)
    before = np.exp(np.asarray(alone.log_probs))[0]
    reach = np.abs(strengths) * float(tilt.odds_range())
    unit = np.where(reach > _RESOLVED, reach, np.nan) ** 2
    axes = prepared(axes, "change of the mass", strengths)
    for i, (mask, name) in enumerate(zip(masks, labels, strict=True)):
        line = strengths * float(np.asarray(first_order_effect(alone, mask))[0])
        change = laws[:, mask].sum(axis=1) - before[mask].sum()
        look: Look = {"color": colour(i), "label": name, "gid": f"curve {i}"}
        if is_relative:
            axes.plot(strengths, (change - line) / unit, **look)
        else:
            axes.plot(strengths, line, color=colour(i), linestyle="--", gid=f"slope {i}")
            axes.plot(strengths, change, **look)
    if is_relative:
        axes.set_ylabel("beyond the line, over (αR)²")
        for gid, level in (("most", _MOST), ("least", -_MOST)):
            axes.axhline(level, color="black", linestyle=":", gid=gid)
        axes.lines[-1].set_label("± 1/(12√3)")
    draw_legend(axes, "set C of tokens", axes.get_legend_handles_labels()[0])
    return axes
