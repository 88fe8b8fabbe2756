"""The paper in one picture: bumps, sigmoids, the price, and the strength that a budget buys."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tilt.strength import choose_strength
from . import _gallery_datasets as datasets
from ._concepts import concept_curves
from ._cross_entropy import cross_entropy_curve
from ._picture import Picture, drop_legend, drop_limits, note
from ._style import PALETTE
from ._tokens import token_curves

_BUDGET = 0.25  # nats
_INK = "0.25"
_LARGE, _SMALL = 13.0, 11.5  # points: still read where the picture is 400 pixels wide
_TITLES = (
    "most tokens peak,\nthen fade",
    "the target rises,\nits opposite falls",
    "the price grows like\nα², then linearly",
)


def _at_a_glance() -> Figure:
    data = datasets.uneven()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    choice = choose_strength(tilt, data.context_weights, target=target, budget=_BUDGET)
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    tokens, masses, price = figure.subplots(1, 3)
    concepts = data.token_concept
    far, near = datasets.strengths(-1.0, 14.0), datasets.strengths(-1.0, 2.0)
    wide = datasets.strengths(-1.5, 6.0)
    token_curves(tilt, 3, alphas=far, names=datasets.TOKENS, token_concept=concepts, axes=tokens)
    concept_curves(tilt, 3, alphas=near, token_concept=concepts, is_mass=True, axes=masses)
    cross_entropy_curve(tilt, data.context_weights, alphas=wide, axes=price)
    for axes, title in zip((tokens, masses, price), _TITLES, strict=True):
        _simplify(axes, title)
        axes.axvline(choice.alpha, color=_INK, linewidth=1, gid="choice")
    tokens.set(yticks=(-0.5, 0.0, 0.5), ylabel="change of probability", ylim=(-0.5, 0.7))
    masses.set(yticks=(0.0, 0.5, 1.0), ylabel="probability")
    price.set(yticks=(0, 10, 20), ylabel="price (nats)", ylim=(-1.0, 21.0))
    note(tokens, (1.5, 0.58), "words of the target", PALETTE[0], size=_SMALL)
    note(tokens, (2.0, -0.32), "of the opposite", PALETTE[1], size=_SMALL)
    note(tokens, (7.0, 0.03), "others", PALETTE[2], size=_SMALL)
    note(masses, (1.02, 0.82), "target", PALETTE[0], size=_SMALL)
    note(masses, (-0.95, 0.84), "opposite", PALETTE[1], size=_SMALL)
    note(masses, (1.05, 0.08), "others", PALETTE[2], size=_SMALL)
    note(price, (1.5, 8.5), "price", PALETTE[0], size=_SMALL)
    note(price, (4.2, 8.0), "½σ²α²", PALETTE[1], size=_SMALL)
    price.axhline(_BUDGET, color=_INK, linewidth=1, linestyle=":", gid="budget")
    note(price, (0.65, 14.0), f"{_BUDGET:g} nats\nbuy α = {choice.alpha:.2f}", _INK, size=_SMALL)
    return figure


def _simplify(axes: Axes, title: str) -> None:
    """No legend and no limits; the message as title, in letters that a small picture can bear."""
    drop_legend(axes)
    drop_limits(axes)
    axes.set_title(title, loc="left", fontsize=_LARGE)
    axes.set_xlabel("strength α")
    axes.tick_params(labelsize=_SMALL)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(_SMALL)


FRONT = (
    Picture(
        "at-a-glance",
        "Steering strength at a glance",
        "Theorems 3.3, 3.6 and 3.8",
        "A context of C₂ steered towards C₁: the change of each token's probability with its peaks, the mass "
        "of each concept, and the cost in cross-entropy with its parabola ½σ²α². The vertical line is the "
        "strength that a budget of 0.25 nats buys. Dataset of Figure 3.",
        _at_a_glance,
    ),
)
