"""Two vectors at once: how each moves what the other is for, and where the second undoes the first."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import Numbers, needs_float64
from ..numerics.roots import Floats, bracketed_root
from .divergences import checked_weights
from .tilt import ExponentialTilt, second_log_odds


def cross_talk(
    tilt: ExponentialTilt, log_odds: Numbers, alpha: ArrayLike = 0.0, beta: ArrayLike = 0.0
) -> Float[Array, " contexts"]:
    r"""Cov_{j,α,β}(M, M₂), shape [m]: how fast one vector moves the mean log-odds that the other is for.

        d E_{j,α,β}[M] / dβ  =  Cov_{j,α,β}(M, M₂)  =  d E_{j,α,β}[M₂] / dα

    under p_{j,α,β} ∝ p_j e^{αM + βM₂}, with M of `tilt` and `log_odds` M₂ [V]. It is the same in both
    directions; where it is negative, more of either vector takes from the other. For every α,
    |E_{j,α,0}[M₂] - E_{j,0,0}[M₂] - α Cov_{j,0,0}(M, M₂)| <= α²R²R₂/(12√3), with the ranges R and R₂. In
    nats² per unit of α and of β; with M₂ = M it is the variance. The error is some units in the last place of
    E|M - E[M]| |M₂ - E[M₂]|. Source: this project; claim `side-effect.cross-talk`.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> first = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> second = ufm.ExponentialTilt.from_dataset(data, [2, 3], [4, 5])
    >>> print(f"{ufm.cross_talk(first, second.log_odds)[4]:.4f} nats²")
    -0.3308 nats²
    """
    other = second_log_odds(tilt, log_odds)
    log_probs = tilt.combined(alpha, other, beta).log_probs_at(1.0)
    root = jnp.exp(0.5 * log_probs)  # √p does not underflow where p does
    likeliest = jnp.argmax(log_probs, axis=1)

    def centred(values: Array) -> Array:
        gaps = values[None, :] - values[likeliest][:, None]
        return gaps - (root * (root * gaps)).sum(axis=1, keepdims=True)

    return ((root * centred(tilt.log_odds)) * (root * centred(other))).sum(axis=1)


def undoing_strength(
    tilt: ExponentialTilt, log_odds: Numbers, alpha: ArrayLike, weights: Numbers
) -> float:
    """The strength β of a second vector that takes back what α of the first did to it.

    The one β with Σπ E_{j,α,β}[M₂] = Σπ E_j[M₂], for `log_odds` M₂ [V], not constant, and the shares
    `weights` π [m] of the contexts. Of all β it makes ΔCE(α, β) least: to keep the mean of M₂ where it was is
    also the cheapest way to steer by α of the first. In multiples of the second vector; the mean is
    restored to rounding. Needs float64. Raises `ValueError` for a constant M₂. Source: this project; claim
    `side-effect.two-vectors`.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> first = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> second = ufm.ExponentialTilt.from_dataset(data, [2, 3], [4, 5])
    >>> print(f"{ufm.undoing_strength(first, second.log_odds, 0.5, data.context_weights):.6f}")
    0.250000
    """
    needs_float64("undoing_strength", tilt.log_probs, tilt.log_odds)
    other = np.asarray(second_log_odds(tilt, log_odds))
    reach = float(np.ptp(other))
    if reach == 0:
        raise ValueError(
            f"log_odds = {other[0]:.6g} for every token: a constant moves nothing, and undoes nothing"
        )
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    gaps = (other - other.min()) / reach
    steered, plain = (np.asarray(tilt.log_probs_at(a)) for a in (alpha, 0.0))

    def mean(log_probs: Floats, scaled: float) -> float:
        logits = log_probs + scaled * gaps
        weight = np.exp(logits - logits.max(axis=1, keepdims=True))
        return float(pi @ ((weight @ gaps) / weight.sum(axis=1)))

    start = mean(plain, 0.0)

    def excess(scaled: float) -> float:
        return mean(steered, scaled) - start

    return 0.0 if excess(0.0) == 0 else bracketed_root(excess, 1.0).low / reach
