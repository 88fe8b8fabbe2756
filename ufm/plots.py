"""Pictures of steering: token curves, concept curves, the cross-entropy (Figures 3 to 5).

Import it by name (`from ufm import plots`): `import ufm` alone does not load matplotlib. Each
function draws into the `Axes` it is given, or into a new figure, and returns the `Axes`; none shows
or saves. What stands for token (or concept) z carries the gid "curve z", "peak z" or "limit z"
("limit z left" as α → -∞), by which it can be found and restyled.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ._checks import Numbers, floating
from ._effects import (
    checked_weights,
    concept_increase,
    concept_probability,
    cross_entropy_increase,
    probability_increase,
)
from ._peaks import peak_strengths
from ._tilt import ExponentialTilt

# Okabe and Ito's colour-blind-safe palette, without the yellow that white paper swallows.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000")
# Dots stand for limits.
_DASHES = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1)))
_LONGEST_LEGEND = 16
_STRENGTH = "steering strength α (multiples of v)"


def token_curves(
    tilt: ExponentialTilt,
    context: int,
    *,
    alphas: Numbers,
    names: Sequence[str] | None = None,
    token_concept: Numbers | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Δp(z|c_j, α) = p_{j,α}(z) - p(z|c_j) against α, for every token z of context j (Theorem 3.3).

    - `context`: j; `alphas` [A]: the strengths, increasing, in multiples of the vector v.
    - `names` [V]: what to call the tokens (default: their numbers).
    - `token_concept` [V]: concepts numbered from 0; the tokens of one share a colour and differ in
      their dashes. Without it every token has its own colour.

    A disc marks the peak α(j,z) where it lies within `alphas`; dotted lines at the sides are the
    limits as α → ±∞ (Proposition B.1). Tokens with equal curves (same p and M) share a line.
    Needs float64 and log-odds that are not constant, like `ufm.peak_strengths`.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> axes = plots.token_curves(tilt, 2, alphas=np.linspace(-2, 2, 81), names=list("abAB"))
    >>> peak = next(line for line in axes.lines if line.get_gid() == "peak 1")
    >>> print(f"{peak.get_xdata()[0]:.6f} {peak.get_ydata()[0]:.6f}")
    0.834330 0.104727
    """
    strengths = _strengths(alphas)
    row = _one_context(tilt, context)
    vocabulary = row.log_odds.size
    names = _names(names, vocabulary, "tokens")
    change = np.asarray(_token_changes(row, strengths))
    peaks = np.asarray(peak_strengths(row))[0]
    is_shown = (strengths[0] <= peaks) & (peaks <= strengths[-1])
    heights = np.diag(_token_changes(row, np.where(is_shown, peaks, 0.0)))
    before = np.exp(np.asarray(row.log_probs))[0]
    sides = [np.asarray(row.limit(sign))[0] - before for sign in (-1, +1)]
    colours, dashes = _styles(token_concept, vocabulary)

    axes = _prepared(axes, strengths, "Δp(z | c, α) (probability)")
    handles: list[Line2D] = []
    for z, tied in _equal_tokens(row).items():
        look: dict[str, Any] = {"color": colours[z], "linestyle": dashes[z], "gid": f"curve {z}"}
        label = _list_of([names[y] for y in tied])
        handles += axes.plot(strengths, change[:, z], label=label, **look)
        _draw_limits(axes, strengths, [side[z] for side in sides], z, colours[z])
        if is_shown[z]:
            disc: dict[str, Any] = {"marker": "o", "markersize": 7, "markeredgecolor": "white"}
            disc |= {"color": colours[z], "zorder": 3, "gid": f"peak {z}", "label": "_peak"}
            axes.plot([peaks[z]], [heights[z]], **disc)
    if len(handles) > _LONGEST_LEGEND:
        handles = [] if token_concept is None else _one_handle_a_concept(np.asarray(token_concept))
    grey_disc = Line2D([], [], color="0.4", marker="o", linestyle="none", label="peak")
    _draw_legend(axes, "token z", [*handles, grey_disc])
    return axes


