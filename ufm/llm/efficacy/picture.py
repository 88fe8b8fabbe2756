"""Efficacy against strength as one picture: presence, target mass, cost and fluency, one above the other."""

import math
from textwrap import wrap

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from ufm import plots
from ufm.plots.style import rounded

from ..measure.budgets import BUDGETS
from ..report.figures import STYLE
from .goal import GoalChoice

_WIDTH, _HEIGHT = (
    5.6,
    1.65,
)  # inches; letters of this size are read where the picture is 400 pixels wide
_LETTERS, _APART = 11.0, 14.0  # points; names at the ends of curves are at least so far apart
_LINE = 54  # letters of a heading's line at most
_INK = "0.3"
_PRESENCE, _NEW, _MASS, _PRICE, _FLUENCY = plots.PALETTE[:5]
# Ticks between powers of ten, on a logarithmic axis of at most so many.
_BETWEEN = {1: (1.5, 2.0, 3.0, 5.0, 7.0), 2: (2.0, 5.0)}


def draw_efficacy(found: GoalChoice, title: str, budget: float, kind: str) -> Figure:
    """Panels over the strength, each with what it shows as its title.

    The dashed vertical line is the strength that spends the `budget` of this `kind`, the full one the chosen.
    """
    with matplotlib.rc_context({**STYLE, "font.size": _LETTERS, "axes.titlesize": _LETTERS}):
        has_target = bool(np.isfinite(found.scan.ceiling).all())
        panels = [_presence, *([_mass] if has_target else []), _price, _fluency]
        size = (_WIDTH, 1.0 + _HEIGHT * len(panels))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False).ravel().tolist()
        for panel, draw in zip(axes, panels, strict=True):
            panel.spines[["top", "right"]].set_visible(False)
            draw(panel, found)
            panel.margins(x=0.015)
            panel.axvline(found.within, color=_INK, linewidth=1, linestyle="--", zorder=0)
            if not math.isnan(found.alpha):
                panel.axvline(found.alpha, color=_INK, linewidth=1, zorder=0)
        is_chosen = not math.isnan(found.alpha)
        lines = f"dashed: the budget ends{'; full: chosen' if is_chosen else ''}"
        axes[-1].set_xlabel(f"strength α ({lines})")
        of, unit = BUDGETS[kind]
        verdict = f"goal {found.verdict} for {budget:g} {unit} of {of}"
        figure.suptitle(
            "\n".join(
                line
                for text in (title, verdict)
                for line in wrap(text, _LINE, break_on_hyphens=False)
            ),
            fontsize=_LETTERS,
            fontweight="bold",
            x=0.01,
            ha="left",
        )
        figure.align_ylabels(axes)
    return figure


def _presence(panel: Axes, found: GoalChoice) -> None:
    """How many texts show the concept: those that the choice rests on, and the new ones."""
    scan, alphas = found.scan, found.scan.alphas
    low, high = found.interval
    panel.fill_between(alphas, *scan.interval.T, color=_PRESENCE, alpha=0.2, linewidth=0)
    each = sum(len(of_prompt[0]) for of_prompt in scan.judged.texts)
    (seen,) = panel.plot(
        alphas, scan.judged.presence, "o-", color=_PRESENCE, label=f"{each} a strength"
    )
    rising = alphas[: len(found.smoothed)]
    (fit,) = panel.plot(rising, found.smoothed, ":", color="black", label="made to rise")
    beyond = [[max(found.presence - low, 0)], [max(high - found.presence, 0)]]
    new = panel.errorbar(
        *([found.strength], [found.presence]),
        yerr=beyond,
        fmt="s",
        capsize=3,
        color=_NEW,
        label=f"{found.texts} new texts",
    )
    panel.axhline(found.goal, color=_INK, linewidth=1, linestyle="-.", zorder=0)
    panel.set_ylim(-0.03, 1.03)
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    panel.set_ylabel("share of texts")
    _name_ends(panel, {"goal": (found.goal, _INK)})
    place = {
        "loc": "lower left",
        "bbox_to_anchor": (0.0, 1.0),
        "borderaxespad": 0.0,
        "borderpad": 0.1,
    }
    apart = {"ncols": 3, "handlelength": 1.4, "handletextpad": 0.5, "columnspacing": 1.2}
    panel.legend(handles=[new, seen, fit], frameon=False, **place, **apart)
    shows = f"{found.presence:.0%} of new texts show {scan.judged.concept}"
    panel.set_title(f"{shows}, {found.goal:.0%} were wanted", loc="left", pad=22)


