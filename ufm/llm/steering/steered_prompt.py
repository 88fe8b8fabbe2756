"""The next-token logits of one prompt under many strengths."""

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ufm._checks import Numbers

from ..decoder.adapted import AdaptedModel, Model
from ..decoder.blocks import apply_block, extend
from ..decoder.devices import shared_out
from ..decoder.head import normalise, unembed
from ..decoder.layout import arranger, pick
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering, add
from .batches import at_once, within_blocks
from .last_block import LastBlock, has_closed_form
from .steered_run import SteeredRun
from .strengths import check_strengths, chunks, unsteered_at_zero

_BUCKET = 4
_MOST = 64  # strengths in a batch


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
