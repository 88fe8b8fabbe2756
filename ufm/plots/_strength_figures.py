"""Figures of strengths: where tokens peak, and what a strength buys for its price."""

import numpy as np
from matplotlib.figure import Figure

from ..tilt.ceiling import PRICES
from . import _gallery_datasets as datasets
from ._ceiling import mass_against_cost
from ._estimates import estimated_cost
from ._picture import Picture, drop_legend, label, note, panels
from ._price import cost_against_mass
from ._windows import peak_map, sweet_spot_windows
from .style import PALETTE

_WORDS = ["aab, in T", "ABB, in C₂", "ααβ, in C₃"]


def _sweet_spots() -> Figure:
    figure, axes = panels(3, 1.9)
    cases = (
        ("V = 4", datasets.two_by_two(), [0, 2]),
        ("V = 9, uneven", datasets.uneven(), datasets.ONE_EACH),
        ("V = 9, uniform", datasets.uniform(0.05), datasets.ONE_EACH),
    )
    for axis, (title, data, contexts) in zip(axes, cases, strict=True):
        tilt, target = datasets.steered(data), data.concept_tokens(0)
        names = ["in T", "in C₂", "in C₃"][: len(contexts)]
        sweet_spot_windows(tilt, target=target, contexts=contexts, names=names, axes=axis)
        axis.set_title(f"{title}: {axis.get_title(loc='left')}", loc="left", fontsize="medium")
        drop_legend(axis)
    label(axes[0], "off 0", "below", words="                 last peak off target")
    label(axes[0], "on 0", "right", words="first peak on target")
    ink = PALETTE[2]
    note(axes[0], (-0.5, -0.2), "sweet spot", ink, align=("center", "bottom"))
    note(axes[2], (0.49, 1.5), "in every window", "0.25", align=("right", "center"))
    return figure


SWEET_SPOT = Picture(
    "sweet-spot",
    "Each context has a sweet spot; they need not meet",
    "this project; extends Theorem 3.3",
    "Between the last peak off target and the first on target every strength promotes all target "
    "tokens at the cost of all others; each context has its own window. With V = 4, "
    "a = (3, 1, 3, 1)/5, b = 1/10, and on the dataset of Figure 3, no strength serves all contexts; "
    "on that of Figure 4 every large one does (arrows: no end).",
    _sweet_spots,
)


def _peaks() -> Figure:
    data = datasets.uneven()
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 4.2)
    peak_map(tilt, target=target, contexts=datasets.ONE_EACH, names=_WORDS, axes=axes)
    axes.set_title("in each context all other tokens peak before the target's", loc="left")
    drop_legend(axes)
    label(axes, "curve 1", "below", 1.5)
    label(axes, "curve 3", "above", -2.0)
    label(axes, "curve 5", "above", 1.5)
    note(axes, (1.75, -6.5), "margin δ", "0.25", align=("center", "baseline"))
    note(axes, (-3.4, -2.9), "discs: tokens off target", "0.25")
    note(axes, (3.35, 5.0), "diamonds: target", "0.25", align=("right", "baseline"))
    return figure


PEAK_MAP = Picture(
    "peak-map",
    "Tokens peak in the order of their log-odds",
    "this project; Theorem 3.3",
    "α(j,z) against M(z), for a context of T (aab), one of C₂ (ABB) and one of C₃ (ααβ): all peaks lie on "
    "one rising curve for each, so that target tokens peak after all others. Dataset of Figure 3.",
    _peaks,
)


def _price() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, (axes,) = panels(1, 3.8)
    cost_against_mass(tilt, data.context_weights, target=target, axes=axes)
    axes.set_title("the last shares of the target cost the most", loc="left")
    drop_legend(axes)
    axes.set_ylim(bottom=-0.4)  # room for what is below the first mark
    label(axes, "curve", "above left", 0.96)
    label(axes, "reverse", "above left", 0.72)
    label(axes, "least", "below right", 0.8, "least ΔCE of any change")
    label(axes, "ceiling", "above", 0.5)
    for i, budget in enumerate(("budget κ = 0.1 nats", "κ = 0.5", "κ = 1")):
        label(axes, f"budget {i}", "below right", words=budget)
    return figure


PRICE = Picture(
    "price",
    "The last shares of the target cost the most",
    "this project; extends Theorem 3.8",
    "Cost in nats against the mean mass of the target, as α grows from 0. Discs: the best α within "
    "a budget of κ nats, the most that ΔCE may be. ΔCE grows without bound; the reverse divergence stays "
    "below a ceiling. "
    "Uniform dataset, ε = 1/20.",
    _price,
)


def _ceiling() -> Figure:
    data = datasets.uniform(0.05)
    tilt, target = datasets.steered(data), data.concept_tokens(0)
    figure, axes = panels(2, 3.0)
    for axis, kind in zip(axes, PRICES, strict=True):
        mass_against_cost(tilt, data.context_weights, target=target, kind=kind, axes=axis)
        drop_legend(axis)
        note(axis, (0.03, 0.93), "beyond any intervention", "0.25")
        label(axis, "ceiling", "above left", 0.7)
        label(axis, "curve", "below right", 1.75)
        for i in range(3):
            label(axis, f"budget {i}", "right")
    axes[0].set_title("paid in cross-entropy", loc="left")
    axes[1].set_title("paid in reverse divergence, steering comes nearer", loc="left")
    return figure


CEILING = Picture(
    "ceiling",
    "Steering stays close to a ceiling that nothing passes",
    "this project",
    "Mean mass of the target against its price: cross-entropy (above) and reverse divergence (below). "
    "No change of the next-token distributions reaches the grey part. The tilt by M stays below it, as "
    "M is not constant off the target; of the mean of M it buys the most that its reverse divergence "
    "can. Efficiency: what steering gains over what the ceiling gains. Uniform dataset, ε = 1/20.",
    _ceiling,
)


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


ESTIMATED = Picture(
    "estimated",
    "An estimate of M off by η errs by at most 2αη",
    "this project",
    "ΔCE by an estimate M' that is off by at most η at each token; the true cost is within 2αη of it. "
    "Leaving so much of the budget unspent keeps within it, whichever M is the true one. "
    "Uniform dataset, ε = 1/20; M' is nearer to 0 than M, by 1/5 on T and on C₂, so that steering costs "
    "more than the estimate says.",
    _estimated,
)
