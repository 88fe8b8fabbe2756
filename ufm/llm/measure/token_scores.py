"""The log-probabilities of chosen tokens of a batch of texts, and whether each is the most likely one."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.batches import at_once
from ..text.tokenizer import pad

# Lengths are rounded up to multiples, and numbers of predicted tokens to powers of 2: each is compiled once.
_ROUND = 32
_MOST_TOKENS = 256  # through the head at once


def padded_length(model: LanguageModel, length: int) -> int:
    """The length to which texts of at most `length` tokens are padded."""
    most = model.config.positions
    rounded = -(-length // _ROUND) * _ROUND
    return rounded if most is None else min(rounded, most)


def score_tokens(
    model: LanguageModel,
    steering: Steering | None,
    alpha: float,
    texts: Sequence[Sequence[int]],
    predicted: Int[np.ndarray, "predicted 3"],
) -> tuple[Float[np.ndarray, " predicted"], Bool[np.ndarray, " predicted"]]:
    """log p(token) and whether token has the largest p, for rows (text, position, token) of `predicted`.

    p is the distribution of what follows the position, at strength α.
    """
    tokens, mask = pad(texts, padded_length(model, max(map(len, texts))))
    hidden = model.last_states(tokens, alpha, steering, mask)
    most = at_once(model, model.vocabulary, most=_MOST_TOKENS)
    size = min(1 << (len(predicted) - 1).bit_length(), most)
    parts = []
    for start in range(0, len(predicted), size):
        part = predicted[start : start + size]
        filled = np.pad(part, ((0, size - len(part)), (0, 0)), mode="edge")
        text, position, token = jnp.asarray(filled.T)
        found = _score(model.unembed(hidden[text, position]), token)
        parts.append([np.asarray(x)[: len(part)] for x in found])
    scores, is_best = zip(*parts, strict=True)
    return np.concatenate(scores), np.concatenate(is_best)


@jax.jit
def _score(logits: Float[Array, "n vocab"], tokens: Int[Array, " n"]) -> tuple[Array, Array]:
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits, axis=-1), tokens[:, None], axis=-1)
    return chosen[:, 0], jnp.argmax(logits, axis=-1).astype(tokens.dtype) == tokens
