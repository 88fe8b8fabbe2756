"""What a share of the target costs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.cross_entropy_bounds import cross_entropy_enclosure
from ..tilt.divergences import checked_weights
from ..tilt.strength import choose_strength
from ..tilt.tilt import ExponentialTilt
from ._cross_entropy import increases
from .numpy_laws import Row
from .style import PALETTE, Look, disc, draw_legend, prepared, signed

_LARGEST_MASS = 0.99
_POINTS = 1201
_MARKERS = "osD^v"


def cost_against_mass(
    tilt: ExponentialTilt,
    weights: Numbers,
    *,
    target: Numbers,
    budgets: Sequence[float] = (0.1, 0.5, 1.0),
    axes: Axes | None = None,
) -> Axes:
    """ΔCE(α) in nats against the mean mass Σπ F_T(α) of the target, α >= 0.

    - `weights` [m]: π; `target` [V]: T, a boolean mask with margin δ > 0 (else `ValueError`).
    - `budgets`: cross-entropies κ in nats; a mark, gid "budget i", shows what `ufm.choose_strength`
      chooses for each, with its α; one that buys a mass above 0.99 lies outside the picture.

    Also drawn: the reverse KL, Σπ KL(p_α||p), which stays below -Σπ log p(Mtop) (dotted, gid
    "ceiling"), and Σπ kl(F_T(0)||F_T(α)), the least that any change of the distributions must pay for these
    masses (gid "least"). Needs float64.

    >>> import ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> target = data.concept_tokens(0)
    >>> axes = plots.cost_against_mass(tilt, data.context_weights, target=target, budgets=[0.1])
    >>> disc = next(line for line in axes.lines if line.get_gid() == "budget 0")
    >>> print(f"{disc.get_xdata()[0]:.6f} {disc.get_ydata()[0]:.6f}")
    0.434644 0.100000
    """
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    strengths = strengths_to_picture(tilt, pi, mask)
    mass, forward, reverse = masses_and_prices(tilt, strengths, pi, mask)
    least = cross_entropy_enclosure(tilt, pi, mask, strengths).target

    axes = prepared(axes, "cost (nats)")
    looks = (
        ("curve", "ΔCE = Σπ KL(p ‖ $p_α$)", forward, PALETTE[0], "-"),
        ("reverse", "reverse: Σπ KL($p_α$ ‖ p)", reverse, PALETTE[1], "--"),
        ("least", "least ΔCE: Σπ kl($F_T$(0) ‖ $F_T$(α))", least, PALETTE[2], "-."),
    )
    for gid, label, cost, ink, dashes in looks:
        axes.plot(mass, cost, color=ink, linestyle=dashes, label=label, gid=gid)
    ceiling: Look = {"color": PALETTE[1], "linestyle": ":", "gid": "ceiling"}
    highest = choose_strength(tilt, pi, target=mask, budget=1.0, kind="reverse_kl").supremum
    axes.axhline(highest, label="ceiling of the reverse", **ceiling)
    for i, budget in enumerate(budgets):
        choice = choose_strength(tilt, pi, target=mask, budget=float(budget))
        if choice.alpha <= strengths[-1]:
            at = choice.target_mass, choice.cross_entropy
            # named in the legend, where no curve runs through the words
            label = f"best for κ = {budget:g}: α = {signed(choice.alpha)}"
            disc(axes, *at, gid=f"budget {i}", label=label, **budget_look(i))
    axes.set(xlabel="mean mass of the target (probability)", xlim=(mass[0], 1.0))
    axes.set_ylim(-0.03 * forward[-1], 1.05 * max(forward[-1], highest))
    draw_legend(axes, None, axes.get_legend_handles_labels()[0])
    return axes


def budget_look(number: int) -> Look:
    """The look of the mark of budget number `number`."""
    marker = _MARKERS[number % len(_MARKERS)]
    return {"color": "black", "marker": marker, "linestyle": "none"}


class MassesAndPrices(NamedTuple):
    """Mean target mass Σπ F_T(α), ΔCE(α) and the mean reverse KL in nats, each [A]."""

    mass: np.ndarray
    forward: np.ndarray
    reverse: np.ndarray


def strengths_to_picture(tilt: ExponentialTilt, pi: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Strengths [A] from 0 to where the target has a mean mass of 0.99, or half of what it lacks."""
    start = float(pi @ np.exp(np.asarray(tilt.log_probs))[:, mask].sum(axis=1))
    most = max(_LARGEST_MASS, (1 + start) / 2)
    end = choose_strength(tilt, pi, target=mask, budget=most, kind="target_mass")
    return np.linspace(0.0, end.alpha, _POINTS)


def masses_and_prices(
    tilt: ExponentialTilt, strengths: np.ndarray, pi: np.ndarray, mask: np.ndarray
) -> MassesAndPrices:
    """What steering buys of the target, and what it costs, at all strengths."""
    mass, reverse = np.zeros((2, strengths.size))
    for j, weight in enumerate(pi):
        row = Row(tilt, j)
        laws = row.laws(strengths)
        # p_α log(p_α / p): 0 where p_α is too small for its logarithm
        terms = laws * (np.log(np.where(laws > 0, laws, 1.0)) - row.log_p)
        mass += weight * laws[:, mask].sum(axis=1)
        reverse += weight * terms.sum(axis=1)
    return MassesAndPrices(mass, increases(tilt, strengths, pi), np.maximum(reverse, 0.0))
