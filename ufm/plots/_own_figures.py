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
from ._picture import Picture, drop_legend, drop_limits, label, note, panels
from ._price import cost_against_mass
from ._sequences import sequence_curve
from ._side_effects import side_effects
from ._style import PALETTE, signed
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
    axes.set_title("C₃ vanishes both ways, and does not come back to the grey line", loc="left")
    drop_legend(axes)
    axes.set_ylim(-0.34, 0.05)
    label(axes, "peak 1.0", "above", words="c in T")
    label(axes, "peak 3.0", "above", words="c in C₂")
    label(axes, "curve 5", "right", 1.1, "c in C₃ itself")
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
    axes[0].set_title("C₂ falls from 1 to a trough near α = −11", loc="left")
    axes[1].set_title("near α = 0: it rises to a second hump and falls again", loc="left")
    for axis, at in zip(axes, ((-500.0, -420.0), (-9.0, -9.0)), strict=True):
        drop_legend(axis)
        label(axis, "curve 1", "above", at[0], "      C₂, half of N")
        label(axis, "curve 2", "below", at[1], "      C₃, half of N")
    drop_limits(axes[1])
    label(axes[1], "curve 0", "below", 2.0, "C₁ = T")
    return figure


def _bounds() -> Figure:
    data = datasets.uniform(0.13)
    tilt, weights = datasets.steered(data), data.context_weights
    options = {"target": data.concept_tokens(0), "alphas": datasets.strengths(-3.0, 3.0)}
    figure, axes = panels(2, 3.1)
    for axis, is_relative in zip(axes, (False, True), strict=True):
        cross_entropy_bounds(tilt, weights, is_relative=is_relative, axes=axis, **options)
        drop_legend(axis)
    nats, ratio = axes
    nats.set_title("ΔCE is convex, tends to a line, and lies between its bounds", loc="left")
    label(nats, "curve", "right", -2.5)
    label(nats, "target", "left", -2.0, "≥ Σπ kl")
    label(nats, "lower", "above", -2.2, "≥ σ² …")
    label(nats, "hoeffding", "right", 1.35, "≤ y²/8")
    ratio.set_title("over ΔCE: here the two-point bound is never a seventh above", loc="left")
    label(ratio, "hoeffding", "below", 2.2)
    label(ratio, "bennett", "left", -0.85, "≤ Bennett")
    label(ratio, "remainder above", "left", -1.7)
    label(ratio, "two_point", "above", 2.2)
    label(ratio, "target", "below", -1.9)
    label(ratio, "asymptote", "right", 0.77, "≥ asymptotes")
    label(ratio, "lower", "above", 2.3)
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
        drop_legend(axis)
    for axis in axes[:2]:
        axis.set_xlabel("")
    label(axes[0], "off 0", "below", words="                 last peak off target")
    label(axes[0], "on 0", "right", words="first peak on target")
    ink = PALETTE[2]
    note(axes[0], (-0.5, -0.2), "sweet spot", ink, align=("center", "bottom"))
    note(axes[2], (0.49, 1.5), "in every window", "0.25", align=("right", "center"))
    return figure


def _peaks() -> Figure:
    data = datasets.uneven()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 4.2)
    peak_map(tilt, target=target, contexts=_ONE_EACH, names=_WORDS, axes=axes)
    axes.set_title("in each context all other tokens peak before the target's", loc="left")
    drop_legend(axes)
    label(axes, "curve 1", "below", -2.0)
    label(axes, "curve 3", "above", -2.0)
    label(axes, "curve 5", "above", 1.5)
    note(axes, (1.75, -6.5), "margin δ", "0.25", align=("center", "baseline"))
    note(axes, (-3.4, -2.9), "discs: tokens off target", "0.25")
    note(axes, (3.35, 5.0), "diamonds: target", "0.25", align=("right", "baseline"))
    return figure


def _price() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 3.8)
    cost_against_mass(tilt, data.context_weights, target=target, axes=axes)
    axes.set_title("the last shares of the target cost the most", loc="left")
    drop_legend(axes)
    axes.set_ylim(bottom=-0.4)  # room for what is below the first mark
    label(axes, "curve", "left", 0.96)
    label(axes, "reverse", "left", 0.72)
    label(axes, "least", "right", 0.79, "least ΔCE of any change")
    label(axes, "ceiling", "above", 0.5)
    for i, budget in enumerate(("κ = 0.1", "κ = 0.5", "κ = 1")):
        label(axes, f"budget {i}", "below right", words=budget)
    return figure


def _ceiling() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, axes = panels(2, 3.0)
    for axis, kind in zip(axes, PRICES, strict=True):
        mass_against_cost(tilt, data.context_weights, target=target, kind=kind, axes=axis)
        drop_legend(axis)
        note(axis, (0.03, 0.93), "beyond any intervention", "0.25")
        label(axis, "ceiling", "left", 0.7)
        label(axis, "curve", "below right", 1.75)
        for i in range(3):
            label(axis, f"budget {i}", "right")
    axes[0].set_title("paid in cross-entropy", loc="left")
    axes[1].set_title("paid in reverse divergence, steering comes nearer", loc="left")
    return figure


