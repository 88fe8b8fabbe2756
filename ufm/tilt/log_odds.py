"""Steering vectors and their log-odds (Eq 3, Definition 3.2)."""

# pyright: reportUnknownMemberType=false

from typing import cast

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import Numbers, context_sets, finite, floating, is_concrete


def difference_of_means(
    embeddings: Numbers, positive: Numbers, negative: Numbers
) -> Float[Array, " dimension"]:
    """The steering vector v = mean_{j in P} h_j - mean_{j in N} h_j (Eq 3), shape [d].

    `embeddings` is [m, d]; `positive` (P) and `negative` (N) are disjoint, non-empty sets of row
    indices, of equal size or not. *Contrastive*: N inside one opposite concept; *random*: N
    anywhere outside the target. Raises `ValueError` on an empty, overlapping or out-of-range set.

    >>> import ufm
    >>> print(ufm.difference_of_means([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]], [0, 1], [2]))
    [ 2. -1.]
    """
    rows = floating("embeddings", embeddings, 2)
    finite("embeddings", rows)
    return jnp.asarray(_difference(rows, *context_sets(positive, negative, rows.shape[0])))


def log_odds(
    log_probs: Numbers,
    positive: Numbers,
    negative: Numbers,
    tie_tolerance: float | None = None,
) -> Float[Array, " vocab"]:
    """M(z) = mean_{i in P} log p(z|c_i) - mean_{i in N} log p(z|c_i) (Definition 3.2), shape [V].

    `log_probs` is [m, V], in nats; M is in nats per unit of steering strength.
    Values of M closer than `tie_tolerance` x max|log p| are made equal: M is a difference of means
    of logarithms, known only to that rounding, and a tie broken by it would send the large-α limit
    to one token instead of sharing it. Default: 8 units in the last place; 0 keeps M as it is.
    Raises `ValueError` for sets of contexts that are empty or meet, and for rows that are not finite.

    >>> import numpy as np, ufm
    >>> print(ufm.log_odds(np.log([[0.75, 0.25], [0.25, 0.75]]), [0], [1]))
    [ 1.09861229 -1.09861229]
    """
    rows = floating("log_probs", log_probs, 2)
    finite("log_probs", rows)
    if tie_tolerance is not None and not tie_tolerance >= 0:
        raise ValueError(f"tie_tolerance must be >= 0; got {tie_tolerance}")
    p, n = context_sets(positive, negative, rows.shape[0])
    difference = _difference(rows, p, n)
    if not isinstance(difference, np.ndarray):
        return difference
    eps = float(cast(np.floating, jnp.finfo(rows.dtype).eps))
    relative = 8 * eps if tie_tolerance is None else tie_tolerance
    return jnp.asarray(_merge_ties(difference, relative * float(np.abs(np.asarray(rows)).max())))


def log_odds_error(estimate: Numbers, log_odds: Numbers) -> Float[Array, ""]:
    """η = min_c max_z |M̂(z) - M(z) - c|, half the range of the error of an estimate M̂ of M, a scalar.

    Both are [V], in nats per unit of strength; a constant added to either changes no distribution, nor η.
    At strength α no log-probability is off by more than 2|α|η, nor is ΔCE, and no distribution by more than
    tanh(|α|η/2) in total variation; `choose_strength` takes η as `log_odds_error`. Raises `ValueError`
    where the shapes differ or a value is not finite.

    >>> import ufm
    >>> print(f"{ufm.log_odds_error([1.0, 0.25, -0.5], [0.5, 0.0, -0.5]):.4f}")
    0.2500
    """
    guess, exact = floating("estimate", estimate, 1), floating("log_odds", log_odds, 1)
    finite("estimate", guess)
    finite("log_odds", exact)
    if guess.shape != exact.shape or not guess.size:
        raise ValueError(
            f"estimate and log_odds must be of one shape [V]; got {guess.shape} and {exact.shape}"
        )
    error = guess - exact
    return (error.max() - error.min()) / 2


def _difference(rows: Array, p: np.ndarray, n: np.ndarray) -> Array | np.ndarray:
    """Mean of the rows P less that of the rows N; on the host if it can be, where no shape compiles."""
    table = np.asarray(rows) if is_concrete(rows) else rows
    return table[p].mean(axis=0) - table[n].mean(axis=0)


def _merge_ties(array: np.ndarray, tolerance: float) -> np.ndarray:
    """Give each run of sorted values whose neighbours lie within `tolerance` its middle value.

    No run is wider than `tolerance`: a long chain of near values is cut into several.
    """
    order = np.argsort(array, kind="stable")
    ordered = array[order]
    start = np.concatenate([[True], np.diff(ordered) > tolerance])
    _cut_chains(ordered, start, tolerance)
    run = np.cumsum(start) - 1
    first = np.flatnonzero(start)
    length = np.diff(np.append(first, array.size))
    merged = np.empty_like(array)
    merged[order] = ordered[first + length // 2][run]
    return merged


def _cut_chains(ordered: np.ndarray, start: np.ndarray, tolerance: float) -> None:
    """Set further starts in the runs that are wider than `tolerance`."""
    first = np.flatnonzero(start)
    after = np.append(first[1:], ordered.size)
    for begin, end in zip(first.tolist(), after.tolist(), strict=True):
        while ordered[end - 1] - ordered[begin] > tolerance:
            most = float(ordered[begin]) + tolerance
            begin += int(np.searchsorted(ordered[begin:end], most, side="right"))
            start[begin] = True
