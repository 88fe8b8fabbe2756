"""What steering does: to tokens (Def 3.1), to concepts (Def 3.5), to the cross-entropy (Def 3.7)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from ._checks import Numbers, finite, floating, is_concrete, strength, token_set
from ._tilt import ExponentialTilt


def probability_increase(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
    """Δp(z|c_j, α) = p_{j,α}(z) - p(z|c_j), shape [m, V] (Definition 3.1).

    Small effects keep their relative accuracy: where |α| R <= 1 it is p·expm1(αx - k), with
    x = M - E[M] and k = KL(p||p_α), rather than a difference of two nearly equal numbers.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.probability_increase(tilt, 4.0)[4, 0]:.6f}")
    0.324994
    """
    alpha = strength(alpha, tilt.log_odds.dtype)
    p = jnp.exp(tilt.log_probs)
    is_small, change = _small_change(tilt, alpha)
    return jnp.where(is_small, p * jnp.expm1(change), tilt.probs(alpha) - p)


def concept_log_odds(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """Log F_C(α) / (1 - F_C(α)) [m] for the mass F_C = Σ_{z in C} p_α(z) of the tokens C, in nats.

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
    """F_C(α) = Σ_{z in C} p_{j,α}(z) [m], the mass of the tokens C (boolean mask [V])."""
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
    # σ(r+ν) - σ(r), written with expm1 of -|ν| so that nothing overflows and nothing cancels
    rising = jax.nn.sigmoid(jnp.maximum(after, before)) * jax.nn.sigmoid(
        -jnp.minimum(after, before)
    )
    return -jnp.sign(nu) * rising * jnp.expm1(-jnp.abs(nu)) / mask.sum().astype(nu.dtype)


def concept_log_odds_increase(
    tilt: ExponentialTilt, alpha: ArrayLike, tokens: Numbers
) -> Float[Array, " contexts"]:
    """ν_j(α) = [K_C - K_{not C}](α) - [K_C - K_{not C}](0), shape [m] (Theorem 3.6); ν_j(0) = 0.

    K_C(α) = log Σ_{z in C} p(z|c_j) e^{αM(z)}; ν' = E_α[M|C] - E_α[M|not C] and |ν| <= R|α|.

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
    alpha = strength(alpha, tilt.log_odds.dtype)
    before = _log_odds_of_mass(tilt.log_probs, mask)
    after = _log_odds_of_mass(tilt.log_probs_at(alpha), mask)
    is_small = jnp.abs(alpha) * tilt.odds_range() <= 1
    small = jnp.where(is_small, alpha, 0.0)
    inside, off = _centre(tilt, mask), _centre(tilt, ~mask)
    growth = _near_growth(inside, small) - _near_growth(off, small)
    near = small * (inside.mean - off.mean) + growth
    return before, after, jnp.where(is_small, near, after - before)


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
    law = _centre(tilt, jnp.ones(tilt.log_odds.shape, bool))
    y_pivot = alpha * law.pivot
    moved = law.from_pivot + (alpha * law.odds - y_pivot[:, None])
    log_moved = jnp.logaddexp(0.0, jax.nn.logsumexp(moved, axis=1, where=law.is_other))
    far = y_pivot + (log_moved - law.log_total)
    # only an x that rises can overflow: a rare token that falls keeps its digits however far out
    is_near = (alpha * law.odds).max(axis=1) <= _largest_exponent(law.odds.dtype)
    return jnp.where(is_near, _near_growth(law, alpha), far)


def reverse_kl(tilt: ExponentialTilt, alpha: ArrayLike) -> Float[Array, " contexts"]:
    """KL(p_{j,α} || p_j) = α K_j'(α) - K_j(α) [m] in nats; it saturates at -log p_j(Mtop), α → ∞.

    Where |α| R <= 1 it is Σ p_α φ(-c), with c = log(p_α/p) and φ(y) = e^y - 1 - y >= 0, which does not
    cancel; else Σ p_α c.

    >>> import ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(f"{ufm.reverse_kl(tilt, 1e3)[4]:.6f}")
    3.688879
    """
    alpha = strength(alpha, tilt.log_odds.dtype)
    is_small, change = _small_change(tilt, alpha)
    near = jnp.exp(tilt.log_probs + change) * _exponential_remainder(-change)
    log_p = tilt.log_probs_at(alpha)
    far = jnp.exp(log_p) * (log_p - tilt.log_probs)
    return jnp.where(is_small, near.sum(axis=1), far.sum(axis=1))


def cross_entropy_increase(
    tilt: ExponentialTilt,
    alpha: ArrayLike,
    weights: Numbers,
    data_probs: Numbers | None = None,
) -> Float[Array, ""]:
    """ΔCE(α) = CE(f_α) - CE(f) in nats, a scalar (Definition 3.7).

    `weights` π [m] are the shares of the contexts. With `data_probs` None the model is perfectly
    trained (Assumption 2) and ΔCE = Σ_j π_j KL(p_j||p_{j,α}) >= 0. Else `data_probs` [m, V] are the
    laws q_j of the data and ΔCE = Σ_j π_j (K_j(α) - α E_{q_j}[M]): unfinished training adds the
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
    slope = (jnp.exp(tilt.log_probs) - q) @ tilt.log_odds
    return increase + strength(alpha, tilt.log_odds.dtype) * (pi @ slope)


