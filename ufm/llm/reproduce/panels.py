"""What the figures share: a grid of panels, concepts downwards, each with its own strengths."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from ufm import plots
from ufm._visible import drawable, quoted
from ufm.plots.style import prepared

_WIDTH, _COLUMN, _HEIGHT = 11.0, 4.2, 3.0
_NAMES = {"frameon": False, "fontsize": "medium", "handlelength": 1.2, "alignment": "left"}
BESIDE = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2, **_NAMES}


def grid(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure with `rows` by `columns` panels."""
    width = max(_WIDTH, _COLUMN * columns)
    figure = Figure(figsize=(width, _HEIGHT * rows + 0.4), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def token_panel(
    axes: Axes,
    title: str,
    alphas: np.ndarray,
    increase: np.ndarray,
    names: list[str],
    band: np.ndarray | None = None,
    label: str = "α (multiples of v)",
) -> None:
    """Curves Δp [A, K] of tokens with these names, with a `band` of that half width."""
    known = frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
    prepared(axes, "Δp(z | c, α)", alphas)
    axes.set_xlabel(label)
    axes.set_title(drawable(title, known), loc="left", fontsize="small")
    for k, name in enumerate(names):
        line, colour = divmod(k, len(plots.PALETTE))
        shown = drawable(quoted(name, 14), known)
        style, hue = "--" if line else "-", plots.PALETTE[colour]
        axes.plot(alphas, increase[:, k], style, label=shown, linewidth=1.3, color=hue)
        if band is not None:
            low, high = increase[:, k] - band[:, k], increase[:, k] + band[:, k]
            axes.fill_between(alphas, low, high, color=hue, alpha=0.2, lw=0)
    axes.legend(**BESIDE)
