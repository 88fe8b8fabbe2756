"""The pictures of a report: token curves, concept mass, ΔCE, the way to the limit, log-odds."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from ufm import plots
from ufm._visible import drawable, quoted
from ufm.plots.style import prepared

from ..laws.tanh import TanhFit, fit_tanh
from .request import Report

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

# Tokens are text, never mathematics; equal pictures are equal files.
STYLE: "dict[RcKeyType, object]" = {
    "text.parse_math": False,
    "svg.hashsalt": "ufm",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": True,
}
_CURVES = 5
_PANELS = 2
_WIDTH, _HEIGHT = 9.0, 3.9
_LEGEND = {"frameon": False, "alignment": "left"}
_ABOVE = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2, **_LEGEND}
_BESIDE = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0, **_LEGEND}


def draw_figures(report: Report) -> dict[str, Figure]:
    """All pictures that the report has data for, by name, in reading order."""
    drawn: dict[str, Callable[[Report], Figure] | None] = {
        "token-curves": _token_curves,
        "concept-mass": None if report.curves.concept_mass is None else _concept_mass,
        "ceiling": None if report.ceiling is None else _ceiling,
        "cross-entropy": None if report.wide_cost is None else _cross_entropy,
        "plateau": None if report.slopes.far_distance is None else _plateau,
        "log-odds": _log_odds,
    }
    with matplotlib.rc_context(STYLE):
        return {name: draw(report) for name, draw in drawn.items() if draw is not None}


def as_bytes(figure: Figure, kind: str) -> bytes:
    """A figure as "png" or "svg", without the time of its making."""
    data = BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with matplotlib.rc_context(STYLE):
        figure.savefig(data, format=kind, dpi=160, metadata=metadata)
    return data.getvalue()


def _axes(columns: int = 1, height: float = _HEIGHT, rows: int = 1) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).ravel().tolist()


def _token_curves(report: Report) -> Figure:
    """The curves that move most, of the first prompts."""
    curves, known = report.curves, frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
    prompts = report.contexts[:_PANELS]
    figure, axes = _axes(rows=len(prompts), height=3.4 * len(prompts))
    for j, (panel, prompt) in enumerate(zip(axes, prompts, strict=True)):
        prepared(panel, "Δp(z | c, α)", curves.alphas)
        title = f"after {drawable(quoted(prompt, 70), known)}"
        panel.set_title(title, loc="left", fontsize="medium")
        for k, place in enumerate(_largest_moves(curves.tokens[j], curves.increase[j])):
            name = drawable(quoted(report.names.get(int(curves.tokens[j, place]), ""), 18), known)
            line, colour = divmod(k, len(plots.PALETTE))
            moved, style = curves.increase[j, :, place], "--" if line else "-"
            panel.plot(curves.alphas, moved, style, label=name, color=plots.PALETTE[colour])
        panel.legend(title="token z", **_BESIDE)
    return figure


def _largest_moves(tokens: np.ndarray, increase: np.ndarray) -> list[int]:
    """Places of the tokens that move most in each half of [2K], each token once."""
    moves = np.abs(increase).max(axis=0)
    chosen: list[int] = []
    for places in np.split(np.arange(tokens.size), 2):
        ordered = places[np.argsort(-moves[places], kind="stable")].tolist()
        new = [place for place in ordered if tokens[place] not in tokens[chosen]]
        chosen += new[:_CURVES]
    return chosen


def _concept_mass(report: Report) -> Figure:
    """Each prompt's mass, and the tanh of the prompt with the median fit."""
    curves = report.curves
    assert curves.concept_mass is not None
    figure, (left, right) = _axes(2)
    _draw_prompts(left, "mass of the concept", curves.alphas, curves.concept_mass)
    mean = curves.concept_mass.mean(axis=0)
    top = int(mean.argmax())
    label = f"its peak, {mean[top]:.3g} at α = {curves.alphas[top]:.4g}"
    left.plot(curves.alphas[top], mean[top], "o", color=plots.PALETTE[1], label=label)
    left.legend(**_ABOVE)
    fits = [fit_tanh(curves.alphas, row) for row in curves.concept_mass]
    found = sorted((f.r_squared, j) for j, f in enumerate(fits) if f is not None)
    if found:
        _, j = found[(len(found) - 1) // 2]
        fit = fits[j]
        assert fit is not None
        _draw_fit(right, curves.alphas, curves.concept_mass[j], fit, j)
    else:
        right.set_axis_off()
    return figure


def _draw_prompts(axes: Axes, quantity: str, alphas: np.ndarray, values: np.ndarray) -> None:
    """Each prompt's curve, a row of `values`, and their mean."""
    prepared(axes, quantity, alphas)
    for row in values:
        axes.plot(alphas, row, color="0.75", linewidth=0.8)
    axes.plot(alphas, values.mean(axis=0), color=plots.PALETTE[0], label="mean over prompts")
    axes.plot([], [], color="0.75", label="each prompt")
    axes.legend(**_ABOVE)


def _draw_fit(axes: Axes, alphas: np.ndarray, mass: np.ndarray, fit: TanhFit, prompt: int) -> None:
    prepared(axes, "mass of the concept", alphas)
    axes.plot(alphas, mass, color=plots.PALETTE[0], label=f"prompt {prompt} (the median fit)")
    label = f"m + h tanh(s(α - c)), R² = {fit.r_squared:.4f}"
    axes.plot(alphas, fit(alphas), "--", color=plots.PALETTE[1], label=label)
    at = float(np.interp(fit.residual_at, alphas, mass))
    label = f"largest residual {fit.residual:+.3g}"
    axes.plot([fit.residual_at], [at], "o", color=plots.PALETTE[1], label=label)
    axes.legend(**_ABOVE)


def _ceiling(report: Report) -> Figure:
    """The concept's mass against its price, below the ceiling; and the share of what the price could buy."""
    found = report.ceiling
    assert found is not None
    figure, (left, right) = _axes(2)
    order = np.argsort(found.price)
    left.loglog(found.price[order], found.ceiling[order], color=plots.PALETTE[1], label="ceiling")
    left.axhline(found.start, color="0.5", linestyle=":", label="unsteered")
    for sign, colour, label in ((1, 0, "α > 0"), (-1, 2, "α < 0")):
        side = np.sign(found.alphas) == sign
        left.loglog(found.price[side], found.mass[side], color=plots.PALETTE[colour], label=label)
        right.semilogx(found.price[side], found.efficiency[side], color=plots.PALETTE[colour])
    right.axhline(0, color="0.5", linestyle=":")
    left.set(ylabel="mean mass of the concept")
    right.set(ylabel="efficiency")
    for panel in (left, right):
        panel.set_xlabel("KL(p0 ‖ pα) (nats), mean over prompts")
        for axis in (panel.xaxis, panel.yaxis) if panel is left else (panel.xaxis,):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda *_: "")
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(color="0.92")
    left.legend(**_ABOVE)
    return figure


