"""A small pre-norm transformer whose residual stream is steered (Proposition 4.1)."""

import math
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray

from .._checks import finite, floating, is_concrete, strength
from .transformer_block import Block
from .transformer_norm import Norm, last_axis, random_norm


class Transformer(eqx.Module):
    """Pre-norm blocks, a final norm and an unembedding W'; its input is a residual stream [T, d].

    Steering adds αv to the stream right after block `layer` (0-based), at `positions` "all" or only
    the "last": two different interventions. With h the unsteered stream there and r(α) what the
    later blocks add, the last position has logits W' LN(h + r(α) + αv). All blocks read the stream
    through a norm, so r is bounded, and the logits tend to W' LN₀(±v) as α → ±∞ (Proposition 4.1).
    LN₀ is the final norm with eps = 0, whatever eps is.

    **Fields** (d dimensions, V tokens): `blocks`, `final_norm`, `decoder` W' [V, d].

    **Arguments of the methods:** `hidden` [T, d] enters block 0; `alpha` is a finite scalar (sweep
    with `jax.vmap`: blocks up to `layer` still run once); `vector` v [d]. A misfit raises
    `ValueError`. With eps = 0, a position at 0 (layernorm: constant) gives NaN.

    >>> import jax, jax.numpy as jnp, ufm
    >>> model = ufm.Transformer.random(
    ...     jax.random.key(0), blocks=2, dimension=4, heads=2, vocabulary=3, norm="layernorm")
    >>> hidden, v = jnp.eye(4), jnp.array([1.0, -2.0, 0.5, 3.0])
    >>> near, far = (abs(model.logits(hidden, alpha, vector=v, layer=0) - model.limit_logits(v, 1))
    ...              for alpha in (1e5, 1e6))
    >>> print(round(float(near.max() / far.max()), 2))
    10.0
    """

    blocks: tuple[Block, ...]
    final_norm: Norm
    decoder: Float[Array, "vocab d"]

    def __check_init__(self):
        if not self.blocks:
            raise ValueError("a transformer to steer needs at least one block; got none")
        d = self.final_norm.scale.size
        sizes = [n.scale.size for b in self.blocks for n in (b.attention_norm, b.mlp_norm)]
        if self.decoder.ndim != 2 or {*sizes, *self.decoder.shape[1:]} != {d}:
            raise ValueError(
                f"decoder [V, d] and the norms of all blocks must share the final norm's d = {d}; "
                f"got decoder {self.decoder.shape} and block norms {sizes}"
            )

    @classmethod
    def random(
        cls,
        key: PRNGKeyArray,
        *,
        blocks: int,
        dimension: int,
        heads: int,
        vocabulary: int,
        norm: str = "layernorm",
        eps: float = 1e-5,
        dtype: DTypeLike | None = None,
    ) -> "Transformer":
        """Gaussian weights; norms ("layernorm" or "rmsnorm") away from the identity."""
        if heads < 1 or dimension < 1 or dimension % heads:
            raise ValueError(f"heads must divide dimension; got {heads} heads, {dimension}")
        dtype = jnp.result_type(float) if dtype is None else dtype
        shape = {"dimension": dimension, "heads": heads, "norm": norm, "eps": eps, "dtype": dtype}
        last, *keys = jax.random.split(key, blocks + 1)
        draw = jax.random.normal(last, (2 + vocabulary, dimension), dtype)
        return cls(
            blocks=tuple(Block.random(block_key, **shape) for block_key in keys),
            final_norm=random_norm(draw[:2], norm, eps),
            decoder=draw[2:],
        )

    def hidden_states(
        self,
        hidden: ArrayLike,
        alpha: ArrayLike = 0.0,
        *,
        vector: ArrayLike | None = None,
        layer: int | None = None,
        positions: str = "all",
    ) -> Float[Array, "tokens d"]:
        """Residual stream after the last block, before the final norm: h + r(α) + αv."""
        rest, shift = self._steered(hidden, alpha, vector, layer, positions)
        return rest + shift

    def logits(
        self,
        hidden: ArrayLike,
        alpha: ArrayLike = 0.0,
        *,
        vector: ArrayLike | None = None,
        layer: int | None = None,
        positions: str = "all",
    ) -> Float[Array, " vocab"]:
        """Next-token logits after the last position: W' LN(h + r(α) + αv)."""
        place = {"vector": vector, "layer": layer, "positions": positions}
        return self.decoder @ self.final_norm(self.hidden_states(hidden, alpha, **place)[-1])

    def limit_logits(self, vector: ArrayLike, sign: int) -> Float[Array, " vocab"]:
        """W' LN₀(sign v), the limit of the logits as α → sign ∞ (Proposition 4.1).

        It depends on neither the context, the layer, the positions nor eps. rmsnorm: LN₀(-v) =
        -LN₀(v); layernorm: LN₀(-v) = 2β - LN₀(v). Raises `ValueError` for v = 0 (layernorm: v
        constant); a traced v is not checked and gives NaN there. Relative error: the dtype's
        epsilon times |v| / |v - mean(v)|.

        >>> import jax, jax.numpy as jnp, ufm
        >>> model = ufm.Transformer.random(
        ...     jax.random.key(0), blocks=1, dimension=4, heads=2, vocabulary=3, norm="rmsnorm")
        >>> v = jnp.array([1.0, -2.0, 0.5, 3.0])
        >>> print(model.limit_logits(v, 1) + model.limit_logits(v, -1))
        [0. 0. 0.]
        """
        if sign not in (1, -1):
            raise ValueError(f"sign must be +1 or -1, the side of the limit; got {sign}")
        return self.decoder @ replace(self.final_norm, eps=0.0)(sign * self._direction(vector))

    def steering_remainder(
        self,
        hidden: ArrayLike,
        alpha: ArrayLike,
        *,
        vector: ArrayLike,
        layer: int,
        positions: str = "all",
    ) -> Float[Array, ""]:
        """|h + r(α)| at the last position, centred for layernorm: at most `remainder_bound`.

        Never formed as (h + r(α) + αv) - αv, so exact to rounding at any α.
        """
        rest, _ = self._steered(hidden, alpha, vector, layer, positions)
        return jnp.linalg.norm(self.final_norm.centre(rest[-1]))

    def remainder_bound(self, hidden: ArrayLike, layer: int) -> Float[Array, ""]:
        """ρ >= sup |h + r(α)| (centred for layernorm), over all α, v and `positions`.

        |h| plus, for every later block with norm outputs n: Σ_heads sup |output value n| +
        `‖down‖ sup |up n + up_bias| + |down_bias|`.
        """
        hidden, index = self._stream(hidden), self._index(layer)
        last = _advance(self.blocks[: index + 1], hidden, jnp.zeros_like(hidden))[-1]
        later = sum(block.largest_increment() for block in self.blocks[index + 1 :])
        return jnp.linalg.norm(self.final_norm.centre(last)) + later

    def limit_rate_bound(
        self, vector: ArrayLike, alpha: ArrayLike, rho: ArrayLike
    ) -> Float[Array, ""]:
        """Upper bound √d max|γ| B of |LN(h + r(α) + αv) - LN₀(±v)|, which is O(1/α).

        B² = 2t² / (1 + √(1 - t²)) + (1 - 1/√(1 + d eps/(a - ρ)²))², with a = |α||v| and t = ρ/a,
        for ρ >= |h + r(α)| and ρ < a (centre both for layernorm); else B = 2, true of any two
        outputs. B is at most 2ρ/(2a - ρ) + d eps/(2(a - ρ)²), and exact at eps = 0 if |γ| is
        constant. Raises `ValueError` for ρ < 0 and where `limit_logits` does.

        >>> import jax, jax.numpy as jnp, ufm
        >>> model = ufm.Transformer.random(
        ...     jax.random.key(0), blocks=1, dimension=4, heads=2, vocabulary=3, norm="rmsnorm")
        >>> v = jnp.array([1.0, -2.0, 0.5, 3.0])
        >>> near, far = (model.limit_rate_bound(v, alpha, rho=2.0) for alpha in (1e5, 1e6))
        >>> print(round(float(near / far), 4))
        10.0
        """
        scale = jnp.max(jnp.abs(self.final_norm.scale))
        return scale * self._direction_bound(vector, alpha, rho)

    def logit_rate_bound(
        self, vector: ArrayLike, alpha: ArrayLike, rho: ArrayLike
    ) -> Float[Array, " vocab"]:
        """Upper bound √d |γ W'_z| B of |logits - limit_logits|, token by token; as above."""
        rows = self.decoder * last_axis(self.final_norm.scale, self.decoder)
        return jnp.linalg.norm(rows, axis=1) * self._direction_bound(vector, alpha, rho)

    def _direction_bound(self, vector, alpha, rho):
        # y = αw + u with |u| <= ρ < a = |αw| makes an angle of at most asin(t) with ±w, so the unit
        # vectors are c apart, c² <= 2 - 2√(1 - t²). With s = |y|/√(|y|² + d eps), which grows with
        # |y| >= a - ρ, |s y/|y| ∓ w/|w||² = (1 - s)² + s c². Both terms are written uncancelled.
        vector = self._direction(vector)
        if is_concrete(rho) and not rho >= 0:
            raise ValueError(f"rho bounds a norm, so it must be at least 0; got {rho}")
        alpha, rho = strength(alpha, vector.dtype), strength(rho, vector.dtype)
        reach = jnp.abs(alpha) * jnp.linalg.norm(self.final_norm.centre(vector))
        known = reach > rho
        # Where nothing is known, any ratio at which the formula has a derivative.
        ratio = jnp.where(known, rho / jnp.where(known, reach, 1), 0.5)
        gap = jnp.where(known, reach - rho, 1)
        chord_squared = 2 * ratio**2 / (1 + jnp.sqrt((1 - ratio) * (1 + ratio)))
        root = math.sqrt(vector.size * self.final_norm.eps)
        shrinkage = -jnp.expm1(-jnp.log1p((root / gap) ** 2) / 2)
        bound = jnp.where(known, jnp.sqrt(chord_squared + shrinkage**2), 2)
        return math.sqrt(vector.size) * bound

    def _steered(self, hidden, alpha, vector, layer, positions):
        """The stream after the last block in two parts, h + r(α) and αv."""
        # Two parts, because in h + αv at α = 1e8 half the digits of h are lost.
        rest = self._stream(hidden)
        if positions not in ("all", "last"):
            raise ValueError(f"positions must be 'all' or 'last'; got {positions!r}")
        if vector is None:
            if layer is not None or not is_concrete(alpha) or np.any(alpha):
                raise ValueError("alpha or layer without a vector steers nothing: pass vector=v")
            shift = jnp.zeros_like(rest)
            return _advance(self.blocks, rest, shift), shift
        vector, index = self._vector(vector), self._index(layer)
        if is_concrete(alpha) and not np.all(np.isfinite(alpha)):
            raise ValueError(f"alpha must be finite; got {alpha}: see limit_logits for the limits")
        first = 0 if positions == "all" else len(rest) - 1
        steered = (jnp.arange(len(rest)) >= first).astype(vector.dtype)
        rest = _advance(self.blocks[: index + 1], rest, jnp.zeros_like(rest))
        shift = jnp.outer(steered, strength(alpha, vector.dtype) * vector)
        return _advance(self.blocks[index + 1 :], rest, shift), shift

    def _stream(self, hidden) -> Array:
        hidden, d = floating("hidden", hidden, 2), self.final_norm.scale.size
        if hidden.shape[0] < 1 or hidden.shape[1] != d:
            raise ValueError(f"hidden must be [T >= 1, d = {d}]; got shape {hidden.shape}")
        return hidden

    def _index(self, layer) -> int:
        count = len(self.blocks)
        if layer not in range(count):
            raise ValueError(f"layer must be one of the blocks 0..{count - 1}; got {layer!r}")
        return int(layer)

    def _vector(self, vector) -> Array:
        vector, shape = floating("vector", vector, 1), self.final_norm.scale.shape
        if vector.shape != shape:
            raise ValueError(f"vector must have the stream's shape {shape}; got {vector.shape}")
        finite("vector", vector)
        return vector

    def _direction(self, vector) -> Array:
        vector = self._vector(vector)
        if is_concrete(vector):
            largest = float(np.max(np.abs(vector)))
            if largest == 0:
                raise ValueError(f"vector = {vector} has no direction: pass one that is not zero")
            # Entries a few units in the last place apart differ by rounding, not by intent.
            noise = 8 * float(jnp.finfo(vector.dtype).eps) * largest
            if self.final_norm.kind == "layernorm" and np.ptp(vector) <= noise:
                raise ValueError(
                    f"vector is constant, every entry {vector[0]}: layernorm removes it and the "
                    "logits do not move; pass one with unequal entries"
                )
        return vector


def _advance(blocks, rest, shift):
    for block in blocks:
        rest = block(rest, shift)
    return rest
