"""The strengths of a sweep: checked, in chunks of one size, with α = 0 bit for bit."""

from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm._checks import finite

from ..decoder.adapted import Model
from ..decoder.arguments import check_shift
from ..decoder.steering import Steering


def check_strengths(
    alphas: Sequence[float] | np.ndarray, model: Model, steering: Steering | None
) -> np.ndarray:
    """Strengths as a row of finite float64 numbers, not empty, none of which overflows the model's norms."""
    array = np.asarray(alphas, np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"alphas must be a row of strengths, not empty; got shape {array.shape}")
    finite("alphas", array)
    if steering is not None:
        check_shift(array, steering.vector, model.wide)
    return array


def chunks(alphas: np.ndarray, size: int, dtype: np.dtype) -> Iterator[tuple[slice, Array]]:
    """`alphas` in chunks of one size, so that one program serves all; the last repeats its end."""
    if size < 1:
        raise ValueError(f"batch_size must be at least 1; got {size}")
    size = min(size, alphas.size)
    for start in range(0, alphas.size, size):
        part = alphas[start : start + size]
        yield (
            slice(start, start + part.size),
            jnp.asarray(np.pad(part, (0, size - part.size), mode="edge").astype(dtype)),
        )


@jax.jit
def unsteered_at_zero(steered: Array, unsteered: Array, alphas: Array) -> Array:
    """`steered` [A, …] with the rows of α = 0 replaced by `unsteered` […], bit for bit."""
    is_off = jnp.expand_dims(alphas == 0, tuple(range(1, steered.ndim)))
    return jnp.where(is_off, unsteered[None], steered)
