"""Checks of what users pass to a model: one clear line each, silence under tracing."""

import warnings
from itertools import pairwise
from typing import Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from ufm._checks import Numbers, finite, is_concrete, within

POSITIONS = ("all", "last")
SITES = ("residual", "post-norm")


@runtime_checkable
class Sizes(Protocol):
    """How long a text may be, and how large the arrays of a block are; as of `Config`."""

    @property
    def vocabulary(self) -> int: ...  # noqa: D102
    @property
    def inner(self) -> int: ...  # noqa: D102
    @property
    def heads(self) -> int: ...  # noqa: D102
    @property
    def positions(self) -> int | None: ...  # noqa: D102
    @property
    def context(self) -> int | None: ...  # noqa: D102
    @property
    def longest(self) -> int | None: ...  # noqa: D102


def token_batch(tokens: Numbers, mask: Numbers | None, config: Sizes) -> tuple[Array, Array, bool]:
    """`tokens` and `mask` as arrays [B, T], and whether a single sequence [T] was given."""
    vocabulary, longest = config.vocabulary, config.positions
    array = _array(tokens)
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"tokens must be [T] or [B, T] with T >= 1; got shape {array.shape}")
    if not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"tokens must be integers; got dtype {array.dtype}")
    real = np.ones(array.shape, bool) if mask is None else _array(mask)
    if real.shape != array.shape or real.dtype != np.bool_:
        raise ValueError(
            f"mask must be boolean of shape {array.shape}; got dtype {real.dtype}, shape {real.shape}"
        )
    if longest is not None and array.shape[-1] > longest:
        raise ValueError(f"{array.shape[-1]} tokens are more than the model's {longest} positions")
    if is_concrete(real):
        rows = np.asarray(real).reshape(-1, array.shape[-1])
        _check_mask(rows)
        check_context(int(rows.sum(axis=1).max()), config)
    if is_concrete(array, real):
        outside = array[real & ((array < 0) | (array >= vocabulary))]
        if outside.size:
            raise ValueError(
                f"tokens hold {outside[0]}, outside the vocabulary 0..{vocabulary - 1}"
            )
        array = np.where(real, array, 0).astype(np.int32)
    is_single = array.ndim == 1
    if is_single:
        array, real = array[None], real[None]
    return jnp.asarray(array), jnp.asarray(real), is_single


def check_context(tokens: int, config: Sizes) -> None:
    """Warn of more tokens than the model was made for; the same words each time, so that one is shown."""
    if config.context is not None and tokens > config.context:
        warnings.warn(
            f"more than the {config.context} tokens that the model was made for (max_position_embeddings of "
            "config.json): it has not learned what follows them",
            stacklevel=2,
        )


def _array(values: Numbers) -> np.ndarray | Array:
    # worked out on the host unless traced, so that nothing is compiled for each new length
    return np.asarray(values) if is_concrete(values) else jnp.asarray(values)


def _check_mask(mask: np.ndarray) -> None:
    for b, row in enumerate(mask):
        real = np.flatnonzero(row)
        if real.size == 0:
            raise ValueError(f"mask row {b} has no real token")
        if real[-1] - real[0] + 1 != real.size:
            raise ValueError(f"mask row {b} has padding between real tokens")


def block_number(layer: object, count: int) -> int:
    """`layer` as the number of one of `count` blocks, 0..count-1."""
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer):
        raise ValueError(f"layer must be a block number 0..{count - 1}; got {layer!r}")
    if not 0 <= layer < count:
        raise ValueError(f"layer {layer} is out of range: the model has blocks 0..{count - 1}")
    return int(layer)


def steered_block(layer: object, site: str, count: int) -> int:
    """The block after which v is added: at "post-norm" the last one, which need not be named."""
    if site != "post-norm":
        return block_number(layer, count)
    if layer not in (None, count - 1):
        raise ValueError(
            f'site "post-norm" follows the last block, {count - 1}; got layer {layer!r}'
        )
    return count - 1


def steered_blocks(layer: object, site: str, count: int) -> int | tuple[int, ...]:
    """The block after which v is added, or the blocks, each once and from the first on."""
    if not isinstance(layer, tuple):
        return steered_block(layer, site, count)
    if site == "post-norm":
        raise ValueError(f'site "post-norm" follows one block, the last; got {layer}')
    blocks = tuple(block_number(block, count) for block in layer)
    if not blocks or any(a >= b for a, b in pairwise(blocks)):
        raise ValueError(f"several blocks must be named in increasing order; got {layer}")
    return blocks


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `known`."""
    if value not in known:
        raise ValueError(f"{name} must be {' or '.join(map(repr, known))}; got {value!r}")


def directions(vector: Numbers, dimension: int, dtype: np.dtype, rows: int | None = None) -> Array:
    """A steering vector [d], or `rows` of them [n, d], in the dtype in which it is added."""
    v = _array(vector)
    if not _is_real(v.dtype):
        raise TypeError(f"vector must hold real numbers; got dtype {v.dtype}")
    if rows is None and v.shape != (dimension,):
        raise ValueError(f"vector must have shape ({dimension},), the model's width; got {v.shape}")
    if rows is not None and v.shape != (rows, dimension):
        raise ValueError(
            f"vector must have shape ({rows}, {dimension}), a row of the model's width for each block; got "
            f"{v.shape}"
        )
    finite("vector", v)
    return jnp.asarray(v.astype(dtype))


def _is_real(dtype: np.dtype) -> bool:
    return any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer))


def scalar(alpha: ArrayLike, dtype: np.dtype) -> Array:
    """The strength α, a finite scalar."""
    array = _array(alpha)
    if array.ndim:
        raise ValueError(
            f"alpha must be a scalar; got shape {array.shape}: sweeps take many strengths"
        )
    if not _is_real(array.dtype):
        raise TypeError(f"alpha must be a real number; got dtype {array.dtype}")
    if is_concrete(array) and not np.isfinite(array):
        raise ValueError(f"alpha must be finite; got {float(array)}")
    within("alpha", array, dtype)
    return jnp.asarray(array.astype(dtype))


def check_shift(alphas: Numbers, vector: Numbers, dtype: np.dtype) -> None:
    """Raise where αv is so long that its square, of which the next norm takes the mean, overflows.

    The norm would be 1/∞ = 0 then, and the logits those of no hidden state at all, without a word. The
    bound, half the root of the largest number of `dtype`, leaves room for the state itself. Rows [n, d] are
    added to one stream: their lengths add up.
    """
    if not is_concrete(alphas, vector):
        return
    within("alpha", alphas, dtype)
    furthest = float(np.abs(np.asarray(alphas, np.float64)).max())
    rows = np.atleast_2d(np.asarray(vector, np.float64))
    shift = furthest * float(np.linalg.norm(rows, axis=1).sum())
    most = 0.5 * float(jnp.finfo(dtype).max) ** 0.5
    if shift > most:
        wider = "" if dtype == np.float64 else ", or load the model in float64"
        raise ValueError(
            f"alpha = {furthest:.6g} moves hidden states by |alpha v| = {shift:.6g}; beyond {most:.2g} norms "
            f"in {dtype} overflow: lower it{wider}"
        )
