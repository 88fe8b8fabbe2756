"""Laws along α in plain numpy: to draw, digits to 1e-15 do, and compiling takes longer than drawing."""

from collections.abc import Sequence

import numpy as np

from ..tilt.peaks import peak_strengths
from ..tilt.tilt import ExponentialTilt
from ._style import one_context


class Row:
    """The law of one context on the host: `log_p` [V], `odds` [V] (M), `p` [V]."""

    def __init__(self, tilt: ExponentialTilt, context: int):
        row = one_context(tilt, context)
        self.log_p, self.odds = np.asarray(row.log_probs)[0], np.asarray(row.log_odds)
        self.p = np.exp(self.log_p)

    def laws(self, strengths: np.ndarray) -> np.ndarray:
        """p_α [A, V]."""
        return self.tilted(strengths, np.ones(self.odds.shape, bool))

    def tilted(self, strengths: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """p_α given `tokens` [A, their number], anchored at the likeliest, like `ExponentialTilt`."""
        alphas, log_p, odds = strengths[:, None], self.log_p[tokens], self.odds[tokens]
        pivot = np.argmax(log_p[None, :] + alphas * odds[None, :], axis=1)
        u = log_p[None, :] - log_p[pivot][:, None]
        u = u + alphas * (odds[None, :] - odds[pivot][:, None])
        weight = np.exp(u - u.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)

    def limit(self, sign: int) -> np.ndarray:
        """p_α [V] as α → ±∞: the law conditioned on the largest (smallest) M."""
        end = self.odds.max() if sign > 0 else self.odds.min()
        kept = np.where(self.odds == end, self.log_p, -np.inf)
        weight = np.exp(kept - kept.max())
        return weight / weight.sum()


def peaks_of(tilt: ExponentialTilt, contexts: Sequence[int]) -> np.ndarray:
    """α(j,z) [contexts, V]; row by row, so that every picture of V tokens compiles the same shape."""
    return np.stack([np.asarray(peak_strengths(one_context(tilt, j)))[0] for j in contexts])


def mean_variance(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ² = Σ_j π_j Var_j(M)."""
    p, odds = np.exp(np.asarray(tilt.log_probs)), np.asarray(tilt.log_odds)
    return float(weights @ (p * (odds[None, :] - (p @ odds)[:, None]) ** 2).sum(axis=1))
