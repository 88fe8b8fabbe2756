"""A tilt counted from its most likely token, the pivot, so that nothing large is subtracted."""

# pyright: reportUnknownMemberType=false

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int


def from_pivot(
    log_probs: Array, log_odds: Array, alpha: Array
) -> tuple[Array, Int[Array, " contexts"], Array]:
    """u(z) = log p_α(z) - log p_α(r) [m, V], the pivot r [m], the most likely token, and M(r) [m].

    Tokens with a log p of -∞ are left out: their u is -∞.
    """
    # Counted from the end of M that α favours, αM is below |log p| wherever p_α is large: neither a great
    # strength nor a constant added to M drowns log p while r is looked for.
    logs, rates = jax.lax.stop_gradient((log_probs, log_odds))
    counted = (logs > -jnp.inf).any(axis=0)
    top, bottom = (
        jnp.where(counted, rates, -jnp.inf).max(),
        jnp.where(counted, rates, jnp.inf).min(),
    )
    r = jnp.argmax(logs + (alpha * (rates - jnp.where(alpha < 0, bottom, top)))[None, :], axis=1)
    log_p = jnp.take_along_axis(log_probs, r[:, None], axis=1)[:, 0]
    # without a barrier XLA looks both up anew for each token
    log_p, pivot_log_odds = jax.lax.optimization_barrier(jnp.stack([log_p, log_odds[r]]))
    gaps = log_odds[None, :] - pivot_log_odds[:, None]
    return (log_probs - log_p[:, None]) + alpha * gaps, r, pivot_log_odds


def is_token(r: Int[Array, " contexts"], vocabulary: int) -> Bool[Array, "contexts vocab"]:
    """The mask [m, V] of each context's token `r`."""
    return jnp.arange(vocabulary)[None, :] == r[:, None]
