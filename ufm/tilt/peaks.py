"""The strength at which each token is most likely, and the window where only the target rises."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import Numbers, is_concrete, needs_float64, token_set
from ..numerics.log_balance import bracket_by_slopes, log_balance
from ..numerics.peak_derivatives import moved_peaks, pulled_back
from ..numerics.roots import increasing_root
from ..numerics.vocabulary_peaks import strictly_ordered, vocabulary_peaks
from .tilt import ExponentialTilt

# Up to this many tokens the log-balance of each is solved over all the others, which compiles.
_FEW_TOKENS = 128
# Tokens x tokens x contexts held at once; larger vocabularies go through in slices of this size.
_WORKING_SET = 1 << 22


def peak_strengths(tilt: ExponentialTilt) -> Float[Array, "contexts vocab"]:
    r"""α(j,z), the strength at which p_{j,α}(z) is largest, [m, V] (Theorem 3.3).

    +∞ on Mtop = argmax M and -∞ on Mbot = argmin M; elsewhere the one root of E_{j,α}[M] = M(z), found
    as the root of the increasing log-balance

        g(α) = log Σ_{M>m} p (M-m) e^{α(M-m)} - log Σ_{M<m} p (m-M) e^{α(M-m)},   m = M(z),

    whose two sums of positive terms lose nothing: the relative error is about 1e-14 for p down to
    1e-300 and for gaps of M down to rounding. Equal entries of M have equal peaks, and a larger M has a
    larger peak, also where two peaks are closer than rounding: the later is raised to the next float
    (not where JAX traces up to 128 tokens). A peak beyond the largest float is ±∞.

    Up to 128 tokens all this is JAX, in time m V². For more it is numpy on the host, whatever the device
    (through `jax.pure_callback` under `jit` and `vmap`), in time that grows like m V log V for
    distributions of text: E_α[M] is one curve for all tokens, followed by its moments about a few
    anchors. Derivatives with respect to log p and M, forward and reverse, are exact by the implicit
    function theorem, and never form the matrix: up to 128 tokens they are JAX and take m V²; for more, a
    product with a vector or its transpose takes a few of such passes over the tokens, on the host, with an
    error of some units in the last place of the largest. Second derivatives take m V².

    Hypotheses: p > 0 and M not constant (no peak exists otherwise: `ValueError`). Needs float64.

    >>> import ufm
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> print(f"{ufm.peak_strengths(tilt)[0, 1]:.12f}")
    -0.165670148651
    """
    needs_float64("peak_strengths", tilt.log_probs, tilt.log_odds)
    if is_concrete(tilt.log_odds) and not float(tilt.odds_range()) > 0:
        raise ValueError(
            f"log_odds are constant (all {float(tilt.log_odds[0])}): steering moves nothing, no peak exists"
        )
    if not is_concrete(tilt.log_probs, tilt.log_odds):
        return cast(Array, jax.jit(_peaks)(tilt.log_probs, tilt.log_odds))
    log_odds = np.asarray(tilt.log_odds)
    if log_odds.size > _FEW_TOKENS:
        return jnp.asarray(vocabulary_peaks(np.asarray(tilt.log_probs), log_odds))
    found = cast(Array, _compiled_peaks(tilt.log_probs, tilt.log_odds))
    return jnp.asarray(_in_order(np.asarray(found), log_odds))


def sweet_spot(tilt: ExponentialTilt, tokens: Numbers) -> Float[Array, "contexts 2"]:
    """W_j = (lower, upper) [m, 2]: every other token is past its peak, no token of the target is.

    W_j = {α : max_{not T} M < E_{j,α}[M] < min_T M} is an open interval of length at least 4δ/R², where
    δ = min_T M - max_{not T} M. `tokens` is the target T, a boolean mask [V]. Raises if δ <= 0.
    The windows of two contexts need not meet: one strength for all prompts may not exist.

    >>> import ufm
    >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
    >>> data = ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1])
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> print(ufm.sweet_spot(tilt, data.concept_tokens(0))[::2].round(3))
    [[-0.834 -0.166]
     [ 0.166  0.834]]
    """
    mask = token_set(tokens, tilt.log_odds.size)
    require_separation(tilt, mask)
    peaks = peak_strengths(tilt)
    off_target = jnp.where(mask[None, :], -jnp.inf, peaks).max(axis=1)
    on_target = jnp.where(mask[None, :], peaks, jnp.inf).min(axis=1)
    return jnp.stack([off_target, on_target], axis=1)


def separation_margin(tilt: ExponentialTilt, tokens: Numbers) -> Float[Array, ""]:
    """δ = min_T M - max_{not T} M for the target T (boolean mask [V]); positive under Assumption 1.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed()
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.separation_margin(tilt, data.concept_tokens(0)):.6f}")
    3.637586
    """
    mask = token_set(tokens, tilt.log_odds.size)
    inside = jnp.where(mask, tilt.log_odds, jnp.inf).min()
    return inside - jnp.where(mask, -jnp.inf, tilt.log_odds).max()


def require_separation(tilt: ExponentialTilt, mask: Array) -> None:
    """Raise unless every target token has larger log-odds than every other token."""
    if is_concrete(tilt.log_odds, mask):
        delta = float(separation_margin(tilt, mask))
        if not delta > 0:
            raise ValueError(
                f"the target is not separated: min M on it exceeds max M off it by {delta:.6g} <= 0; "
                "choose P and N so that every target token has the larger log-odds"
            )


def _slice_size(log_probs: Array) -> int:
    return max(1, min(log_probs.shape[1], _WORKING_SET // max(1, log_probs.size)))


def _in_order(peaks: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """`peaks` [m, V] in the order of M, strictly, where rounding has left it."""
    _, first, group = np.unique(log_odds, return_index=True, return_inverse=True)
    ordered = peaks[:, first]
    ordered[:, 1:-1] = strictly_ordered(ordered[:, 1:-1])
    return ordered[:, group]


@jax.custom_jvp
def _peaks(log_probs: Array, log_odds: Array) -> Array:
    if log_odds.size <= _FEW_TOKENS:
        return _few_peaks(log_probs, log_odds)
    shape = jax.ShapeDtypeStruct(log_probs.shape, log_probs.dtype)
    return jax.pure_callback(_on_host, shape, log_probs, log_odds, vmap_method="sequential")


def _on_host(log_probs: Array, log_odds: Array) -> np.ndarray:
    return vocabulary_peaks(np.asarray(log_probs), np.asarray(log_odds))


def _few_peaks(log_probs: Array, log_odds: Array) -> Array:
    gap_down, gap_up = _neighbour_gaps(log_odds)
    span = log_odds.max() - log_odds.min()

    def one_token(token: Array) -> Array:
        gaps = (log_odds - log_odds[token])[None, :]
        terms = log_probs + jnp.log(jnp.abs(gaps))  # -∞ at the token itself and its ties

        def balance(alpha: Array) -> tuple[Array, Array]:
            return log_balance(alpha, gaps, terms, gaps > 0, jnp)

        at_zero, slope = balance(jnp.zeros_like(log_probs[:, 0]))
        bracket = bracket_by_slopes(at_zero, gap_down[token] + gap_up[token], span, jnp)
        return increasing_root(balance, bracket, -at_zero / slope)

    is_top, is_bottom = log_odds == log_odds.max(), log_odds == log_odds.min()
    # Extremal tokens have no root: solve for another token in their place, then overwrite.
    interior = jnp.where(is_top | is_bottom, -1, jnp.arange(log_odds.size))
    stand_in = jnp.argmax(interior)
    tokens = jnp.where(interior < 0, stand_in, interior)
    found = cast(Array, jax.lax.map(one_token, tokens, batch_size=_slice_size(log_probs)))
    return jnp.where(is_top[None, :], jnp.inf, jnp.where(is_bottom[None, :], -jnp.inf, found.T))


_compiled_peaks = jax.jit(_few_peaks)


@_peaks.defjvp
def _peaks_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    log_probs, log_odds = primals
    peaks = _peaks(log_probs, log_odds)
    if log_odds.size <= _FEW_TOKENS:
        return peaks, _moved(peaks, log_probs, log_odds, *tangents)
    return peaks, _moved_on_host(peaks, log_probs, log_odds, *tangents)


def _moved(
    peaks: Array, log_probs: Array, log_odds: Array, dlog_probs: Array, dlog_odds: Array
) -> Array:
    """dα = (dM(z) - Σ_y q(y) [x(y) dlog p(y) + (1 + αx(y)) dM(y)]) / Σ q x², q = p_α, x = M - M(z)."""
    is_interior = jnp.isfinite(peaks)
    alphas = jnp.where(is_interior, peaks, 0.0)

    def one_token(token: Array) -> Array:
        x = (log_odds - log_odds[token])[None, :]
        alpha = alphas[:, token][:, None]
        q = jax.nn.softmax(log_probs + alpha * x, axis=1)
        moved = x * dlog_probs + (1 + alpha * x) * dlog_odds[None, :]
        variance = (q * x**2).sum(axis=1)
        change = dlog_odds[token] - (q * moved).sum(axis=1)
        return change / jnp.where(is_interior[:, token], variance, 1.0)

    tokens = jnp.arange(log_odds.size)
    tangent = cast(Array, jax.lax.map(one_token, tokens, batch_size=_slice_size(log_probs)))
    return jnp.where(is_interior, tangent.T, 0.0)


def _moved_on_host(
    peaks: Array, log_probs: Array, log_odds: Array, dlog_probs: Array, dlog_odds: Array
) -> Array:
    """`_moved` by the moments about a few anchors, in NumPy; so is its transpose.

    JAX has no rule for a linear function of the host, but one for a linear system that the host solves. The
    system here is triangular: of the rows (u, w, y) it makes (u, w, y - T(u, w)), T being `_moved`, by which
    JAX differentiates once more.
    """
    m = len(peaks)
    given = jax.ShapeDtypeStruct((m + 1, log_odds.size), log_odds.dtype)

    def on_host(function: Callable[..., np.ndarray], shape: object, rows: Array) -> Array:
        def call(*arrays: Array) -> np.ndarray:
            return function(*map(np.asarray, arrays))

        arrays = log_probs, log_odds, peaks, rows
        return cast(Array, jax.pure_callback(call, shape, *arrays, vmap_method="sequential"))

    def system(rows: Array) -> Array:
        moved = _moved(peaks, log_probs, log_odds, rows[:m], rows[m])
        return rows.at[m + 1 :].add(-moved)

    def solve(_: object, rows: Array) -> Array:
        return rows.at[m + 1 :].add(on_host(moved_peaks, peaks, rows[: m + 1]))

    def solve_transposed(_: object, rows: Array) -> Array:
        return rows.at[: m + 1].add(on_host(pulled_back, given, rows[m + 1 :]))

    rows = jnp.concatenate([dlog_probs, dlog_odds[None], jnp.zeros_like(peaks)])
    return cast(Array, jax.lax.custom_linear_solve(system, rows, solve, solve_transposed))[m + 1 :]


def _neighbour_gaps(log_odds: Array) -> tuple[Array, Array]:
    """Distance from each value of M to the next smaller and the next larger one (1 if there is none)."""
    ordered = jnp.sort(log_odds)
    below = jnp.searchsorted(ordered, log_odds, side="left") - 1
    above = jnp.searchsorted(ordered, log_odds, side="right")
    last = log_odds.size - 1
    down = jnp.where(below >= 0, log_odds - ordered[jnp.maximum(below, 0)], 1.0)
    up = jnp.where(above <= last, ordered[jnp.minimum(above, last)] - log_odds, 1.0)
    return down, up
