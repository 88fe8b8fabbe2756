"""Small pictures for first pages: the paper at a glance, with what a budget buys; and the tutorial's."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tilt.strength import choose_strength
from . import _gallery_datasets as datasets
from ._concepts import concept_curves
from ._cross_entropy import cross_entropy_curve
from ._picture import Picture, drop_legend, drop_limits, note
from ._tokens import token_curves
from .style import PALETTE

_BUDGET = 0.25  # nats
_INK = "0.25"
_LARGE, _SMALL = 13.0, 11.5  # points: still read where the picture is 400 pixels wide
_TITLES = (
    "most tokens peak,\nthen fade",
    "the target rises,\nits opposite falls",
    "the price grows like\nα², then linearly",
)


def _drawn(
    draw: Callable[[list[Axes]], None], size: tuple[float, float], rows: int, columns: int
) -> Figure:
    """The panels of `draw` beside each other or below each other; `size` in inches."""
    figure = Figure(figsize=size, layout="constrained")
    draw(list(figure.subplots(rows, columns)))
    return figure


def _probabilities(panels: Sequence[Axes], context: int, strengths: np.ndarray) -> None:
    """The probability of each token, and the mass of each concept, along the strength."""
    data = datasets.three_slopes()
    tilt, tokens, masses = datasets.steered(data), *panels
    of = {"alphas": strengths, "token_concept": data.token_concept}
    token_curves(tilt, context, names=datasets.TOKENS, is_probability=True, axes=tokens, **of)
    concept_curves(tilt, context, is_mass=True, axes=masses, **of)
    for axes, of_what in zip(panels, ("token", "concept"), strict=True):
        ylabel = f"probability of a {of_what}"
        axes.set(yticks=(0.0, 0.5, 1.0), ylabel=ylabel, ylim=(-0.03, 1.03))


def _draw_tutorial(panels: list[Axes]) -> None:
    """A context of the third concept, whose tokens all have M = 0."""
    tokens, masses = panels
    _probabilities(panels, 4, datasets.strengths(-3.0, 3.0))
    _simplify(tokens, "all tokens but a and A\npeak once (discs)")
    _simplify(masses, "the target rises at\nevery strength")
    for axes in panels:
        axes.set(xticks=(-2, 0, 2), xlim=(-3.0, 3.0))
    note(tokens, (1.45, 0.9), "a", PALETTE[0], size=_SMALL)
    note(tokens, (1.8, 0.26), "b, c", PALETTE[0], size=_SMALL)
    note(tokens, (-1.9, 0.9), "A", PALETTE[1], size=_SMALL)
    note(tokens, (-1.8, 0.26), "B, C", PALETTE[1], align=("right", "baseline"), size=_SMALL)
    note(tokens, (0.0, 0.45), "α, β, γ", PALETTE[2], align=("center", "baseline"), size=_SMALL)
    note(masses, (1.7, 0.75), "target", PALETTE[0], size=_SMALL)
    note(masses, (-1.65, 0.75), "ABC", PALETTE[1], align=("right", "baseline"), size=_SMALL)
    note(masses, (0.0, 0.94), "αβγ", PALETTE[2], align=("center", "baseline"), size=_SMALL)


def _draw(panels: list[Axes]) -> None:
    """Tokens, concepts and the price along the same strengths, with the one that the budget buys."""
    data = datasets.three_slopes()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    choice = choose_strength(tilt, data.context_weights, target=target, budget=_BUDGET)
    tokens, masses, price = panels
    alphas = datasets.strengths(-2.0, 4.0)
    _probabilities((tokens, masses), 3, alphas)
    cross_entropy_curve(tilt, data.context_weights, alphas=alphas, axes=price)
    for axes, title in zip(panels, _TITLES, strict=True):
        _simplify(axes, title)
        axes.axvline(choice.alpha, color=_INK, linewidth=1, gid="choice")
    price.set(yticks=(0, 5, 10), ylabel="price (nats)", ylim=(-0.4, 13.0))
    note(tokens, (2.15, 0.66), "target", PALETTE[0], size=_SMALL)
    note(tokens, (-1.9, 0.94), "opposite", PALETTE[1], size=_SMALL)
    note(masses, (1.3, 0.88), "target", PALETTE[0], size=_SMALL)
    note(masses, (-1.9, 0.55), "opposite", PALETTE[1], size=_SMALL)
    note(masses, (1.2, 0.12), "others", PALETTE[2], size=_SMALL)
    note(price, (2.75, 5.0), "price", PALETTE[0], size=_SMALL)
    note(price, (0.75, 6.4), "½σ²α²", PALETTE[1], size=_SMALL)
    price.axhline(_BUDGET, color=_INK, linewidth=1, linestyle=":", gid="budget")
    note(price, (0.7, 10.3), f"{_BUDGET:g} nats:\nα = {choice.alpha:.2f}", _INK, size=_SMALL)


def _simplify(axes: Axes, title: str) -> None:
    """No legend and no limits; the message as title, in letters that a small picture can bear."""
    drop_legend(axes)
    drop_limits(axes)
    axes.set_title(title, loc="left", fontsize=_LARGE)
    axes.set(xlabel="strength α", xticks=(-2, 0, 2, 4))
    axes.tick_params(labelsize=_SMALL)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(_SMALL)


_CAPTION = (
    "A context of C₂ steered towards C₁: the probability of each token with its peak, the mass of each "
    "concept, and the cost in cross-entropy with its parabola ½σ²α². The vertical line is the strength that "
    "a budget of 0.25 nats buys. V = 9, G = 3, in-concept rates (40, 30, 18)/100, the others (1, 2, 3)/100."
)
_TUTORIAL_CAPTION = (
    "A context of C₃ (green) steered from C₂ (orange) towards C₁ (blue): the probability of each token, with "
    "a disc at its peak, and the mass of each concept. V = 9, G = 3, in-concept rates (40, 30, 18)/100, the "
    "others (1, 2, 3)/100."
)
_GLANCE = ("Steering strength at a glance", "Theorems 3.3, 3.6 and 3.8", _CAPTION)
_TUTORIAL = ("Tokens peak, the target rises", "Theorems 3.3 and 3.6", _TUTORIAL_CAPTION)
FRONT = tuple(
    Picture(f"{name}{shape}", f"{title}{for_whom}", source, caption, partial(_drawn, draw, *layout))
    for name, (title, source, caption), draw, layouts in (
        ("at-a-glance", _GLANCE, _draw, (((8.4, 3.4), 1, 3), ((4.2, 9.6), 3, 1))),
        ("tutorial", _TUTORIAL, _draw_tutorial, (((8.4, 3.6), 1, 2), ((4.2, 6.8), 2, 1))),
    )
    for shape, for_whom, layout in zip(
        ("", "-tall"), ("", ", for narrow pages"), layouts, strict=True
    )
)
