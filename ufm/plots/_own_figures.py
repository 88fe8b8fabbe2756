"""Figures of what the paper does not show: examples of findings, and what goes beyond it."""

import numpy as np
from matplotlib.figure import Figure

from ..tilt.ceiling import PRICES
from ..tilt.sequence import ContextChain
from ..tilt.tilt import ExponentialTilt
from . import _gallery_datasets as datasets
from ._ceiling import mass_against_cost
from ._concepts import concept_across_contexts, concept_curves
from ._cross_entropy import cross_entropy_bounds
from ._estimates import estimated_cost
from ._picture import Picture, drop_legend, panels
from ._price import cost_against_mass
from ._sequences import sequence_curve
from ._side_effects import side_effects
from ._style import signed
from ._two_vectors import two_vectors
from ._windows import peak_map, sweet_spot_windows

# One context of each concept: those of one concept share a distribution.
_ONE_EACH = [1, 3, 5]
_WORDS = ["aab, in T", "ABB, in C₂", "ααβ, in C₃"]


def _vanishing() -> Figure:
    data = datasets.uniform(0.05)
    figure, (axes,) = panels(1, 3.6)
    concept_across_contexts(
        datasets.steered(data),
        data.concept_tokens(2),
        alphas=datasets.strengths(-6.0, 6.0),
        contexts=_ONE_EACH,
        names=["in T", "in C₂", "in C₃ itself"],
        axes=axes,
    )
    axes.axhline(0.0, color="0.4", linewidth=1, gid="claimed")
    limits = {line.get_gid(): float(np.asarray(line.get_ydata())[0]) for line in axes.lines}
    for j, side, lift in ((_ONE_EACH[0], "top", -4), (_ONE_EACH[2], "bottom", 4)):
        level = limits[f"limit {j}"]
        place = {"xytext": (-4, lift), "textcoords": "offset points", "ha": "right", "va": side}
        axes.annotate(f"limit {signed(level, 4)}", (6.0, level), **place)
    axes.set_title("C = C₃; grey: its unsteered value", loc="left")
    return figure


def _two_humps() -> Figure:
    data = datasets.two_humps()
    tilt = ExponentialTilt.from_dataset(data, [0], [1, 2])
    figure, axes = panels(2, 2.9)
    names = ["C₁ = T", "C₂, half of N", "C₃, half of N"]
    options = {"token_concept": data.token_concept, "names": names, "is_mass": True}
    for axis, ends in zip(axes, ((-1000.0, 0.0), (-16.0, 4.0)), strict=True):
        concept_curves(tilt, 0, alphas=datasets.strengths(*ends), axes=axis, **options)
    axes[0].set_xlim(-1000.0, 20.0)
    axes[0].set_title("c in T, N of one context of C₂ and one of C₃", loc="left")
    axes[1].set_title("the same, near α = 0", loc="left")
    drop_legend(axes[1])
    return figure


def _bounds() -> Figure:
    data = datasets.uniform(0.13)
    tilt, weights = datasets.steered(data), data.context_weights
    options = {"target": data.concept_tokens(0), "alphas": datasets.strengths(-3.0, 3.0)}
    figure, axes = panels(2, 3.1)
    for axis, is_relative in zip(axes, (False, True), strict=True):
        cross_entropy_bounds(tilt, weights, is_relative=is_relative, axes=axis, **options)
    drop_legend(axes[1])
    return figure


def _sweet_spots() -> Figure:
    figure, axes = panels(3, 1.9)
    cases = (
        ("V = 4", datasets.two_by_two(), [0, 2]),
        ("V = 9, uneven", datasets.uneven(), _ONE_EACH),
        ("V = 9, uniform", datasets.uniform(0.05), _ONE_EACH),
    )
    for axis, (title, data, contexts) in zip(axes, cases, strict=True):
        tilt, target = datasets.steered(data), data.concept_tokens(0)
        names = ["in T", "in C₂", "in C₃"][: len(contexts)]
        sweet_spot_windows(tilt, target=target, contexts=contexts, names=names, axes=axis)
        axis.set_title(f"{title}: {axis.get_title(loc='left')}", loc="left", fontsize="medium")
    for axis in axes[:2]:
        axis.set_xlabel("")
        drop_legend(axis)
    return figure


def _peaks() -> Figure:
    data = datasets.uneven()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 4.2)
    peak_map(tilt, target=target, contexts=_ONE_EACH, names=_WORDS, axes=axes)
    return figure


def _price() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 3.8)
    cost_against_mass(tilt, data.context_weights, target=target, axes=axes)
    return figure


def _ceiling() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, axes = panels(2, 3.0)
    for axis, kind in zip(axes, PRICES, strict=True):
        mass_against_cost(tilt, data.context_weights, target=target, kind=kind, axes=axis)
    return figure


def _estimated() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    odds = np.asarray(tilt.log_odds)
    estimate = odds - 0.2 * np.sign(odds)
    figure, (axes,) = panels(1, 3.6)
    estimated_cost(tilt, estimate, data.context_weights, target=target, axes=axes)
    return figure


def _side_effect() -> Figure:
    data = datasets.uniform(0.4)
    sets = [data.concept_tokens(k) for k in range(3)]
    options = {"sets": sets, "names": datasets.CONCEPTS, "alphas": datasets.strengths(-1.0, 1.0)}
    figure, axes = panels(2, 2.8)
    for axis, is_relative in zip(axes, (False, True), strict=True):
        side_effects(
            datasets.steered(data), _ONE_EACH[1], is_relative=is_relative, axes=axis, **options
        )
    return figure