def _mass(panel: Axes, found: GoalChoice) -> None:
    """The mass of the concept's tokens, below the most that any change at the same KL could give."""
    scan = found.scan
    mass = scan.column("target_mass")
    panel.plot(scan.alphas, scan.ceiling, "--", color=_INK)
    panel.plot(scan.alphas, mass, "o-", color=_MASS)
    _plain(panel)
    panel.set_ylabel("mass on text")
    _name_ends(panel, {"ceiling": (scan.ceiling[-1], _INK), "steering": (mass[-1], _MASS)})
    before, now, most = (
        rounded(float(x), 2) for x in (mass[0], *_there(found, mass, scan.ceiling))
    )
    panel.set_title(f"mass of its words {before} → {now}; ceiling {most}", loc="left")


def _price(panel: Axes, found: GoalChoice) -> None:
    """What steering costs on text: how much worse it is predicted, and how far the distributions move."""
    scan = found.scan
    price, moved = scan.column("cross_entropy"), scan.column("forward_kl")
    panel.plot(scan.alphas, moved, ":", color=_INK)
    panel.plot(scan.alphas, price, "o-", color=_PRICE)
    panel.yaxis.set_major_locator(MaxNLocator(4))
    panel.set_ylabel("nats a token")
    _name_ends(panel, {"ΔCE": (price[-1], _PRICE), "KL": (moved[-1], _INK)})
    there, far = (rounded(float(x), 2) for x in (*_there(found, price), price[-1]))
    last = rounded(float(scan.alphas[-1]))
    panel.set_title(f"it costs {there} nats a token, {far} at α = {last}", loc="left")


def _fluency(panel: Axes, found: GoalChoice) -> None:
    """The perplexity of what is written; how much of it loops is said in the title."""
    scan, judged = found.scan, found.scan.judged
    panel.plot(scan.alphas, judged.perplexity, "o-", color=_FLUENCY)
    _plain(panel)
    panel.set_ylabel("perplexity")
    before, now, far = (
        rounded(float(x), 2)
        for x in (judged.perplexity[0], *_there(found, judged.perplexity), judged.perplexity[-1])
    )
    most = float(judged.loops.max())
    loops = f"at most {most:.0%} loop" if most else "none loops"
    panel.set_title(f"texts' perplexity {before} → {now} → {far}; {loops}", loc="left")


def _there(found: GoalChoice, *values: np.ndarray) -> list[float]:
    """Values at the strength of the answer."""
    return [float(value[found.place]) for value in values]


def _name_ends(panel: Axes, ends: dict[str, tuple[float, str]]) -> None:
    """Names of curves to the right of where they end, apart from each other, once all curves are drawn."""
    panel.get_ylim()  # sets the axis, by which the curves are where they are
    height = 72 * 0.8 * _HEIGHT  # about, in points
    places = {
        name: float(panel.transAxes.inverted().transform(panel.transData.transform((0.0, y)))[1])
        for name, (y, _) in ends.items()
    }
    at = -math.inf
    for name in sorted(places, key=places.__getitem__):
        at = max(places[name], at + _APART / height)
        panel.annotate(
            name,
            (1.02, at),
            xycoords="axes fraction",
            annotation_clip=False,
            color=ends[name][1],
            va="center",
        )


def _plain(panel: Axes) -> None:
    """A logarithmic axis with plain numbers about equally far apart; over many powers of ten, these alone."""
    low, high = panel.get_ylim()
    if high < 4 * low:
        panel.yaxis.set_major_locator(MaxNLocator(4))
        return
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    low, high = panel.get_ylim()
    between = next((some for powers, some in _BETWEEN.items() if high < 10**powers * low), None)
    if between is not None:
        panel.yaxis.set_minor_locator(LogLocator(subs=between))
    panel.yaxis.set_minor_formatter(NullFormatter() if between is None else "{x:g}")
