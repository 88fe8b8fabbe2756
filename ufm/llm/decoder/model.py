"""A language model that can be steered: logits, hidden states and exact derivatives in α."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from ufm._checks import Numbers

from .arguments import POSITIONS, SITES, block_number, direction, one_of, scalar, token_batch
from .blocks import Context, Params, context_of, embed, normalise, run_blocks, unembed
from .config import Config
from .taylor import probs_series, run_blocks_series, straight


@dataclass(frozen=True)
class Source:
    """Where a model came from: its name, its revision on the Hub, a digest of its files."""

    name: str
    revision: str | None = None
    fingerprint: str = ""


class LanguageModel(eqx.Module):
    r"""A decoder whose residual stream can be steered: h ← h + αv after block `layer`.

    Made by `ufm.llm.load`. Blocks are numbered from 0. Below, `tokens` is one sequence [T] or a
    batch [B, T] (results then have a first axis B); `mask` [B, T] marks the real tokens of a batch
    padded on either side, True where real. `positions` says where v is added: "all" real tokens, or
    the "last" one; these are different interventions. `site` says to what: "residual", the stream
    after block `layer`, or "post-norm", the last hidden state after the final norm (`layer` is then
    the last block), where logits are affine in α and the model *is* an `ufm.ExponentialTilt` (but
    for a softcap on the logits).

    α = 0 runs the programs of the unsteered model on the same numbers: the results are equal bit
    for bit. Methods work under `jit`, `vmap`, `jvp`, `grad` and `jet`, in α and the vector.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> vector = model.hidden_states([5, 6], 0)[1] - model.hidden_states([7, 8], 0)[1]
    >>> steered = model.logits([1, 2, 3], 2.0, vector=vector, layer=0)
    >>> print(f"{abs(steered - model.logits([1, 2, 3])).max():.3f}")
    1.558
    """

    params: Params
    config: Config = eqx.field(static=True)
    source: Source = eqx.field(static=True, default=Source(""))

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
    def dtype(self) -> Any:
        """In which the weights are kept."""
        return self.params.embedding.dtype

    @property
    def unembedding(self) -> Float[Array, "vocab d"]:
        """W [V, d]: logits are W times the hidden state after the final norm."""
        return self.params.unembedding

    def logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        *,
        vector: Numbers | None = None,
        layer: int | None = None,
        positions: str = "all",
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch vocab"]:
        """Logits [V] of the token after the last real one, at strength α."""
        steer = self._steer(alpha, vector, layer, positions, site)
        ids, real, is_single = self._batch(tokens, mask)
        out = self._logits(ids, real, steer, only_last=True)[:, 0]
        return out[0] if is_single else out

    def all_logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        *,
        vector: Numbers | None = None,
        layer: int | None = None,
        positions: str = "all",
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch length vocab"]:
        """Logits [T, V] of the token after each; rows of padding mean nothing."""
        steer = self._steer(alpha, vector, layer, positions, site)
        ids, real, is_single = self._batch(tokens, mask)
        out = self._logits(ids, real, steer, only_last=False)
        return out[0] if is_single else out

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
        layer = self._layer(layer, site)
        ids, real, is_single = self._batch(tokens, mask)
        context = context_of(real)
        x = embed(self.params, self.config, ids, context)
        x = run_blocks(self.params, self.config, x, context, 0, layer + 1)
        x = normalise(self.params, self.config, x) if site == "post-norm" else x
        return x[0] if is_single else x

    def derivative(
        self,
        tokens: Numbers,
        vector: Numbers,
        layer: int | None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch vocab"]:
        """d^n p_α(z) / dα^n [V] of the next-token law, n = `order` >= 0, exact to rounding.

        Taylor arithmetic (`jax.experimental.jet`) through the blocks after the steered one.
        """
        return self.derivatives(
            tokens, vector, layer, alpha, order, positions, site=site, mask=mask
        )[-1]

    def derivatives(
        self,
        tokens: Numbers,
        vector: Numbers,
        layer: int | None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "orders *batch vocab"]:
        """All of p_α, dp_α/dα, …, d^n p_α/dα^n, stacked: [n + 1, V], n = `order`."""
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise ValueError(f"order must be an integer of at least 0; got {order!r}")
        steer = self._steer(alpha, vector, layer, positions, site)
        ids, real, is_single = self._batch(tokens, mask)
        context = context_of(real)
        x = self.before_steering(ids, context, steer)
        steered = self.add(x, context, steer)
        if order == 0:
            stack = jax.nn.softmax(self.after_steering(steered, context, steer))[None]
        else:
            step = self._step(x, context, steer).astype(x.dtype)
            series = run_blocks_series(
                self.params, self.config, straight(steered, step, order), context, steer.layer + 1
            )
            has_norm = site == "post-norm"
            stack = jnp.stack(probs_series(self.params, self.config, series, has_norm))
        return stack[:, 0, 0] if is_single else stack[:, :, 0]

    # What follows is for this package: sweeps run the parts apart.

    def before_steering(
        self, ids: Array, context: Context, steer: "Steer", only_last: bool = True
    ) -> Array:
        """The hidden states to which v is added, α = 0 so far: [B, T, d].

        After the last block nothing mixes positions: `only_last` leaves one row there, [B, 1, d].
        """
        x = embed(self.params, self.config, ids, context)
        stop = steer.layer + 1
        only_last = only_last and stop == self.blocks
        x = run_blocks(self.params, self.config, x, context, 0, stop, only_last)
        return normalise(self.params, self.config, x) if steer.site == "post-norm" else x

    def add(self, x: Array, context: Context, steer: "Steer") -> Array:
        """h + αv at the positions that are steered."""
        return _add(x, self._step(x, context, steer), steer.alpha)

    def after_steering(
        self, x: Array, context: Context, steer: "Steer", only_last: bool = True
    ) -> Array:
        """Logits [B, 1, V], or [B, T, V] of all rows, from the steered hidden states."""
        if steer.layer + 1 < self.blocks:
            start = steer.layer + 1
            x = run_blocks(self.params, self.config, x, context, start, self.blocks, only_last)
        if steer.site == "residual":
            x = normalise(self.params, self.config, x)
        return unembed(self.params, self.config, x)

    def _logits(self, ids: Array, real: Array, steer: "Steer", only_last: bool) -> Array:
        context = context_of(real)
        x = self.before_steering(ids, context, steer, only_last)
        if steer.vector is not None:
            x = self.add(x, context, steer)
        return self.after_steering(x, context, steer, only_last)

    def _step(self, x: Array, context: Context, steer: "Steer") -> Array:
        """v at the steered positions, 0 elsewhere: [1, 1, d] or [B, T, d]."""
        assert steer.vector is not None
        if steer.positions == "all" or x.shape[1] == 1:
            return steer.vector[None, None, :]
        return _at_last(steer.vector, context)

    def _batch(self, tokens: Numbers, mask: Numbers | None):
        return token_batch(tokens, mask, self.vocabulary, self.config.positions)

    def _layer(self, layer: int | None, site: str) -> int:
        last = self.blocks - 1
        if site == "post-norm":
            if layer not in (None, last):
                raise ValueError(
                    f'site "post-norm" follows the last block, {last}; got layer {layer!r}'
                )
            return last
        return block_number(layer, self.blocks)

    def _steer(
        self, alpha: ArrayLike, vector: Numbers | None, layer: int | None, positions: str, site: str
    ) -> "Steer":
        one_of("positions", positions, POSITIONS)
        one_of("site", site, SITES)
        wide = self.params.final_norm.scale.dtype
        strength = scalar(alpha, wide)
        if vector is None:
            if layer is not None or not isinstance(alpha, int | float) or alpha != 0:
                raise ValueError("alpha and layer steer nothing without a vector: pass vector=")
            return Steer(strength, None, self.blocks - 1, positions, site)
        v = direction(vector, self.dimension, wide)
        return Steer(strength, v, self._layer(layer, site), positions, site)


@jax.jit
def _add(x: Array, step: Array, alpha: Array) -> Array:
    return (x.astype(step.dtype) + alpha * step).astype(x.dtype)


@jax.jit
def _at_last(vector: Array, context: Context) -> Array:
    index = jnp.arange(context.mask.shape[1])
    is_last = index[None, :] == context.last[:, None]
    return jnp.where(is_last[:, :, None], vector[None, None, :], 0)


class Steer(eqx.Module):
    """A checked request to steer: α, v (None: not at all), and where."""

    alpha: Array
    vector: Array | None
    layer: int = eqx.field(static=True)
    positions: str = eqx.field(static=True)
    site: str = eqx.field(static=True)
