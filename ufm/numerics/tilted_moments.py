"""Tilted moments about an anchor: all strengths in its neighbourhood from one pass over the tokens.

With q = p_a the distribution at the anchor a, y = M - E_a[M] and h = α - a,

    Z(h) = Σ q e^{hy} = Σ_n c_n τ^n,   c_n = Σ q (ρy)^n / n!,   τ = h/ρ in [-1, 1],

is an entire series: 36 terms of it serve any number of strengths, or of tokens, within the radius ρ
at which what is cut off is below the rounding error. All of it in numpy, on the host.
"""

import math
from typing import NamedTuple

import numpy as np

_SIDE = 6  # the moments come from a 6 x 6 product of powers t^0..t^5 and t^0, t^6, .., t^30
ORDER = _SIDE * _SIDE
_FACTORIALS = np.array([math.factorial(n) for n in range(ORDER)], dtype=float)
# Within |ρy| <= 3.5 the terms cut off, 3.5^34/35! = 3e-22 of the variance, are far below rounding, and
# alternating signs cost at most a factor e^3.5 of accuracy. A token that holds the share e^-s of the
# variance may lie further out: to 3.5 (1 + s/34), or where e^{ρy - s} is itself below e^-41.5 = 1e-18.
_REACH, _NEGLIGIBLE = 3.5, 41.5
# Stays in the first-level cache, and below the size at which OpenBLAS starts threads for a product.
_BLOCK = 2048
_CACHE = 1 << 14  # numbers of an array that stay in the second-level cache


class Anchor(NamedTuple):
    """The distribution at strength `alpha`, counted from its likeliest token r.

    `weights` are q [n], `offsets` y = M - E_a[M] [n]; E_a[M] = `pivot_log_odds` + `excess` and
    K(a) = (log p + aM at r) + `log_total` are kept in two parts, so that nothing small is lost in a sum.
    Within `radius` of the anchor 36 moments give the distribution to rounding; the radius is 0 where M
    takes one value alone.
    """

    alpha: float
    pivot: int
    pivot_log_odds: float
    excess: float
    log_total: float
    weights: np.ndarray
    offsets: np.ndarray
    variance: float
    radius: float

    def offset_of(self, log_odds: np.ndarray) -> np.ndarray:
        """`log_odds` - E_a[M], formed from the gaps to M(r)."""
        return (log_odds - self.pivot_log_odds) - self.excess


def anchor_at(
    alpha: float, log_odds: np.ndarray, log_weights: np.ndarray, *, alone: bool = False
) -> Anchor:
    """The distribution ∝ e^{log_weights + α·log_odds}, both [n]; the weights need not be normalised.

    `alone`: no other strength is asked for, and the radius, which takes as long as the rest, is left 0.
    """
    parts = [slice(start, start + _CACHE) for start in range(0, log_odds.size, _CACHE)]
    weights, offsets, logs = (np.empty(log_odds.size) for _ in range(3))
    # Counted from the end of M that α favours, no difference that matters is lost where M spans many scales.
    r = int(
        log_weights.argmax() if not alpha else log_odds.argmax() if alpha > 0 else log_odds.argmin()
    )
    for _ in range(2):  # the differences from the likeliest token find it exactly
        r, before = _likeliest(parts, log_odds, log_weights, alpha, r, offsets, logs), r
        if r == before:
            break
    else:
        _likeliest(parts, log_odds, log_weights, alpha, r, offsets, logs)
    rest = moment = 0.0
    for part in parts:
        gaps = offsets[part]
        w = np.exp(logs[part], out=weights[part])
        if part.start <= r < part.stop:
            w[r - part.start] = 0.0
        rest += float(w.sum())
        moment += float((w * gaps).sum())
    weights[r] = 1.0
    total, log_total = 1.0 + rest, math.log1p(rest)
    excess, variance = moment / total, 0.0
    for part in parts:
        weights[part] /= total
        y = offsets[part]
        y -= excess
        variance += float((weights[part] * (y * y)).sum())
    has_reach = variance > 0 and not alone
    reach = _radius(parts, logs, offsets, log_total, variance) if has_reach else 0.0
    pivot_log_odds = float(log_odds[r])
    return Anchor(alpha, r, pivot_log_odds, excess, log_total, weights, offsets, variance, reach)