def concept_curves(
    tilt: ExponentialTilt,
    context: int,
    *,
    alphas: Numbers,
    token_concept: Numbers,
    names: Sequence[str] | None = None,
    is_mass: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Δp(C|c_j, α) = (1/|C|) Σ_{z in C} Δp(z|c_j, α) against α, for every concept C (Theorem 3.6).

    - `context`: j; `alphas` [A]: the strengths, increasing, in multiples of the vector v.
    - `token_concept` [V]: the concept of each token, numbered from 0; `names`: of the concepts.
    - `is_mass`: draw the mass F_C(α) = Σ_{z in C} p_{j,α}(z) instead; the masses sum to one.

    Dotted lines at the sides are the limits as α → ±∞.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> strengths = np.linspace(-4, 4, 81)
    >>> axes = plots.concept_curves(tilt, 4, alphas=strengths, token_concept=data.token_concept)
    >>> print(f"{axes.lines[0].get_ydata()[-1]:.6f}")
    0.324994
    """
    strengths = _strengths(alphas)
    row = _one_context(tilt, context)
    concept = _concepts(token_concept, row.log_odds.size)
    numbers = np.unique(concept).tolist()
    names = _names(names, len(numbers), "concepts")
    masks = concept == np.array(numbers)[:, None]
    curves = np.asarray(_concept_table(row, strengths, masks, is_mass))
    label = "mass of C (probability)" if is_mass else "Δp(C | c, α) (probability a token)"

    axes = _prepared(axes, strengths, label)
    for k, name, tokens, curve in zip(numbers, names, masks, curves, strict=True):
        colour = PALETTE[k % len(PALETTE)]
        axes.plot(strengths, curve, color=colour, label=name, gid=f"curve {k}")
        sides = [float(np.asarray(row.limit(sign))[0, tokens].sum()) for sign in (-1, +1)]
        if not is_mass:
            before = float(np.exp(np.asarray(row.log_probs))[0, tokens].sum())
            sides = [(side - before) / tokens.sum() for side in sides]
        _draw_limits(axes, strengths, sides, k, colour)
    _draw_legend(axes, "concept C", axes.get_legend_handles_labels()[0])
    return axes


def cross_entropy_curve(
    tilt: ExponentialTilt,
    weights: Numbers,
    *,
    alphas: Numbers,
    axes: Axes | None = None,
) -> Axes:
    """ΔCE(α) of a perfectly trained model in nats, with ½σ²α², σ² = Σ_j π_j Var_j(M) (Theorem 3.8).

    - `weights` [m]: π, the shares of the contexts; `alphas` [A]: increasing, in multiples of v.

    The quadratic is right to order o(α²) only: ΔCE is asymptotically linear. The vertical range
    follows ΔCE, so that the quadratic may leave the picture.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> alphas = np.linspace(-1, 1, 81)
    >>> axes = plots.cross_entropy_curve(tilt, data.context_weights, alphas=alphas)
    >>> print(" ".join(f"{line.get_ydata()[-1]:.3f}" for line in axes.lines))
    1.006 0.790
    """
    strengths = _strengths(alphas)
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    increase = np.asarray(_cross_entropy_table(tilt, strengths, pi))
    half = float(pi @ np.asarray(tilt.variance(0.0))) / 2

    axes = _prepared(axes, strengths, "ΔCE(α) (nats)")
    axes.plot(strengths, increase, color=PALETTE[0], label="ΔCE(α)", gid="curve")
    quadratic: dict[str, Any] = {"color": PALETTE[1], "linestyle": "--", "gid": "quadratic"}
    axes.plot(strengths, half * strengths**2, label=f"½σ²α² = {half:.3g} α²", **quadratic)
    top = float(increase.max())
    if top > 0:
        axes.set_ylim(-0.05 * top, 1.3 * top)
    _draw_legend(axes, None, axes.get_legend_handles_labels()[0], has_limits=False)
    return axes


# Compiled once a shape, so that a picture that follows a slider is drawn at once.
@jax.jit
def _token_changes(row: ExponentialTilt, strengths: Array) -> Array:
    """Δp [A, V] of one context."""
    return jax.lax.map(lambda alpha: probability_increase(row, alpha)[0], strengths, batch_size=64)


@partial(jax.jit, static_argnums=3)
def _concept_table(row: ExponentialTilt, strengths: Array, masks: Array, is_mass: bool) -> Array:
    """Δp(C) or F_C [G, A] of one context, for the concepts of `masks` [G, V]."""
    quantity = concept_probability if is_mass else concept_increase
    return jax.vmap(
        lambda tokens: jax.vmap(lambda alpha: quantity(row, alpha, tokens)[0])(strengths)
    )(masks)


@jax.jit
def _cross_entropy_table(tilt: ExponentialTilt, strengths: Array, weights: Array) -> Array:
    """ΔCE [A] in nats."""

    def at(alpha: Array) -> Array:
        return cross_entropy_increase(tilt, alpha, weights)

    return jax.lax.map(at, strengths, batch_size=64)


def _strengths(alphas: Numbers) -> np.ndarray:
    strengths = np.asarray(floating("alphas", alphas, 1))
    if strengths.size < 2 or not (np.diff(strengths) > 0).all() or not np.isfinite(strengths).all():
        raise ValueError(
            f"alphas must be at least 2 finite strengths in increasing order; got {strengths.size} "
            f"of them{f', first {strengths[0]:g}' if strengths.size else ''}"
        )
    return strengths


def _one_context(tilt: ExponentialTilt, context: int) -> ExponentialTilt:
    contexts = tilt.log_probs.shape[0]
    if not 0 <= context < contexts:
        raise ValueError(f"context must be one of 0..{contexts - 1}; got {context}")
    return ExponentialTilt(tilt.log_probs[context : context + 1], tilt.log_odds)


def _names(names: Sequence[str] | None, count: int, what: str) -> list[str]:
    if names is None:
        return [str(z) for z in range(count)]
    if len(names) != count:
        raise ValueError(f"names must name the {count} {what}; got {len(names)} names")
    return list(names)


def _concepts(token_concept: Numbers, vocabulary: int) -> np.ndarray:
    concept = np.asarray(token_concept)
    if concept.shape != (vocabulary,) or concept.dtype.kind not in "iu" or concept.min() < 0:
        raise ValueError(
            f"token_concept must hold {vocabulary} concept numbers from 0 on; "
            f"got shape {concept.shape}, dtype {concept.dtype}"
        )
    return concept


def _styles(token_concept: Numbers | None, vocabulary: int) -> tuple[list[str], list]:
    """A colour a concept, and dashes by the place inside it; a colour a token without concepts."""
    if token_concept is None:
        concept, place = np.arange(vocabulary), np.arange(vocabulary) // len(PALETTE)
    else:
        concept = _concepts(token_concept, vocabulary)
        place = np.array([(concept[:z] == concept[z]).sum() for z in range(vocabulary)])
    colours = [PALETTE[k % len(PALETTE)] for k in concept]
    return colours, [_DASHES[i % len(_DASHES)] for i in place]


def _equal_tokens(row: ExponentialTilt) -> Mapping[int, list[int]]:
    """Tokens whose curves are the same up to rounding, by the first of them."""
    groups: dict[tuple[float, float], list[int]] = {}
    pairs = zip(np.asarray(row.log_probs)[0], np.asarray(row.log_odds), strict=True)
    for z, (log_p, odds) in enumerate(pairs):
        groups.setdefault((round(float(log_p), 10), round(float(odds), 10)), []).append(z)
    return {tied[0]: tied for tied in groups.values()}


def _one_handle_a_concept(concept: np.ndarray) -> list[Line2D]:
    return [
        Line2D([], [], color=PALETTE[k % len(PALETTE)], label=f"of concept {k}")
        for k in np.unique(concept).tolist()
    ]


def _list_of(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]}, … {names[-1]} ({len(names)})"


def _prepared(axes: Axes | None, strengths: np.ndarray, label: str) -> Axes:
    if axes is None:
        axes = plt.subplots(figsize=(7.2, 3.8), layout="constrained")[1]
    axes.set(xlabel=_STRENGTH, ylabel=label, xlim=(strengths[0], strengths[-1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    return axes


def _draw_limits(axes: Axes, strengths: np.ndarray, sides, number: int, colour: str) -> None:
    """Dotted, over the outer sixth of the picture, on each side that the strengths go to."""
    first, last = strengths[0], strengths[-1]
    width = (last - first) / 6
    look: dict[str, Any] = {"color": colour, "linestyle": ":", "linewidth": 1.8, "label": "_limit"}
    if first < 0:
        axes.plot([first, first + width], [sides[0]] * 2, gid=f"limit {number} left", **look)
    if last > 0:
        axes.plot([last - width, last], [sides[1]] * 2, gid=f"limit {number}", **look)


def _draw_legend(axes: Axes, title: str | None, handles: list, has_limits: bool = True) -> None:
    if has_limits:
        dotted = Line2D([], [], color="0.4", linestyle=":", linewidth=1.8, label="limit, α → ±∞")
        handles = [*handles, dotted]
    beside: dict[str, Any] = {
        "loc": "upper left",
        "bbox_to_anchor": (1.01, 1.0),
        "borderaxespad": 0.0,
    }
    axes.legend(handles=handles, title=title, frameon=False, alignment="left", **beside)
