"""Argument checks shared by the constructors: one clear line, and silence under tracing."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike
from jaxtyping import Array, ArrayLike

# What a user may pass where an array is meant: nested lists too.
Numbers = ArrayLike | Sequence[object]


def is_concrete(*arrays: object) -> bool:
    """Whether every array holds numbers (not JAX tracers), so that its values can be checked."""
    return not any(isinstance(array, Tracer) for array in arrays)


def floating(name: str, values: Numbers, ndim: int) -> Array:
    """`values` as a floating JAX array of `ndim` axes; the caller's dtype is kept."""
    array = jnp.asarray(values)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        if not jnp.issubdtype(array.dtype, jnp.integer):
            raise TypeError(f"{name} must hold real numbers; got dtype {array.dtype}")
        array = array.astype(jnp.result_type(float))
    if array.ndim != ndim:
        raise ValueError(
            f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'}; got shape {array.shape}"
        )
    return array


def finite(name: str, values: Numbers) -> None:
    """Raise unless every entry of `values` is a finite number."""
    if is_concrete(values):
        array = np.asarray(values)
        if not np.isfinite(array).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"{name}{list(index)} = {array[index]} is not a finite number")


def within(name: str, values: Numbers, dtype: DTypeLike) -> None:
    """Raise where a finite number of `values` would be infinite in `dtype`."""
    if is_concrete(values):
        largest = float(np.abs(np.asarray(values, np.float64)).max(initial=0.0))
        if largest > float(jnp.finfo(dtype).max):
            raise ValueError(
                f"{name} = {largest:g} is more than {np.dtype(dtype)} holds: take less, or a wider dtype"
            )


def strength(alpha: ArrayLike, dtype: DTypeLike) -> Array:
    """The steering strength α as a scalar of the arrays' own dtype."""
    array = jnp.asarray(alpha)
    if array.ndim:
        raise ValueError(
            f"alpha must be a scalar; got shape {array.shape}: use ufm.sweep(tilt, alphas) or jax.vmap"
        )
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise TypeError(f"alpha must be a real number; got dtype {array.dtype}")
    if is_concrete(array) and not np.isfinite(array):
        raise ValueError(
            f"alpha must be a finite number; got {float(array)}: tilt.limit(sign) has the limits"
        )
    within("alpha", array, dtype)
    return array.astype(dtype)


def token_set(tokens: Numbers, vocabulary: int) -> Array:
    """`tokens` as a boolean mask over the vocabulary, neither empty nor full."""
    mask = jnp.asarray(tokens)
    if mask.dtype != jnp.bool_ or mask.shape != (vocabulary,):
        raise ValueError(
            f"tokens must be a boolean mask of shape ({vocabulary},); "
            f"got dtype {mask.dtype}, shape {mask.shape}"
        )
    if is_concrete(mask):
        size = int(np.asarray(mask).sum())
        if size in (0, vocabulary):
            raise ValueError(
                f"tokens must name some but not all of the {vocabulary} tokens; got {size} of them"
            )
    return mask


def context_sets(
    positive: Numbers, negative: Numbers, contexts: int
) -> tuple[np.ndarray, np.ndarray]:
    """The sets P and N as index arrays: not empty, in range, without repeats, disjoint."""
    sets = []
    for name, indices in (("positive", positive), ("negative", negative)):
        array = np.asarray(indices)
        if array.size == 0:
            raise ValueError(f"{name} is empty: name at least one context index")
        if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
            raise ValueError(
                f"{name} must be a sequence of context indices; got {indices!r}, of dtype {array.dtype}"
            )
        outside = array[(array < 0) | (array >= contexts)]
        if outside.size:
            raise ValueError(f"{name} holds context {outside[0]}, outside 0..{contexts - 1}")
        if np.unique(array).size != array.size:
            raise ValueError(f"{name} repeats a context: {array.tolist()}")
        sets.append(array)
    both = np.intersect1d(*sets)
    if both.size:
        raise ValueError(
            f"positive and negative share context {both[0]}: a context steers in one direction only"
        )
    return sets[0], sets[1]


def needs_float64(what: str, *arrays: Array) -> None:
    """Raise if an array is of less than double precision, in which `what` is meaningless."""
    for array in arrays:
        if array.dtype != jnp.float64:
            raise TypeError(
                f"{what} needs float64, got {array.dtype}: switch on "
                'jax.config.update("jax_enable_x64", True) before making the arrays'
            )
