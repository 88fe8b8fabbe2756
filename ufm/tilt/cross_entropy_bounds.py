"""Bounds on the cross-entropy increase for every strength, and the line it tends to; in plain NumPy."""

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial.polynomial import polyval

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
    log_p, log_odds = np.asarray(tilt.log_probs), _from_lowest(tilt)
    if steered is None:
        steered = log_p + strengths[:, None, None] * log_odds
        steered = steered - np.logaddexp.reduce(steered, axis=-1, keepdims=True)
    reach = float(log_odds.max())
    y, scale = np.abs(strengths) * reach, relative_variance(tilt, weights)
    with np.errstate(divide="ignore"):  # a context of weight 0
        log_scale = np.logaddexp.reduce(np.log(weights) + _log_moments(tilt)[0])
    ends = [end_line(tilt, sign) for sign in (-1, 1)]
    low_end, high_end = (
        np.abs(strengths) * (weights @ slope) + weights @ level for slope, level in ends
    )
    return Bounds(
        quadratic=0.5 * scale * y**2,
        remainder=y**3 / (36 * np.sqrt(3)),
        hoeffding=y**2 / 8,
        bennett=_bennett(scale, log_scale, y),
        two_point=_two_point(tilt, strengths) @ weights,
        lower=scale * remainder_of_exponential(-y),
        target=binary_divergence(log_p, steered, target) @ weights,
        asymptote=np.where(strengths < 0, low_end, high_end),
    )


def _bennett(scale: float, log_scale: float, y: np.ndarray) -> np.ndarray:
    """`scale` φ(y), also where scale is below and φ(y) beyond the range of floats."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(y < 100, scale * remainder_of_exponential(y), np.exp(log_scale + y))


def mean_variance(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ² = Σ_j π_j Var_j(M)."""
    return relative_variance(tilt, weights) * float(_from_lowest(tilt).max()) ** 2


def relative_variance(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ²/R² = Σ_j π_j Var_j(M/R), by the two-pass formula: a share, at any scale of M; 0 if M is constant."""
    return float(weights @ _variances(tilt))


def remainder_of_exponential(y: np.ndarray) -> np.ndarray:
    """φ(y) = e^y - 1 - y; by its series for |y| < 0.1, where the difference would cancel."""
    small = np.where(np.abs(y) < 0.1, y, 0.0)
    series = small**2 * polyval(small, [1 / math.factorial(n) for n in range(2, 10)])
    with np.errstate(over="ignore"):
        return np.where(np.abs(y) < 0.1, series, np.expm1(y) - y)


def binary_divergence(log_p: np.ndarray, steered: np.ndarray, target: np.ndarray) -> np.ndarray:
    """kl(F_T(0) || F_T(α)) [A, m], from log p [m, V] and log p_α [A, m, V]."""

    def log_masses(log_p: np.ndarray) -> list[np.ndarray]:
        return [np.logaddexp.reduce(log_p[..., mask], axis=-1) for mask in (target, ~target)]

    (on, off), (on_now, off_now) = log_masses(log_p), log_masses(steered)
    return np.exp(on) * (on - on_now) + np.exp(off) * (off - off_now)


def end_line(tilt: ExponentialTilt, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes E_j|M_end - M| and levels log p_j(tokens at M_end) [m] of the line that KL(p_j||p_{j,α})
    tends to in |α| as α → ±∞; M_end is the largest (smallest) M.
    """
    log_p, log_odds = np.asarray(tilt.log_probs), _from_lowest(tilt)
    end = log_odds.max() if sign > 0 else log_odds.min()
    slopes = (np.exp(log_p) * np.abs(end - log_odds)).sum(axis=1)
    return slopes, np.logaddexp.reduce(log_p[:, log_odds == end], axis=1)


def _from_lowest(tilt: ExponentialTilt) -> np.ndarray:
    """M - min M [V]: what a constant added to M would cost in digits is not lost again."""
    log_odds = np.asarray(tilt.log_odds)
    return log_odds - log_odds.min()


def _variances(tilt: ExponentialTilt) -> np.ndarray:
    """Var_j(M/R) [m]."""
    return np.exp(_log_moments(tilt)[0])


def _log_moments(tilt: ExponentialTilt) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """log Var_j(M/R) [m] and, for sign ±1, log of the distance from E_j[M/R] to the end of M on that side.

    As logarithms: next to certainty these are as small as the probabilities of all other tokens.
    """
    log_p, log_odds = np.asarray(tilt.log_probs), _from_lowest(tilt)
    log_odds = log_odds / (log_odds.max() or 1.0)
    gaps = log_odds - log_odds[log_p.argmax(axis=1)][:, None]
    offsets = gaps - (np.exp(log_p) * gaps).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_variance = np.logaddexp.reduce(log_p + 2 * np.log(np.abs(offsets)), axis=1)
        distances = {1: np.log(1 - log_odds), -1: np.log(log_odds)}
    ends = {s: np.logaddexp.reduce(log_p + d, axis=1) for s, d in distances.items()}
    return log_variance, ends


def _two_point(tilt: ExponentialTilt, strengths: np.ndarray) -> np.ndarray:
    """log[b²/(b²+s²) e^{-|α|s²/b} + s²/(b²+s²) e^{|α|b}] [A, m], s² = Var_j(M), b: from E_j[M] to
    the far end of M.
    """
    alphas = np.abs(strengths[:, None]) * float(_from_lowest(tilt).max())
    log_variance, ends = _log_moments(tilt)
    log_b = np.where(strengths[:, None] > 0, ends[1], ends[-1])
    log_other = -np.logaddexp(0.0, log_variance - 2 * log_b)
    log_weight = log_other + (log_variance - 2 * log_b)
    low, high = -alphas * np.exp(log_variance - log_b), alphas * np.exp(log_b)
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.log1p(
            np.exp(log_other) * remainder_of_exponential(low)
            + np.exp(log_weight) * remainder_of_exponential(high)
        )
    far = np.logaddexp(log_other + low, log_weight + high)
    return np.where(high < 30, near, far)
