"""What a price in nats buys of the target: by steering, and at most by any intervention."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.ceiling import PRICES, MassCeiling, Price, mass_ceiling
from ..tilt.divergences import checked_weights
from ..tilt.effects import concept_probability
from ..tilt.strength import StrengthChoice, check_budget, choose_strength
from ..tilt.tilt import ExponentialTilt
from ._price import budget_look, masses_and_prices, strengths_to_picture
from .style import PALETTE, Look, disc, draw_legend, prepared, signed

_EVERY = 20  # of the strengths drawn, those at whose price the ceiling is worked out, at 3 ms each
_COST: dict[str, str] = {
    "cross_entropy": "cross-entropy: Σπ KL(p ‖ q)",
    "reverse_kl": "reverse: Σπ KL(q ‖ p)",
}


def mass_against_cost(
    tilt: ExponentialTilt,
    weights: Numbers,
    *,
    target: Numbers,
    kind: Price | str = "cross_entropy",
    budgets: Sequence[float] = (0.1, 0.5, 1.0),
    axes: Axes | None = None,
) -> Axes:
    """The mean mass Σπ F_T(α) of the target against its price in nats, and the ceiling above it.

    - `weights` [m]: π; `target` [V]: T, a boolean mask with margin δ > 0 (else `ValueError`).
    - `kind`: what is paid, "cross_entropy" Σπ KL(p||q) or "reverse_kl" Σπ KL(q||p), as in
      `ufm.mass_ceiling`; no next-token distributions q get above the ceiling (gid "ceiling") at that price.
    - `budgets`: prices κ in nats; a mark, gid "budget i", shows what steering buys for each, and a
      line, gid "gap i", what the ceiling has above that. The legend has α and `ufm.efficiency`. A budget that
      buys a mass above 0.99, or that no strength spends, lies outside the picture.

    Needs float64.

    >>> import ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> target = data.concept_tokens(0)
    >>> axes = plots.mass_against_cost(tilt, data.context_weights, target=target, budgets=[0.1])
    >>> gap = next(line for line in axes.lines if line.get_gid() == "gap 0")
    >>> print(" to ".join(f"{mass:.6f}" for mass in gap.get_ydata()))
    0.434644 to 0.460843
    """
    check_budget(1.0, kind, PRICES)
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    strengths = strengths_to_picture(tilt, pi, mask)
    drawn = masses_and_prices(tilt, strengths, pi, mask)
    price = drawn.reverse if kind == "reverse_kl" else drawn.forward
    before = np.asarray(concept_probability(tilt, 0.0, mask))
    paid = price[::_EVERY]
    ceiling = [mass_ceiling(before, pi, float(k), kind).mass for k in paid[1:]]
    ceiling = np.array([drawn.mass[0], *ceiling])

    axes = prepared(axes, "mean mass of the target")
    beyond: Look = {"color": "0.9", "linewidth": 0}
    axes.fill_between(paid, ceiling, 1.0, label="beyond any intervention", **beyond)
    axes.plot(paid, ceiling, color=PALETTE[1], label="ceiling", gid="ceiling")
    axes.plot(price, drawn.mass, color=PALETTE[0], linestyle="--", label="steering", gid="curve")
    for i, budget in enumerate(map(float, budgets)):
        choice = choose_strength(tilt, pi, target=mask, budget=budget, kind=kind)
        if choice.alpha <= strengths[-1]:
            _mark_budget(axes, i, budget, choice, mass_ceiling(before, pi, budget, kind))
    axes.set(xlabel=f"cost (nats), {_COST[kind]}", xlim=(0.0, paid[-1]), ylim=(drawn.mass[0], 1.0))
    draw_legend(axes, None, axes.get_legend_handles_labels()[0])
    return axes


def _mark_budget(
    axes: Axes, i: int, budget: float, choice: StrengthChoice, most: MassCeiling
) -> None:
    """What steering buys for budget number i, and a line from there to the ceiling."""
    gap = [choice.target_mass, most.mass]
    axes.plot([budget] * 2, gap, color="black", linewidth=1, gid=f"gap {i}")
    share = (choice.target_mass - choice.unsteered_target_mass) / most.gain
    # named in the legend, where no curve runs through the words
    label = f"κ = {budget:g}: α = {signed(choice.alpha)}, efficiency {share:.0%}"
    look = budget_look(i)
    disc(axes, budget, choice.target_mass, gid=f"budget {i}", label=label, **look)
