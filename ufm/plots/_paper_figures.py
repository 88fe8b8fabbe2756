"""Figures 2, 3, B.1, 4 and 5 of the paper, with its parameters."""

from matplotlib.figure import Figure

from . import _gallery_datasets as datasets
from ._concepts import concept_curves
from ._cross_entropy import cross_entropy_curve
from ._laws import next_token_bars
from ._picture import Picture, drop_legend, panels
from ._tokens import token_curves


def _laws() -> Figure:
    data, names = datasets.uneven(), {"names": datasets.TOKENS, "concept_names": datasets.CONCEPTS}
    figure, axes = panels(2, 2.3)
    for axis, context, word in zip(axes, (1, 3), ("aab (in C₁)", "ABB (in C₂)"), strict=True):
        next_token_bars(data, context, axes=axis, **names)
        axis.set_title(f"c = {word}", loc="left")
    return figure


def _tokens(first: float, last: float, near: float) -> Figure:
    """All strengths above, and the crowded ones next to 0 below."""
    data = datasets.uneven()
    figure, axes = panels(2, 3.1)
    for axis, scale in zip(axes, (1.0, near), strict=True):
        token_curves(
            datasets.steered(data),
            3,
            alphas=datasets.strengths(first * scale, last * scale),
            names=datasets.TOKENS,
            token_concept=data.token_concept,
            peaks_in_legend=True,
            axes=axis,
        )
        # room for the discs next to 0
        pad = 0.01 * scale * (last - first)
        axis.set_xlim(first * scale - pad, last * scale + pad)
    axes[0].set_title("c = ABB (in C₂)", loc="left")
    axes[1].set_title("the same, near α = 0", loc="left")
    drop_legend(axes[1])
    return figure


def _concepts() -> Figure:
    data = datasets.uniform(0.05)
    tilt, alphas = datasets.steered(data), datasets.strengths(-4.0, 4.0)
    options = {"token_concept": data.token_concept, "names": datasets.CONCEPTS}
    figure, (axes,) = panels(1, 3.6)
    concept_curves(tilt, 4, alphas=alphas, axes=axes, **options)
    axes.set_title("c in C₃", loc="left")
    return figure


def _loss() -> Figure:
    data = datasets.uniform(0.13)
    tilt, alphas = datasets.steered(data), datasets.strengths(-1.0, 1.0)
    figure, (axes,) = panels(1, 3.6)
    cross_entropy_curve(tilt, data.context_weights, alphas=alphas, axes=axes)
    return figure


_UNEVEN = "V = 9, G = 3, ε = 1/20, γ = (53, 57, 15)/125 and ω = (4, 5, 1)/10 on each concept"

PAPER = (
    Picture(
        "fig-2",
        "Next-token laws of two contexts",
        "Figure 2",
        "p(z|c) for a context of the first concept and one of the second; the tokens of the "
        f"context's own concept hold 1 − ε of the mass. {_UNEVEN}.",
        _laws,
    ),
    Picture(
        "fig-3",
        "Tokens at positive strengths",
        "Figure 3, Theorem 3.3",
        "Δp(z|c, α) for α from 0 to 60. The target tokens a and b rise, peak (discs) and fall, c "
        "has the largest log-odds and rises for ever; those of C₃ peak at 0.50 already, and those of C₂ "
        f"only fall. Dotted: the limits of Proposition B.1. {_UNEVEN}; c in C₂, where N is.",
        lambda: _tokens(0.0, 60.0, 1 / 10),
    ),
    Picture(
        "fig-b1",
        "Tokens at negative strengths",
        "Figure B.1, Theorem 3.3",
        "The same for α from −60 to 0: steering backwards promotes the tokens of C₂ instead, A and "
        "B with a peak, C without. The tokens of T and of C₃ hold next to nothing there.",
        lambda: _tokens(-60.0, 0.0, 1 / 10),
    ),
    Picture(
        "fig-4",
        "Concepts",
        "Figure 4, Theorem 3.6",
        "Δp(C|c, α) for a context of the third concept. The target rises, the opposite falls, and "
        "the third concept peaks and vanishes on both sides. Uniform dataset, ε = 1/20.",
        _concepts,
    ),
    Picture(
        "fig-5",
        "Cross-entropy near 0",
        "Figure 5, Theorem 3.8",
        "ΔCE(α) and its quadratic ½σ²α². Uniform dataset, ε = 13/100.",
        _loss,
    ),
)
