"""What steering costs: divergences from the unsteered distributions, and the cross-entropy increase."""

# pyright: reportUnknownMemberType=false

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import Numbers, finite, floating, is_concrete, strength
from ..numerics.log_ratio import log_mean_of_centred, weighted_remainder
from .log_ratio import log_ratio
from .tilt import ExponentialTilt


def forward_kl(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, " contexts"]:
    """KL(p_j || p_{j,α}) = K_j(α) - α K_j'(0), shape [m], in nats: what steering costs on context c_j.

    Computed as log1p(Σ p φ(αx)) with x = M - E_0[M] and φ(y) = e^y - 1 - y >= 0, without cancellation: the
    relative error is some units in the last place of log p, at every α != 0 (1e-12 for p down to
    e^-5000), whatever the scale of M and a constant added to it. What is below 1e-308 may come out as 0.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.forward_kl(tilt, 1e-9)[4]:.6e}")
    3.308008e-19
    """
    if type(tilt) is ExponentialTilt:
        y = strength(alpha, tilt.log_odds.dtype) * tilt.centred(0.0)
        return log_mean_of_centred(tilt.log_probs, y)
    move = log_ratio(tilt, alpha)  # of a path of its own
    return weighted_remainder(move.root_before, move.root_after, move.ratio, jnp).sum(axis=1)


def reverse_kl(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, " contexts"]:
    """KL(p_{j,α} || p_j) = α K_j'(α) - K_j(α), shape [m], in nats; it saturates at -log p_j(Mtop), α → ∞.

    Computed as Σ p_α φ(-c), with c = log p_α/p and φ(y) = e^y - 1 - y >= 0, which, unlike Σ p_α c, does
    not cancel; as accurate as `forward_kl`.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.reverse_kl(tilt, 1e3)[4]:.6f}")
    3.688879
    """
    move = log_ratio(tilt, alpha)
    return weighted_remainder(move.root_after, move.root_before, -move.ratio, jnp).sum(axis=1)


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
    slope Σ π (E_{p_j}[M] - E_{q_j}[M]), which can make a small steer lower the loss. The terms may cancel:
    the error is then some units in the last place of
    |α| Σ_j π_j Σ_z q_j(z) (E_{j,0}|M - M(z)| + E_{j,α}|M - M(z)|), and a q below 1e-308 counts for nothing.

    >>> import jax.numpy as jnp, ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.cross_entropy_increase(tilt, 1.0, data.context_weights):.6f}")
    1.005832
    """
    pi = checked_weights(weights, tilt.log_probs.shape[0])
    if data_probs is None:
        return pi @ forward_kl(tilt, alpha)
    q = _checked_laws(data_probs, tilt.log_probs.shape)
    return -pi @ (q * log_ratio(tilt, alpha).ratio).sum(axis=1)


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
