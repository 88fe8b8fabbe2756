"""What an estimate of M tells of the cost of steering with it."""

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.divergences import checked_weights
from ..tilt.log_odds import log_odds_error
from ..tilt.strength import choose_strength
from ..tilt.tilt import ExponentialTilt
from ._cross_entropy import increases
from .style import PALETTE, Look, disc, draw_legend, prepared, rounded, signed

_POINTS = 1201
_BEYOND = 1.3  # of the strength that spends the budget by the estimate alone


def estimated_cost(
    tilt: ExponentialTilt,
    estimate: Numbers,
    weights: Numbers,
    *,
    target: Numbers,
    budget: float = 0.5,
    axes: Axes | None = None,
) -> Axes:
    """ΔCE(α) in nats by an estimate of M, between the ends of what the true one can be, and within them that.

    - `estimate` [V]: M', off by η = `ufm.log_odds_error` from the M of `tilt`; `weights` [m]: π;
      `target` [V]: T, a boolean mask, which M and M' separate (else `ValueError`).
    - `budget`: κ in nats. Discs show what is chosen by the estimate alone (gid "alone") and what leaves 2αη
      unspent (gid "kept"), each at its true cost: the second is never above κ.

    The true cost (gid "curve") lies in the shade, within 2|α|η of the estimated one (gid "estimate"). Needs
    float64.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> estimate = np.asarray(tilt.log_odds) + np.resize([0.1, -0.1], 9)
    >>> target = data.concept_tokens(0)
    >>> axes = plots.estimated_cost(tilt, estimate, data.context_weights, target=target)
    >>> disc = next(line for line in axes.lines if line.get_gid() == "kept")
    >>> print(f"{disc.get_xdata()[0]:.3f} {disc.get_ydata()[0]:.3f}")
    0.575 0.375
    """
    mask = np.asarray(token_set(target, tilt.log_odds.size))
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    error = float(log_odds_error(estimate, tilt.log_odds))
    estimated = ExponentialTilt(tilt.log_probs, estimate)
    options = {"target": mask, "budget": budget}
    alone = choose_strength(estimated, pi, **options).alpha
    kept = choose_strength(estimated, pi, log_odds_error=error, **options).alpha
    strengths = np.linspace(0.0, _BEYOND * alone, _POINTS)
    cost, true = increases(estimated, strengths, pi), increases(tilt, strengths, pi)

    axes = prepared(axes, "ΔCE(α) (nats)", strengths)
    low, high = cost - 2 * strengths * error, cost + 2 * strengths * error
    shade: Look = {"color": PALETTE[0], "alpha": 0.15, "linewidth": 0}
    axes.fill_between(strengths, low, high, label=f"± 2αη, η = {rounded(error)}", **shade)
    axes.plot(
        strengths, cost, color=PALETTE[0], linestyle="--", label="by the estimate", gid="estimate"
    )
    axes.plot(strengths, true, color=PALETTE[1], label="true", gid="curve")
    level: Look = {"color": "black", "linestyle": ":", "gid": "budget"}
    axes.plot(strengths[[0, -1]], [budget] * 2, label=f"budget κ = {budget:g}", **level)
    marks = (
        ("alone", alone, "s", "κ by the estimate"),
        ("kept", kept, "o", "κ − 2αη by the estimate"),
    )
    for gid, alpha, marker, words in marks:
        paid = float(increases(tilt, np.array([alpha]), pi)[0])
        look = {"color": "black", "marker": marker, "linestyle": "none"}
        disc(axes, alpha, paid, gid=gid, label=f"α = {signed(alpha)}: {words}", **look)
    axes.set_ylim(-0.03 * high[-1], high[-1])
    draw_legend(axes, None, axes.get_legend_handles_labels()[0])
    return axes
