"""Bounds on the cross-entropy increase for every strength, and the line it tends to; in plain NumPy."""

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial.polynomial import polyval

from ..numerics.log_ratio import log_ratio, weighted_remainder
from .tilt import ExponentialTilt


class Bounds(NamedTuple):
    """What encloses ΔCE on a grid of strengths [A], in nats (σ² = Σπ Var_j(M), R = max M - min M).

    - `quadratic` ½σ²α² and `remainder` R³|α|³/(36√3): |ΔCE - quadratic| <= remainder.
    - from above: `hoeffding` α²R²/8; `bennett` σ²(e^y - y - 1)/R², y = R|α|; `two_point`, Bennett's
      for a distribution on two points, context by context.
    - from below: `lower` σ²(e^{-y} + y - 1)/R²; `target` Σπ kl(F_T(0) || F_T(α)), what any way to
      reach these masses costs; `asymptote`, the line that ΔCE tends to on either side.
    """

    quadratic: np.ndarray
    remainder: np.ndarray
    hoeffding: np.ndarray
    bennett: np.ndarray
    two_point: np.ndarray
    lower: np.ndarray
    target: np.ndarray
    asymptote: np.ndarray


def cross_entropy_enclosure(
    tilt: ExponentialTilt,
    weights: np.ndarray,
    target: np.ndarray,
    strengths: np.ndarray,
    steered: np.ndarray | None = None,
) -> Bounds:
    """The bounds on ΔCE at `strengths` [A] for the context weights π [m] and the target T [V].

    `steered` [A, m, V]: log p_α of a model whose path need not be the tilt; the tilt's own if None.
    Where M is constant R is taken as 1.
    """
    if steered is None:
        nu = _log_odds_change(tilt, target, strengths)
    else:
        nu = _log_odds_of(steered, target) - _log_odds_of(np.asarray(tilt.log_probs), target)
    sigma, reach = mean_deviation(tilt, weights), float(np.ptp(np.asarray(tilt.log_odds)))
    y = np.abs(strengths) * reach
    with np.errstate(divide="ignore"):  # log 0 where M is constant
        log_scale = 2 * (_log_mean_deviation(tilt, weights) - np.log(reach or 1.0))
    ends = [end_line(tilt, sign) for sign in (-1, 1)]
    low_end, high_end = (
        np.abs(strengths) * (weights @ slope) + weights @ level for slope, level in ends
    )
    return Bounds(
        quadratic=0.5 * (sigma * strengths) ** 2,
        remainder=y**3 / (36 * np.sqrt(3)),
        hoeffding=y**2 / 8,
        bennett=_times_remainder(log_scale, y),
        two_point=_two_point(tilt, strengths) @ weights,
        lower=np.exp(log_scale) * remainder_of_exponential(-y),
        target=_two_token_divergence(np.asarray(tilt.log_probs), target, nu) @ weights,
        asymptote=np.where(strengths < 0, low_end, high_end),
    )


