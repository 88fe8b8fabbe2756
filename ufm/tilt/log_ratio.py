"""How far steering moves each log-probability, without cancellation: effects and divergences come from it."""

# pyright: reportUnknownMemberType=false

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool

from .._checks import strength
from ..numerics import log_ratio as of_rows
from ..numerics.log_ratio import LogRatio
from .pivot import from_pivot, is_token
from .tilt import ExponentialTilt


def log_ratio(tilt: ExponentialTilt, alpha: ArrayLike) -> LogRatio[Array]:
    """c = log p_α/p [m, V], with √p and √p_α.

    The error of c(z) is some units in the last place of |α| (E_0|M - M(z)| + E_α|M - M(z)|). A path other
    than the tilt (a subclass) has the difference of its own log-probabilities.
    """
    if type(tilt) is ExponentialTilt:
        return _from_rows(tilt.log_probs, tilt.log_odds, strength(alpha, tilt.log_odds.dtype))[0]
    before, after = tilt.log_probs, tilt.log_probs_at(alpha)
    return LogRatio(jnp.exp(before / 2), jnp.exp(after / 2), after - before, jnp.zeros(len(before)))


def log_odds_change(tilt: ExponentialTilt, alpha: ArrayLike, mask: Bool[Array, " vocab"]) -> Array:
    """ν = [K_C - K_{not C}](α) - [K_C - K_{not C}](0) [m] for the tokens C of `mask`.

    The error is some units in the last place of |α| E|M - μ|, summed over the distributions in C and off
    it, at 0 and at α, whatever μ.
    """
    alpha = strength(alpha, tilt.log_odds.dtype)

    def growth(kept: Bool[Array, " vocab"]) -> tuple[Array, Array]:
        """K(α) - K(0) - αM(r) of the tokens `kept`, and M(r)."""
        log_probs = jnp.where(kept[None, :], tilt.log_probs, -jnp.inf)
        log_probs -= jax.nn.logsumexp(log_probs, axis=1, keepdims=True)
        found, pivot_log_odds = _from_rows(log_probs, tilt.log_odds, alpha)
        return found.log_mean, pivot_log_odds

    (on, at_on), (off, at_off) = growth(mask), growth(~mask)
    return alpha * (at_on - at_off) + (on - off)


def _from_rows(log_probs: Array, log_odds: Array, alpha: Array) -> tuple[LogRatio[Array], Array]:
    """The log-ratios, and M(r) [m], r being the likeliest token at α."""
    u, r, pivot_log_odds = from_pivot(log_probs, log_odds, alpha)
    is_pivot = is_token(r, log_odds.size)
    growth = alpha * (log_odds[None, :] - pivot_log_odds[:, None])
    return of_rows.log_ratio(log_probs, growth, u, is_pivot, jnp), pivot_log_odds
