"""Figures of bounds at every strength: costs, side effects, sequences, two vectors."""

import numpy as np
from matplotlib.figure import Figure

from ..tilt.sequence import ContextChain
from ..tilt.tilt import ExponentialTilt
from . import _gallery_datasets as datasets
from ._cross_entropy import cross_entropy_bounds
from ._picture import Picture, drop_legend, keep_lines, label, note, panels
from ._sequences import sequence_curve
from ._side_effects import side_effects
from ._two_vectors import two_vectors
from .style import PALETTE

# What each panel of `_bounds` shows beside ΔCE: the sharpest two in nats, then those of one side.
_SHOWN = (
    ("hoeffding", "two_point", "asymptote"),
    ("hoeffding", "bennett", "two_point"),
    ("lower", "target", "asymptote"),
)


def _bounds() -> Figure:
    data = datasets.uniform(0.13)
    tilt, weights = datasets.steered(data), data.context_weights
    options = {"target": data.concept_tokens(0), "alphas": datasets.strengths(-3.0, 3.0)}
    figure, axes = panels(3, 2.6)
    for axis, shown, is_relative in zip(axes, _SHOWN, (False, True, True), strict=True):
        cross_entropy_bounds(tilt, weights, is_relative=is_relative, axes=axis, **options)
        drop_legend(axis)
        keep_lines(axis, "curve", *shown)
    nats, above, below = axes
    nats.set_title("the price is convex and tends to a line; bounds enclose it", loc="left")
    label(nats, "curve", "below right", 1.4, "ΔCE")
    label(nats, "asymptote", "right", 0.95, "≥ line")
    label(nats, "two_point", "above right", -1.9, "≤ two-point")
    label(nats, "hoeffding", "left", 1.3, "≤ y²/8")
    above.set_title("from above, divided by ΔCE: never below 1", loc="left")
    above.set_ylim(0.9, 11.0)
    label(above, "hoeffding", "below", 2.3, "≤ y²/8 (Hoeffding)")
    label(above, "bennett", "right", 0.87, "≤ Bennett")
    label(above, "two_point", "above", 1.9, "≤ two-point Bennett, within a seventh")
    below.set_title("from below, divided by ΔCE: never above 1", loc="left")
    below.set_ylim(0.1, 1.15)
    label(below, "target", "below", -1.9, "≥ kl of T's mass")
    label(below, "asymptote", "below right", 1.0, "≥ line")
    label(below, "lower", "above right", 1.5)
    return figure


BOUNDS = Picture(
    "bounds",
    "The price lies between bounds at every strength",
    "this project; extends Theorem 3.8",
    "ΔCE(α) (black) is convex and tends to a line; bounds from above (≤) and from below (≥) hold at every "
    "α. On top in nats; then the bounds are divided by ΔCE, so that ΔCE itself is the line at 1. Let R be "
    "the range of M, y = R|α| and σ² the mean variance of M. The bounds from above are Hoeffding's, y²/8; "
    "Bennett's, σ²(eʸ − y − 1)/R²; and Bennett's for a distribution on two points, which here is never too "
    "large by a seventh. Those from below are σ²(e⁻ʸ + y − 1)/R²; the mean of kl(F(0) ‖ F(α)), the "
    "divergence of the target's mass F alone; and the lines that ΔCE tends to. Uniform dataset, "
    "ε = 13/100.",
    _bounds,
)


