"""A language model that can be steered: logits, hidden states and exact derivatives in α."""

from collections.abc import Iterator
from typing import Unpack

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ufm._checks import Numbers

from .arguments import SITES, one_of, scalar, steered_block, token_batch
from .blocks import embed, run_blocks
from .config import Config
from .devices import shared_out
from .head import normalise, unembed
from .layout import Layout, layout_of
from .params import Params, at_least_float32
from .source import Source
from .steering import (
    Blocks,
    Placed,
    Steering,
    Where,
    add,
    asked,
    asked_derivatives,
    check_strength,
    place,
    step,
)
from .taylor import Series, probs_series, run_blocks_series, straight


class LanguageModel(eqx.Module):
    r"""A decoder whose residual stream can be steered: h ← h + αv after block `layer`.

    Made by `ufm.llm.load`. Blocks are numbered from 0. Below, `tokens` is one sequence [T] or a
    batch [B, T] (results then have a first axis B); `mask` [B, T] marks the real tokens of a batch
    padded on either side, True where real. What is added where, after one block or several, is a
    `ufm.llm.Steering`; its four fields `vector`, `layer`, `positions` and `site` may also be given as
    keywords. `positions` says where v is added: "all" real tokens, or the "last" one; these are different
    interventions. `site` says to what: "residual", the stream after block `layer`, or "post-norm", the
    last hidden state after the final norm (`layer` is then the last block), where logits are affine in α
    and the model *is* an `ufm.ExponentialTilt` (but for a softcap on the logits).

    `memory`: bytes that the arrays of one batch of a sweep may take, beside the weights; batches of
    prompts, strengths and positions are sized by it (`dataclasses.replace(model, memory=…)`).

    α = 0 runs the programs of the unsteered model on the same numbers: the results are equal bit
    for bit. Methods work under `jit`, `vmap`, `jvp`, `grad` and `jet`, in α and the vector.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> vector = model.hidden_states([5, 6], 0)[1] - model.hidden_states([7, 8], 0)[1]
    >>> steered = model.logits([1, 2, 3], 2.0, ufm.llm.Steering(vector, layer=0))
    >>> print(f"{abs(steered - model.logits([1, 2, 3])).max():.3f}")
    1.558
    """

    params: Params
    config: Config = eqx.field(static=True)
    source: Source = eqx.field(static=True, default=Source(""))
    memory: int = eqx.field(static=True, default=1 << 30)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.config.blocks)

    @property
    def dimension(self) -> int:
        """Width d of the residual stream."""
        return self.config.dimension

    @property
    def vocabulary(self) -> int:
        """Number of tokens V."""
        return self.config.vocabulary

    @property
    def dtype(self) -> np.dtype:
        """The dtype in which the weights are kept."""
        return self.params.embedding.dtype

    @property
    def unembedding(self) -> Float[Array, "vocab d"]:
        """W [V, d]: logits are W times the hidden state after the final norm."""
        return self.params.unembedding

    def logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        steering: Steering | None = None,
        *,
        mask: Numbers | None = None,
        **where: Unpack[Where],
    ) -> Float[Array, "*batch vocab"]:
        """Logits [V] of the token after the last real one, at strength α."""
        return self._steered(tokens, alpha, steering, mask, True, where)[..., 0, :]

    def all_logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        steering: Steering | None = None,
        *,
        mask: Numbers | None = None,
        **where: Unpack[Where],
    ) -> Float[Array, "*batch length vocab"]:
        """Logits [T, V] of the token after each; rows of padding mean nothing."""
        return self._steered(tokens, alpha, steering, mask, False, where)

    def hidden_states(
        self,
        tokens: Numbers,
        layer: int,
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch length d"]:
        """The residual stream [T, d] after block `layer`, before the final norm unless `site` says so."""
        one_of("site", site, SITES)
        layer = steered_block(layer, site, self.blocks)
        ids, real, is_single = self.batch(tokens, mask)
        layout = layout_of(real)
        x = embed(self.params, self.config, ids, layout)
        x = run_blocks(self.params, self.config, x, layout, 0, layer + 1)
        x = normalise(self.params, self.config, x) if site == "post-norm" else x
        return x[0] if is_single else x

    def derivative(
        self,
        tokens: Numbers,
        vector: Steering | Numbers,
        layer: Blocks | None = None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch vocab"]:
        """d^n p_α(z) / dα^n [V] of the next-token distribution, n = `order` >= 0, exact to rounding.

        `vector` is a `Steering`, or a direction, which `layer`, `positions` and `site` then place.
        Taylor arithmetic (`jax.experimental.jet`) through the blocks after the steered one.
        """
        where = vector, layer, alpha, order, positions
        return self.derivatives(tokens, *where, site=site, mask=mask)[-1]

    def derivatives(
        self,
        tokens: Numbers,
        vector: Steering | Numbers,
        layer: Blocks | None = None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "orders *batch vocab"]:
        """All of p_α, dp_α/dα, …, d^n p_α/dα^n, stacked: [n + 1, V], n = `order`."""
        placed = asked_derivatives(order, self._place, vector, layer, positions, site)
        strength = self._strength(alpha, placed)
        ids, real, is_single = self.batch(tokens, mask)
        layout = layout_of(real)
        x = self.before_steering(ids, layout, placed)
        if order == 0:
            hidden = self.steered_states(x, strength, layout, placed)
            stack = jax.nn.softmax(self.unembed(hidden))[None]
        else:
            series = self.steered_series(x, strength, layout, placed, order)
            has_norm = placed.site == "post-norm"
            stack = jnp.stack(probs_series(self.params, self.config, series, has_norm))
        return stack[:, 0, 0] if is_single else stack[:, :, 0]

    # What follows is for this package: sweeps run the parts apart.

    @property
    def not_affine(self) -> str | None:
        """Why logits are not the unembedding times the last hidden state; None where they are."""
        cap = self.config.final_softcap
        return None if cap is None else f"the logits are capped at {cap:g}"

    def states_at(
        self, tokens: Numbers, mask: Numbers | None, layers: list[int], site: str
    ) -> Iterator[tuple[int, Float[Array, "batch length d"]]]:
        """Each of these blocks, from the first on, with the hidden states [B, T, d] after it, in one pass."""
        ids, real, _ = self.batch(tokens, mask)
        layout = layout_of(real)
        x, start = embed(self.params, self.config, ids, layout), 0
        for layer in sorted(set(layers)):
            x = run_blocks(self.params, self.config, x, layout, start, layer + 1)
            start = layer + 1
            yield layer, normalise(self.params, self.config, x) if site == "post-norm" else x

    def last_states(
        self, tokens: Numbers, alpha: ArrayLike, steering: Steering | None, mask: Numbers | None
    ) -> Float[Array, "batch length d"]:
        """The states after the final norm at strength α, of which `unembed` makes `all_logits`."""
        return self._steered_states(tokens, alpha, steering, mask, False, {})[0]

    def unembed(self, hidden: Float[Array, "*rows d"]) -> Float[Array, "*rows vocab"]:
        """Logits of states after the final norm."""
        return unembed(self.params, self.config, hidden)

    @property
    def wide(self) -> np.dtype:
        """The dtype of norms, logits and of h + αv: float32 at least."""
        return at_least_float32(self.dtype)

    def batch(self, tokens: Numbers, mask: Numbers | None = None) -> tuple[Array, Array, bool]:
        """Tokens and mask, checked, as arrays [B, T]; and whether they were one sequence [T].

        Where each device has a copy of the weights (`on_each_device`), the sequences are shared out.
        """
        ids, real, is_single = token_batch(tokens, mask, self.config)
        return shared_out(self.params, ids), shared_out(self.params, real), is_single

    def place(self, steering: Steering) -> Placed:
        """The steering, checked against this model, with v as an array of the dtype `wide`."""
        return self._place(**vars(steering))

    def before_steering(
        self, ids: Array, layout: Layout, steering: Placed | None, only_last: bool = True
    ) -> Array:
        """The hidden states to which v is added, α = 0 so far: [B, T, d].

        After the last block nothing mixes positions: `only_last` leaves one row there, [B, 1, d].
        """
        x = embed(self.params, self.config, ids, layout)
        stop = self.blocks if steering is None else steering.layers[0] + 1
        x = self._blocks(x, layout, 0, stop, only_last)
        is_normed = steering is not None and steering.site == "post-norm"
        return normalise(self.params, self.config, x) if is_normed else x

    def steered_states(
        self,
        x: Array,
        alphas: Float[Array, " #batch"],
        layout: Layout,
        steering: Placed,
        only_last: bool = True,
    ) -> Array:
        """The last hidden states [B, 1, d], or [B, T, d] of all rows, from those before steering.

        One α for each sequence of `x`, or one sequence for each α.
        """
        stop = steering.layers[0] + 1
        for part in steering.parts:
            start, stop = stop, part.layers[0] + 1
            x = self._blocks(x, layout, start, stop, only_last)
            x = add(x, step(x, layout, part), alphas)
        x = self._blocks(x, layout, stop, self.blocks, only_last)
        return x if steering.site == "post-norm" else normalise(self.params, self.config, x)

    def steered_series(
        self,
        x: Array,
        alphas: Float[Array, " #batch"],
        layout: Layout,
        steering: Placed,
        order: int,
        only_last: bool = True,
    ) -> Series:
        """The last hidden states, before the final norm at the residual site, with their derivatives in α."""
        params, config, first = self.params, self.config, steering.parts[0]
        v = step(x, layout, first)
        steered = add(x, v, alphas)
        series, stop = straight(steered, v.astype(x.dtype), order), first.layers[0] + 1
        for part in steering.parts[1:]:
            start, stop = stop, part.layers[0] + 1
            is_last = only_last and stop == self.blocks
            series = run_blocks_series(params, config, series, layout, start, stop, is_last)
            v = step(series[0], layout, part)
            steered = add(series[0], v, alphas)
            series = [steered, series[1] + v.astype(x.dtype), *series[2:]]
        return run_blocks_series(params, config, series, layout, stop, self.blocks, only_last)

    def _steered(
        self,
        tokens: Numbers,
        alpha: ArrayLike,
        steering: Steering | None,
        mask: Numbers | None,
        only_last: bool,
        where: Where,
    ) -> Array:
        """Logits [(B,) rows, V]; without steering α is 0, and nothing is added."""
        states, is_single = self._steered_states(tokens, alpha, steering, mask, only_last, where)
        out = self.unembed(states)
        return out[0] if is_single else out

    def _steered_states(
        self,
        tokens: Numbers,
        alpha: ArrayLike,
        steering: Steering | None,
        mask: Numbers | None,
        only_last: bool,
        where: Where,
    ) -> tuple[Array, bool]:
        """The last hidden states [B, rows, d], and whether `tokens` were one sequence."""
        fields = {} if steering is None else vars(steering)
        placed = asked(alpha, self._place, **fields, **where)
        strength = self._strength(alpha, placed)
        ids, real, is_single = self.batch(tokens, mask)
        layout = layout_of(real)
        x = self.before_steering(ids, layout, placed, only_last)
        if placed is None:
            return normalise(self.params, self.config, x), is_single
        return self.steered_states(x, strength, layout, placed, only_last), is_single

    def _strength(self, alpha: ArrayLike, placed: Placed | None) -> Array:
        """The strength as a row of one; refused where αv overflows the norms."""
        return check_strength(scalar(alpha, self.wide)[None], placed, self.wide)

    def _place(self, vector: Numbers, layer: Blocks | None, positions: str, site: str) -> Placed:
        sizes = {"count": self.blocks, "width": self.dimension}
        return place(vector, layer, positions, site, **sizes, dtype=self.wide)

    def _blocks(self, x: Array, layout: Layout, start: int, stop: int, only_last: bool) -> Array:
        """The stream after blocks start..stop-1; after the last block `only_last` leaves one row."""
        if start == stop:
            return x
        only_last = only_last and stop == self.blocks
        return run_blocks(self.params, self.config, x, layout, start, stop, only_last)
