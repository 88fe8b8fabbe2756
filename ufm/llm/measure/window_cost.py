"""What a strength costs on one window of text, token by token, and its derivatives in α."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..decoder.adapted import Model
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..decoder.taylor import Series, through
from ..steering.batches import at_once, within_blocks
from ..steering.last_block import LastBlock, has_closed_form
from ..steering.steered_run import SteeredRun, steered_text
from ..steering.strengths import chunks, unsteered_at_zero
from .budgets import KINDS


class CostWindow:
    """A window of at least 2 tokens, each but the first predicted from those before it.

    All positions are steered. `target` [V]: the token set of "target_mass". Sums are over the
    `predicted` tokens, in float64; K is the number of `kinds`, some of `KINDS`.
    """

    def __init__(
        self,
        model: Model,
        row: Sequence[int],
        steering: Steering,
        length: int,
        kinds: tuple[str, ...] = KINDS,
        target: np.ndarray | None = None,
    ):
        check_text([row], length, steering)
        self.model, self.run = model, steered_text(model, row, steering, length)
        self.kinds, self.predicted = kinds, len(row) - 1
        self.target = jnp.asarray(np.zeros(model.vocabulary, bool) if target is None else target)
        self.hidden = self.run.states(jnp.zeros(1, model.wide))
        following = np.pad(row[1:], (0, self.hidden.shape[1] - self.predicted))
        self.following = jnp.asarray(following, np.int32)

    @property
    def nbytes(self) -> int:
        """Bytes of the hidden states that are kept."""
        return self.run.before.nbytes + self.hidden.nbytes

    def batch_size(self) -> int:
        """How many strengths run through the later blocks at once; the head follows part by part."""
        length = self.hidden.shape[1]
        return at_once(self.model, within_blocks(self.model, length, length), most=64)

    def sums(self, alphas: np.ndarray, batch_size: int) -> np.ndarray:
        """The sums [A, K] at each strength, `batch_size` strengths at a time.

        After the last block two head products a token serve all strengths, at once.
        """
        run = self.run
        if isinstance(run, SteeredRun) and has_closed_form(run.model, run.steering, run.before[0]):
            return self._sums_after_last_block(run, alphas)
        found = []
        for where, chunk in chunks(alphas, batch_size, self.model.wide):
            sums = self.sums_of(run.states(chunk), chunk)
            found.append(sums[: where.stop - where.start])
        return np.concatenate(found)

    def sums_of(self, hidden: Float[Array, "A T d"], alphas: Float[Array, " A"]) -> np.ndarray:
        """The sums [A, K] of these last hidden states; those of the unsteered model where α = 0."""
        total = np.zeros((alphas.size, len(self.kinds)))
        for part in self._parts(alphas.size + 1):
            logits = self.model.unembed(hidden[:, part.rows])
            given = self._base(part.rows), self.following[part.rows], self.target
            total += part.sum(_costs_at(logits, alphas, *given, kinds=self.kinds))
        return total

    def derivatives(self, order: int) -> np.ndarray:
        """The sums at α = 0 and their derivatives there up to `order`, exact: [order + 1, K]."""
        # the value is the unsteered model's own: the series would bring its rounding
        value = self.sums_of(self.hidden, jnp.zeros(1, self.model.wide))
        if order == 0:
            return value
        series = self.run.logit_series(jnp.zeros(1, self.model.wide), order)
        total = np.zeros((order, len(self.kinds)))
        for part in self._parts(2 * (order + 1)):
            given = self._base(part.rows), self.following[part.rows], self.target
            costs = _cost_series(series(part.rows), *given, kinds=self.kinds)
            total += np.concatenate([part.sum(x) for x in costs[1:]])
        return np.concatenate([value, total])

    def gradient(self, alpha: float, kind: str) -> np.ndarray:
        """The gradient [d] of the sum of `kind` in the shift αv, at α; not of models that torch runs."""
        run = self.run
        if not isinstance(run, SteeredRun):
            raise ValueError("the gradient in v needs a model that JAX runs (`ufm.llm.load`)")
        hidden = run.states(jnp.full(1, alpha, self.model.wide))
        slopes = np.zeros(hidden.shape, np.dtype(hidden.dtype))
        for part in self._parts(6):
            counted = np.zeros(part.rows.stop - part.rows.start, bool)
            counted[part.counted] = True
            given = self._base(part.rows), self.following[part.rows], self.target
            found = _hidden_slopes(
                run.model, hidden[:, part.rows], jnp.asarray(counted), *given, kind=kind
            )
            slopes[:, part.rows] += np.asarray(found)
        return np.asarray(run.shift_gradient(alpha, jnp.asarray(slopes)), np.float64)

    def along(self, vector: np.ndarray) -> "CostWindow":
        """This window, steered along another v [d]; the unsteered model is not run again."""
        if not isinstance(self.run, SteeredRun):
            raise ValueError("another v needs a model that JAX runs (`ufm.llm.load`)")
        other = copy(self)
        other.run = self.run.along(vector)
        return other

    def cross_entropy(self) -> float:
        """The sum of -log p_0(token) over the predicted tokens."""
        total = 0.0
        for part in self._parts(1):
            base = self._base(part.rows)
            total += float(part.sum(_cross_entropy(base, self.following[part.rows]))[0, 0])
        return total

    def target_masses(self, alpha: float = 0.0) -> np.ndarray:
        """The mass of the target at α where each of the `predicted` tokens is predicted, in float64."""
        found, strength = [], jnp.full(1, alpha, self.model.wide)
        hidden = self.run.states(strength) if alpha else self.hidden
        for part in self._parts(2 if alpha else 1):
            base = self._base(part.rows)
            logits = self.model.unembed(hidden[:, part.rows]) if alpha else base
            given = logits, strength, base, self.following[part.rows], self.target
            found.append(part.counting(_costs_at(*given, kinds=("target_mass",)))[0, :, 0])
        return np.concatenate(found)

    def _sums_after_last_block(self, run: SteeredRun, alphas: np.ndarray) -> np.ndarray:
        strengths = jnp.asarray(alphas, self.model.wide)
        total = np.zeros((alphas.size, len(self.kinds)))
        for part in self._parts(2):
            form = LastBlock.of(run.model, run.steering, run.before[0, part.rows])
            given = self._base(part.rows)[0], self.following[part.rows], self.target
            total += part.sum(_closed_costs(form, strengths, *given, kinds=self.kinds))
        return total

    def _base(self, rows: slice) -> Float[Array, "1 rows vocab"]:
        """The unsteered logits of these positions; worked out when needed, as they are large."""
        return self.model.unembed(self.hidden[:, rows])

    def _parts(self, arrays: int) -> Iterator["_Part"]:
        """The predicted positions in parts of one size, whose `arrays` [rows, V] the memory holds."""
        most = at_once(self.model, arrays * self.model.vocabulary, self.predicted)
        count = -(-self.predicted // most)
        size = -(-self.predicted // count)
        if count == 1:
            # one program for windows of all lengths
            size = self.hidden.shape[1]
        for done in range(0, self.predicted, size):
            # the last part begins earlier, so that it is as long
            start = min(done, self.hidden.shape[1] - size)
            yield _Part(slice(start, start + size), slice(done - start, self.predicted - start))


@dataclass(frozen=True)
class _Part:
    """Some `rows` (positions) of a window, of which those `counted` are new."""

    rows: slice
    counted: slice

    def counting(self, costs: Float[Array, "A rows K"]) -> np.ndarray:
        """The costs at the positions that count, in float64."""
        return np.asarray(costs, np.float64)[:, self.counted]

    def sum(self, costs: Float[Array, "A rows K"]) -> np.ndarray:
        """Over the positions that count, in float64."""
        return self.counting(costs).sum(axis=1)


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


@partial(jax.jit, static_argnames="kind")
def _hidden_slopes(
    model: LanguageModel,
    hidden: Float[Array, "1 rows d"],
    counted: Bool[Array, " rows"],
    base: Float[Array, "1 rows vocab"],
    following: Int[Array, " rows"],
    target: Bool[Array, " vocab"],
    *,
    kind: str,
) -> Float[Array, "1 rows d"]:
    """The slopes, in the last hidden states, of what the counted positions cost."""
    before = jax.nn.log_softmax(base)

    def total(hidden: Array) -> Array:
        after = jax.nn.log_softmax(model.unembed(hidden))
        costs = _costs(after, before, following, target, (kind,))[0, :, 0]
        return jnp.where(counted, costs, 0).sum()

    return jax.grad(total)(hidden)


@partial(jax.jit, static_argnames="kinds")
def _closed_costs(
    form: LastBlock,
    alphas: Float[Array, " A"],
    base: Float[Array, "rows vocab"],
    following: Int[Array, " rows"],
    target: Bool[Array, " vocab"],
    *,
    kinds: tuple[str, ...],
) -> Float[Array, "A rows K"]:
    """The costs from the closed form, a position and a strength at a time: V numbers stay in the cache."""

    def of_row(row: tuple[Array, ...]) -> Array:
        across, logits, token, *weights = row
        before = jax.nn.log_softmax(logits)

        def at(given: tuple[Array, ...]) -> Array:
            alpha, x, y = given
            after = jax.nn.log_softmax(form.row(across, x, y))
            after = jnp.where(alpha == 0, before, after)[None, None]
            return _costs(after, before[None, None], token[None], target, kinds)[0, 0]

        return jax.lax.map(at, (alphas, *weights))

    weights = (weight.T for weight in form.weights(alphas))
    found = jax.lax.map(of_row, (form.across, base, following, *weights))
    return jnp.swapaxes(found, 0, 1)


@partial(jax.jit, static_argnames="kinds")
def _cost_series(
    series: Series,
    base: Float[Array, "1 T vocab"],
    following: Int[Array, " T"],
    target: Bool[Array, " vocab"],
    *,
    kinds: tuple[str, ...],
) -> Series:
    """The costs and their derivatives in α, from a Taylor series of logits."""
    before = jax.nn.log_softmax(base)

    def costs(logits: Array) -> Array:
        return _costs(jax.nn.log_softmax(logits), before, following, target, kinds)

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
