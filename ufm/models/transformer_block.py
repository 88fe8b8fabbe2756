"""A pre-norm transformer block: causal attention, then an MLP."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .transformer_norm import Norm, last_axis, random_norm


class Block(eqx.Module):
    """x + ATTN(LN(x)), then h + FFN(LN(h)): causal softmax attention, then a GELU MLP."""

    attention_norm: Norm
    query: Float[Array, "heads size d"]
    key: Float[Array, "heads size d"]
    value: Float[Array, "heads size d"]
    output: Float[Array, "heads d size"]
    mlp_norm: Norm
    up: Float[Array, "width d"]
    up_bias: Float[Array, " width"]
    down: Float[Array, "d width"]
    down_bias: Float[Array, " d"]

    def __check_init__(self):
        d, heads, width = self.attention_norm.scale.size, len(self.query), self.up_bias.size
        head, size = (heads, d // heads, d), d // heads
        shapes = {"query": head, "key": head, "value": head, "output": (heads, d, size)}
        shapes |= {"up": (width, d), "down": (d, width), "down_bias": (d,)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must be {shape}; got {getattr(self, name).shape}")

    @classmethod
    def random(cls, key, *, dimension, heads, norm, eps, dtype) -> "Block":
        """Gaussian weights; norms away from the identity."""
        # One draw, cut by rows: JAX compiles each shape of a draw, at great length.
        d = dimension
        rows = [d, d, d, d, 4 * d, 4 * d, 4, 1, 2, 2]
        draw = jax.random.normal(key, (sum(rows), d), dtype)
        *weights, first, second = jnp.split(draw, np.cumsum(rows)[:-1])
        query, key, value, output, *mlp = (weight / math.sqrt(d) for weight in weights)
        up, down, up_bias, down_bias = mlp
        head = (heads, d // heads, d)
        return cls(
            attention_norm=random_norm(first, norm, eps),
            query=query.reshape(head),
            key=key.reshape(head),
            value=value.reshape(head),
            output=output.reshape(heads, d, d // heads),
            mlp_norm=random_norm(second, norm, eps),
            up=up,
            up_bias=up_bias.reshape(-1),
            down=down.T,
            down_bias=down_bias[0],
        )

    # Jitted with the shift always an array: one program serves every block, steered or not, which
    # makes α = 0 equal to no steering bit for bit.
    @eqx.filter_jit
    def __call__(
        self, rest: Float[Array, "tokens d"], shift: Float[Array, "tokens d"]
    ) -> Float[Array, "tokens d"]:
        """The stream rest + shift after this block, less shift."""
        rest = rest + self._attention(self.attention_norm(rest + shift))
        inner = self.mlp_norm(rest + shift) @ self.up.T
        inner = jax.nn.gelu(inner + last_axis(self.up_bias, inner), approximate=False)
        return rest + inner @ self.down.T + last_axis(self.down_bias, rest)

    def _attention(self, normed):
        matrices = self.query, self.key, self.value
        query, key, value = (jnp.einsum("hsd,td->hts", matrix, normed) for matrix in matrices)
        scores = jnp.einsum("hqs,hks->hqk", query, key) / math.sqrt(query.shape[-1])
        causal = jnp.broadcast_to(jnp.tri(len(normed), dtype=bool), scores.shape)
        # Finite, so that no derivative can meet inf - inf or 0 * inf.
        scores = jnp.where(causal, scores, jnp.finfo(scores.dtype).min)
        mixed = jax.nn.softmax(scores, axis=-1) @ value
        return jnp.einsum("hds,hts->td", self.output, mixed)

    @eqx.filter_jit
    def largest_increment(self) -> Float[Array, ""]:
        """Upper bound of |ATTN| + |FFN| at one position, over all residual streams."""
        # A head averages normed tokens, so its output is an average's image under output_h value_h.
        # Heads weigh tokens differently: their bounds add up. ‖output‖‖value‖ of the stacked
        # matrices is no bound. Then |GELU(x)| <= |x|, entry by entry.
        heads = self.attention_norm.largest_image(self.output @ self.value)
        inner = self.mlp_norm.largest_image(self.up, self.up_bias)
        mlp = jnp.linalg.norm(self.down, 2) * inner + jnp.linalg.norm(self.down_bias)
        return jnp.sum(heads) + mlp
