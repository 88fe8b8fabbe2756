"""Where the mass of a set of tokens turns: the peaks and troughs of F_C along α."""

from typing import NamedTuple

import numpy as np

from .numpy_laws import Row


class Turn(NamedTuple):
    """A strength at which F_C turns, whether that is a peak (else a trough), and F_C there."""

    alpha: float
    is_peak: bool
    mass: float


def mass_turns(row: Row, tokens: np.ndarray, strengths: np.ndarray) -> list[Turn]:
    """The turns of F_C of one context between the first and the last strength, in order.

    F_C' = F_C (1 - F_C) g with g(α) = E_α[M|C] - E_α[M|not C]: a turn is a change of sign of g, seen
    on the grid `strengths` and then cut down to rounding. Two turns between neighbours of the grid
    go unseen. Where both means tend to one value g is all rounding; below 1e-12 R it counts as 0.
    """

    def slope(alphas: np.ndarray) -> np.ndarray:
        inside, off = row.tilted(alphas, tokens), row.tilted(alphas, ~tokens)
        return inside @ row.log_odds[tokens] - off @ row.log_odds[~tokens]

    values = slope(strengths)
    seen = np.flatnonzero(np.abs(values) > 1e-12 * np.ptp(row.log_odds))
    turning = values[seen[:-1]] * values[seen[1:]] < 0
    if not turning.any():
        return []
    before, after = seen[:-1][turning], seen[1:][turning]
    low, high, is_peak = strengths[before], strengths[after], values[before] > 0
    for _ in range(13):  # by 32 each: any bracket of a picture becomes neighbouring numbers
        inner = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 33)
        stays = (slope(inner.ravel()).reshape(inner.shape) > 0) == is_peak[:, None]
        # of the ends it is known, whatever rounding says now
        stays[:, 0], stays[:, -1] = True, False
        turned = stays.argmin(axis=1)[:, None]  # the first that does not stay
        low, high = (np.take_along_axis(inner, turned - step, 1)[:, 0] for step in (1, 0))
    alphas = 0.5 * (low + high)
    mass = row.laws(alphas)[:, tokens].sum(axis=1)
    return [
        Turn(float(a), bool(p), float(m)) for a, p, m in zip(alphas, is_peak, mass, strict=True)
    ]
