"""Compiles the library for instances: once for a few padded shapes, a few strengths at a time."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import jax
import numpy as np
from jax import Array
from jax.typing import ArrayLike

import ufm

from .padding import SMALLEST

_SLICE = 64
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
# For programs that run a few times: optimising them would cost more than it saves.
IN_HASTE = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
# For those that every instance runs, whatever XLA_FLAGS say: more levels gain nothing.
_RUN_OFTEN = {"xla_backend_optimization_level": 1}


def compiled(
    static: int | tuple[int, ...] = (),
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """`jax.jit`; in haste for what runs seldom: controls, whose tilt is no plain one, and large tilts."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        fast = jax.jit(function, static_argnums=static, compiler_options=_RUN_OFTEN)
        hasty = jax.jit(function, static_argnums=static, compiler_options=IN_HASTE)

        @wraps(function)
        def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            tilt = arguments[0]
            is_common = type(tilt) is ufm.ExponentialTilt and tilt.log_odds.size <= SMALLEST
            return (fast if is_common else hasty)(*arguments, **named)

        return run

    return decorate


def in_slices(
    program: Callable[[np.ndarray], Array | tuple[Array, ...]], alphas: np.ndarray
) -> list[np.ndarray]:
    """Each array that `program` gives, 64 strengths at a time: one shape to compile, bounded memory."""
    padded = np.concatenate([alphas, np.full(-len(alphas) % _SLICE, alphas[-1])])
    slices = [jax.tree.leaves(program(part)) for part in padded.reshape(-1, _SLICE)]
    return [np.concatenate(parts)[: len(alphas)] for parts in zip(*slices, strict=True)]


def unpadded(tilt: ufm.ExponentialTilt, *arrays: ArrayLike) -> list[np.ndarray]:
    """Arrays [..., m, V] of `pad(tilt)` without the contexts and tokens that padding added."""
    m, vocabulary = tilt.log_probs.shape
    return [np.asarray(array)[..., :m, :vocabulary] for array in arrays]
