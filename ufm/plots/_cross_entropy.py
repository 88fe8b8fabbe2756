"""The cross-entropy increase: near 0 (Figure 5), and between its bounds everywhere."""

from dataclasses import replace

import jax
import numpy as np
from jaxtyping import Array
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.cross_entropy_bounds import Bounds, cross_entropy_enclosure, mean_variance
from ..tilt.divergences import checked_weights, cross_entropy_increase
from ..tilt.tilt import ExponentialTilt
from ._draw import draw
from ._marks import Curve, Drawing, Entry
from .style import PALETTE, STRENGTH, checked_strengths

# Below this share of the picture's highest ΔCE both ΔCE and its bounds are next to 0, and their
# ratio is of rounding errors.
_RESOLVED = 1e-4
_BLOCK = 64


def cross_entropy_curve(
    tilt: ExponentialTilt, weights: Numbers, *, alphas: Numbers, axes: Axes | None = None
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
    strengths = checked_strengths(alphas)
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    increase = increases(tilt, strengths, pi)
    half = mean_variance(tilt, pi) / 2

    words = f"½σ²α² = {half:.3g} α²"
    entries = [
        Entry(Curve("curve", strengths, increase, PALETTE[0]), "ΔCE(α)"),
        Entry(Curve("quadratic", strengths, half * strengths**2, PALETTE[1], "--"), words),
    ]
    top = float(increase.max())
    return draw(axes, _drawing(strengths, entries, (-0.05 * top, 1.3 * top)))


def cross_entropy_bounds(
    tilt: ExponentialTilt,
    weights: Numbers,
    *,
    target: Numbers,
    alphas: Numbers,
    is_relative: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """ΔCE(α) in nats between what bounds it for every α, and the line it tends to.

    - `weights` [m]: π; `target` [V]: T, a boolean mask; `alphas` [A]: increasing, in multiples of v.
    - `is_relative`: draw bound / ΔCE instead, where ΔCE is not next to 0.

    With σ² = Σπ Var_j(M), R = max M - min M and y = R|α|, from above (gids "hoeffding", "bennett",
    "two_point"): y²/8, σ²(e^y - y - 1)/R², and Bennett's two-point bound; from below ("lower",
    "target", "asymptote"): σ²(e^{-y} + y - 1)/R², Σπ kl(F_T(0) || F_T(α)), and the asymptote
    |α| Σπ E_j|M - M_end| + Σπ log p_j(M_end tokens). The thin lines ("remainder above",
    "remainder below") are ½σ²α² ± y³/(36√3).
    Hypotheses: Assumption 2 and M not constant (else `ValueError`).

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> options = {"target": data.concept_tokens(0), "alphas": np.linspace(-1, 1, 3)}
    >>> axes = plots.cross_entropy_bounds(tilt, data.context_weights, **options)
    >>> print(" ".join(f"{line.get_gid()} {line.get_ydata()[-1]:.3f}" for line in axes.lines[:4]))
    curve 1.006 hoeffding 3.365 bennett 10.146 two_point 1.131
    """
    strengths = checked_strengths(alphas)
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    if not float(tilt.odds_range()) > 0:
        raise ValueError(
            f"log_odds are constant (all {float(tilt.log_odds[0])}): steering moves nothing, "
            "there is nothing to bound"
        )
    increase = increases(tilt, strengths, pi)
    bounds = cross_entropy_enclosure(tilt, pi, mask, strengths)
    unit = np.where(increase > _RESOLVED * increase.max(), increase, np.nan)
    unit = unit if is_relative else np.ones_like(increase)

    main = Curve("curve", strengths, increase / unit, PALETTE[-1], width=2.4, is_above=True)
    entries = [Entry(main, "ΔCE(α)"), *bound_entries(strengths, bounds, unit)]
    for side, sign in (("below", -1), ("above", +1)):
        values = (bounds.quadratic + sign * bounds.remainder) / unit
        curve = Curve(f"remainder {side}", strengths, values, "0.45", (0, (1, 1)), width=1.0)
        entries.append(Entry(curve, "½σ²α² ± y³/(36√3)"))
    top = 1.4 * float(increase.max())
    drawing = _drawing(strengths, entries, (-0.05 * top, top))
    del drawing.entries[-2]  # of the two sides of the remainder the legend shows one
    if not is_relative:
        return draw(axes, drawing)
    axes = draw(axes, replace(drawing, labels=(STRENGTH, "bound / ΔCE(α)"), y=None))
    axes.set_yscale("log")
    ticks = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(0.1, 10.0)
    return axes


def _drawing(strengths: np.ndarray, entries: list[Entry], y: tuple[float, float]) -> Drawing:
    """Curves and nothing else, each with its line in the legend."""
    ends = (float(strengths[0]), float(strengths[-1]))
    curves = [entry.sample for entry in entries]
    return Drawing((STRENGTH, "ΔCE(α) (nats)"), ends, y if y[1] > 0 else None, curves, entries)


# From above: warm colours; from below: blue and green; the line that ΔCE tends to: dots.
_LOOKS = (
    ("hoeffding", "≤ y²/8 (Hoeffding), y = R|α|", PALETTE[1], "--"),
    ("bennett", "≤ σ²(eʸ − y − 1)/R² (Bennett)", PALETTE[3], "-."),
    ("two_point", "≤ two-point Bennett", PALETTE[4], "-"),
    ("lower", "≥ σ²(e⁻ʸ + y − 1)/R²", PALETTE[0], "--"),
    ("target", "≥ Σπ kl(F(0) ‖ F(α)), F the mass of T", PALETTE[2], "-."),
    ("asymptote", "≥ asymptotes, linear", PALETTE[5], ":"),
)


def bound_entries(
    strengths: np.ndarray, bounds: Bounds, unit: np.ndarray | float = 1.0
) -> list[Entry]:
    """The bounds, in multiples of `unit`, with their names."""
    return [
        Entry(Curve(mark, strengths, getattr(bounds, mark) / unit, ink, line, words), words)
        for mark, words, ink, line in _LOOKS
    ]


def increases(tilt: ExponentialTilt, strengths: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """ΔCE [A] in nats by the library, whose digits hold next to 0 too."""
    # whole blocks: what is left over would be compiled a second time
    whole = np.pad(strengths, (0, -strengths.size % _BLOCK), mode="edge")
    return np.asarray(_cross_entropy_table(tilt, whole, weights))[: strengths.size]


# Compiled once a shape, so that a picture that follows a slider is drawn at once.
@jax.jit
def _cross_entropy_table(tilt: ExponentialTilt, strengths: Array, weights: Array) -> Array:
    """ΔCE [A] in nats."""

    def at(alpha: Array) -> Array:
        return cross_entropy_increase(tilt, alpha, weights)

    return jax.lax.map(at, strengths, batch_size=_BLOCK)
