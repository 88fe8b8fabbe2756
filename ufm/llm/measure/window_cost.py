"""What a strength costs on one window of text, token by token, and its derivatives in α."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..decoder.blocks import Params, normalise, unembed
from ..decoder.config import Config
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..decoder.taylor import Series, run_blocks_series, straight, through
from ..steering.steered_prompt import SteeredRun, chunks, unsteered_at_zero
from .budgets import KINDS


class CostWindow(SteeredRun):
    """A window of at least 2 tokens, each but the first predicted from those before it.

    All positions are steered. `target` [V]: the token set of "target_mass". Sums are over the
    `predicted` tokens, in float64; K is the number of `kinds`, some of `KINDS`.
    """

    def __init__(
        self,
        model: LanguageModel,
        row: Sequence[int],
        steering: Steering,
        length: int,
        kinds: tuple[str, ...] = KINDS,
        target: np.ndarray | None = None,
    ):
        check_text([row], length, steering)
        super().__init__(model, row, steering, length, only_last=False)
        self.kinds, self.predicted = kinds, len(row) - 1
        following = np.pad(row[1:], (0, length - self.predicted))
        self.following = jnp.asarray(following, np.int32)
        self.target = jnp.asarray(np.zeros(model.vocabulary, bool) if target is None else target)
        self.hidden = model.states_after(self.before, self.layout, self.steering, only_last=False)

    def sums(self, alphas: np.ndarray, batch_size: int) -> np.ndarray:
        """The sums [A, K] at each strength, `batch_size` strengths at a time."""
        base, found = self.base(), []
        for where, chunk in chunks(alphas, batch_size, self.model.wide):
            sums = self.sums_of(self.states(chunk), chunk, base)
            found.append(sums[: where.stop - where.start])
        return np.concatenate(found)

    def sums_of(
        self, hidden: Float[Array, "A T d"], alphas: Float[Array, " A"], base: Array
    ) -> np.ndarray:
        """The sums [A, K] of these last hidden states; those of the unsteered model where α = 0."""
        logits = unembed(self.model.params, self.model.config, hidden)
        given = base, self.following, self.target
        return self._sum(_costs_at(logits, alphas, *given, kinds=self.kinds))

    def derivatives(self, order: int) -> np.ndarray:
        """The sums at α = 0 and their derivatives there up to `order`, exact: [order + 1, K]."""
        base = self.base()
        # the value is the unsteered model's own: the series would bring its rounding
        value = self.sums_of(self.hidden, jnp.zeros(1, self.model.wide), base)
        if order == 0:
            return value
        v = jnp.broadcast_to(self.steering.vector, self.before.shape).astype(self.before.dtype)
        start = self.steering.layer + 1
        params, config = self.model.params, self.model.config
        series = straight(self.before, v, order)
        series = run_blocks_series(params, config, series, self.layout, start, only_last=False)
        given = base, self.following, self.target
        how = {"kinds": self.kinds, "has_norm": self.steering.site == "post-norm"}
        costs = _cost_series(params, config, series, *given, **how)
        return np.concatenate([value, *map(self._sum, costs[1:])])

    def cross_entropy(self) -> float:
        """The sum of -log p_0(token) over the predicted tokens."""
        return float(self._sum(_cross_entropy(self.base(), self.following))[0, 0])

    def base(self) -> Float[Array, "1 T vocab"]:
        """The unsteered logits; worked out when needed, as they are large."""
        return unembed(self.model.params, self.model.config, self.hidden)

    def _sum(self, costs: Float[Array, "A T K"]) -> np.ndarray:
        return np.asarray(costs, np.float64)[:, : self.predicted].sum(axis=1)


def check_text(windows: Sequence[Sequence[int]], length: int, steering: Steering) -> None:
    """Raise unless all is steered, and each window holds 2 to `length` tokens."""
    if steering.positions != "all":
        raise ValueError('the cost on text steers "all" positions; a text has no "last" one')
    for row in windows:
        if not 2 <= len(row) <= length:
            raise ValueError(f"a window must hold 2 to {length} tokens; got {len(row)}")


@jax.jit
def _cross_entropy(logits: Array, following: Array) -> Array:
    """-log p(token), [1, T, 1]."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), following[None, :, None], axis=-1)


@partial(jax.jit, static_argnames="kinds")
def _costs_at(
    logits: Float[Array, "A T vocab"],
    alphas: Float[Array, " A"],
    base: Float[Array, "1 T vocab"],
    following: Int[Array, " T"],
    target: Bool[Array, " vocab"],
    *,
    kinds: tuple[str, ...],
) -> Float[Array, "A T K"]:
    before = jax.nn.log_softmax(base)
    after = unsteered_at_zero(jax.nn.log_softmax(logits), before[0], alphas)
    return _costs(after, before, following, target, kinds)


@partial(jax.jit, static_argnums=1, static_argnames=("kinds", "has_norm"))
def _cost_series(
    params: Params,
    config: Config,
    series: Series,
    base: Float[Array, "1 T vocab"],
    following: Int[Array, " T"],
    target: Bool[Array, " vocab"],
    *,
    kinds: tuple[str, ...],
    has_norm: bool,
) -> Series:
    """The costs and their derivatives in α, from a Taylor series of hidden states."""
    before = jax.nn.log_softmax(base)

    def costs(x: Array) -> Array:
        hidden = x if has_norm else normalise(params, config, x)
        after = jax.nn.log_softmax(unembed(params, config, hidden))
        return _costs(after, before, following, target, kinds)

    return through(costs, series)


def _costs(
    after: Array, before: Array, following: Array, target: Array, kinds: tuple[str, ...]
) -> Array:
    """What each token costs, [A, T, K], from log-probabilities with steering and without."""
    loss = before - after
    token = jnp.broadcast_to(following[None, :, None], (*loss.shape[:2], 1))
    costs = {
        "cross_entropy": jnp.take_along_axis(loss, token, axis=-1)[..., 0],
        "forward_kl": (jnp.exp(before) * loss).sum(axis=-1),
        "reverse_kl": (jnp.exp(after) * (after - before)).sum(axis=-1),
        "target_mass": jnp.where(target, jnp.exp(after), 0).sum(axis=-1),
    }
    return jnp.stack([costs[kind] for kind in kinds], axis=-1)
