"""Distributions along α in plain NumPy: enough to draw, where compiling would take longer than drawing."""

from collections.abc import Sequence

import numpy as np

from ..tilt.peaks import peak_strengths
from ..tilt.tilt import ExponentialTilt
from .style import one_context


class Row:
    """The next-token distribution of one context in NumPy: `log_p` [V], `p` [V]; and `log_odds` M [V]."""

    def __init__(self, tilt: ExponentialTilt, context: int):
        row = one_context(tilt, context)
        self.log_p, self.log_odds = np.asarray(row.log_probs)[0], np.asarray(row.log_odds)
        self.p = np.exp(self.log_p)

    def laws(self, strengths: np.ndarray) -> np.ndarray:
        """p_α [A, V]."""
        return self.tilted(strengths, np.ones(self.log_odds.shape, bool))

    def changes(self, strengths: np.ndarray) -> np.ndarray:
        """p_α - p [A, V]."""
        return self.laws(strengths) - self.p

    def log_ratios(self, strengths: np.ndarray) -> np.ndarray:
        """log(p_α / p) = α M - log E[e^(αM)] [A, V]: of logarithms alone, so that none is lost."""
        exponents = strengths[:, None] * self.log_odds
        return exponents - np.logaddexp.reduce(self.log_p + exponents, axis=1, keepdims=True)

    def tilted(self, strengths: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """p_α given `tokens` [A, their number], anchored at the likeliest, like `ExponentialTilt`."""
        alphas, log_p, log_odds = strengths[:, None], self.log_p[tokens], self.log_odds[tokens]
        pivot = np.argmax(log_p + alphas * log_odds, axis=1)[:, None]
        u = log_p - log_p[pivot] + alphas * (log_odds - log_odds[pivot])
        weight = np.exp(u - u.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)

    def limit(self, sign: int) -> np.ndarray:
        """p_α [V] as α → ±∞: the distribution conditioned on the largest (smallest) M."""
        end = self.log_odds.max() if sign > 0 else self.log_odds.min()
        kept = np.where(self.log_odds == end, self.log_p, -np.inf)
        weight = np.exp(kept - kept.max())
        return weight / weight.sum()


def peaks_of(tilt: ExponentialTilt, contexts: Sequence[int]) -> np.ndarray:
    """α(j,z) [contexts, V]; row by row, so that every picture of V tokens compiles the same shape."""
    return np.stack([np.asarray(peak_strengths(one_context(tilt, j)))[0] for j in contexts])
