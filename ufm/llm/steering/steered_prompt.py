"""One sequence under many strengths: what comes before the steered block runs once."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ufm._checks import Numbers, finite

from ..decoder.adapted import AdaptedModel, Model, RowSeries, Run
from ..decoder.arguments import check_shift
from ..decoder.blocks import apply_block, extend
from ..decoder.devices import shared_out
from ..decoder.head import normalise, unembed
from ..decoder.layout import Layout, arranger, layout_of, pick
from ..decoder.model import LanguageModel
from ..decoder.steering import Blocks, Placed, Steering, add
from ..decoder.taylor import logit_series
from ..text.tokenizer import pad
from .batches import at_once, within_blocks
from .last_block import LastBlock, has_closed_form

_BUCKET = 4
_MOST = 64  # strengths in a batch


class SteeredRun:
    """One sequence up to the steered block, and what follows it at any strengths.

    `tokens` [n] are padded on the right to `length`, so that sequences of several lengths share
    compiled programs. `before` [1, T, d]: the states to which v is added; with `only_last` just that
    of the last token where no other is needed.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokens: Numbers,
        steering: Steering,
        length: int | None,
        only_last: bool,
    ):
        self.model, self.steering, self.only_last = model, model.place(steering), only_last
        row = np.asarray(model.batch(tokens)[0])[0].tolist()
        ids, real, _ = model.batch(*pad([row], max(length or 0, len(row))))
        self.layout, self.is_padded = layout_of(real), ids.shape[1] > len(row)
        self.before = model.before_steering(ids, self.layout, self.steering, only_last)

    def states(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths rows d"]:
        """The last hidden states at each strength, of all rows or of the last."""
        where = self.layout, self.steering, self.only_last
        return self.model.steered_states(self.before, shared_out(self.model.params, alphas), *where)

    def logit_series(self, alphas: Float[Array, " strengths"], order: int) -> RowSeries:
        """The logits at each strength and their derivatives in it, up to `order`, of the rows asked for."""
        where = self.layout, self.steering, order, self.only_last
        series = self.model.steered_series(self.before, alphas, *where)
        params, config = self.model.params, self.model.config
        has_norm = self.steering.site == "post-norm"
        return lambda rows: logit_series(params, config, [x[:, rows] for x in series], has_norm)

    def shift_gradient(
        self, alpha: float, slopes: Float[Array, "1 kept d"]
    ) -> Float[Array, "*blocks d"]:
        """The gradient in the shift αv, shared by all positions, of what has these slopes in the `states`.

        Of several blocks, a row for each.
        """
        placed = self.steering
        if placed.positions != "all":
            raise ValueError('the gradient in v is that of a v added at "all" positions')
        shift = jnp.asarray(alpha, self.model.wide) * placed.vector
        given = self.model, self.before, self.layout, shift, slopes
        where = {"layer": placed.layer, "site": placed.site, "only_last": self.only_last}
        return _shift_gradient(*given, **where)

    def along(self, vector: np.ndarray) -> "SteeredRun":
        """This sequence with another v; what comes before the steered block is not run again."""
        other = copy(self)
        v = np.asarray(vector, self.model.wide).reshape(self.steering.vector.shape)
        other.steering = replace(self.steering, vector=jnp.asarray(v))
        return other


@partial(jax.jit, static_argnames=("layer", "site", "only_last"))
def _shift_gradient(
    model: LanguageModel,
    before: Float[Array, "1 rows d"],
    layout: Layout,
    shift: Float[Array, "*blocks d"],
    slopes: Float[Array, "1 kept d"],
    *,
    layer: Blocks,
    site: str,
    only_last: bool,
) -> Float[Array, "*blocks d"]:
    """The gradient by reverse mode through the blocks after the steered one."""

    def states(shift: Array) -> Array:
        placed = Placed(shift, layer, "all", site)
        one = jnp.ones(1, shift.dtype)
        return model.steered_states(before, one, layout, placed, only_last)

    (found,) = jax.vjp(states, shift)[1](slopes)
    return found


class SteeredPrompt(SteeredRun):
    """The next-token logits of one prompt at any strengths.

    With positions "last", only the last token runs through the later blocks: the keys and values
    of those before it do not depend on α. After the last block there is a closed form (`LastBlock`),
    and no padding: each length is compiled for α = 0 anyway.
    """

    def __init__(
        self, model: LanguageModel, tokens: Numbers, steering: Steering, length: int | None = None
    ):
        is_last = steering.layers[0] == model.blocks - 1
        super().__init__(model, tokens, steering, None if is_last else length, only_last=True)
        self.tokens = tokens
        self.start = self.steering.layers[0] + 1
        states = self.before[0]
        is_last = has_closed_form(model, self.steering, states)
        self.last_block = LastBlock.of(model, self.steering, states) if is_last else None
        is_cached = self.steering.positions == "last" and self.start < model.blocks
        self.cache = self._unsteered_cache() if is_cached else None

    @cached_property
    def base(self) -> Float[Array, " vocab"]:
        """The logits of the unsteered model, without padding."""
        if not self.is_padded:
            # the same programs on the same numbers, and α = 0 adds nothing
            return self.model.unembed(self.states(jnp.zeros(1, self.model.wide)))[0, 0]
        return self.model.logits(self.tokens)

    def batch_size(self) -> int:
        """How many strengths fit the memory that the model's batches may take."""
        length = self.layout.mask.shape[1]
        rows = 1 if self.cache is not None or self.start == self.model.blocks else length
        return _batch_size(self.model, rows, length)

    def logits(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths vocab"]:
        """Logits after the last token at each strength; not all bits of α = 0 are the model's own."""
        params, config = self.model.params, self.model.config
        alphas = shared_out(params, alphas)
        if self.last_block is not None:
            return self.last_block.logits(alphas)[:, 0]
        if self.cache is None:
            return unembed(params, config, self.states(alphas))[:, 0]
        last = self.layout.last
        added = dict(zip(self.steering.layers, self.steering.parts, strict=True))
        x = add(pick(self.before, last), added.pop(self.start - 1).vector[None, None, :], alphas)
        arranged = arranger(self.layout, x.dtype)
        for i, kept in self.cache.items():
            settings = config.blocks[i]
            x, *_ = extend(settings, params.blocks[i], x, *arranged(settings), *kept, last)
            if i in added:
                x = add(x, added[i].vector[None, None, :], alphas)
        return unembed(params, config, normalise(params, config, x))[:, 0]

    def _unsteered_cache(self) -> dict[int, tuple[Array, Array]]:
        params, config = self.model.params, self.model.config
        x, cache = self.before, {}
        arranged = arranger(self.layout, x.dtype)
        for i in range(self.start, self.model.blocks):
            settings = config.blocks[i]
            x, keys, values = apply_block(settings, params.blocks[i], x, *arranged(settings))
            cache[i] = keys, values
        return cache

    def slopes(self, alphas: Float[Array, " strengths"]) -> tuple[Array, Array]:
        """Logits at each strength and their slopes there, [A, V] each, by forward mode."""
        # each row depends on its own strength alone: one direction serves them all
        return jax.jvp(self.logits, (alphas,), (jnp.ones_like(alphas),))


class AdaptedPrompt:
    """The next-token logits of one prompt at any strengths, of a model that another library runs."""

    def __init__(self, model: AdaptedModel, tokens: Numbers, steering: Steering):
        self.model, self.tokens = model, tokens
        self.run = model.run(tokens, steering, only_last=True)
        self.length = np.asarray(tokens).size

    @cached_property
    def base(self) -> Float[Array, " vocab"]:
        """The logits of the unsteered model."""
        return self.model.logits(self.tokens)

    def batch_size(self) -> int:
        """How many strengths fit the memory that the model's batches may take."""
        return _batch_size(self.model, self.length, self.length)

    def logits(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths vocab"]:
        """Logits after the last token at each strength."""
        return self.run.logits(alphas)[:, 0]

    def slopes(self, alphas: Float[Array, " strengths"]) -> tuple[Array, Array]:
        """Logits at each strength and their slopes there, [A, V] each."""
        logits, slopes = self.run.logit_series(alphas, 1)(slice(None))
        return logits[:, 0], slopes[:, 0]


Prompt: TypeAlias = SteeredPrompt | AdaptedPrompt


def _batch_size(model: Model, rows: int, length: int) -> int:
    """How many strengths to run at once, `rows` of a prompt of `length` tokens through the later blocks."""
    return at_once(model, max(within_blocks(model, rows, length), model.vocabulary), _MOST)


def steered_prompt(
    model: Model, tokens: Numbers, steering: Steering, length: int | None = None
) -> Prompt:
    """One prompt under many strengths, whichever library runs the model."""
    if isinstance(model, LanguageModel):
        return SteeredPrompt(model, tokens, steering, length)
    return AdaptedPrompt(model, tokens, steering)


def steered_text(
    model: Model, tokens: Numbers, steering: Steering, length: int
) -> "SteeredRun | Run":
    """One window of text, all its positions, whichever library runs the model."""
    if isinstance(model, LanguageModel):
        return SteeredRun(model, tokens, steering, length, only_last=False)
    return model.run(tokens, steering, only_last=False)


@jax.jit
def unsteered_at_zero(steered: Array, unsteered: Array, alphas: Array) -> Array:
    """`steered` [A, …] with the rows of α = 0 replaced by `unsteered` […], bit for bit."""
    is_off = jnp.expand_dims(alphas == 0, tuple(range(1, steered.ndim)))
    return jnp.where(is_off, unsteered[None], steered)


def steered_logits(
    model: Model,
    tokens: Numbers,
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    *,
    batch_size: int | None = None,
    length: int | None = None,
) -> np.ndarray:
    """Logits [A, V] of the token after the prompt at each strength of `alphas` [A].

    The blocks up to the steered one run once, the later ones over batches of strengths, the head at
    the last position alone. Rows of α = 0 are `model.logits(tokens)`, bit for bit. `length`: see
    `SteeredRun`.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> print(ufm.llm.steered_logits(model, [3, 4, 5], steering, [-1.0, 0.0, 1.0]).shape)
    (3, 64)
    """
    prompt = steered_prompt(model, tokens, steering, length)
    strengths = check_strengths(alphas, model, steering)
    out = np.zeros((strengths.size, model.vocabulary), model.wide)
    for where, chunk in chunks(strengths, batch_size or prompt.batch_size(), model.wide):
        found = unsteered_at_zero(prompt.logits(chunk), prompt.base, chunk)
        out[where] = np.asarray(found)[: len(out[where])]
    return out


def bucket(model: Model, tokens: Sequence[int]) -> int:
    """The length to pad a prompt to: a multiple of 4, within the model's positions.

    Each length is compiled once, in seconds; padding by 1.5 tokens on average costs less than a quarter as
    many programs save.
    """
    size = -(-len(tokens) // _BUCKET) * _BUCKET
    return min(size, max(len(tokens), model.config.positions or size))


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
