"""Efficacy against cost as one picture: presence, target mass, ΔCE and fluency on an axis of nats."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from ufm import plots

from .goal import GoalChoice

_WIDTH, _HEIGHT = 8.0, 2.1
_APART = 0.09  # names of strengths are at least this share of the width apart
# Ticks between powers of ten, on a logarithmic axis of at most so many.
_BETWEEN = {1: (1.5, 2.0, 3.0, 5.0, 7.0), 2: (2.0, 5.0)}
_BESIDE = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False}


def draw_efficacy(found: GoalChoice, title: str, budget: float, kind: str) -> Figure:
    """Panels over KL(p_0||p_α) on text, in nats a token, its root to scale, with α above.

    The dashed vertical line is the strength that spends the `budget` of this `kind`, the full one the chosen.
    """
    scan = found.scan
    has_target = bool(np.isfinite(scan.ceiling).all())
    panels = [_presence, *([_mass] if has_target else []), _cost, _fluency]
    figure = Figure(figsize=(_WIDTH, _HEIGHT * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False).ravel().tolist()
    nats = np.maximum(scan.column("forward_kl"), 0)
    for panel, draw in zip(axes, panels, strict=True):
        panel.spines[["top", "right"]].set_visible(False)
        _to_scale(panel, nats)
        draw(panel, found, nats)
        for alpha, style in ((found.within, "--"), (found.alpha, "-")):
            if np.isfinite(alpha):
                where = nats[np.abs(scan.alphas - alpha).argmin()]
                panel.axvline(where, color="0.5", linewidth=1, linestyle=style, zorder=0)
    axes[-1].xaxis.set_major_locator(MaxNLocator(5))  # the root draws large numbers together
    axes[-1].set_xlabel("KL(p0||pα) on text, nats a token (square-root axis)")
    _strengths_above(axes[0], nats, scan.alphas)
    words = f"{title}: {found.verdict}, budget {budget:g} of {kind} (dashed)"
    figure.align_ylabels(axes)
    figure.suptitle(words, fontsize="medium", x=0.01, ha="left")
    return figure


def _strengths_above(panel: Axes, nats: np.ndarray, alphas: np.ndarray) -> None:
    """The strengths where they are, but those so near to the last one that they would touch."""
    above = panel.twiny()
    above.spines[["right"]].set_visible(False)
    _to_scale(above, nats)
    where = np.sqrt(nats / max(float(nats.max()), 1e-12))
    some = [0]
    for k in range(1, nats.size):
        if where[k] - where[some[-1]] > _APART:
            some.append(k)
    above.set_xticks(nats[some], [f"{alphas[k]:.3g}" for k in some])
    above.set_xlabel("α")


def _to_scale(panel: Axes, nats: np.ndarray) -> None:
    """The root of the nats, which is about proportional to α, to scale."""
    panel.set_xscale("function", functions=(np.sqrt, np.square))
    panel.set_xlim(0, 1.03 * max(float(nats.max()), 1e-12))


def _plain(panel: Axes) -> None:
    """A logarithmic axis with plain numbers about equally far apart; over many powers of ten, these alone."""
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    low, high = panel.get_ylim()
    between = next((some for powers, some in _BETWEEN.items() if high < 10**powers * low), None)
    if between is not None:
        panel.yaxis.set_minor_locator(LogLocator(subs=between))
    panel.yaxis.set_minor_formatter(NullFormatter() if between is None else "{x:g}")


def _presence(panel: Axes, found: GoalChoice, nats: np.ndarray) -> None:
    scan, colour = found.scan, plots.PALETTE[0]
    each = sum(len(of_prompt[0]) for of_prompt in scan.judged.texts)
    panel.fill_between(nats, *scan.interval.T, color=colour, alpha=0.2, linewidth=0)
    panel.plot(
        nats, scan.judged.presence, "o-", color=colour, label=f"{each} texts a strength, 95 %"
    )
    rising = nats[: len(found.smoothed)]
    panel.plot(rising, found.smoothed, ":", color="black", label="isotonic fit")
    where = nats[found.place]
    low, high = found.interval
    beyond = [[max(found.presence - low, 0)], [max(high - found.presence, 0)]]
    panel.errorbar(
        [where],
        [found.presence],
        yerr=beyond,
        fmt="s",
        capsize=3,
        color=plots.PALETTE[1],
        label=f"{found.texts} new texts, 95 %",
    )
    panel.axhline(found.goal, color="0.3", linewidth=1, linestyle="-.", label="goal")
    panel.set_ylim(-0.03, 1.03)
    panel.set_ylabel(f"presence of {scan.judged.concept}")
    panel.legend(**_BESIDE)


def _mass(panel: Axes, found: GoalChoice, nats: np.ndarray) -> None:
    scan = found.scan
    panel.plot(nats, scan.ceiling, "--", color="0.3", label="ceiling of any change")
    panel.plot(nats, scan.column("target_mass"), "o-", color=plots.PALETTE[2], label="steering")
    _plain(panel)
    panel.set_ylabel("target mass on text")
    panel.legend(**_BESIDE)


def _cost(panel: Axes, found: GoalChoice, nats: np.ndarray) -> None:
    panel.plot(nats, found.scan.column("cross_entropy"), "o-", color=plots.PALETTE[3])
    panel.plot(nats, nats, ":", color="0.5", label="if ΔCE were KL")
    panel.set_ylabel("ΔCE, nats a token")
    panel.legend(**_BESIDE)


def _fluency(panel: Axes, found: GoalChoice, nats: np.ndarray) -> None:
    judged = found.scan.judged
    panel.plot(
        nats, judged.perplexity, "o-", color=plots.PALETTE[4], label="by the unsteered model"
    )
    _plain(panel)
    panel.set_ylabel("perplexity of texts")
    beside = panel.twinx()
    beside.spines[["top"]].set_visible(False)
    beside.plot(nats, judged.loops, "x:", color=plots.PALETTE[5], label="share that loops (right)")
    beside.set_ylim(-0.03, 1.03)
    lines = [*panel.get_lines()[:1], *beside.get_lines()[:1]]
    names = [str(line.get_label()) for line in lines]
    panel.legend(lines, names, **_BESIDE | {"bbox_to_anchor": (1.06, 1.0)})
