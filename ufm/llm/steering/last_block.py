"""Steering after the last block in closed form: two head products serve any number of strengths."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ufm.tilt.norm_circle import arc, cos_sin

from ..decoder.head import capped, product_with_head
from ..decoder.limits import seen_by_norm
from ..decoder.model import LanguageModel
from ..decoder.params import Norm
from ..decoder.steering import Placed, Steering


class LastBlock(eqx.Module):
    """The logits of m rows of hidden states after the last block, at any strengths: x a + y b + c.

    At the site "residual" they run along half an ellipse (`ufm.NormCircle`): x = cos t, y = sin t. At
    "post-norm", or without a final norm, they run along a straight line: x = 1, y = α, c = 0. A softcap
    comes after.

    `across` a [m, V], `along` b and `offset` c [V]; `circle`: α* and w [m] of the `NormCircle`, or None.
    """

    across: Float[Array, "m vocab"]
    along: Float[Array, " vocab"]
    offset: Float[Array, " vocab"]
    circle: tuple[Array, Array] | None
    softcap: float | None = eqx.field(static=True)

    @classmethod
    def of(
        cls, model: LanguageModel, steering: Steering | Placed, states: Float[Array, "m d"]
    ) -> "LastBlock":
        """The closed form from the states to which v is added; `has_closed_form` says where there is one."""
        params, config = model.params, model.config
        is_normed = steering.site == "post-norm"
        vector = jnp.asarray(steering.vector, model.wide)
        a, b, c, circle = _products(
            params.final_norm,
            params.unembedding,
            states,
            vector,
            config.blocks[0].norm_eps,
            is_normed,
        )
        return cls(a, b, c, circle, config.final_softcap)

    def weights(self, alphas: Float[Array, " A"]) -> tuple[Array, Array]:
        """How much of a and of b is in the logits at each strength, [A, m] each."""
        if self.circle is None:
            y = jnp.broadcast_to(alphas[:, None], (alphas.size, self.across.shape[0]))
            return jnp.ones_like(y), y
        closest, width = (part[None] for part in self.circle)
        beyond = alphas[:, None] - closest
        return cos_sin(beyond, jnp.broadcast_to(width, beyond.shape))

    def row(self, across: Float[Array, " vocab"], x: Array, y: Array) -> Float[Array, " vocab"]:
        """The logits of one row at one strength, of these weights."""
        return capped(x * across + y * self.along + self.offset, self.softcap)

    @jax.jit
    def logits(self, alphas: Float[Array, " A"]) -> Float[Array, "A m vocab"]:
        """The logits of all rows at each strength."""
        rows = jax.vmap(self.row)
        return jax.vmap(rows, (None, 0, 0))(self.across, *self.weights(alphas))


@partial(jax.jit, static_argnums=(4, 5))
def _products(
    norm: Norm | None, head: Array, states: Array, vector: Array, eps: float, is_normed: bool
) -> tuple[Array, Array, Array, tuple[Array, Array] | None]:
    """a, b, c, and α* and w, by one pass over the head."""
    offset, circle = jnp.zeros_like(vector), None
    if norm is not None and not is_normed:
        states, vector, *circle = arc(states, vector, eps, norm.bias is not None)
        states, vector = states * norm.scale[None], vector * norm.scale
        offset = offset if norm.bias is None else norm.bias
    rows = jnp.concatenate([states, vector[None], offset[None]])
    found = product_with_head(head, rows, vector.dtype)
    return found[:-2], found[-2], found[-1], None if circle is None else (circle[0], circle[1])


def has_closed_form(model: LanguageModel, steering: Steering | Placed, states: Array) -> bool:
    """Whether v is added after the last block, in the dtype of the states.

    Weights of bfloat16 round h + αv, and the state after the norm, which no closed form follows. Nor is
    there one where the final norm is blind to v, or α* = -h·v/|v|² would overflow.
    """
    if steering.layer != model.blocks - 1 or model.dtype != model.wide:
        return False
    if steering.site == "post-norm":
        return True
    seen = seen_by_norm(model, steering.vector)
    if seen is None:
        return False
    with np.errstate(over="ignore"):
        longest = np.abs(np.asarray(states)).max() * seen.size / np.abs(seen).max()
    return bool(longest < float(jnp.finfo(model.wide).max))
