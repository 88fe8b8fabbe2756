"""The paper in one picture: bumps, sigmoids, a valley, and the strength that a budget buys."""

from matplotlib.figure import Figure

from ..tilt.strength import choose_strength
from . import _gallery_datasets as datasets
from ._concepts import concept_curves
from ._cross_entropy import cross_entropy_curve
from ._picture import Picture, drop_legend
from ._style import PALETTE
from ._tokens import token_curves

_BUDGET = 0.25  # nats
_INK = "0.25"


def _at_a_glance() -> Figure:
    data = datasets.uneven()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    choice = choose_strength(tilt, data.context_weights, target=target, budget=_BUDGET)
    figure = Figure(figsize=(11.4, 3.5), layout="constrained")
    tokens, masses, loss = figure.subplots(1, 3)
    concepts = data.token_concept
    far, near = datasets.strengths(-1.0, 14.0), datasets.strengths(-1.0, 2.0)
    valley = datasets.strengths(-1.2, 1.2)
    token_curves(tilt, 3, alphas=far, names=datasets.TOKENS, token_concept=concepts, axes=tokens)
    concept_curves(tilt, 3, alphas=near, token_concept=concepts, is_mass=True, axes=masses)
    cross_entropy_curve(tilt, data.context_weights, alphas=valley, axes=loss)
    titles = ("tokens: one peak, or none", "concepts: up, down, or a hump", "the cost: a valley")
    for axes, title in zip((tokens, masses, loss), titles, strict=True):
        drop_legend(axes)
        axes.set_title(title, loc="left")
        axes.axvline(choice.alpha, color=_INK, linewidth=1, gid="choice")
    # names beside the curves, where a legend would take a panel's room
    masses.text(1.0, 0.88, "the target", color=PALETTE[0])
    masses.text(-0.9, 0.85, "steered\naway from", color=PALETTE[1])
    masses.text(1.1, 0.06, "any other", color=PALETTE[2])
    loss.set_ylim(-0.05, 2.0)
    loss.axhline(_BUDGET, color=_INK, linewidth=1, linestyle=":", gid="budget")
    loss.annotate(
        f"{_BUDGET:g} nats buy α = {choice.alpha:.2f}",
        (choice.alpha, _BUDGET),
        xytext=(-0.2, 1.3),
        ha="center",
        arrowprops={"arrowstyle": "-", "color": _INK, "linewidth": 0.8},
    )
    return figure


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
