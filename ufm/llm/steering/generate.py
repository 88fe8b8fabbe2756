"""Text from a steered model: one token after the other, with keys and values kept."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int

from ufm._progress import Progress, silent
from ufm._random import check_seed

from ..decoder.arguments import check_context
from ..decoder.blocks import apply_block, embed, extend
from ..decoder.devices import shared_out
from ..decoder.head import normalise, unembed
from ..decoder.layout import Layout, arranger, layout_of, pick
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering, add
from .likeliest import check_likeliest, keep_likeliest
from .strengths import check_strengths

_ROUND = 32
# This number takes the place of tokens after an end of text.
NOTHING = -1


def generate(
    model: LanguageModel,
    tokens: Sequence[int],
    steering: Steering | None,
    alphas: Sequence[float] | np.ndarray,
    *,
    count: int,
    ends: Sequence[int] = (),
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """`count` tokens after the prompt `tokens`, one row for each strength: [A, count].

    v is added at every position, those of the prompt and of the new tokens, as in the sweeps of
    cost: token t is drawn from softmax(`model.logits(prompt + earlier tokens, α, …)` / temperature).
    `temperature` 0 takes the most likely token. `top_k`: draw among so many of the likeliest tokens alone
    (and ties of the last); `top_p`: of these, among the fewest likeliest that have this share of the
    probability together, as `keep_likeliest` has it. All strengths share one stream of random numbers,
    fixed by `seed`, so that rows differ by α alone. Without `steering` every α must be 0; rows at
    α = 0 are the unsteered model's, bit for bit. A text ends with the first of the tokens `ends`
    (`Tokenizer.ends`), and -1 follows; without `ends` none stops it.

    Raises `ValueError` where prompt and new tokens exceed the model's positions, on a temperature
    below 0, a `top_k` below 1, a `top_p` outside (0, 1], and for `steering` of the "last" position alone.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> print(ufm.llm.generate(model, [3, 4, 5], steering, [0.0, 1.0, 2.0, 5.0], count=6).shape)
    (4, 6)
    """
    return generate_all(
        model,
        [tokens],
        steering,
        alphas,
        count=count,
        seeds=[seed],
        ends=ends,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        progress=progress,
    )[0]


def generate_all(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering | None,
    alphas: Sequence[float] | np.ndarray,
    *,
    count: int,
    seeds: Sequence[int],
    ends: Sequence[int] = (),
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    room: int | None = None,
    is_over: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """What `generate` gives after several prompts at once, each with a seed: [prompts, A, count].

    The weights, which a new token waits for, are then read once for all of them. `room`: how many new
    tokens there is room for, `count` if None; runs with the same rows and room share programs, bit for bit.
    `is_over`: says which texts have said enough, of their new tokens so far [prompts · A, n]; once all
    have, or have ended, none goes on.
    """
    strengths = check_strengths(alphas, model, steering)
    ids, real = _padded(model, prompts)
    _check(steering, strengths, count, temperature, seeds, ids.shape[1], model)
    check_likeliest(top_k, top_p)
    ids, real = (np.repeat(x, strengths.size, axis=0) for x in (ids, real))
    states = _States(model, steering, np.tile(strengths, len(prompts)), room or count, ids, real)
    logits, show = states.read(), progress or silent
    choose = _chooser(seeds, temperature, top_k, top_p)
    made = np.full((len(ids), count), NOTHING, np.int32)
    is_done = np.zeros(len(ids), bool)
    for k in range(count):
        if k:
            logits = states.next(made[:, k - 1], k - 1)
        made[:, k] = choose(logits, k)
        is_done |= np.isin(made[:, k], np.asarray(ends, np.int32))
        if is_over is not None:
            is_done |= is_over(made[:, : k + 1])
        show(k + 1, count)
        if is_done.all():
            break
    return _cut(made, ends).reshape(len(prompts), strengths.size, count)


def _padded(
    model: LanguageModel, prompts: Sequence[Sequence[int]]
) -> tuple[Int[np.ndarray, "prompts length"], Bool[np.ndarray, "prompts length"]]:
    """The prompts, padded on the left so that all texts go on from one place, and which tokens are real."""
    rows = [np.asarray(model.batch(list(tokens))[0])[0] for tokens in prompts]
    longest = max(row.size for row in rows)
    ids = np.zeros((len(rows), longest), np.int32)
    real = np.zeros(ids.shape, bool)
    for j, row in enumerate(rows):
        ids[j, longest - row.size :], real[j, longest - row.size :] = row, True
    return ids, real


def _chooser(
    seeds: Sequence[int], temperature: float, top_k: int | None, top_p: float
) -> Callable[[Array, int], np.ndarray]:
    """Draws token number k of each text from its logits; `seeds` has one for each prompt."""
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    is_cut = temperature > 0 and (top_k is not None or top_p < 1)

    def choose(logits: Array, k: int) -> np.ndarray:
        if is_cut:
            logits = keep_likeliest(logits, temperature, top_k=top_k, top_p=top_p)
        return np.asarray(_choose_all(logits, keys, k, temperature))

    return choose


def _cut(made: np.ndarray, ends: Sequence[int]) -> np.ndarray:
    """The texts with nothing after their first end."""
    is_end = np.isin(made, np.asarray(ends, np.int32))
    is_after = np.cumsum(is_end, axis=1) - is_end > 0
    return np.where(is_after, NOTHING, made)


def _check(
    steering: Steering | None,
    alphas: np.ndarray,
    count: int,
    temperature: float,
    seeds: Sequence[int],
    longest: int,
    model: LanguageModel,
) -> None:
    if steering is None and alphas.any():
        raise ValueError("strengths other than 0 steer nothing without steering")
    if steering is not None and steering.positions != "all":
        raise ValueError('a text is steered at "all" positions; it has no "last" one')
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    if not (np.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature must be at least 0 and finite; got {temperature}")
    for seed in seeds:
        check_seed(seed)
    most = model.config.positions
    if most is not None and longest + count > most:
        raise ValueError(
            f"{longest} tokens of the prompt and {count} new ones are more than the model's {most} "
            "positions"
        )
    check_context(longest + count, model.config)


class _States:
    """Keys and values of all tokens so far of each text, block by block.

    `ids` and `real` [R, T] are the prompts, padded on the left. Arrays get room for `count` tokens more
    once the prompts are read, so that one program serves all steps; what comes after the newest token is
    never looked at.
    """

    def __init__(
        self,
        model: LanguageModel,
        steering: Steering | None,
        alphas: np.ndarray,
        count: int,
        ids: Int[np.ndarray, "texts length"],
        real: Bool[np.ndarray, "texts length"],
    ):
        self.model, self.ids = model, ids
        # devices with a copy of the weights each share the texts
        share = partial(shared_out, model.params)
        parts = () if steering is None else model.place(steering).parts
        self.added = {(part.layers[0], part.site): part.vector for part in parts}
        self.alphas = share(jnp.asarray(alphas.astype(model.wide)))
        self.length, most = ids.shape[1], model.config.positions
        # rounded up, so that texts of about one length share their programs
        capacity = -(-(self.length + count) // _ROUND) * _ROUND
        capacity = capacity if most is None else min(capacity, most)
        room = np.ones((len(ids), capacity - self.length), bool)
        self.everywhere = layout_of(share(jnp.asarray(np.concatenate([real, room], axis=1))))
        self.cache: list[tuple[Array, Array]] = []

    def read(self) -> Array:
        """Take in the prompts; logits [R, V] after their last tokens."""
        model = self.model
        capacity = self.everywhere.mask.shape[1]
        # padded on the right to few lengths, each of which is compiled
        stop = min(-(-self.length // _ROUND) * _ROUND, capacity)
        layout = layout_of(self.everywhere.mask[:, :stop])
        ids = jnp.asarray(np.pad(self.ids, ((0, 0), (0, stop - self.length))))
        x = embed(model.params, model.config, shared_out(model.params, ids), layout)
        room = ((0, 0), (0, capacity - stop), (0, 0), (0, 0))
        arranged = arranger(layout, x.dtype)
        for i, settings in enumerate(model.config.blocks):
            x, *kept = apply_block(settings, model.params.blocks[i], x, *arranged(settings))
            self.cache.append((jnp.pad(kept[0], room), jnp.pad(kept[1], room)))
            x = self._steered(x, i, "residual")
        return self._head(pick(x, jnp.array([self.length - 1])))

    def next(self, chosen: np.ndarray, step: int) -> Array:
        """Take in the new tokens [R] of this step; logits [R, V] of those after them."""
        model, at = self.model, jnp.array([self.length + step])
        positions = pick(self.everywhere.positions[..., None], at)[..., 0]
        here = Layout(jnp.ones(positions.shape, bool), positions, jnp.zeros(len(chosen), int))
        newest = shared_out(model.params, jnp.asarray(chosen)[:, None])
        x = embed(model.params, model.config, newest, here)
        arranged = arranger(self.everywhere, x.dtype)
        for i, settings in enumerate(model.config.blocks):
            cached = *arranged(settings), *self.cache[i]
            x, *kept = extend(settings, model.params.blocks[i], x, *cached, at)
            self.cache[i] = (kept[0], kept[1])
            x = self._steered(x, i, "residual")
        return self._head(x)

    def _head(self, x: Array) -> Array:
        params, config = self.model.params, self.model.config
        x = normalise(params, config, x)
        x = self._steered(x, self.model.blocks - 1, "post-norm")
        return unembed(params, config, x)[:, 0]

    def _steered(self, x: Array, layer: int, site: str) -> Array:
        """h + αv, if this is where v is added."""
        vector = self.added.get((layer, site))
        return x if vector is None else add(x, vector[None, None, :], self.alphas)


@jax.jit
def _choose_all(logits: Array, keys: Array, step: ArrayLike, temperature: ArrayLike) -> Array:
    """The tokens number `step` of all texts, [R]; `keys` has one for each prompt."""

    def of_prompt(own: Array, key: Array) -> Array:
        return _choose(own, jax.random.fold_in(key, step), temperature)

    each = logits.reshape(keys.size, -1, logits.shape[-1])
    return jax.vmap(of_prompt)(each, keys).ravel()


@jax.jit
def _choose(logits: Array, key: Array, temperature: ArrayLike) -> Array:
    """The most likely token of each row, after Gumbel noise of size `temperature`."""
    noise = jax.random.gumbel(key, logits.shape[1:], logits.dtype)[None, :]
    scale = jnp.asarray(temperature).astype(logits.dtype)
    return jnp.argmax(logits + scale * noise, axis=1).astype(jnp.int32)
