"""Tilted distributions on a uniform grid of strengths: one exponential for many of them.

    p_{a+jh}(z) = A(z) B_j(z) / Σ_y A(y) B_j(y),   A = p_a(z),   B_j(z) = e^{jh(M(z) - c)}

for the anchors a, 32 steps apart, and the B_j shared by all anchors; the sums are one matrix product.
"""

# pyright: reportUnknownMemberType=false

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

from .._progress import Progress, silent

_STEPS = 32  # strengths that one anchor serves
_DOUBLE = np.dtype(np.float64)
# Tokens that are worked on together: one strength of an anchor, and _ROWS strengths of the result.
_BLOCK, _LONG, _ROWS = 4096, 17_000, 2
_PLAIN = 32.0  # |αx| below which no exponential over- or underflows, whatever it is counted from


class Grid(NamedTuple):
    """Strengths `start` + `step` (0, .., `size` - 1), in `groups` of 32 around their anchors."""

    anchors: np.ndarray
    steps: np.ndarray
    size: int


def grid_of(log_probs: np.ndarray, log_odds: np.ndarray, alphas: np.ndarray) -> Grid | None:
    """How to share exponentials along `alphas` within 1e-13 of p, relative; None where that cannot be."""
    size = alphas.size
    if size < 2 * _STEPS or log_probs.dtype != np.float64:
        return None
    step = (alphas[-1] - alphas[0]) / (size - 1)
    steps = step * (np.arange(_STEPS) - _STEPS // 2)
    anchors = alphas[0] + step * (np.arange(0, size, _STEPS) + _STEPS // 2)
    span = float(np.ptp(log_odds))
    along = (anchors[:, None] + steps[None, :]).reshape(-1)
    # M times the grid's own rounding, and the growth over half a group, whose error is 1e-16 of it
    slip = float(np.abs(along[:size] - alphas).max()) * span
    if not (slip <= 2e-14 and abs(step) * _STEPS * span <= 60):
        return None
    for alpha in (along[0], along[-1]):
        # log p_α(z) is concave in α, least at an end: below e^-650 a factor could underflow
        u = log_probs + alpha * (log_odds - log_odds[0])[None, :]
        top = u.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(u - top).sum(axis=1))
        if (u.min(axis=1) - total).min() < -650:
            return None
    return Grid(anchors, steps, size)


def grid_bytes(contexts: int, vocabulary: int, size: int) -> int:
    """What `grid_probs` keeps in memory beyond its result."""
    return 8 * vocabulary * (contexts * (size // _STEPS + 2) + _STEPS)


def grid_probs(
    log_probs: np.ndarray, log_odds: np.ndarray, grid: Grid, progress: Progress = silent
) -> jax.Array:
    """p [A, m, V] at the strengths of `grid`, on the host's cores; handed to JAX without a copy."""
    (m, vocabulary), groups = log_probs.shape, grid.anchors.size
    result = aligned(groups * _STEPS * m * vocabulary)
    rows = result.reshape(groups, _STEPS, m, vocabulary)
    x = log_odds - 0.5 * (log_odds.max() + log_odds.min())
    at_anchor, growth = np.empty((groups, m, vocabulary)), np.empty((_STEPS, vocabulary))
    blocks = [slice(start, start + _BLOCK) for start in range(0, vocabulary, _BLOCK)]
    tilts = grid.anchors[:, None, None]
    shift = np.zeros((groups, m, 1))
    if float(np.abs(x).max() * np.abs(grid.anchors).max()) > _PLAIN:
        shift -= np.inf
        for s in blocks:
            top = (log_probs[None, :, s] + tilts * x[s]).max(axis=2, keepdims=True)
            shift = np.maximum(shift, top)

    def factors(s: slice) -> None:
        u = np.multiply(tilts, x[s], out=at_anchor[..., s])
        u += log_probs[None, :, s]
        if shift.any():
            u -= shift
        np.exp(u, out=u)
        u = np.multiply(grid.steps[:, None], x[s], out=growth[:, s])
        np.exp(u, out=u)

    width = -(-vocabulary // -(-vocabulary // _LONG))
    tasks = [(slice(k, k + width), i) for k in range(0, vocabulary, width) for i in range(groups)]

    def fill(task: tuple[slice, int]) -> None:
        s, i = task
        for j in range(0, _STEPS, _ROWS):
            part = rows[i, j : j + _ROWS, :, s]
            np.multiply(at_anchor[i, None, :, s], growth[j : j + _ROWS, None, s], out=part)
            part *= scale[i, j : j + _ROWS]

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(factors, blocks))
        total = at_anchor.reshape(-1, vocabulary) @ growth.T
        scale = (1 / total).reshape(groups, m, _STEPS).transpose(0, 2, 1)[..., None]
        for done, _ in enumerate(threads.map(fill, tasks), start=1):
            progress(done / len(tasks))
    flat = result.reshape(-1, m, vocabulary)[: grid.size]
    return jax.device_put(flat, may_alias=True)


def aligned(count: int, dtype: np.dtype = _DOUBLE) -> np.ndarray:
    """Room for `count` numbers, placed as JAX wants memory that it shares."""
    size = count * dtype.itemsize
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype)


def is_on_host(array: jax.Array) -> bool:
    """Whether the array lies, whole, in the memory of the CPU."""
    return all(device.platform == "cpu" for device in array.devices()) and (
        array.is_fully_addressable and len(array.devices()) == 1
    )


def device_grid_probs(log_probs: jax.Array, log_odds: jax.Array, grid: Grid) -> jax.Array:
    """The same on the accelerator, or the mesh, where the arrays are."""
    anchors, steps = jnp.asarray(grid.anchors), jnp.asarray(grid.steps)
    return cast(jax.Array, _device_grid(log_probs, log_odds, anchors, steps))[: grid.size]


@jax.jit
def _device_grid(
    log_probs: jax.Array, log_odds: jax.Array, anchors: jax.Array, steps: jax.Array
) -> jax.Array:
    x = log_odds - 0.5 * (log_odds.max() + log_odds.min())
    at_anchor = jax.nn.softmax(log_probs[None] + anchors[:, None, None] * x[None, None, :], axis=2)
    growth = jnp.exp(steps[:, None] * x[None, :])
    total = jnp.einsum("imv,jv->ijm", at_anchor, growth, precision="highest")
    rows = at_anchor[:, None] * growth[None, :, None, :] * (1 / total)[..., None]
    return rows.reshape(-1, *log_probs.shape)
