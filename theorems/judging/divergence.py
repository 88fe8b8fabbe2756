"""Divergences of next-token distributions from their logarithms, by definition."""

import numpy as np


def kullback_leibler(log_p: np.ndarray, change: np.ndarray) -> np.ndarray:
    """KL(p||q) [..., m] in nats from log p and `change` c = log q/p, both [..., m, V].

    It is Σ p φ(c), φ(x) = e^x - 1 - x >= 0: an error common to all c counts in the second order alone.
    """
    p = np.exp(log_p)
    near = p * (np.expm1(np.minimum(change, 1.0)) - change)
    far = np.exp(log_p + change) - p * (1 + change)
    return np.where(change > 1, far, near).sum(axis=-1)
