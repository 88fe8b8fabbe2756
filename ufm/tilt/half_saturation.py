"""Half saturation: the strength at which the target holds half of the mass."""

# pyright: reportUnknownMemberType=false

from typing import cast

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import Numbers, needs_float64, token_set
from ..numerics.log_balance import bracket_by_slopes, log_balance
from ..numerics.roots import increasing_root
from .peaks import require_separation
from .tilt import ExponentialTilt


def half_saturation(tilt: ExponentialTilt, tokens: Numbers) -> Float[Array, " contexts"]:
    """The α at which the target holds half the mass, F_T(α) = 1/2, for each context [m].

    It lies between -r/R and -r/δ, r = logit F_T(0). `tokens` is T, a boolean mask [V] with
    separation margin δ > 0 (else `ValueError`: F_T need not be monotone). Needs float64. Derivatives with
    respect to log p and M, forward, reverse and of any order, are exact by the implicit function theorem.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed()
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.half_saturation(tilt, data.concept_tokens(0))[4]:.6f}")
    1.000190
    """
    mask = token_set(tokens, tilt.log_odds.size)
    needs_float64("half_saturation", tilt.log_probs, tilt.log_odds)
    require_separation(tilt, mask)
    return cast(Array, _compiled_half_saturation(tilt.log_probs, tilt.log_odds, mask))


@jax.custom_jvp
def _half_saturation(log_probs: Array, log_odds: Array, mask: Array) -> Array:
    lowest = jnp.where(mask, log_odds, jnp.inf).min()
    highest = jnp.where(mask, -jnp.inf, log_odds).max()
    # Counted from the cut between target and rest, no αM that matters at the root is large.
    centred = (log_odds - (lowest + 0.5 * (highest - lowest)))[None, :]

    def log_odds_and_slope(alpha: Array) -> tuple[Array, Array]:
        return log_balance(alpha, centred, log_probs, mask[None, :], jnp)

    r, _ = log_odds_and_slope(jnp.zeros_like(log_probs[:, 0]))
    span = log_odds.max() - log_odds.min()
    bracket = bracket_by_slopes(r, lowest - highest, span, jnp)
    return increasing_root(log_odds_and_slope, bracket, -r / span)


@_half_saturation.defjvp
def _slope_of_half_saturation(
    primals: tuple[Array, Array, Array], tangents: tuple[Array, Array, object]
) -> tuple[Array, Array]:
    """dα (E_α[M|T] - E_α[M|rest]) = E_α[dlog p + α dM | rest] - E_α[dlog p + α dM | T]; the mask stays."""
    log_probs, log_odds, mask = primals
    dlog_probs, dlog_odds = tangents[:2]
    alpha = _half_saturation(*primals)
    centred = log_odds - log_odds.mean()
    tilted = log_probs + alpha[:, None] * centred[None, :]
    on, off = (
        jax.nn.softmax(jnp.where(part[None, :], tilted, -jnp.inf), axis=1) for part in (mask, ~mask)
    )
    moved = dlog_probs + alpha[:, None] * dlog_odds[None, :]
    return alpha, ((off - on) * moved).sum(axis=1) / (on - off).dot(centred)


_compiled_half_saturation = jax.jit(_half_saturation)
