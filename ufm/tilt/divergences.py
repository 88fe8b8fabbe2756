"""What steering costs: divergences from the unsteered distributions, and the cross-entropy increase."""

# pyright: reportUnknownMemberType=false

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import Numbers, finite, floating, is_concrete, strength
from .near_zero import centre, exponential_remainder, largest_exponent, near_growth, small_change
from .tilt import ExponentialTilt


def forward_kl(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, " contexts"]:
    """KL(p_j || p_{j,α}) = K_j(α) - α K_j'(0) [m] in nats: what steering costs on context c_j.

    Relative accuracy holds down to α = 0: log1p(Σ p φ(αx)) with φ(y) = e^y - 1 - y >= 0 and
    x = M - E[M] has no cancellation; where e^{αx} would overflow it is a log-sum-exp instead.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.forward_kl(tilt, 1e-9)[4]:.6e}")
    3.308008e-19
    """
    alpha = strength(alpha, tilt.log_odds.dtype)
    centred = centre(tilt, jnp.ones(tilt.log_odds.shape, bool))
    y_pivot = alpha * centred.pivot
    moved = centred.from_pivot + (alpha * centred.offsets - y_pivot[:, None])
    log_moved = jnp.logaddexp(0.0, jax.nn.logsumexp(moved, axis=1, where=centred.is_other))
    far = y_pivot + (log_moved - centred.log_total)
    # only an x that rises can overflow: a rare token that falls keeps its digits however far out
    is_near = (alpha * centred.offsets).max(axis=1) <= largest_exponent(centred.offsets.dtype)
    return jnp.where(is_near, near_growth(centred, alpha), far)


def reverse_kl(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, " contexts"]:
    """KL(p_{j,α} || p_j) = α K_j'(α) - K_j(α) [m] in nats; it saturates at -log p_j(Mtop), α → ∞.

    It is Σ p_α φ(-c), with c = log(p_α/p) and φ(y) = e^y - 1 - y >= 0, which, unlike Σ p_α c, does not
    cancel; where |α| R <= 1, c = αx - k does not either.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.reverse_kl(tilt, 1e3)[4]:.6f}")
    3.688879
    """
    alpha = strength(alpha, tilt.log_odds.dtype)
    is_small, change = small_change(tilt, alpha)
    near = jnp.exp(tilt.log_probs + change) * exponential_remainder(-change)
    far = _weighted_remainder(tilt.log_probs, tilt.log_probs_at(alpha))
    return jnp.where(is_small, near.sum(axis=1), far.sum(axis=1))


def _weighted_remainder(before: Array, after: Array) -> Array:
    """p_α φ(-c) with c = log p_α - log p, >= 0, from log p and log p_α: p - p_α + p_α c."""
    c = after - before
    near = jnp.exp(after) * exponential_remainder(-jnp.clip(c, -1, 1))
    up, down = jnp.maximum(c, 1), jnp.minimum(c, -1)
    rises = jnp.exp(after) * (up + jnp.expm1(-up))
    falls = jnp.exp(before) * (down * jnp.exp(down) - jnp.expm1(down))  # e^(-c) would overflow
    return jnp.where(c > 1, rises, jnp.where(c < -1, falls, near))


def cross_entropy_increase(
    tilt: ExponentialTilt,
    alpha: ArrayLike,
    weights: Numbers,
    data_probs: Numbers | None = None,
) -> Float[Array, ""]:
    """ΔCE(α) = CE(f_α) - CE(f) in nats, a scalar (Definition 3.7).

    `weights` π [m] are the shares of the contexts. With `data_probs` None the model is perfectly
    trained (Assumption 2) and ΔCE = Σ_j π_j KL(p_j||p_{j,α}) >= 0. Else `data_probs` [m, V] are the
    distributions q_j of the data and ΔCE = Σ_j π_j (K_j(α) - α E_{q_j}[M]): unfinished training adds the
    slope Σ π (E_{p_j}[M] - E_{q_j}[M]), which can make a small steer lower the loss.

    >>> import jax.numpy as jnp, ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.cross_entropy_increase(tilt, 1.0, data.context_weights):.6f}")
    1.005832
    """
    pi = checked_weights(weights, tilt.log_probs.shape[0])
    increase = pi @ forward_kl(tilt, alpha)
    if data_probs is None:
        return increase
    q = _checked_laws(data_probs, tilt.log_probs.shape)
    # a constant added to M changes nothing, whatever rounding has left of the rows' sums
    slope = (jnp.exp(tilt.log_probs) - q) @ (tilt.log_odds - tilt.log_odds.mean())
    return increase + strength(alpha, tilt.log_odds.dtype) * (pi @ slope)


def checked_weights(weights: Numbers, contexts: int) -> Array:
    """π [m] as an array of shares: one per context, none negative, summing to one."""
    pi = floating("weights", weights, 1)
    if pi.shape != (contexts,):
        raise ValueError(f"weights must have shape ({contexts},), one per context; got {pi.shape}")
    if is_concrete(pi):
        finite("weights", pi)
        shares = np.asarray(pi)
        if (shares < 0).any():
            raise ValueError(f"weights must be >= 0; got {shares.min():.9g} at {shares.argmin()}")
        if abs(float(shares.sum()) - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1; they sum to {shares.sum():.9g}")
        pi = pi / pi.sum()
    return pi


def _checked_laws(data_probs: Numbers, shape: tuple[int, ...]) -> Array:
    """The distributions q_j [m, V] of the data: finite, none negative, rows summing to one."""
    q = floating("data_probs", data_probs, 2)
    if q.shape != shape:
        raise ValueError(f"data_probs must have shape {shape}; got {q.shape}")
    if is_concrete(q):
        finite("data_probs", q)
        rows = np.asarray(q)
        for j, z in np.argwhere(rows < 0):
            raise ValueError(f"data_probs[{j}, {z}] = {rows[j, z]} is negative")
        j = int(np.argmax(np.abs(rows.sum(axis=1) - 1)))
        if abs(rows[j].sum() - 1) > 1e-6:
            raise ValueError(f"row {j} of data_probs sums to {rows[j].sum():.9g}, not 1")
        q = q / q.sum(axis=1, keepdims=True)
    return q
