"""Where steering leads as α → ±∞ (Proposition 4.1), and when a direction is nothing but rounding."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import DTypeLike

from .model import LanguageModel
from .steering import Steering


def is_rounding(difference: np.ndarray, length: float, dtype: DTypeLike) -> bool:
    """Whether a difference of two vectors of about this `length`, in this `dtype`, is rounding alone.

    Equal vectors, each known to half a unit in the last place, differ by up to eps · `length`, and
    means add a few such terms. The bound is 8 eps · `length`: below it not one digit is known.
    """
    size = float(np.linalg.norm(difference.astype(np.float64)))
    return bool(size <= 8 * float(jnp.finfo(dtype).eps) * length)


def limit_states(model: LanguageModel, steering: Steering) -> Float[Array, "2 d"] | None:
    """LN_0(-v) and LN_0(v), to which all last hidden states tend as α → -∞ and as α → +∞.

    LN_0 is the model's final norm without its eps. None where nothing of v is left: a LayerNorm
    takes the mean of the entries away, and equal entries leave their rounding. At the site
    "post-norm" there is no limit, for no norm follows.
    """
    norm = model.params.final_norm
    v = np.asarray(model.place(steering).vector, np.float64)
    seen = v - v.mean() if norm.bias is not None else v
    if is_rounding(seen, float(np.linalg.norm(v)), model.wide):
        return None
    # of length √d, so that no square overflows
    unit = seen / np.linalg.norm(seen) * np.sqrt(v.size)
    both = jnp.asarray(np.stack([-unit, unit]).astype(model.wide))
    return norm(both, 0.0).astype(model.dtype)
