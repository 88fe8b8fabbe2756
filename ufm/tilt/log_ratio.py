"""How far steering moves each log-probability, without cancellation: effects and divergences come from it."""

# pyright: reportUnknownMemberType=false

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool

from .._checks import strength
from ..numerics.log_ratio import log_mean_growth
from .tilt import ExponentialTilt, at_pivot, from_pivot


class LogRatio(NamedTuple):
    """log p and log p_α [m, V], and their difference c = log p_α/p [m, V], known to more digits than they.

    The error of c(z) is some units in the last place of |α| (E_0|M - M(z)| + E_α|M - M(z)|).
    """

    before: Array
    after: Array
    ratio: Array


def log_ratio(tilt: ExponentialTilt, alpha: ArrayLike) -> LogRatio:
    """How far `alpha` moves the log-probabilities of `tilt`.

    A path of another law than the tilt (a subclass) has the difference of its own log-probabilities.
    """
    if type(tilt) is not ExponentialTilt:
        after = tilt.log_probs_at(alpha)
        return LogRatio(tilt.log_probs, after, after - tilt.log_probs)
    alpha = strength(alpha, tilt.log_odds.dtype)
    u, is_pivot = from_pivot(tilt.log_probs, tilt.log_odds, alpha)
    growth = alpha * (tilt.log_odds[None, :] - at_pivot(tilt.log_odds, is_pivot)[:, None])
    mean, log_total = log_mean_growth(tilt.log_probs, growth, u, is_pivot, jnp)
    return LogRatio(tilt.log_probs, u - log_total[:, None], growth - mean[:, None])


def log_odds_change(tilt: ExponentialTilt, alpha: ArrayLike, mask: Bool[Array, " vocab"]) -> Array:
    """ν = [K_C - K_{not C}](α) - [K_C - K_{not C}](0) [m] for the tokens C of `mask`.

    The error is some units in the last place of |α| (E|M - μ| at 0 and at α, in C and off it), whatever μ.
    """
    alpha = strength(alpha, tilt.log_odds.dtype)
    (at_on, on), (at_off, off) = (_mass_growth(tilt, alpha, kept) for kept in (mask, ~mask))
    return alpha * (at_on - at_off) + (on - off)


def _mass_growth(
    tilt: ExponentialTilt, alpha: Array, kept: Bool[Array, " vocab"]
) -> tuple[Array, Array]:
    """M(r) and K_C(α) - K_C(0) - αM(r), each [m], of the tokens `kept`; r is the likeliest of them at α."""
    log_p = jnp.where(kept[None, :], tilt.log_probs, -jnp.inf)
    log_p -= jax.nn.logsumexp(log_p, axis=1, keepdims=True)
    u, is_pivot = from_pivot(log_p, tilt.log_odds, alpha)
    at = at_pivot(tilt.log_odds, is_pivot)
    growth = alpha * (tilt.log_odds[None, :] - at[:, None])
    return at, log_mean_growth(log_p, growth, u, is_pivot, jnp)[0]
