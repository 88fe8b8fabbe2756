"""What steering does to the probabilities of tokens (Definition 3.1) and of concepts (Definition 3.5)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from .._checks import Numbers, token_set
from ..numerics.log_ratio import change
from .log_ratio import log_odds_change, log_ratio
from .tilt import ExponentialTilt


def probability_increase(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
    """Δp(z|c_j, α) = p_{j,α}(z) - p(z|c_j), shape [m, V] (Definition 3.1).

    Small effects keep their relative accuracy: it is p (e^c - 1), with c = log p_α/p, rather than a
    difference of two nearly equal numbers. A token near its own peak hardly moves: an error of some units
    in the last place of min(p, p_α) |α| (E_0|M - M(z)| + E_α|M - M(z)|) is then left over.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.probability_increase(tilt, 4.0)[4, 0]:.6f}")
    0.324994
    """
    move = log_ratio(tilt, alpha)
    return change(move.root_before, move.root_after, move.ratio, jnp)


def concept_log_odds(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """Log F_C(α) / (1 - F_C(α)), shape [m], in nats, for the mass F_C = Σ_{z in C} p_α(z) of the tokens C.

    Equals r_j + ν_j(α) of Theorem 3.6. `tokens` is a boolean mask [V], neither empty nor full.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed()
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.concept_log_odds(tilt, 0.0, data.concept_tokens(0))[0]:.6f}")
    2.944439
    """
    return _log_odds_of_mass(tilt.log_probs_at(alpha), token_set(tokens, tilt.log_odds.size))


def _log_odds_of_mass(log_probs: Array, mask: Bool[Array, " vocab"]) -> Array:
    # -inf rather than logsumexp's own `where`, whose exp overflows on what it hides: NaN gradients
    off = jax.nn.logsumexp(jnp.where(mask[None, :], -jnp.inf, log_probs), axis=1)
    return jax.nn.logsumexp(jnp.where(mask[None, :], log_probs, -jnp.inf), axis=1) - off


def concept_probability(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """F_C(α) = Σ_{z in C} p_{j,α}(z), shape [m], the mass of the tokens C (boolean mask [V]), in [0, 1].

    Raises `ValueError` where C is empty or holds every token.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> print(f"{ufm.concept_probability(tilt, 1.0, data.concept_tokens(0))[4]:.6f}")
    0.499827
    """
    return jax.nn.sigmoid(concept_log_odds(tilt, alpha, tokens))


def concept_increase(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """Δp(C|c_j, α) = (1/|C|) Σ_{z in C} Δp(z|c_j, α), shape [m] (Definition 3.5).

    Computed as (1/|C|)(σ(r+ν) - σ(r)), r = logit F_C(0), from the log-odds increment ν_j(α), so
    that neither a small α nor a mass next to 0 or 1 costs accuracy.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.concept_increase(tilt, -60.0, data.concept_tokens(2))[4]:.6f}")
    -0.316667
    """
    mask = token_set(tokens, tilt.log_odds.size)
    before, after, nu = _mass_change(tilt, alpha, mask)
    # σ(r+ν) - σ(r), written with expm1 of -|ν| so that nothing overflows and nothing cancels; one of
    # two smooth branches, and not sign, abs and max, whose derivatives at ν = 0 are not those of the sum
    rises = nu >= 0
    upper, lower = jnp.where(rises, after, before), jnp.where(rises, before, after)
    gain = -jnp.expm1(jnp.where(rises, -nu, nu)) * jnp.where(rises, 1, -1).astype(nu.dtype)
    both = jax.nn.sigmoid(upper) * jax.nn.sigmoid(-lower)
    return both * gain / mask.sum().astype(nu.dtype)


def first_order_effect(tilt: ExponentialTilt, tokens: Numbers) -> Float[Array, " contexts"]:
    """F_C'(0) = Cov_j(1_C, M), shape [m]: how fast the mass F_C of the tokens C moves as steering starts.

    |F_C(α) - F_C(0) - α Cov_j(1_C, M)| <= α²R²/(12√3) for every α, so that the effect on C is of order α²
    iff this is 0. Of several concepts the one with the least value is hurt first. Computed as F_C (1 - F_C)
    (E[M|C] - E[M|not C]). `tokens` is C, a boolean mask [V], neither empty nor full.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print([f"{ufm.first_order_effect(tilt, data.concept_tokens(k))[4]:.4f}" for k in range(3)])
    ['0.0909', '-0.0909', '0.0000']
    """
    mask = token_set(tokens, tilt.log_odds.size)
    log_odds = _log_odds_of_mass(tilt.log_probs, mask)
    both = jax.nn.sigmoid(log_odds) * jax.nn.sigmoid(-log_odds)
    centred = tilt.log_odds - tilt.log_odds.mean()
    inside, outside = (
        jax.nn.softmax(jnp.where(part, tilt.log_probs, -jnp.inf), axis=1) @ centred
        for part in (mask, ~mask)
    )
    return both * (inside - outside)


def concept_log_odds_increase(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """ν_j(α) = K_C(α) - K_C(0) - K_{not C}(α) + K_{not C}(0), shape [m] (Theorem 3.6); ν_j(0) = 0.

    K_C(α) = log Σ_{z in C} p(z|c_j) e^{αM(z)}; ν' = E_α[M|C] - E_α[M|not C] and |ν| <= R|α|. Where the
    two differences cancel an error is left of some units in the last place of |α| E|M - μ|, summed over
    the distributions in C and off it, at 0 and at α, for any μ.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed()
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.concept_log_odds_increase(tilt, 1.0, data.concept_tokens(0))[4]:.6f}")
    3.662869
    """
    return _mass_change(tilt, alpha, token_set(tokens, tilt.log_odds.size))[2]


def _mass_change(
    tilt: ExponentialTilt, alpha: ArrayLike, mask: Bool[Array, " vocab"]
) -> tuple[Array, Array, Array]:
    """Logit F_C at 0 and at α, and their difference ν without cancellation, each [m]."""
    before = _log_odds_of_mass(tilt.log_probs, mask)
    if type(tilt) is ExponentialTilt:
        nu = log_odds_change(tilt, alpha, mask)
        return before, before + nu, nu
    after = _log_odds_of_mass(tilt.log_probs_at(alpha), mask)  # of a path of its own
    return before, after, after - before
