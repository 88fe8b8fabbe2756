"""Pads a tilt to one of a few shapes.

JAX compiles anew for every shape, which takes seconds, and instances come in hundreds of shapes. So a
tilt is padded to one of a few sizes: tokens of probability e^(-1e300) = 0 that share the first token's
log-odds, and copies of the first context. Neither changes any number of the others.
"""

import threading

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import ufm

SMALLEST = 12  # tokens, contexts or dimensions of the smallest shape
_NOTHING = -1e300
_memory = threading.local()


def bucket(size: int, sizes: tuple[int, ...]) -> int:
    """The first of `sizes` that holds `size`, or else a power of two that does."""
    return next((s for s in sizes if s >= size), 1 << (size - 1).bit_length())


def padded_sizes(contexts: int, tokens: int) -> tuple[int, int]:
    """How many contexts and tokens `pad` makes of so many."""
    return bucket(contexts, (SMALLEST,)), bucket(tokens, (SMALLEST, 60))


def pad(tilt: ufm.ExponentialTilt) -> ufm.ExponentialTilt:
    """The tilt with its contexts and tokens padded to one of a few shapes."""
    # Many claims in a row ask for the same one.
    if getattr(_memory, "tilt", None) is not tilt:
        _memory.tilt, _memory.padded = tilt, _pad(tilt)
    return _memory.padded


def _pad(tilt: ufm.ExponentialTilt) -> ufm.ExponentialTilt:
    log_probs, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    m, vocabulary = log_probs.shape
    contexts, tokens = padded_sizes(m, vocabulary)
    log_probs = np.pad(log_probs, ((0, 0), (0, tokens - vocabulary)), constant_values=_NOTHING)
    log_probs = np.concatenate([log_probs, np.repeat(log_probs[:1], contexts - m, axis=0)])
    log_odds = np.concatenate([log_odds, np.full(tokens - vocabulary, log_odds[0])])
    arrays = (jnp.asarray(log_probs), jnp.asarray(log_odds))
    return eqx.tree_at(lambda t: (t.log_probs, t.log_odds), tilt, arrays)


def pad_target(tilt: ufm.ExponentialTilt, target: np.ndarray) -> np.ndarray:
    """The target of `pad(tilt)`: padding tokens side with the first token, whose log-odds they have."""
    extra = pad(tilt).log_odds.size - target.size
    return np.pad(target, (0, extra), constant_values=target[0])


def pad_rows(rows: np.ndarray, padded: ufm.ExponentialTilt) -> np.ndarray:
    """`rows` [m, …] with zeros for the contexts that padding added."""
    extra = padded.log_probs.shape[0] - len(rows)
    return np.pad(rows, ((0, extra), *((0, 0),) * (rows.ndim - 1)))
