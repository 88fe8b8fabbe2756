"""Figures of what the paper's first version says otherwise."""

import numpy as np
from matplotlib.figure import Figure

from ..tilt.tilt import ExponentialTilt
from . import _gallery_datasets as datasets
from ._concepts import concept_across_contexts, concept_curves
from ._picture import Picture, drop_legend, drop_limits, label, panels
from .style import signed


def _vanishing() -> Figure:
    data = datasets.uniform(0.05)
    figure, (axes,) = panels(1, 3.6)
    concept_across_contexts(
        datasets.steered(data),
        data.concept_tokens(2),
        alphas=datasets.strengths(-6.0, 6.0),
        contexts=datasets.ONE_EACH,
        names=["in T", "in C₂", "in C₃ itself"],
        axes=axes,
    )
    axes.axhline(0.0, color="0.4", linewidth=1, gid="claimed")
    limits = {line.get_gid(): float(np.asarray(line.get_ydata())[0]) for line in axes.lines}
    for j, side, lift in ((datasets.ONE_EACH[0], "top", -4), (datasets.ONE_EACH[2], "bottom", 4)):
        level = limits[f"limit {j}"]
        place = {"xytext": (-4, lift), "textcoords": "offset points", "ha": "right", "va": side}
        axes.annotate(f"limit {signed(level, 4)}", (6.0, level), **place)
    axes.set_title("C₃ vanishes both ways, and does not come back to the grey line", loc="left")
    drop_legend(axes)
    axes.set_ylim(-0.34, 0.05)
    label(axes, "peak 1.0", "above", words="c in T")
    label(axes, "peak 3.0", "above", words="c in C₂")
    label(axes, "curve 5", "right", 1.1, "c in C₃ itself")
    return figure


VANISHING = Picture(
    "vanishing",
    "A concept does not come back",
    "against the text after Theorem 3.6 (v1)",
    "The third concept vanishes at both ends, as Theorem 3.6 says: Δp tends to minus its mean probability, "
    "−19/60 for a context of its own and −1/120 for others. A sentence of v1 after the theorem has it "
    "converge “back to its unsteered value” (grey line). Uniform dataset, ε = 1/20.",
    _vanishing,
)


def _two_humps() -> Figure:
    data = datasets.two_humps()
    tilt = ExponentialTilt.from_dataset(data, [0], [1, 2])
    figure, axes = panels(2, 2.9)
    names = ["C₁ = T", "C₂, half of N", "C₃, half of N"]
    options = {"token_concept": data.token_concept, "names": names, "is_mass": True}
    for axis, alphas in zip(axes, (_far(), datasets.strengths(-16.0, 4.0)), strict=True):
        concept_curves(tilt, 0, alphas=alphas, axes=axis, **options)
        drop_legend(axis)
        drop_limits(axis)
    far, near = axes
    far.set_xscale("symlog", linthresh=1.0)
    far.set_xticks((-1000, -100, -10, -1, 0, 1), ("−1000", "−100", "−10", "−1", "0", "1"))
    far.set_xlabel("steering strength α (in powers of ten beyond ±1)")
    far.set_title("C₂ falls from 1, rises to a second hump and falls again", loc="left")
    label(far, "curve 1", "above right", -420.0, "C₂, half of N")
    label(far, "curve 2", "above", -25.0, "C₃, half of N")
    label(far, "curve 0", "below right", 0.0)
    near.set_title("near α = 0: the trough and the second hump", loc="left")
    label(near, "curve 1", "above", -9.0)
    label(near, "curve 2", "below", -9.0)
    label(near, "curve 0", "below", 2.0)
    return figure


def _far() -> np.ndarray:
    """As many strengths as in other pictures, from -1000 to 2, as close as a logarithmic axis shows them."""
    return np.concatenate([-np.geomspace(1000.0, 1.0, 900), np.linspace(-1.0, 2.0, 302)[1:]])


TWO_HUMPS = Picture(
    "two-humps",
    "A mass that falls, rises and falls",
    "beyond the text after Theorem 3.6 (v1)",
    "The paper's v1 names three behaviours of a concept, each under a condition; this is a fourth, "
    "under none of these. The mass of C₂ falls "
    "from 1, at α → −∞, to a trough near −11, rises to a second hump near −1 and falls again. Above, α runs "
    "in powers of ten beyond ±1. V = 6, "
    "b = (1, 2, 1, 40, 10, 5)/1000, a = b + (941/1000) u, u = (98, 2, 10, 90, 98, 2)/100.",
    _two_humps,
)
