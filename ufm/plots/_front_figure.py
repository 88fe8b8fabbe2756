"""The paper in one picture: bumps, sigmoids, the price, and the strength that a budget buys."""

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


def _wide() -> Figure:
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    _draw(list(figure.subplots(1, 3)))
    return figure


def _tall() -> Figure:
    figure = Figure(figsize=(4.2, 9.6), layout="constrained")
    _draw(list(figure.subplots(3, 1)))
    return figure


def _draw(panels: list[Axes]) -> None:
    """Tokens, concepts and the price along the same strengths, with the one that the budget buys."""
    data = datasets.three_slopes()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    choice = choose_strength(tilt, data.context_weights, target=target, budget=_BUDGET)
    tokens, masses, price = panels
    of = {"alphas": datasets.strengths(-2.0, 4.0), "token_concept": data.token_concept}
    token_curves(tilt, 3, names=datasets.TOKENS, is_probability=True, axes=tokens, **of)
    concept_curves(tilt, 3, is_mass=True, axes=masses, **of)
    cross_entropy_curve(tilt, data.context_weights, alphas=of["alphas"], axes=price)
    for axes, title in zip(panels, _TITLES, strict=True):
        _simplify(axes, title)
        axes.axvline(choice.alpha, color=_INK, linewidth=1, gid="choice")
    tokens.set(yticks=(0.0, 0.5, 1.0), ylabel="probability of a token", ylim=(-0.03, 1.03))
    masses.set(yticks=(0.0, 0.5, 1.0), ylabel="probability of a concept", ylim=(-0.03, 1.03))
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
FRONT = tuple(
    Picture(f"at-a-glance{shape}", title, "Theorems 3.3, 3.6 and 3.8", _CAPTION, draw)
    for shape, title, draw in (
        ("", "Steering strength at a glance", _wide),
        ("-tall", "Steering strength at a glance, for narrow pages", _tall),
    )
)