def checked_weights(weights: Numbers, contexts: int) -> Array:
    """π [m] as an array of shares: one a context, none negative, summing to one."""
    pi = floating("weights", weights, 1)
    if pi.shape != (contexts,):
        raise ValueError(f"weights must have shape ({contexts},), one a context; got {pi.shape}")
    if is_concrete(pi):
        finite("weights", pi)
        shares = np.asarray(pi)
        if (shares < 0).any() or abs(float(shares.sum()) - 1) > 1e-6:
            raise ValueError(f"weights must be >= 0 and sum to 1; they sum to {shares.sum():.9g}")
    return pi


def _checked_laws(data_probs: Numbers, shape: tuple[int, ...]) -> Array:
    """The laws q_j [m, V] of the data: finite, none negative, rows summing to one."""
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
    return q


class _Centred(NamedTuple):
    """The unsteered laws on a set of tokens C, counted from their heaviest token r (per context)."""

    from_pivot: Array  # log p(z) - log p(r) [m, V], -∞ off C
    log_total: Array  # log Σ_C p/p(r) [m]
    is_other: Array  # mask [m, V] of C without r
    odds: Array  # M(z) - E[M|C] [m, V]
    pivot: Array  # M(r) - E[M|C] [m]
    mean: Array  # E[M|C] [m]


def _centre(tilt: ExponentialTilt, mask: Bool[Array, " vocab"]) -> _Centred:
    # From r on, what is left of M - E[M] at r is exact, and so is log p(r), which rounds to 0 where
    # p(r) is next to 1.
    log_p = jnp.where(mask[None, :], tilt.log_probs, -jnp.inf)
    is_pivot = jnp.arange(mask.size)[None, :] == jnp.argmax(log_p, axis=1)[:, None]
    is_other = mask[None, :] & ~is_pivot
    from_pivot = log_p - log_p.max(axis=1, keepdims=True)
    weight = jnp.exp(from_pivot)
    rest = jnp.where(is_other, weight, 0.0).sum(axis=1)
    pivot_odds = jnp.where(is_pivot, tilt.log_odds[None, :], 0.0).sum(axis=1)
    gaps = tilt.log_odds[None, :] - pivot_odds[:, None]
    excess = (weight * gaps).sum(axis=1) / (1 + rest)
    odds = gaps - excess[:, None]
    return _Centred(from_pivot, jnp.log1p(rest), is_other, odds, -excess, pivot_odds + excess)


def _near_growth(law: _Centred, alpha: Array) -> Array:
    """log E[e^{α(M - E[M|C])} | C] >= 0 [m] as log1p(E φ(α(M - E[M]))), for α(M - E[M|C]) below log(max)."""
    p = jnp.exp(law.from_pivot - law.log_total[:, None])
    y = jnp.minimum(alpha * law.odds, _largest_exponent(p.dtype))
    return jnp.log1p((p * _exponential_remainder(y)).sum(axis=1))


def _largest_exponent(dtype: Any) -> float:
    """Well inside the range in which e^y is finite."""
    return float(np.log(float(jnp.finfo(dtype).max))) / 2.3


def _small_change(tilt: ExponentialTilt, alpha: Array) -> tuple[Array, Array]:
    """Whether |α| R <= 1, and log p_α - log p [m, V] = αx - KL(p||p_α) if so (0 if not)."""
    is_small = jnp.abs(alpha) * tilt.odds_range() <= 1
    small = jnp.where(is_small, alpha, 0.0)
    law = _centre(tilt, jnp.ones(tilt.log_odds.shape, bool))
    return is_small, small * law.odds - _near_growth(law, small)[:, None]


def _exponential_remainder(y: Array) -> Array:
    """φ(y) = e^y - 1 - y without cancellation: its Taylor series to order 14 inside |y| < 0.3."""
    inside = jnp.where(jnp.abs(y) < 0.3, y, 0.0)
    series = jnp.zeros_like(y)
    for n in range(14, 1, -1):
        series = (series * inside + 1.0) / n
    return jnp.where(jnp.abs(y) < 0.3, inside**2 * series, jnp.expm1(y) - y)
