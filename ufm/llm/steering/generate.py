"""Text from a steered model: one token after the other, with keys and values kept."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from ufm._progress import Progress, silent
from ufm._random import check_seed

from ..decoder import blocks
from ..decoder.arguments import check_context
from ..decoder.blocks import Layout
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering, add
from .steered_prompt import check_strengths

_ROUND = 32


def generate(
    model: LanguageModel,
    tokens: Sequence[int],
    steering: Steering | None,
    alphas: Sequence[float] | np.ndarray,
    *,
    count: int,
    temperature: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """`count` tokens after the prompt `tokens`, one row for each strength: [A, count].

    v is added at every position, those of the prompt and of the new tokens, as in the sweeps of
    cost: token t is drawn from softmax(`model.logits(prompt + earlier tokens, α, …)` / temperature).
    `temperature` 0 takes the most likely token. All strengths share one stream of random numbers,
    fixed by `seed`, so that rows differ by α alone. Without `steering` every α must be 0; rows at
    α = 0 are the unsteered model's, bit for bit. An end-of-text token does not stop the text.

    Raises `ValueError` where prompt and new tokens exceed the model's positions, on a temperature
    below 0, and for `steering` of the "last" position alone.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> print(ufm.llm.generate(model, [3, 4, 5], steering, [0.0, 1.0, 2.0, 5.0], count=6).shape)
    (4, 6)
    """
    strengths = check_strengths(alphas, model, steering)
    _check(steering, strengths, count, temperature, seed)
    ids, _, _ = model.batch(list(tokens))
    length = ids.shape[1]
    longest = model.config.positions
    if longest is not None and length + count > longest:
        raise ValueError(
            f"{length} tokens of the prompt and {count} new ones are more than the model's {longest} "
            "positions"
        )
    check_context(length + count, model.config)
    # rounded up, so that texts of about one length share their programs
    capacity = -(-(length + count) // _ROUND) * _ROUND
    capacity = capacity if longest is None else min(capacity, longest)
    states = _States(model, steering, strengths, capacity)
    logits = states.read(jnp.pad(ids, ((0, 0), (0, capacity - length))), length - 1)
    key = jax.random.key(seed)
    made, show = [], progress or silent
    for step in range(count):
        if step:
            logits = states.next(made[-1], length + step - 1)
        made.append(_choose(logits, jax.random.fold_in(key, step), temperature))
        show(step + 1, count)
    return np.asarray(jnp.stack(made, axis=1))


def _check(
    steering: Steering | None, alphas: np.ndarray, count: int, temperature: float, seed: int
) -> None:
    if steering is None and alphas.any():
        raise ValueError("strengths other than 0 steer nothing without steering")
    if steering is not None and steering.positions != "all":
        raise ValueError('a text is steered at "all" positions; it has no "last" one')
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    if not (np.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature must be at least 0 and finite; got {temperature}")
    check_seed(seed)


class _States:
    """Keys and values of all tokens so far at each strength, block by block.

    Arrays have room for `capacity` tokens from the start, so that one program serves all steps;
    what comes after the newest token is never looked at.
    """

    def __init__(
        self, model: LanguageModel, steering: Steering | None, alphas: np.ndarray, capacity: int
    ):
        self.model = model
        self.steering = None if steering is None else model.place(steering)
        self.alphas = jnp.asarray(alphas.astype(model.wide))
        self.everywhere = Layout(
            jnp.ones((1, capacity), bool), jnp.arange(capacity)[None, :], jnp.zeros(1, int)
        )
        self.cache: list[tuple[Array, Array]] = []

    def read(self, ids: Array, last: int) -> Array:
        """Take in the prompt (padded to the capacity); logits [A, V] after its token `last`."""
        model = self.model
        x = blocks.embed(model.params, model.config, ids, self.everywhere)
        x = jnp.broadcast_to(x, (self.alphas.size, *x.shape[1:]))
        for i, settings in enumerate(model.config.blocks):
            arranged = blocks.arrange(self.everywhere, settings, x.dtype)
            x, *kept = blocks.apply_block(settings, model.params.blocks[i], x, *arranged)
            self.cache.append((kept[0], kept[1]))
            x = self._steered(x, i, "residual")
        return self._head(blocks.pick(x, jnp.array([last])))

    def next(self, chosen: Array, position: int) -> Array:
        """Take in the tokens [A] at `position`; logits [A, V] of those after them."""
        model = self.model
        here = Layout(jnp.ones((1, 1), bool), jnp.full((1, 1), position), jnp.zeros(1, int))
        x = blocks.embed(model.params, model.config, chosen[:, None], here)
        at = jnp.array([position])
        for i, settings in enumerate(model.config.blocks):
            arranged = blocks.arrange(self.everywhere, settings, x.dtype)
            cached = *arranged, *self.cache[i]
            x, *kept = blocks.extend(settings, model.params.blocks[i], x, *cached, at)
            self.cache[i] = (kept[0], kept[1])
            x = self._steered(x, i, "residual")
        return self._head(x)

    def _head(self, x: Array) -> Array:
        params, config = self.model.params, self.model.config
        x = blocks.normalise(params, config, x)
        x = self._steered(x, self.model.blocks - 1, "post-norm")
        return blocks.unembed(params, config, x)[:, 0]

    def _steered(self, x: Array, layer: int, site: str) -> Array:
        """h + αv, if this is where v is added."""
        steering = self.steering
        if steering is None or (layer, site) != (steering.layer, steering.site):
            return x
        return add(x, steering.vector[None, None, :], self.alphas)


@jax.jit
def _choose(logits: Array, key: Array, temperature: ArrayLike) -> Array:
    """The most likely token of each row, after Gumbel noise of size `temperature`."""
    noise = jax.random.gumbel(key, logits.shape[1:], logits.dtype)[None, :]
    scale = jnp.asarray(temperature).astype(logits.dtype)
    return jnp.argmax(logits + scale * noise, axis=1).astype(jnp.int32)