def _estimated() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    odds = np.asarray(tilt.log_odds)
    estimate = odds - 0.2 * np.sign(odds)
    figure, (axes,) = panels(1, 3.6)
    estimated_cost(tilt, estimate, data.context_weights, target=target, axes=axes)
    axes.set_title("an estimate off by η errs by at most 2αη: keep that much unspent", loc="left")
    drop_legend(axes)
    label(axes, "curve", "left", 0.83)
    label(axes, "estimate", "right", 0.73)
    label(axes, "budget", "above", 0.15)
    label(axes, "alone", "left")
    label(axes, "kept", "left")
    note(axes, (0.62, 0.93), "± 2αη", PALETTE[0])
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
        drop_legend(axis)
    axes[0].set_title("near α = 0 each mass moves along its covariance with M", loc="left")
    axes[1].set_title("what is left stays within ± 1/(12√3)", loc="left")
    for k, (x, where) in enumerate(((0.7, "left"), (0.38, "left"), (0.8, "below"))):
        label(axes[0], f"curve {k}", where, x)
        label(axes[1], f"curve {k}", "above", -0.6)
    label(axes[0], "slope 0", "right", -0.9, "α Cov(1_C, M)")
    return figure


def _sequence() -> Figure:
    data = datasets.uniform(0.05)
    # a context of C₂ after its own tokens, else one of C₃
    of_concept = np.array([_ONE_EACH[2], _ONE_EACH[1], _ONE_EACH[2]])
    following = np.tile(of_concept[np.asarray(data.token_concept)], (6, 1))
    chain = ContextChain(datasets.steered(data), following, np.eye(6)[_ONE_EACH[1]])
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
    label(axes, "undone", "right", 0.6)
    return figure


OWN = (
    Picture(
        "sweet-spot",
        "Each context has a sweet spot; they need not meet",
        "this project; extends Theorem 3.3",
        "Between the last peak off target and the first on target every strength promotes all target "
        "tokens at the cost of all others; each context has its own window. With V = 4, "
        "a = (3, 1, 3, 1)/5, b = 1/10, and on the dataset of Figure 3, no strength serves all contexts; "
        "on that of Figure 4 every large one does (arrows: no end).",
        _sweet_spots,
    ),
    Picture(
        "bounds",
        "The price lies between bounds at every strength",
        "this project; extends Theorem 3.8",
        "ΔCE(α) is convex and tends to a line; bounds from above and from below hold for every α. "
        "Above in nats, below relative to ΔCE. Uniform dataset, ε = 13/100.",
        _bounds,
    ),
    Picture(
        "peak-map",
        "Tokens peak in the order of their log-odds",
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
        "The last shares of the target cost the most",
        "this project; extends Theorem 3.8",
        "Cost in nats against the mean mass of the target, as α grows from 0. Discs: the best α within "
        "a budget κ. ΔCE grows without bound; the reverse divergence stays below a ceiling. "
        "Uniform dataset, ε = 1/20.",
        _price,
    ),
    Picture(
        "ceiling",
        "Steering stays close to a ceiling that nothing passes",
        "this project",
        "Mean mass of the target against its price: cross-entropy (above) and reverse divergence (below). "
        "No change of the next-token distributions reaches the grey part. The tilt by M stays below it, as "
        "M is not constant off the target; of the mean of M it buys the most that its reverse divergence "
        "can. Efficiency: what steering gains over what the ceiling gains. Uniform dataset, ε = 1/20.",
        _ceiling,
    ),
    Picture(
        "estimated",
        "An estimate of M off by η errs by at most 2αη",
        "this project",
        "ΔCE by an estimate M' that is off by at most η at each token; the true cost is within 2αη of it. "
        "Leaving so much of the budget unspent keeps within it, whichever M is the true one. "
        "Uniform dataset, ε = 1/20; M' is nearer to 0 than M, by 1/5 on T and on C₂, so that steering costs "
        "more than the estimate says.",
        _estimated,
    ),
    Picture(
        "side-effect",
        "Near α = 0 a side effect is a covariance with M",
        "this project",
        "The mass of any set of tokens leaves its unsteered value along its covariance with M (dashed). "
        "What is left beyond that line (below) is at most (αR)²/(12√3), at any strength and for any set. "
        "Uniform dataset, ε = 2/5, a context of C₂.",
        _side_effect,
    ),
    Picture(
        "sequence",
        "Over sixteen tokens little strength goes a long way",
        "this project",
        "Whether a token of the target is among 16, and the divergence of their distribution. The bounds use "
        "the least and the largest unsteered mass of the target, and by how much M on T exceeds M off it at "
        "least and at most. Uniform dataset, ε = 1/20, from a context of C₂; after "
        "a token of C₂ comes such a context again, after others one of C₃.",
        _sequence,
    ),
    Picture(
        "two-vectors",
        "A second vector can undo what the first did to it",
        "this project",
        "The price of α of the first vector, from C₂ to T, and β of the second, from C₃ to C₂, in nats. "
        "It is convex in both together. The contours lean, as the first takes from C₂ what the second is "
        "for. On the dashed line the second has brought the mean of its own log-odds back, and each α "
        "costs least. Uniform dataset, ε = 1/20.",
        _two_vectors,
    ),
)
