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
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    if steered is None:
        steered = log_p + strengths[:, None, None] * log_odds
        steered = steered - np.logaddexp.reduce(steered, axis=-1, keepdims=True)
    sigma2, reach = mean_variance(tilt, weights), float(np.ptp(log_odds))
    y, scale = np.abs(strengths) * reach, sigma2 * (1 / reach if reach else 1.0) ** 2
    ends = [end_line(tilt, sign) for sign in (-1, 1)]
    low_end, high_end = (
        np.abs(strengths) * (weights @ slope) + weights @ level for slope, level in ends
    )
    return Bounds(
        quadratic=0.5 * sigma2 * strengths**2,
        remainder=y**3 / (36 * np.sqrt(3)),
        hoeffding=y**2 / 8,
        bennett=scale * remainder_of_exponential(y),
        two_point=_two_point(tilt, strengths) @ weights,
        lower=scale * remainder_of_exponential(-y),
        target=binary_divergence(log_p, steered, target) @ weights,
        asymptote=np.where(strengths < 0, low_end, high_end),
    )


def mean_variance(tilt: ExponentialTilt, weights: np.ndarray) -> float:
    """σ² = Σ_j π_j Var_j(M), by the two-pass formula."""
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
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    end = log_odds.max() if sign > 0 else log_odds.min()
    slopes = (np.exp(log_p) * np.abs(end - log_odds)).sum(axis=1)
    return slopes, np.logaddexp.reduce(log_p[:, log_odds == end], axis=1)


def _variances(tilt: ExponentialTilt) -> np.ndarray:
    """Var_j(M) [m]."""
    p, log_odds = np.exp(np.asarray(tilt.log_probs)), np.asarray(tilt.log_odds)
    return (p * (log_odds - (p @ log_odds)[:, None]) ** 2).sum(axis=1)


def _two_point(tilt: ExponentialTilt, strengths: np.ndarray) -> np.ndarray:
    """log[b²/(b²+s²) e^{-|α|s²/b} + s²/(b²+s²) e^{|α|b}] [A, m], s² = Var_j(M), b: from E_j[M] to
    the far end of M.
    """
    alphas = strengths[:, None]
    b = np.where(alphas > 0, end_line(tilt, 1)[0], end_line(tilt, -1)[0])
    ratio = _variances(tilt) / b  # before b is squared, which may be below 1e-308
    low, high = -np.abs(alphas) * ratio, np.abs(alphas) * b
    weight, other = ratio / (b + ratio), b / (b + ratio)
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.log1p(
            other * remainder_of_exponential(low) + weight * remainder_of_exponential(high)
        )
    with np.errstate(divide="ignore"):  # a weight that rounds to 0 or 1
        far = np.logaddexp(np.log(other) + low, np.log(weight) + high)
    return np.where(high < 30, near, far)
