"""Figures 2, 3, B.1, 4 and 5 of the paper, with parameters of ours that reproduce them: v1 prints none."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import _gallery_datasets as datasets
from ._concepts import concept_curves
from ._cross_entropy import cross_entropy_curve
from ._laws import next_token_bars
from ._picture import Picture, drop_legend, drop_limits, label, note, panels
from ._tokens import token_curves
from .style import PALETTE


def _laws() -> Figure:
    data, names = datasets.uneven(), {"names": datasets.TOKENS, "concept_names": datasets.CONCEPTS}
    figure, axes = panels(2, 2.3)
    for axis, context, title in zip(
        axes,
        (1, 3),
        ("after aab: nearly all mass on its own C₁", "after ABB: nearly all mass on its own C₂"),
        strict=True,
    ):
        next_token_bars(data, context, axes=axis, **names)
        axis.set_title(title, loc="left")
        legend = axis.get_legend()
        assert legend is not None
        top = 1.25 * axis.get_ylim()[1]
        axis.set_ylim(0.0, top)
        for k, text in enumerate(legend.get_texts()):  # above the three bars of its concept
            axis.text(3 * k + 1, 0.93 * top, text.get_text(), color=PALETTE[k], ha="center")
        drop_legend(axis)
    return figure


def _tokens(axes: Axes, first: float, last: float, *, is_relative: bool = False) -> None:
    """The token curves of ABB, to be labelled by hand, with room for discs at the ends."""
    data = datasets.uneven()
    token_curves(
        datasets.steered(data),
        3,
        alphas=datasets.strengths(first, last),
        names=datasets.TOKENS,
        token_concept=data.token_concept,
        is_relative=is_relative,
        axes=axes,
    )
    pad = 0.01 * (last - first)
    axes.set_xlim(first - pad, last + pad)
    drop_legend(axes)


def _forwards() -> Figure:
    figure, (far, near) = panels(2, 3.1)
    _tokens(far, 0.0, 60.0)
    far.set_title("after ABB: a and b peak and fade, c takes all", loc="left")
    label(far, "curve 2", "above left", 26.0, "c, without a peak")
    label(far, "peak 0", "above", words="a peaks at 6.57")
    label(far, "curve 1", "above right", 11.5, "b")
    label(far, "curve 5", "below", 40.0, "C")
    label(far, "curve 3", "above", 40.0, "A and, below it, B")
    _tokens(near, 0.0, 6.0)
    drop_limits(near)
    near.set_title("near α = 0: what leads at first does not last", loc="left")
    label(near, "peak 1", "above", words="b peaks at 1.18")
    label(near, "curve 0", "above", 5.0, "a")
    label(near, "curve 2", "below", 3.0, "c")
    label(near, "curve 6", "above", 4.85, "the third concept, after a peak at 0.50")
    label(near, "curve 5", "below", 4.0, "C")
    label(near, "curve 3", "above", 4.0, "A and, below it, B")
    return figure


def _backwards() -> Figure:
    figure, (far, near) = panels(2, 3.1)
    _tokens(far, -60.0, 0.0)
    far.set_title("after ABB: A and B peak and fade, C takes all", loc="left")
    label(far, "curve 5", "above right", -22.0, "C, without a peak")
    note(far, (-17.5, 0.17), "A peaks at −5.57", PALETTE[1])
    label(far, "curve 6", "above", -45.0, "a, b, c and the third concept: next to nothing")
    label(far, "curve 3", "above", -35.0, "A")
    label(far, "curve 4", "above left", -12.0, "B, peak at −0.18")
    _tokens(near, -6.0, 0.0, is_relative=True)
    near.set_title("in logarithms: C₃ fades, and T fades twice as fast", loc="left")
    label(near, "peak 3", "below", words="A, B and C")
    label(near, "curve 6", "above left", -4.0, "third concept")
    label(near, "curve 0", "above left", -3.0, "a, b, c")
    return figure


def _concepts() -> Figure:
    data = datasets.uniform(0.05)
    tilt, alphas = datasets.steered(data), datasets.strengths(-4.0, 4.0)
    options = {"token_concept": data.token_concept, "names": datasets.CONCEPTS}
    figure, (axes,) = panels(1, 3.6)
    concept_curves(tilt, 4, alphas=alphas, axes=axes, **options)
    axes.set_title(
        "after a context of C₃: the target rises, its opposite falls, C₃ gives to both", loc="left"
    )
    drop_legend(axes)
    label(axes, "curve 0", "above", 2.6, "C₁ = T, the target")
    label(axes, "curve 1", "above", -2.6, "C₂ of N, its opposite")
    axes.set_ylim(-0.36, 0.39)
    label(axes, "curve 2", "right", 1.05, "C₃")
    return figure


def _loss() -> Figure:
    data = datasets.uniform(0.13)
    tilt, alphas = datasets.steered(data), datasets.strengths(-1.0, 1.0)
    figure, (axes,) = panels(1, 3.6)
    cross_entropy_curve(tilt, data.context_weights, alphas=alphas, axes=axes)
    axes.set_title("near α = 0 the price is a parabola, and soon more", loc="left")
    drop_legend(axes)
    label(axes, "curve", "above left", 0.75)
    label(axes, "quadratic", "below right", 0.62)
    return figure


_UNEVEN = (
    "Our parameters, as v1 prints none: V = 9, G = 3, ε = 1/20, γ = (53, 57, 15)/125 and "
    "ω = (4, 5, 1)/10 on each concept"
)

PAPER = (
    Picture(
        "fig-2",
        "A context gives nearly all mass to its own concept",
        "Figure 2",
        "p_j(z) for a context of the first concept and one of the second; the tokens of the "
        f"context's own concept hold 1 − ε of the mass. {_UNEVEN}.",
        _laws,
    ),
    Picture(
        "fig-3",
        "Steered forwards, tokens peak and fade; one takes all",
        "Figure 3, Theorem 3.3",
        "Δp_j(z|α) after the context ABB of C₂, for α from 0 to 60; the target is abc, C₂ is ABC, C₃ is "
        "αβγ. The target tokens a and b rise, peak (discs) and fall, the token c has the largest log-odds "
        "and rises for ever; the three of C₃ peak at 0.50 already, and those of C₂ only fall. "
        f"Dotted: the limits of Proposition B.1. {_UNEVEN}; the context is in C₂, where N is.",
        _forwards,
    ),
    Picture(
        "fig-b1",
        "Steered backwards, others peak and fade; another takes all",
        "Figure B.1, Theorem 3.3",
        "Δp_j(z|α) after the context ABB of C₂, for α from −60 to 0: steering backwards promotes the tokens "
        "of C₂, ABC, instead of the target's, abc: two of them peak, and C takes all. The tokens of T and of "
        "C₃ hold next to nothing there; below, log p_{j,α}(z)/p_j(z) shows how all nine move, next to 0.",
        _backwards,
    ),
    Picture(
        "fig-4",
        "The target rises, its opposite falls, a third concept fades both ways",
        "Figure 4, Theorem 3.6",
        "Δp_j(C|α) for a context of the third concept. The target rises, the opposite falls, and "
        "the third concept peaks and vanishes on both sides. Uniform dataset, ε = 1/20, which is ours: v1 "
        "prints no parameters.",
        _concepts,
    ),
    Picture(
        "fig-5",
        "Near α = 0 the price is a parabola",
        "Figure 5, Theorem 3.8",
        "ΔCE(α) and its quadratic ½σ²α². Uniform dataset, ε = 13/100, which is ours: v1 prints no "
        "parameters.",
        _loss,
    ),
)