def _side_effect() -> Figure:
    data = datasets.uniform(0.4)
    sets = [data.concept_tokens(k) for k in range(3)]
    options = {"sets": sets, "names": datasets.CONCEPTS, "alphas": datasets.strengths(-1.0, 1.0)}
    figure, axes = panels(2, 2.8)
    for axis, is_relative in zip(axes, (False, True), strict=True):
        side_effects(
            datasets.steered(data),
            datasets.ONE_EACH[1],
            is_relative=is_relative,
            axes=axis,
            **options,
        )
        drop_legend(axis)
    axes[0].set_title("near α = 0 each mass moves along its covariance with M", loc="left")
    axes[1].set_title("what is left stays within ± 1/(12√3)", loc="left")
    for k, (x, where) in enumerate(((0.7, "above left"), (0.38, "below left"), (0.8, "below"))):
        label(axes[0], f"curve {k}", where, x)
        label(axes[1], f"curve {k}", "above", -0.6)
    label(axes[0], "slope 0", "below right", -0.9, "$α\\,\\mathrm{Cov}(1_C, M)$")
    return figure


SIDE_EFFECT = Picture(
    "side-effect",
    "Near α = 0 a side effect is a covariance with M",
    "this project",
    "The mass of any set of tokens leaves its unsteered value along its covariance with M (dashed). "
    "What is left beyond that line (below) is at most (αR)²/(12√3), at any strength and for any set. "
    "Uniform dataset, ε = 2/5, a context of C₂.",
    _side_effect,
)


def _sequence() -> Figure:
    data = datasets.uniform(0.05)
    # a context of C₂ after its own tokens, else one of C₃
    of_concept = np.array([datasets.ONE_EACH[2], datasets.ONE_EACH[1], datasets.ONE_EACH[2]])
    following = np.tile(of_concept[np.asarray(data.token_concept)], (6, 1))
    chain = ContextChain(datasets.steered(data), following, np.eye(6)[datasets.ONE_EACH[1]])
    options = {"target": data.concept_tokens(0), "alphas": datasets.strengths(-1.0, 2.0)}
    figure, axes = panels(2, 2.8)
    shown = (
        (
            "presence",
            "a little strength makes the target all but sure",
            0.8,
            "exact, between its bounds",
        ),
        ("divergence", "what sixteen tokens cost is far below the bound Lα²R²/8", 1.0, "exact"),
    )
    for axis, (quantity, title, at, words) in zip(axes, shown, strict=True):
        sequence_curve(chain, length=16, quantity=quantity, axes=axis, **options)
        drop_legend(axis)
        axis.set_title(title, loc="left")
        label(axis, "curve", "below right", at, words)
    label(axes[1], "most", "left", 0.9)
    return figure


SEQUENCE = Picture(
    "sequence",
    "Over sixteen tokens little strength goes a long way",
    "this project",
    "Whether a token of the target is among 16, and the divergence of their distribution. The bounds use "
    "the least and the largest unsteered mass of the target, and by how much M on T exceeds M off it at "
    "least and at most. Uniform dataset, ε = 1/20, from a context of C₂; after "
    "a token of C₂ comes such a context again, after others one of C₃.",
    _sequence,
)


def _two_vectors() -> Figure:
    data = datasets.uniform(0.05)
    second = ExponentialTilt.from_dataset(data, [2, 3], [4, 5])
    grid = np.linspace(-1.5, 1.5, 121)
    figure, (axes,) = panels(1, 3.8)
    options = {"alphas": grid, "betas": grid, "axes": axes}
    two_vectors(datasets.steered(data), second.log_odds, data.context_weights, **options)
    axes.set_title(
        "each α costs least where the second vector undoes it (costs in nats)", loc="left"
    )
    drop_legend(axes)
    words = next(line for line in axes.lines if line.get_gid() == "undone").get_label()
    note(axes, (1.45, -1.4), f"dashed: {words}", PALETTE[1], align=("right", "baseline"))
    return figure


TWO_VECTORS = Picture(
    "two-vectors",
    "A second vector can undo what the first did to it",
    "this project",
    "The price of α of the first vector, from C₂ to T, and β of the second, from C₃ to C₂, in nats. "
    "It is convex in both together. The contours lean, as the first takes from C₂ what the second is "
    "for. On the dashed line the second has brought the mean of its own log-odds back, and each α "
    "costs least. Uniform dataset, ε = 1/20.",
    _two_vectors,
)