def _cross_entropy(report: Report) -> Figure:
    """ΔCE over the whole range, and near 0 with the parabola."""
    wide, near = report.wide_cost, report.near_cost
    assert wide is not None
    figure, (left, right) = _axes(2)
    prepared(left, "ΔCE(α) (nats a token)", wide.alphas)
    left.plot(wide.alphas, wide.increase, color=plots.PALETTE[0], label="ΔCE, measured")
    _draw_parabola(left, np.linspace(wide.alphas[0], wide.alphas[-1], 501), report)
    low, top = min(0.0, float(wide.increase.min())), float(wide.increase.max())
    left.set_ylim(low - 0.05 * (top - low), top + 0.15 * (top - low))
    left.legend(**_ABOVE)
    if near is None:
        right.set_axis_off()
        return figure
    prepared(right, "ΔCE(α) (nats a token)", near.alphas)
    right.plot(near.alphas, near.increase, ".", color=plots.PALETTE[0], label="ΔCE, measured")
    _draw_parabola(right, np.linspace(near.alphas[0], near.alphas[-1], 101), report)
    right.legend(**_ABOVE)
    return figure


def _draw_parabola(axes: Axes, alphas: np.ndarray, report: Report) -> None:
    half = next(law.evidence.get("quadratic") for law in report.laws if law.id == "quadratic")
    if isinstance(half, float):
        label = f"½ CE'' α² = {half:.3g} α²"
        axes.plot(alphas, half * alphas**2, "--", color=plots.PALETTE[1], label=label)


def _plateau(report: Report) -> Figure:
    """Total variation to the limit on the sweep's range, and far out in log-log."""
    slopes = report.slopes
    assert slopes.distance is not None
    assert slopes.far_distance is not None
    figure, (left, right) = _axes(2)
    _draw_prompts(left, "total variation to the limit", slopes.alphas, slopes.distance)
    left.set_ylim(-0.03, 1.03)
    mean = slopes.far_distance.astype(np.float64).mean(axis=0)
    tiny = np.finfo(np.float64).tiny
    for sign, colour, label in ((-1, 1, "α < 0"), (1, 0, "α > 0")):
        side = np.sign(slopes.far) == sign
        x, y = np.abs(slopes.far[side]), np.maximum(mean[side], tiny)
        right.loglog(x, y, ".-", color=plots.PALETTE[colour], label=label)
    x = np.sort(np.abs(slopes.far[slopes.far > 0]))
    reference = max(float(mean.min()), tiny) * x.max() / x
    right.loglog(x, 2 * reference, color="0.5", linestyle=":", label="slope -1")
    right.set(xlabel="|α| (multiples of v)", ylabel="total variation to the limit")
    # powers as plain text: figures here parse no mathematics
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(lambda *_: "")
    _finish(right)
    return figure


def _log_odds(report: Report) -> Figure:
    """Agreement of M with the tokens that dominate, block by block."""
    found = report.agreement
    figure, axes = _axes(2)
    chance = found.top / found.log_odds.size
    what = (found.rank, "rank correlation with M", (-1.05, 1.05), 0.0)
    other = (found.overlap, f"share of the first {found.top} tokens", (-0.03, 1.03), chance)
    for panel, (values, label, limits, level) in zip(axes, (what, other), strict=True):
        for side, colour, name in ((0, 1, "α < 0"), (1, 0, "α > 0")):
            panel.plot(found.layers, values[:, side], "o-", color=plots.PALETTE[colour], label=name)
        panel.axhline(level, color="0.5", linestyle=":", label="by chance")
        panel.set(xlabel="steered block", ylabel=label, ylim=limits)
        panel.set_xticks(found.layers[:: -(-found.layers.size // 12)])
        _finish(panel)
    return figure


def _finish(axes: Axes) -> None:
    """The frame, grid and legend of axes that do not show strengths."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.legend(**_ABOVE)
