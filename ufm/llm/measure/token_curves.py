"""Sweeps over strength: next-token curves of the tokens that matter, concept mass, divergences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm import __version__
from ufm._checks import Numbers
from ufm._files import Arrays, digest
from ufm._json import JSON
from ufm._progress import Progress, silent

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..steering.steered_prompt import Prompt, bucket, steered_prompt
from ..steering.strengths import check_strengths, chunks, unsteered_at_zero
from .journal import Journal


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of m prompts at A strengths, for 2K tokens a prompt.

    - `alphas` [A]. `tokens` [m, 2K]: the K most likely tokens at the largest α, then at the least.
    - `increase` [m, A, 2K]: Δp(z) = p_α(z) - p_0(z) (Definition 3.1); `unsteered` [m, 2K]: p_0.
    - `derivatives` [m, n + 1, 2K]: p, p', …, p^(n) at α = 0, exact.
    - `top` [m, A]: the most likely token at each α.
    - `forward_kl`, `reverse_kl` [m, A]: KL(p_0||p_α) and KL(p_α||p_0) in nats.
    - `concept_mass` [m, A]: probability of the concept's tokens; `concept_derivatives` [m, n + 1] of
      it at α = 0. None without a concept.
    """

    alphas: np.ndarray
    tokens: np.ndarray
    increase: np.ndarray
    unsteered: np.ndarray
    derivatives: np.ndarray
    top: np.ndarray
    forward_kl: np.ndarray
    reverse_kl: np.ndarray
    concept_mass: np.ndarray | None = None
    concept_derivatives: np.ndarray | None = None


