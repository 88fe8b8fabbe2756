"""What a dataset must satisfy; each message names the first offender, its value and the remedy."""

import numpy as np

from .._checks import finite


def epsilon(epsilon: float, concepts: int) -> None:
    """0 < ε < (G-1)/G."""
    if concepts < 2:
        raise ValueError(f"token_concept must name at least 2 concepts; got {concepts}")
    bound = (concepts - 1) / concepts
    if not 0 < epsilon < bound:
        raise ValueError(f"epsilon must lie in (0, (G-1)/G) = (0, {bound:.6g}); got {epsilon}")


def rows(probs: np.ndarray) -> None:
    """Laws: finite, none negative, each row of sum one."""
    finite("next_token_probs", probs)
    for j, z in np.argwhere(probs < 0):
        raise ValueError(f"p(token {z}|context {j}) = {probs[j, z]} is negative")
    excess = np.abs(probs.sum(1) - 1)
    tolerance = 4 * probs.shape[1] * np.finfo(probs.dtype).eps + 1e-12
    if excess.max(initial=0.0) > tolerance:
        j = int(np.argmax(excess))
        raise ValueError(
            f"the next-token probabilities of context {j} sum to {probs[j].sum():.12g}, not 1: "
            "normalise the row"
        )


def weights(weights: np.ndarray) -> None:
    """Positive shares of sum one."""
    finite("context_weights", weights)
    for (j,) in np.argwhere(weights <= 0):
        raise ValueError(f"context {j} has weight {weights[j]}: weights must be positive")
    if abs(weights.sum() - 1) > 4 * weights.size * np.finfo(weights.dtype).eps + 1e-12:
        raise ValueError(f"context_weights sum to {weights.sum():.12g}, not 1: divide by the sum")


def concepts(token_concept: np.ndarray, context_concept: np.ndarray) -> None:
    """Concepts numbered without a gap, those of the contexts among them."""
    present = np.unique(token_concept)
    if present.size < 2 or present[0] != 0 or present[-1] != present.size - 1:
        raise ValueError(
            f"token_concept must number at least 2 concepts 0, 1, 2, … without a gap; got {present.tolist()}"
        )
    for (j,) in np.argwhere((context_concept < 0) | (context_concept >= present.size)):
        raise ValueError(
            f"context {j} has concept {context_concept[j]}, outside 0..{present.size - 1}"
        )


def contexts(contexts: np.ndarray, token_concept: np.ndarray, context_concept: np.ndarray) -> None:
    """Distinct contexts, each within the tokens of its concept."""
    if contexts.shape[1] < 1:
        raise ValueError("contexts must hold at least one token each; got shape (m, 0)")
    _check_range("contexts", contexts, token_concept.size)
    for j, t in np.argwhere(token_concept[contexts] != context_concept[:, None]):
        raise ValueError(
            f"context {j} is of concept {context_concept[j]} but its token {contexts[j, t]} "
            f"is of concept {token_concept[contexts[j, t]]}: a context keeps to one concept"
        )
    distinct, first = np.unique(contexts, axis=0, return_index=True)
    if len(distinct) < len(contexts):
        j = np.setdiff1d(np.arange(len(contexts)), first)[0]
        raise ValueError(f"context {j} = {contexts[j].tolist()} is listed twice: merge the rows")


def pairs(pairs: np.ndarray, following: np.ndarray, vocabulary: int) -> None:
    """Raise unless `pairs` [n, T-1] and `following` [n] hold tokens of 0..V-1, and n >= 1."""
    if pairs.ndim != 2 or following.shape != pairs.shape[:1] or not pairs.size:
        raise ValueError(
            "contexts must have shape (n, T-1) and next_tokens (n,) with n >= 1; "
            f"got {pairs.shape} and {following.shape}"
        )
    for name, tokens in (("contexts", pairs), ("next_tokens", following)):
        if not np.issubdtype(tokens.dtype, np.integer):
            raise ValueError(f"{name} must hold token numbers; got dtype {tokens.dtype}")
        _check_range(name, tokens, vocabulary)


def _check_range(name: str, tokens: np.ndarray, vocabulary: int) -> None:
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        worst = tokens.min() if tokens.min() < 0 else tokens.max()
        raise ValueError(f"{name} holds token {worst}, outside 0..{vocabulary - 1}")


def smoothing(smoothing: float) -> None:
    """A finite count, not negative."""
    if not 0 <= smoothing < np.inf:
        raise ValueError(f"smoothing must be >= 0 and finite; got {smoothing}")
