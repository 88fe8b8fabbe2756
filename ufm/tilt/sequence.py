"""Sequences of tokens, each steered: what they cost, and whether and how often the target is among them."""

# pyright: reportUnknownMemberType=false

import operator
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from .._checks import Numbers, is_concrete, strength, token_set
from .divergences import checked_weights, forward_kl
from .effects import concept_log_odds, concept_probability
from .peaks import separation_margin
from .tilt import ExponentialTilt


class Bounds(NamedTuple):
    """A scalar is at least `lower` and at most `upper`."""

    lower: Float[Array, ""]
    upper: Float[Array, ""]


class ContextChain(eqx.Module):
    r"""A generation of L tokens, steered at each, through the contexts of a tilt.

        P_α(z_1, …, z_L | c_1) = Π_t p_{c_t,α}(z_t),    c_{t+1} = following[c_t, z_t]

    **Fields** (m contexts, V tokens):

    - `tilt`: the next-token distributions p_j and the log-odds M of one vector, added to the last hidden
      state at every step.
    - `following` [m, V] int: the context in which the next token is drawn, after token z in context j.
    - `start` [m]: the probabilities of c_1, summing to one.

    All p are positive, so that steering changes how likely a sequence is and never whether it can occur.
    A sequence's distribution is no tilt by ΣM(z_t): the normaliser K depends on the contexts on its way.
    Every number is exact, by dynamic programming over the contexts, O(L m V), and a sum of terms of one
    sign: its relative error is L times that of p_α. Works under `jit`, `vmap` and `grad`; lengths are ints.

    >>> import jax.numpy as jnp, ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> same_concept = jnp.tile(2 * data.token_concept, (6, 1))
    >>> chain = ufm.ContextChain(tilt, same_concept, start=[0, 0, 0, 0, 1, 0])
    >>> T = data.concept_tokens(0)
    >>> print(f"{chain.presence(0.0, T, length=8):.4f} {chain.presence(0.5, T, length=8):.4f}")
    0.1833 0.7042
    """

    tilt: ExponentialTilt
    following: Int[Array, "contexts vocab"]
    start: Float[Array, " contexts"]

    def __init__(self, tilt: ExponentialTilt, following: Numbers, start: Numbers):
        self.tilt = tilt
        self.following = jnp.asarray(following)
        self.start = checked_weights(start, tilt.log_probs.shape[0]).astype(tilt.log_probs.dtype)

    def __check_init__(self):
        contexts, vocabulary = self.tilt.log_probs.shape
        if self.following.shape != (contexts, vocabulary):
            raise ValueError(
                f"following must have shape {(contexts, vocabulary)}, a context after each token in each "
                f"context; got {self.following.shape}"
            )
        if not jnp.issubdtype(self.following.dtype, jnp.integer):
            raise TypeError(f"following must hold integers; got dtype {self.following.dtype}")
        if is_concrete(self.following):
            low, high = np.asarray(self.following).min(), np.asarray(self.following).max()
            if low < 0 or high >= contexts:
                raise ValueError(
                    f"following must name contexts 0..{contexts - 1}; it holds {low} to {high}"
                )

    def divergence(self, alpha: ArrayLike, length: int) -> Float[Array, ""]:
        """KL(P_0 || P_α) = E_{P_0} Σ_t [K_{c_t}(α) - α K_{c_t}'(0)] of L = `length` tokens, a scalar in nats.

        Convex in α, and at most Lα²R²/8, R = max M - min M (`divergence_bound`).

        >>> import ufm
        >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
        >>> chain = ufm.ContextChain(tilt, tilt.log_probs.argsort(axis=1) % 6, data.context_weights)
        >>> print(f"{chain.divergence(0.1, 4):.4f} {chain.divergence_bound(0.1, 4):.4f}")
        0.0269 0.2646
        """
        cost = forward_kl(self.tilt, alpha)
        return self._summed_on_the_way(self.tilt.probs(0.0), cost, length)

    def divergence_bound(self, alpha: ArrayLike, length: int) -> Float[Array, ""]:
        """Lα²R²/8 in nats, which KL(P_0 || P_α) nowhere exceeds (Hoeffding's lemma at each step)."""
        reach = strength(alpha, self.tilt.log_odds.dtype) * self.tilt.odds_range()
        return _checked_length(length) * reach**2 / 8

    def presence(self, alpha: ArrayLike, target: Numbers, length: int) -> Float[Array, ""]:
        """The probability that a token of T is among the first L = `length`, a scalar in [0, 1].

        `target` is T, a boolean mask [V], neither empty nor full. It need not grow with α, even where M
        separates T: steering may lead into contexts in which T is less likely; `presence_bounds` do grow.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt([[-0.105360516, -2.302585093]], [0.0, 1.0])
        >>> chain = ufm.ContextChain(tilt, [[0, 0]], start=[1.0])
        >>> print(f"{chain.presence(0.0, [False, True], length=3):.6f}")  # 1 - 0.9^3
        0.271000
        """
        mask = token_set(target, self.tilt.log_odds.size)
        off = jnp.where(mask[None, :], 0.0, self.tilt.probs(alpha))
        # the target now, or else later: counted up to its first token
        here = concept_probability(self.tilt, alpha, mask)
        return self._summed_on_the_way(off, here, length)

    def expected_count(self, alpha: ArrayLike, target: Numbers, length: int) -> Float[Array, ""]:
        """The expected number of tokens of T among the first L = `length`, Σ_t E_α[F_{c_t,T}(α)], in [0, L].

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt([[-0.105360516, -2.302585093]], [0.0, 1.0])
        >>> chain = ufm.ContextChain(tilt, [[0, 0]], start=[1.0])
        >>> print(f"{chain.expected_count(0.0, [False, True], length=3):.6f}")
        0.300000
        """
        here = concept_probability(self.tilt, alpha, target)
        return self._summed_on_the_way(self.tilt.probs(alpha), here, length)

    def presence_bounds(self, alpha: ArrayLike, target: Numbers, length: int) -> Bounds:
        """1 - (1 - F)^L for the least and the largest mass F of T that any context on the way can have.

        For α >= 0 these are σ(r_min + δα) and σ(r_max + R̄α), with r_j = logit F_{j,T}(0) over the contexts
        that can be reached, δ = min_T M - max_{not T} M (of either sign), R̄ = max_T M - min_{not T} M; for
        α <= 0 δ and R̄ change places. σ is the logistic function. Both are attained where one context is
        all there is and M is constant on T and off it.

        >>> import ufm
        >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
        >>> chain = ufm.ContextChain(tilt, [[4] * 9] * 6, [0, 0, 0, 0, 1, 0])
        >>> bounds = chain.presence_bounds(0.5, data.concept_tokens(0), length=8)
        >>> print(f"{bounds.lower:.4f} {bounds.upper:.4f}")
        0.6909 0.9957
        """
        lower, upper = self._mass_log_odds(alpha, target, length)
        return Bounds(*(-jnp.expm1(-length * jax.nn.softplus(x)) for x in (lower, upper)))

    def count_bounds(self, alpha: ArrayLike, target: Numbers, length: int) -> Bounds:
        """L F for the least and the largest F of `presence_bounds`, which enclose the expected count.

        >>> import ufm
        >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
        >>> chain = ufm.ContextChain(tilt, [[4] * 9] * 6, [0, 0, 0, 0, 1, 0])
        >>> bounds = chain.count_bounds(0.5, data.concept_tokens(0), length=8)
        >>> print(f"{bounds.lower:.4f} {bounds.upper:.4f}")
        1.0919 3.9481
        """
        lower, upper = self._mass_log_odds(alpha, target, length)
        return Bounds(length * jax.nn.sigmoid(lower), length * jax.nn.sigmoid(upper))

    def reachable(self, length: int) -> Bool[Array, " contexts"]:
        """Mask [m] of the contexts in which one of the first L = `length` tokens can be drawn.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt([[-0.693147, -0.693147]] * 3, [0.0, 1.0])
        >>> chain = ufm.ContextChain(tilt, [[0, 1], [2, 2], [2, 2]], start=[1.0, 0.0, 0.0])
        >>> print(chain.reachable(1), chain.reachable(2), chain.reachable(3))
        [ True False False] [ True  True False] [ True  True  True]
        """
        found = self.start > 0
        for _ in range(min(_checked_length(length) - 1, found.size - 1)):
            found = found | jnp.zeros_like(found).at[self.following].max(found[:, None])
        return found

    def _summed_on_the_way(self, law: Array, amounts: Array, length: int) -> Float[Array, ""]:
        """E Σ_t amounts[c_t] over `length` steps; where a row of `law` [m, V] lacks of 1, the walk ends."""

        def one_more(later: Array, _: None) -> tuple[Array, None]:
            return amounts + (law * later[self.following]).sum(axis=1), None

        nothing = jnp.zeros_like(amounts)
        total, _ = jax.lax.scan(one_more, nothing, length=_checked_length(length))
        return self.start @ total

    def _mass_log_odds(self, alpha: ArrayLike, target: Numbers, length: int) -> Bounds:
        """Between which the log-odds of F_T(α) are in every context that can be reached."""
        mask = token_set(target, self.tilt.log_odds.size)
        start, seen = concept_log_odds(self.tilt, 0.0, mask), self.reachable(length)
        # α(M(y) - M(z)) at its least and its largest over y in T and z off it
        a = strength(alpha, self.tilt.log_odds.dtype)
        moves = a * separation_margin(self.tilt, mask), -a * separation_margin(self.tilt, ~mask)
        return Bounds(
            jnp.where(seen, start, jnp.inf).min() + jnp.minimum(*moves),
            jnp.where(seen, start, -jnp.inf).max() + jnp.maximum(*moves),
        )


def _checked_length(length: int) -> int:
    steps = operator.index(length)
    if steps < 1:
        raise ValueError(f"length must be at least 1; got {steps}")
    return steps