def _sequence() -> Figure:
    data = datasets.uniform(0.05)
    # a context of C₂ after its own tokens, else one of C₃
    of_concept = np.array([_ONE_EACH[2], _ONE_EACH[1], _ONE_EACH[2]])
    following = np.tile(of_concept[np.asarray(data.token_concept)], (6, 1))
    chain = ContextChain(datasets.steered(data), following, np.eye(6)[_ONE_EACH[1]])
    options = {"target": data.concept_tokens(0), "alphas": datasets.strengths(-1.0, 2.0)}
    figure, axes = panels(2, 2.8)
    for axis, quantity in zip(axes, ("presence", "divergence"), strict=True):
        sequence_curve(chain, length=16, quantity=quantity, axes=axis, **options)
    return figure


def _two_vectors() -> Figure:
    data = datasets.uniform(0.05)
    second = ExponentialTilt.from_dataset(data, [2, 3], [4, 5])
    grid = np.linspace(-1.5, 1.5, 121)
    figure, (axes,) = panels(1, 3.8)
    options = {"alphas": grid, "betas": grid, "axes": axes}
    two_vectors(datasets.steered(data), second.log_odds, data.context_weights, **options)
    return figure


OWN = (
    Picture(
        "sweet-spot",
        "Sweet spots",
        "this project; extends Theorem 3.3",
        "Between the last peak off target and the first on target every strength promotes all target "
        "tokens at the cost of all others; each context has its own window. With V = 4, "
        "a = (3, 1, 3, 1)/5, b = 1/10, and on the dataset of Figure 3, no strength serves all contexts; "
        "on that of Figure 4 every large one does (arrows: no end).",
        _sweet_spots,
    ),
    Picture(
        "bounds",
        "Cross-entropy at every strength",
        "this project; extends Theorem 3.8",
        "ΔCE(α) is convex and tends to a line; bounds from above and from below hold for every α. "
        "Above in nats, below relative to ΔCE. Uniform dataset, ε = 13/100.",
        _bounds,
    ),
    Picture(
        "peak-map",
        "Peaks against log-odds",
        "this project; Theorem 3.3",
        "α(c, z) against M(z), context by context: all peaks lie on one rising curve, so that target "
        "tokens peak after all others. Dataset of Figure 3.",
        _peaks,
    ),
    Picture(
        "vanishing",
        "A concept does not come back",
        "against the text after Theorem 3.6 (v1)",
        "The paper's v1 says that the third concept returns to its unsteered value at large strengths "
        "(grey line). It vanishes: Δp tends to minus its mean probability on either side, −19/60 "
        "for a context of its own and −1/120 for others. Uniform dataset, ε = 1/20.",
        _vanishing,
    ),
    Picture(
        "two-humps",
        "A mass that falls, rises and falls",
        "beyond the text after Theorem 3.6 (v1)",
        "The paper's v1 lists three behaviours of a concept; this is a fourth. The mass of C₂ falls "
        "from 1, at α → −∞, to a trough, rises to a second hump and falls again. V = 6, "
        "b = (1, 2, 1, 40, 10, 5)/1000, a = b + (941/1000) u, u = (98, 2, 10, 90, 98, 2)/100.",
        _two_humps,
    ),
    Picture(
        "price",
        "What a share of the target costs",
        "this project; extends Theorem 3.8",
        "Cost in nats against the mean mass of the target, as α grows from 0. Discs: the best α within "
        "a budget κ. ΔCE grows without bound; the reverse divergence stays below a ceiling. "
        "Uniform dataset, ε = 1/20.",
        _price,
    ),
    Picture(
        "ceiling",
        "The ceiling of any intervention",
        "this project",
        "Mean mass of the target against its price: cross-entropy (above) and reverse divergence (below). "
        "No change of the next-token distributions reaches the grey part. The tilt by M stays below it, as "
        "M is not constant off the target; of the mean of M it buys the most that its reverse divergence "
        "can. Efficiency: what steering gains over what the ceiling gains. Uniform dataset, ε = 1/20.",
        _ceiling,
    ),
    Picture(
        "estimated",
        "The cost by an estimate of M",
        "this project",
        "ΔCE by an estimate M' that is off by at most η at each token; the true cost is within 2αη of it. "
        "Leaving so much of the budget unspent keeps within it, whichever M is the true one. "
        "Uniform dataset, ε = 1/20; M' is nearer to 0 than M, by 1/5 on T and on C₂, so that steering costs "
        "more than the estimate says.",
        _estimated,
    ),
    Picture(
        "side-effect",
        "Side effects near α = 0",
        "this project",
        "The mass of any set of tokens leaves its unsteered value along its covariance with M (dashed). "
        "What is left beyond that line (below) is at most (αR)²/(12√3), at any strength and for any set. "
        "Uniform dataset, ε = 2/5, a context of C₂.",
        _side_effect,
    ),
    Picture(
        "sequence",
        "Sixteen tokens, each steered",
        "this project",
        "Whether a token of the target is among 16, and the divergence of their distribution. The bounds use "
        "the least and the largest unsteered mass of the target, and by how much M on T exceeds M off it at "
        "least and at most. Uniform dataset, ε = 1/20, from a context of C₂; after "
        "a token of C₂ comes such a context again, after others one of C₃.",
        _sequence,
    ),
    Picture(
        "two-vectors",
        "Two vectors at once",
        "this project",
        "The price of α of the first vector, from C₂ to T, and β of the second, from C₃ to C₂, in nats. "
        "It is convex in both together. The contours lean, as the first takes from C₂ what the second is "
        "for. On the dashed line the second has brought the mean of its own log-odds back, and each α "
        "costs least. Uniform dataset, ε = 1/20.",
        _two_vectors,
    ),
)
