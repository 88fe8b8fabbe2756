"""Where steering leads as α → ±∞ (Proposition 4.1), and when a direction is nothing but rounding."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import DTypeLike

from .adapted import Model
from .model import LanguageModel
from .steering import Placed, Steering


def is_rounding(difference: np.ndarray, length: float, dtype: DTypeLike) -> bool:
    """Whether a difference of two vectors of about this `length`, in this `dtype`, is rounding alone.

    Equal vectors, each known to half a unit in the last place, differ by up to eps · `length`, and
    means add a few such terms. The bound is 8 eps · `length`: below it not one digit is known.
    """
    size = float(np.linalg.norm(difference.astype(np.float64)))
    return bool(size <= 8 * float(jnp.finfo(dtype).eps) * length)


def seen_by_norm(model: LanguageModel, vector: Array | np.ndarray) -> np.ndarray | None:
    """What the final norm, or a head without one, sees of a vector [d], in float64.

    None where nothing is left but rounding.
    """
    v, norm = np.asarray(vector, np.float64), model.params.final_norm
    seen = v - v.mean() if norm is not None and norm.bias is not None else v
    return None if is_rounding(seen, float(np.linalg.norm(v)), model.wide) else seen


def only_head_follows(model: LanguageModel, steering: Steering | Placed) -> bool:
    """Whether logits are affine in α (but for a softcap): v is added to the very states that the head reads.

    They are the last block's where there is no final norm.
    """
    is_last = model.params.final_norm is None and steering.layer == model.blocks - 1
    return is_last or steering.site == "post-norm"


def added_in_all(steering: Placed) -> np.ndarray:
    """v [d], in float64; of several blocks the sum of the rows."""
    return np.atleast_2d(np.asarray(steering.vector, np.float64)).sum(axis=0)


def limit_states(model: Model, steering: Steering) -> Float[Array, "2 d"] | None:
    """LN_0(-v) and LN_0(v), to which all last hidden states tend as α → -∞ and as α → +∞.

    LN_0 is the model's final norm without its eps. None where nothing of v is left: a LayerNorm
    takes the mean of the entries away, and equal entries leave their rounding. None, too, of a model
    without a final norm. At the site "post-norm" there is no limit, for no norm follows. After several
    blocks v is the sum of what is added: all that the blocks between add is bounded.
    """
    if not isinstance(model, LanguageModel):
        return model.limit_states(steering)
    norm = model.params.final_norm
    seen = seen_by_norm(model, added_in_all(model.place(steering)))
    if norm is None or seen is None:
        return None
    # a vector of length √d, so that no square overflows
    unit = seen / np.linalg.norm(seen) * np.sqrt(seen.size)
    both = jnp.asarray(np.stack([-unit, unit]).astype(model.wide))
    return norm(both, 0.0).astype(model.dtype)
