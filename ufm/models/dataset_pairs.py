"""Pairs (c_i, z_i) of a context and the token that follows it, counted (Definition 2.1)."""

import numpy as np


def counted(
    context: np.ndarray, following: np.ndarray, shape: tuple[int, ...], smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    """p(z|c_j) [m, V] and π_j [m] of the pairs (`context` [n], `following` [n]), `shape` = (m, V).

    `smoothing` is added to each of the V counts of a context, and counts for nothing in π.
    """
    counts = np.zeros(shape)
    np.add.at(counts, (context, following), 1.0)
    weights = counts.sum(axis=1) / context.size
    counts += smoothing
    return counts / counts.sum(axis=1, keepdims=True), weights


def check_pairs(pairs: np.ndarray, following: np.ndarray, vocabulary: int) -> None:
    """Raise unless `pairs` [n, T-1] and `following` [n] hold tokens of 0..V-1, and n >= 1."""
    if pairs.ndim != 2 or following.shape != pairs.shape[:1] or not pairs.size:
        raise ValueError(
            "contexts must have shape (n, T-1) and next_tokens (n,) with n >= 1; "
            f"got {pairs.shape} and {following.shape}"
        )
    for name, tokens in (("contexts", pairs), ("next_tokens", following)):
        if not np.issubdtype(tokens.dtype, np.integer):
            raise ValueError(f"{name} must hold token numbers; got dtype {tokens.dtype}")
        if tokens.min() < 0 or tokens.max() >= vocabulary:
            worst = tokens.min() if tokens.min() < 0 else tokens.max()
            raise ValueError(f"{name} holds token {worst}, outside 0..{vocabulary - 1}")


def check_smoothing(smoothing: float) -> None:
    """A finite count, not negative."""
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"smoothing must be >= 0 and finite; got {smoothing}")