def sweep_curves(
    model: Model,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    directory: str | Path,
    *,
    concept: np.ndarray | None = None,
    top: int = 100,
    tokens: np.ndarray | None = None,
    order: int = 2,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Curves:
    """Steer each prompt (a list of tokens) at each strength; results are written as they come.

    `concept`: a set of tokens [V] bool, fixed before the run. `top`: K tokens at each end, unless `tokens`
    [m, 2K] says which to follow after each prompt. `order`: how many exact derivatives. `directory` gets one
    file a prompt, then results.safetensors and results.json; a run that was killed goes on where it was and
    ends with the same numbers. Those at α = 0 are the unsteered model's. `progress(done, all)` is called
    after each prompt. Raises `ValueError` where `directory` holds another run.

    >>> import tempfile, numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> given = model, [[1, 2, 3]], ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0), [0.0, 1.0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = ufm.llm.sweep_curves(*given, folder, top=2)
    >>> print(found.increase.shape, found.increase[0, 1].sum().round(4))
    (1, 2, 4) 0.0008
    """
    strengths = check_strengths(alphas, model, steering)
    if not prompts:
        raise ValueError("there is no prompt: pass at least one list of tokens")
    if top < 1:
        raise ValueError(f"top must be at least 1; got {top}")
    if concept is not None:
        concept = token_set(concept, model.vocabulary)
    rows = [list(map(int, row)) for row in prompts]
    followed = _followed(tokens, len(rows))
    wanted = _Wanted(concept, min(top, model.vocabulary), order, batch_size)
    settings: dict[str, JSON] = {
        "kind": "curves",
        **identity(model, steering, strengths, order),
        "prompts": digest(rows),
        "concept": None if concept is None else digest(concept),
        "top": wanted.top,
        "batch_size": batch_size,
    }
    if tokens is not None:
        settings["tokens"] = digest(np.asarray(tokens))
    journal = Journal(directory, settings)
    stacked = journal.stacked(
        prompt_parts(len(rows)),
        lambda j: _one_prompt(model, rows[j], steering, strengths, followed[j], wanted),
        progress or silent,
    )
    journal.finish({"alphas": strengths, **stacked}, {**settings, "prompts_done": len(rows)})
    return Curves(alphas=strengths, **stacked)


@dataclass(frozen=True)
class _Wanted:
    """What is measured of each prompt: the arguments of `sweep_curves` by these names, checked."""

    concept: np.ndarray | None
    top: int
    order: int
    batch_size: int | None


def _followed(tokens: np.ndarray | None, prompts: int) -> Sequence[np.ndarray | None]:
    """The tokens [2K] to follow after each prompt; None where the prompt itself is to tell."""
    if tokens is None:
        return [None] * prompts
    if np.ndim(tokens) != 2 or len(tokens) != prompts:
        raise ValueError(f"tokens must be [{prompts}, K]; got shape {np.shape(tokens)}")
    return list(np.asarray(tokens, np.int32))


def prompt_parts(count: int) -> dict[str, dict[str, JSON]]:
    """The names of a journal's parts, one for each prompt, and what they are about."""
    return {f"prompt-{j:06d}": {"prompt": j} for j in range(count)}


def identity(model: Model, steering: Steering, alphas: np.ndarray, order: int) -> dict[str, JSON]:
    """What the numbers of a sweep depend on."""
    return {
        "version": __version__,
        "jax": jax.__version__,
        "platform": jax.default_backend(),
        "model": model.source.name,
        "fingerprint": model.source.fingerprint,
        "dtype": str(model.dtype),
        "vector": digest(steering.vector),
        "layer": steering.layer,
        "positions": steering.positions,
        "site": steering.site,
        "alphas": digest(alphas),
        "order": order,
    }


def token_set(concept: Numbers, vocabulary: int) -> np.ndarray:
    """A concept's tokens [V] bool, some but not all."""
    mask = np.asarray(concept)
    if mask.dtype != np.bool_ or mask.shape != (vocabulary,):
        raise ValueError(
            f"concept must be boolean of shape ({vocabulary},); got {mask.dtype}, {mask.shape}"
        )
    if not mask.any() or mask.all():
        raise ValueError(
            f"concept holds {mask.sum()} of {vocabulary} tokens: name some, but not all"
        )
    return mask


def _one_prompt(
    model: Model,
    row: list[int],
    steering: Steering,
    alphas: np.ndarray,
    tokens: np.ndarray | None,
    wanted: _Wanted,
) -> Arrays:
    """The fields of `Curves` of one prompt."""
    prompt = steered_prompt(model, row, steering, bucket(model, row))
    size = wanted.batch_size or prompt.batch_size()
    if tokens is None:
        tokens = _likeliest_at_the_ends(prompt, alphas, size, wanted.top)
    arrays = _along(prompt, alphas, size, tokens, wanted.concept)
    if wanted.order:
        exact = np.asarray(model.derivatives(row, steering, order=wanted.order))
    else:  # without the programs of Taylor arithmetic
        exact = np.asarray(jax.nn.softmax(prompt.base))[None]
    arrays |= {"tokens": tokens, "unsteered": exact[0, tokens], "derivatives": exact[:, tokens]}
    if wanted.concept is not None:
        arrays["concept_derivatives"] = exact[:, wanted.concept].sum(axis=1)
    return arrays


def _likeliest_at_the_ends(prompt: Prompt, alphas: np.ndarray, size: int, count: int) -> np.ndarray:
    """So many most likely tokens at the largest strength, then as many at the least."""
    # the batch's own shape, so that the ends need no program of their own
    rows = min(size, alphas.size)
    both = np.resize([alphas.max(), alphas.min()], max(2, rows))
    parts = chunks(both, rows, prompt.model.wide)
    ends = np.concatenate([prompt.logits(chunk) for _, chunk in parts])
    return np.concatenate([_largest(end, count) for end in ends[:2]])


def _along(
    prompt: Prompt,
    alphas: np.ndarray,
    size: int,
    tokens: np.ndarray,
    concept: np.ndarray | None,
) -> Arrays:
    """What is measured at every strength, `size` strengths at once."""
    members = None if concept is None else jnp.asarray(concept)
    found = []
    for where, chunk in chunks(alphas, size, prompt.model.wide):
        part = _measure(prompt.logits(chunk), chunk, prompt.base, jnp.asarray(tokens), members)
        count = where.stop - where.start
        found.append({key: np.asarray(x)[:count] for key, x in part.items()})
    return {key: np.concatenate([part[key] for part in found]) for key in found[0]}


def _largest(logits: np.ndarray, count: int) -> np.ndarray:
    # stable: equal logits in the order of their tokens, on every machine
    return np.argsort(-logits, kind="stable")[:count].astype(np.int32)


@jax.jit
def _measure(
    logits: Array, alphas: Array, base: Array, tokens: Array, concept: Array | None
) -> dict[str, Array]:
    unsteered = jax.nn.log_softmax(base)
    after = unsteered_at_zero(jax.nn.log_softmax(logits, axis=1), unsteered, alphas)
    before = unsteered[None]
    gap = after - before
    found = {
        "increase": jnp.exp(after[:, tokens]) - jnp.exp(before[:, tokens]),
        "top": jnp.argmax(after, axis=1).astype(jnp.int32),
        "forward_kl": -(jnp.exp(before) * gap).sum(axis=1),
        "reverse_kl": (jnp.exp(after) * gap).sum(axis=1),
    }
    if concept is not None:
        found["concept_mass"] = jnp.where(concept[None], jnp.exp(after), 0).sum(axis=1)
    return found
