"""The price of two vectors at once, and where the second takes back what the first did to it."""

import numpy as np
from matplotlib.axes import Axes

from .._checks import Numbers
from ..tilt.divergences import checked_weights
from ..tilt.tilt import ExponentialTilt, second_log_odds
from ..tilt.two_vectors import undoing_strength
from .style import PALETTE, checked_strengths, draw_legend, prepared

_MOST_UNDONE = 41  # strengths at which the root is found; it is smooth in between


def two_vectors(
    tilt: ExponentialTilt,
    log_odds: Numbers,
    weights: Numbers,
    *,
    alphas: Numbers,
    betas: Numbers,
    levels: Numbers = (0.05, 0.2, 0.5, 1.0, 2.0),
    axes: Axes | None = None,
) -> Axes:
    """ΔCE(α, β) in nats of two vectors, as contours, and the β at which each α costs least.

    - `log_odds` [V]: M₂ of the second vector, not constant; `weights` [m]: π.
    - `alphas` [A], `betas` [B]: increasing, in multiples of the two vectors.
    - `levels`: costs in nats, increasing, one contour for each.

    The line (gid "undone") has `ufm.undoing_strength` at no more than 41 of the α: there the mean of M₂ is
    that of the unsteered model. Needs float64.

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> first, second = (ufm.ExponentialTilt.from_dataset(data, *s) for s in (([0], [2]), ([2], [4])))
    >>> grid = np.linspace(-1, 1, 5)
    >>> pi = data.context_weights
    >>> axes = plots.two_vectors(first, second.log_odds, pi, alphas=grid, betas=grid)
    >>> print(*axes.lines[0].get_ydata().round(3))
    -0.5 -0.25 0.0 0.25 0.5
    """
    first, second = checked_strengths(alphas), checked_strengths(betas)
    other = np.asarray(second_log_odds(tilt, log_odds))
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    few = first[np.unique(np.linspace(0, first.size - 1, _MOST_UNDONE).round().astype(int))]
    undone = [undoing_strength(tilt, other, alpha, pi) for alpha in few]
    axes = prepared(axes, "strength β of the second vector", first)
    cost = _costs(tilt, other, pi, first, second)
    contours = axes.contour(first, second, cost, levels=np.asarray(levels), colors=PALETTE[0])
    axes.clabel(contours, fmt="%g")
    label = "β that undoes α, and costs least"
    axes.plot(few, undone, color=PALETTE[1], linestyle="--", label=label, gid="undone")
    axes.set_ylim(second[0], second[-1])
    axes.set_xlabel("strength α of the first vector")
    draw_legend(axes, None, axes.get_legend_handles_labels()[0])
    return axes


def _costs(
    tilt: ExponentialTilt, other: np.ndarray, pi: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """ΔCE(α, β) [B, A] of α in `first` and β in `second`."""
    log_probs, own = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    law = np.exp(log_probs)
    moved = [odds - law @ odds[:, None] for odds in (own, other)]  # M less its mean [m, V]
    cost = np.empty((second.size, first.size))
    for i, beta in enumerate(second):
        logits = log_probs + first[:, None, None] * moved[0] + beta * moved[1]
        cost[i] = np.logaddexp.reduce(logits, axis=2) @ pi
    return cost
