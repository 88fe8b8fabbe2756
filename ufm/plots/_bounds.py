"""Bounds on the cross-entropy increase for every strength, and the line it tends to."""

from typing import NamedTuple

import numpy as np

from ..tilt.tilt import ExponentialTilt
from ._numpy_laws import variances


class Bounds(NamedTuple):
    """What encloses ΔCE on a grid of strengths [A], in nats: `cross_entropy_bounds` has the formulas.

    - `quadratic` ½σ²α² and `remainder` R³|α|³/(36√3): |ΔCE - quadratic| <= remainder.
    - from above: `hoeffding`, `bennett`, `two_point`; from below: `lower`, `target`, `asymptote`.
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
    tilt: ExponentialTilt, weights: np.ndarray, target: np.ndarray, strengths: np.ndarray
) -> Bounds:
    """The bounds on ΔCE at `strengths` [A] for the context weights π [m] and the target T [V]."""
    log_p, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    variance = variances(tilt)
    sigma2, reach = float(weights @ variance), float(np.ptp(log_odds))
    y = reach * np.abs(strengths)
    scale = sigma2 / reach**2
    return Bounds(
        quadratic=sigma2 * strengths**2 / 2,
        remainder=y**3 / (36 * np.sqrt(3)),
        hoeffding=y**2 / 8,
        bennett=scale * (np.expm1(y) - y),
        two_point=_two_point(np.exp(log_p), log_odds, variance, strengths) @ weights,
        lower=scale * (np.expm1(-y) + y),
        target=_target_divergence(log_p, log_odds, target, strengths) @ weights,
        asymptote=_asymptote(log_p, log_odds, strengths) @ weights,
    )


def _two_point(p, log_odds: np.ndarray, variance: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """log E e^{|α|x} [A, m] of the distribution on {-s²/b, b} of mean 0, variance s²; b: far end of M."""
    mean = p @ log_odds
    size = np.abs(strengths)[:, None]
    b = np.where(strengths[:, None] > 0, log_odds.max() - mean, mean - log_odds.min())
    share = variance / (b**2 + variance)
    return np.logaddexp(np.log1p(-share) - size * variance / b, np.log(share) + size * b)


def _target_divergence(log_p, log_odds, target: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """kl(F_T(0) || F_T(α)) [A, m]."""

    def log_masses(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        exponent = log_p[None] + alphas[:, None, None] * log_odds[None, None, :]
        on = np.logaddexp.reduce(exponent[..., target], axis=-1)
        off = np.logaddexp.reduce(exponent[..., ~target], axis=-1)
        total = np.logaddexp(on, off)
        return on - total, off - total

    (on, off), (on_now, off_now) = log_masses(np.zeros(1)), log_masses(strengths)
    return np.exp(on) * (on - on_now) + np.exp(off) * (off - off_now)


def _asymptote(log_p: np.ndarray, log_odds: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """|α| Σ_z p(z) |M(z) - end of M| + log p(tokens at that end) [A, m], the end on the side of α."""
    sides = []
    for end in (log_odds.min(), log_odds.max()):
        rate = np.exp(log_p) @ np.abs(end - log_odds)
        level = np.logaddexp.reduce(log_p[:, log_odds == end], axis=1)
        sides.append(np.abs(strengths)[:, None] * rate + level)
    return np.where(strengths[:, None] < 0, sides[0], sides[1])
