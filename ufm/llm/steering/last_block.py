"""Steering after the last block in closed form: two head products serve any number of strengths."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ufm import NormCircle
from ufm.tilt.norm_circle import cos_sin

from ..decoder.blocks import capped, product_with_head
from ..decoder.limits import limit_states
from ..decoder.model import LanguageModel
from ..decoder.steering import Placed, Steering


class LastBlock(eqx.Module):
    """The logits of m rows of hidden states after the last block, at any strengths: x a + y b + c.

    At the site "residual" they run along half an ellipse (`ufm.NormCircle`): x = cos t, y = sin t. At
    "post-norm" they run along a straight line: x = 1, y = α, c = 0. A softcap comes after.

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
        vector = jnp.asarray(steering.vector, model.wide)
        if steering.site == "post-norm":
            across, along = (product_with_head(params, x) for x in (states, vector[None]))
            return cls(across, along[0], jnp.zeros_like(along[0]), None, config.final_softcap)
        norm = params.final_norm
        found = NormCircle(
            params.unembedding,
            states,
            vector,
            norm.scale,
            norm.bias,
            config.blocks[0].norm_eps,
            centred=norm.bias is not None,
        )
        circle = found.closest, found.width
        return cls(found.across, found.along, found.offset, circle, config.final_softcap)

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


def has_closed_form(model: LanguageModel, steering: Steering | Placed, states: Array) -> bool:
    """Whether v is added after the last block, in the dtype of the states.

    Weights of bfloat16 round h + αv, and the state after the norm, which no closed form follows. Nor is
    there one where the final norm is blind to v, or α* = -h·v/|v|² would overflow.
    """
    if steering.layer != model.blocks - 1 or model.dtype != model.wide:
        return False
    if steering.site == "post-norm":
        return True
    vector = np.asarray(steering.vector, np.float64)
    with np.errstate(over="ignore"):
        longest = float(jnp.abs(states).max()) * vector.size / np.abs(vector).max()
    is_seen = limit_states(model, Steering(vector, steering.layer)) is not None
    return is_seen and bool(longest < float(jnp.finfo(model.wide).max))