def mean_variance(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ² = Σ_j π_j Var_j(M), by the two-pass formula."""
    return mean_deviation(tilt, weights) ** 2


def mean_deviation(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ, also where σ² would over- or underflow."""
    return float(np.exp(_log_mean_deviation(tilt, weights)))


def _log_mean_deviation(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """log σ; -∞ where M is constant."""
    with np.errstate(divide="ignore"):
        return float(np.logaddexp.reduce(np.log(weights) + _log_variances(tilt)) / 2)


def remainder_of_exponential(y: np.ndarray) -> np.ndarray:
    """φ(y) = e^y - 1 - y; by its series for |y| < 0.1, where the difference would cancel."""
    small = np.where(np.abs(y) < 0.1, y, 0.0)
    series = small**2 * polyval(small, [1 / math.factorial(n) for n in range(2, 10)])
    with np.errstate(over="ignore"):
        return np.where(np.abs(y) < 0.1, series, np.expm1(y) - y)


def _times_remainder(log_factor: np.ndarray | float, y: np.ndarray) -> np.ndarray:
    """e^log_factor φ(y) for y >= 0, where either may be beyond the floats."""
    small = np.minimum(y, 30.0)
    with np.errstate(over="ignore"):
        large = np.exp(log_factor + y) - np.exp(log_factor) * (1 + y)
        return np.where(y < 30, np.exp(log_factor) * remainder_of_exponential(small), large)


def binary_divergence(log_p: np.ndarray, steered: np.ndarray, target: np.ndarray) -> np.ndarray:
    """kl(F_T(0) || F_T(α)) [A, m], from log p [m, V] and log p_α [A, m, V]."""
    nu = _log_odds_of(steered, target) - _log_odds_of(log_p, target)
    return _two_token_divergence(log_p, target, nu)


def _log_odds_of(log_p: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Log-odds [..., m] of the target's mass."""
    on, off = (np.logaddexp.reduce(log_p[..., part], axis=-1) for part in (target, ~target))
    return on - off


def _log_odds_change(
    tilt: ExponentialTilt, target: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    """ν [A, m], as `ufm.concept_log_odds_increase` has it, at all strengths."""
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    alphas, shape = np.repeat(strengths, len(log_p)), (strengths.size, len(log_p))

    def growth(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """K(α) - K(0) - αM(r) of the tokens of `part`, and M(r), r being the likeliest of them at α."""
        rows, m = np.tile(log_p[:, part], (strengths.size, 1)), log_odds[part]
        rows = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
        end = np.where(alphas < 0, float(m.min()), float(m.max()))  # which α favours
        r: np.ndarray = np.argmax(rows + alphas[:, None] * (m - end[:, None]), axis=1)
        steps = alphas[:, None] * (m - m[r][:, None])
        from_pivot = (rows - np.take_along_axis(rows, r[:, None], axis=1)) + steps
        is_pivot = np.arange(m.size) == r[:, None]
        return log_ratio(rows, steps, from_pivot, is_pivot, np).log_mean, m[r]

    with np.errstate(over="ignore", under="ignore"):
        (on, at_on), (off, at_off) = growth(target), growth(~target)
    return (alphas * (at_on - at_off) + (on - off)).reshape(shape)


def _two_token_divergence(log_p: np.ndarray, target: np.ndarray, nu: np.ndarray) -> np.ndarray:
    """kl(F || F') [A, m] for log-odds of F' that exceed those of F by `nu`: a tilt of two tokens."""
    parts = (np.logaddexp.reduce(log_p[:, part], axis=1) for part in (~target, target))
    before = np.tile(np.stack([*parts], axis=1), (len(nu), 1))
    step = nu.reshape(-1)
    is_pivot = np.stack(
        [before[:, 0] >= before[:, 1] + step, before[:, 0] < before[:, 1] + step], 1
    )
    growth = np.stack([-step, step], 1) * ~is_pivot
    at = (before * is_pivot).sum(axis=1, keepdims=True)
    with np.errstate(over="ignore", under="ignore"):
        move = log_ratio(before, growth, (before - at) + growth, is_pivot, np)
        terms = weighted_remainder(move.root_before, move.root_after, move.ratio, np)
    return terms.sum(axis=1).reshape(nu.shape)


def end_line(tilt: ExponentialTilt, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes E_j|M_end - M| and levels log p_j(tokens at M_end) [m] of the line that KL(p_j||p_{j,α})
    tends to in |α| as α → ±∞; M_end is the largest (smallest) M.
    """
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    end = log_odds.max() if sign > 0 else log_odds.min()
    root = np.exp(log_p / 2)  # p may underflow where its product with M does not
    slopes = (root * (root * np.abs(end - log_odds))).sum(axis=1)
    return slopes, -np.logaddexp(0, -_log_odds_of(log_p, log_odds == end))


def _log_variances(tilt: ExponentialTilt) -> np.ndarray:
    """log Var_j(M) [m], which does not underflow where p does; -∞ where M is constant."""
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    gaps = log_odds - log_odds[log_p.argmax(axis=1)][:, None]
    root = np.exp(log_p / 2)
    offsets = gaps - (root * (root * gaps)).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.logaddexp.reduce(log_p + 2 * np.log(np.abs(offsets)), axis=1)


def _two_point(tilt: ExponentialTilt, strengths: np.ndarray) -> np.ndarray:
    """log[b²/(b²+s²) e^{-|α|s²/b} + s²/(b²+s²) e^{|α|b}] [A, m], s² = Var_j(M), b: from E_j[M] to
    the far end of M.
    """
    alphas = strengths[:, None]
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)

    def log_mean_gap(end: np.floating) -> np.ndarray:
        """log E|end - M| [m]."""
        return np.logaddexp.reduce(log_p + np.log(np.abs(end - log_odds)), axis=1)

    with np.errstate(divide="ignore"):
        log_s2 = _log_variances(tilt)
        log_b = np.where(alphas > 0, log_mean_gap(log_odds.max()), log_mean_gap(log_odds.min()))
    is_constant = log_s2 == -np.inf
    log_s2 = np.where(is_constant, 0.0, log_s2)
    log_b = np.where(is_constant, 0.0, log_b)
    low, high = -np.abs(alphas) * np.exp(log_s2 - log_b), np.abs(alphas) * np.exp(log_b)
    weight, other = -np.logaddexp(0, 2 * log_b - log_s2), -np.logaddexp(0, log_s2 - 2 * log_b)
    is_near = weight + high < 30  # else e^{|α|b} outweighs the rest
    rise = _times_remainder(weight, np.where(is_near, high, 0.0))
    near = np.log1p(np.exp(other) * remainder_of_exponential(low) + rise)
    return np.where(
        is_constant, 0.0, np.where(is_near, near, np.logaddexp(other + low, weight + high))
    )