def _likeliest(
    parts: list[slice],
    log_odds: np.ndarray,
    log_weights: np.ndarray,
    alpha: float,
    r: int,
    gaps: np.ndarray,
    logs: np.ndarray,
) -> int:
    """The index of the largest log weight at α, by differences from token r: `gaps` of M, and `logs`."""
    best, found = 0.0, r
    for part in parts:
        u = np.multiply(
            np.subtract(log_odds[part], log_odds[r], out=gaps[part]), alpha, out=logs[part]
        )
        u += log_weights[part] - log_weights[r]
        place = int(u.argmax())
        if u[place] > best:
            best, found = float(u[place]), part.start + place
    return found


def _radius(
    parts: list[slice], logs: np.ndarray, offsets: np.ndarray, log_total: float, variance: float
) -> float:
    shift, least = math.log(variance) + log_total, math.inf
    for part in parts:
        distance = np.maximum(np.abs(offsets[part]), 1e-300)
        # -log of the token's share q y² / Var of the variance
        rarity = np.log(distance)
        rarity *= -2
        rarity -= logs[part]
        rarity += shift
        reach = np.maximum(rarity, 0.0)
        reach *= _REACH / (ORDER - 2)
        reach += _REACH
        rarity -= _NEGLIGIBLE
        np.maximum(reach, rarity, out=reach)
        reach /= distance
        least = min(least, float(reach.min()))
    return least


def series(anchor: Anchor, rho: float, also: np.ndarray | None = None) -> np.ndarray:
    """c_n [36] of Z; with `also` v [n], rows c_n and Σ q v (ρy)^n / n! [2, 36]."""
    sums = np.zeros((1 if also is None else 2, _SIDE, _SIDE))
    for start in range(0, anchor.weights.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        # a token so unlikely that its weight underflows may lie so far out that powers overflow
        t = np.where(anchor.weights[part] > 0, rho * anchor.offsets[part], 0.0)
        low = _powers(anchor.weights[part], t)
        step = t**2
        step *= step * step
        high = _powers(1.0, step)
        sums[0] += high @ low.T
        if also is not None:
            sums[1] += (high * also[part]) @ low.T
    found = sums.reshape(-1, ORDER) / _FACTORIALS
    return found[0] if also is None else found


def _powers(first: np.ndarray | float, t: np.ndarray) -> np.ndarray:
    """first · t^n for n = 0..5, [6, len(t)]."""
    rows = np.empty((_SIDE, t.size))
    rows[0] = first
    for n in range(1, _SIDE):
        np.multiply(rows[n - 1], t, out=rows[n])
    return rows


def evaluate(coefficients: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Σ_n coefficients[k, n] τ^n, [k, len(τ)], for -1 <= τ <= 1 or a little beyond."""
    rows = coefficients.shape[0]
    blocks = coefficients.reshape(rows * _SIDE, _SIDE)
    result = np.empty((rows, tau.size))
    for start in range(0, tau.size, _BLOCK):
        t = tau[start : start + _BLOCK]
        low = _powers(1.0, t)
        step = low[_SIDE - 1] * t
        values = (blocks @ low).reshape(rows, _SIDE, t.size)
        total = values[:, -1]
        for n in range(_SIDE - 2, -1, -1):
            total = total * step + values[:, n]
        result[:, start : start + _BLOCK] = total
    return result


def slopes(coefficients: np.ndarray) -> np.ndarray:
    """The coefficients of the derivative with respect to τ, padded to the same length."""
    moved = coefficients[..., 1:] * np.arange(1, ORDER)
    return np.concatenate([moved, np.zeros_like(moved[..., :1])], axis=-1)


def roots(
    coefficients: np.ndarray, anchor: Anchor, reach: float, offsets: np.ndarray
) -> np.ndarray:
    """The α at which E_α[M] - E_a[M] = `offsets`, within `reach` of the anchor, ascending or not.

    Roots of Z'(h)/Z(h) = offset: from a table of 65 points, then three steps of Newton's method.
    """
    target = reach * offsets
    first = slopes(coefficients)
    rows = np.stack([coefficients, first, slopes(first)])
    grid = np.linspace(-1.001, 1.001, 65)
    z, dz, _ = evaluate(rows, grid)
    tau = np.interp(target, np.maximum.accumulate(dz / z), grid)
    for _ in range(3):
        z, dz, ddz = evaluate(rows, tau)
        mean = dz / z
        slope = ddz / z - mean * mean
        step = (mean - target) / np.where(slope > 0, slope, np.inf)
        tau = np.clip(tau - step, -1.01, 1.01)
    return anchor.alpha + reach * tau
