"""What steering costs on text: the increase of cross-entropy, streamed, with exact derivatives."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm._files import digest

from ..decoder.blocks import context_of
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering, add
from ..decoder.taylor import cost_series, run_blocks_series, straight
from ..steering.steered_prompt import check_strengths, chunks
from ..text.tokenizer import pad
from .journal import Journal
from .token_curves import Progress, identity

_BATCH_BYTES = 1 << 28


@dataclass(frozen=True, eq=False)
class Cost:
    """ΔCE(α) (Definition 3.7) on a text, in nats a token.

    - `alphas`, `increase` [A]: ΔCE at each strength, 0 at α = 0.
    - `derivatives` [n + 1]: CE, CE', …, CE^(n) at α = 0, exact; ΔCE ≈ ½ CE'' α² + CE' α.
    - `tokens`: how many tokens were predicted, in how many `windows`.
    """

    alphas: np.ndarray
    increase: np.ndarray
    derivatives: np.ndarray
    tokens: int
    windows: int


def sweep_cost(
    model: LanguageModel,
    windows: Iterable[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    directory: str | Path,
    *,
    length: int,
    order: int = 2,
    windows_per_file: int = 8,
    progress: Progress | None = None,
) -> Cost:
    """ΔCE over windows of tokens (`ufm.llm.windows`), each of at most `length`, at each strength.

    In a window each token but the first is predicted from those before it; all positions are
    steered. Written as it comes, and resumed, as `sweep_curves` is; a window that changed since
    raises `ValueError`. Only one window is held at a time.
    """
    strengths = check_strengths(alphas)
    if steering.positions != "all":
        raise ValueError('the cost on text steers "all" positions; a text has no "last" one')
    settings = {
        "kind": "cost",
        **identity(model, steering, strengths, order),
        "length": length,
        "windows_per_file": windows_per_file,
    }
    journal = Journal(directory, settings)
    increase, exact = np.zeros(strengths.size), np.zeros(order + 1)
    predicted = count = 0
    for k, group in enumerate(_groups(windows, windows_per_file)):
        name, seen = f"text-{k:06d}", digest(group)
        found = journal.read(name)
        if found is None:
            sums = [_one_window(model, row, steering, strengths, length, order) for row in group]
            arrays = {key: np.sum([s[key] for s in sums], axis=0) for key in sums[0]}
            journal.write(name, arrays, {"windows": seen})
        elif found[1].get("windows") != seen:
            raise ValueError(f"{directory} holds a run on another text: file {name} differs")
        else:
            arrays = found[0]
        increase, exact = increase + arrays["increase"], exact + arrays["derivatives"]
        predicted, count = predicted + int(arrays["predicted"][0]), count + len(group)
        if progress is not None:
            progress(count, None)
    if not predicted:
        raise ValueError("the text holds no token to predict")
    results = {
        "alphas": strengths,
        "increase": increase / predicted,
        "derivatives": exact / predicted,
    }
    journal.finish(results, {**settings, "tokens": predicted, "windows": count})
    return Cost(**results, tokens=predicted, windows=count)


def _groups(windows: Iterable[Sequence[int]], size: int) -> Iterator[list[list[int]]]:
    rows = iter(windows)
    while group := [list(map(int, row)) for row in islice(rows, size)]:
        yield group


def _one_window(
    model: LanguageModel,
    row: list[int],
    steering: Steering,
    alphas: np.ndarray,
    length: int,
    order: int,
) -> dict[str, np.ndarray]:
    """Sums over the window's tokens: of Δ(-log p) at each α, and of the derivatives at 0."""
    if not 2 <= len(row) <= length:
        raise ValueError(f"a window must hold 2 to {length} tokens; got {len(row)}")
    tokens, mask = pad([row], length)
    steering = model.place(steering)
    ids, real, _ = model.batch(tokens, mask)
    context = context_of(real)
    # the window's last token predicts nothing: its own next token does not count
    targets = jnp.asarray(np.roll(tokens, -1, axis=1))
    weight = np.roll(mask, -1, axis=1)[0]
    weight[-1] = False
    before = model.before_steering(ids, context, steering, only_last=False)
    base = _cost(model.after_steering(before, context, steering, only_last=False), targets)
    wide = np.asarray(base, np.float64)[0]
    rows = []
    size = max(1, min(64, _BATCH_BYTES // (4 * length * model.vocabulary)))
    for where, chunk in chunks(alphas, size, base.dtype):
        spread = add(before, steering.vector[None, None, :], chunk)
        found = _cost(model.after_steering(spread, context, steering, only_last=False), targets)
        rows.append(np.asarray(found, np.float64)[: where.stop - where.start])
    increase = (np.concatenate(rows) - wide[None])[:, weight].sum(axis=1)
    series = _derivatives(model, before, context, steering, targets, order) if order else [base]
    return {
        "increase": np.where(alphas == 0, 0.0, increase),
        "derivatives": np.array([np.asarray(d, np.float64)[0, weight].sum() for d in series]),
        "predicted": np.array([weight.sum()]),
    }


@jax.jit
def _cost(logits: Array, targets: Array) -> Array:
    """-log p(target) [A, T] in nats."""
    wanted = jnp.broadcast_to(targets[..., None], (*logits.shape[:-1], 1))
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), wanted, axis=-1)[..., 0]


def _derivatives(model, before, context, steering, targets, order: int) -> list[Array]:
    step = jnp.broadcast_to(steering.vector, before.shape).astype(before.dtype)
    series = run_blocks_series(
        model.params,
        model.config,
        straight(before, step, order),
        context,
        steering.layer + 1,
        only_last=False,
    )
    return cost_series(model.params, model.config, series, targets, steering.site == "post-norm")
