"""One sequence under many strengths: what comes before the steered block runs once."""

from copy import copy
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ufm._checks import Numbers

from ..decoder.adapted import Model, RowSeries, Run
from ..decoder.devices import shared_out
from ..decoder.layout import Layout, layout_of
from ..decoder.model import LanguageModel
from ..decoder.steering import Blocks, Placed, Steering
from ..decoder.taylor import logit_series
from ..text.tokenizer import pad


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


def steered_text(
    model: Model, tokens: Numbers, steering: Steering, length: int
) -> "SteeredRun | Run":
    """One window of text, all its positions, whichever library runs the model."""
    if isinstance(model, LanguageModel):
        return SteeredRun(model, tokens, steering, length, only_last=False)
    return model.run(tokens, steering, only_last=False)
