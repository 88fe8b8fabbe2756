"""Exact slopes of log p at every strength, and the distance of the distribution to its limits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm._files import Arrays, digest
from ufm._progress import Progress, silent

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..steering.steered_prompt import Prompt, bucket, steered_prompt
from ..steering.strengths import check_strengths, chunks
from .journal import Journal
from .token_curves import identity, prompt_parts


@dataclass(frozen=True, eq=False)
class Slopes:
    """Slopes of m prompts at A strengths for K tokens a prompt, and distances to the limits.

    - `alphas` [A]; `slopes` [m, A, K]: d log p_α(z)/dα, exact to rounding at each α. Its sign is
      that of dp_α(z)/dα, also where p_α(z) is too small for the dtype.
    - `distance` [m, A]: total variation to the limit of the strength's own sign (α = 0: of +∞).
    - `far` [F], `far_distance` [m, F]: the same at strengths far out. None without limits.
    """

    alphas: np.ndarray
    far: np.ndarray
    slopes: np.ndarray
    distance: np.ndarray | None = None
    far_distance: np.ndarray | None = None


def sweep_slopes(
    model: Model,
    prompts: Sequence[Sequence[int]],
    tokens: np.ndarray,
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    directory: str | Path,
    *,
    limits: np.ndarray | None = None,
    far: Sequence[float] | np.ndarray = (1.0,),
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Slopes:
    """d log p_α(z)/dα at each strength for the `tokens` [m, K] of each prompt (those of `sweep_curves`).

    It is l'_z - E_α[l'], l' the logits' derivative, by forward mode through the blocks after the
    steered one. `limits` [2, V] are `plateau_limits`; `far`: strengths at which only the distance to
    them is asked for. Written as it comes and resumed like `sweep_curves`. Raises `ValueError` where
    `tokens` has another shape, or `directory` holds another run.

    >>> import tempfile, numpy as np, ufm.llm
    >>> model, tokens = ufm.llm.load("tests/data/llm/gpt2", "float64"), np.array([[4, 5]])
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = ufm.llm.sweep_slopes(model, [[1, 2, 3]], tokens, steering, [0.0, 1.0], folder)
    >>> print(found.slopes[0].round(3).tolist())
    [[0.471, 0.428], [0.065, -0.058]]
    """
    strengths, beyond = (check_strengths(row, model, steering) for row in (alphas, far))
    if np.shape(tokens)[:1] != (len(prompts),) or np.ndim(tokens) != 2:
        raise ValueError(f"tokens must be [{len(prompts)}, K]; got shape {np.shape(tokens)}")
    rows = [list(map(int, row)) for row in prompts]
    settings = {
        "kind": "log-slopes",
        **identity(model, steering, strengths, 1),
        "prompts": digest(rows),
        "tokens": digest(np.asarray(tokens)),
        "limits": None if limits is None else digest(limits),
        "far": digest(beyond),
        "batch_size": batch_size,
    }
    journal = Journal(directory, settings)
    ends = None if limits is None else jnp.asarray(limits)

    def measure(j: int) -> Arrays:
        prompt = steered_prompt(model, rows[j], steering, bucket(model, rows[j]))
        size = batch_size or max(1, prompt.batch_size() // 2)
        return _one_prompt(prompt, jnp.asarray(tokens[j]), strengths, beyond, ends, size)

    stacked = journal.stacked(prompt_parts(len(rows)), measure, progress or silent)
    journal.finish({"alphas": strengths, "far": beyond, **stacked}, settings)
    return Slopes(alphas=strengths, far=beyond, **stacked)


def _one_prompt(
    prompt: Prompt,
    tokens: Array,
    alphas: np.ndarray,
    far: np.ndarray,
    limits: Array | None,
    size: int,
) -> Arrays:
    dtype = prompt.model.wide
    found: defaultdict[str, list[np.ndarray]] = defaultdict(list)
    for where, chunk in chunks(alphas, size, dtype):
        count = where.stop - where.start
        logits, change = prompt.slopes(chunk)
        found["slopes"].append(np.asarray(_slopes(logits, change, tokens))[:count])
        if limits is not None:
            found["distance"].append(np.asarray(_distance(logits, chunk, limits))[:count])
    if limits is not None:
        for where, chunk in chunks(far, size, dtype):
            distance = np.asarray(_distance(prompt.logits(chunk), chunk, limits))
            found["far_distance"].append(distance[: where.stop - where.start])
    return {name: np.concatenate(rows) for name, rows in found.items()}


@jax.jit
def _slopes(logits: Array, change: Array, tokens: Array) -> Array:
    probs = jax.nn.softmax(logits, axis=1)
    mean = (probs * change).sum(axis=1, keepdims=True)
    return change[:, tokens] - mean


@jax.jit
def _distance(logits: Array, alphas: Array, limits: Array) -> Array:
    limit = jnp.where((alphas < 0)[:, None], limits[0][None], limits[1][None])
    return jnp.abs(jax.nn.softmax(logits, axis=1) - limit).sum(axis=1) / 2
