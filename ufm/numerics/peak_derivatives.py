"""How all peaks of a vocabulary move with log p and M: products with a vector, without the matrix.

With x = M - M(z), and expectations under the distribution at the peak α of z,

    dα(z) = (dM(z) - E[dM] - E[x dlog p] - α E[x dM]) / E[x²]

are functions of α alone but for dM(z): the moments about a few anchors serve the tokens that peak near them.
All of it in numpy, on the host.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .tilted_moments import ORDER, Anchor, anchor_at, evaluate, series, slopes

# A token is worked out by itself where a float sees next to no variance (M in units of about its range), or
# where it holds more than this share of the mass, and dM(z) - E[dM] is a difference of nearly equal numbers.
_LEAST, _MOST = 1e-250, 1 - 1e-4


class _Stretch(NamedTuple):
    """Tokens [k] with peaks at `alphas`, ascending, about an anchor; τ = (α - a)/ρ, Z, E[y] and Var there."""

    anchor: Anchor
    rho: float
    tokens: np.ndarray
    alphas: np.ndarray
    tau: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    def without(self, dropped: np.ndarray) -> "_Stretch":
        """The stretch without the tokens of the mask `dropped` [k]."""
        return _Stretch(*self[:2], *(array[~dropped] for array in self[2:]))


def moved_peaks(
    log_probs: np.ndarray, log_odds: np.ndarray, peaks: np.ndarray, changes: np.ndarray
) -> np.ndarray:
    """dα [m, V] of the finite `peaks` [m, V], 0 of the others, for `changes` [m + 1, V] of log p and of M.

    The error is some units in the last place of the largest.
    """
    exponent, odds = _in_units(log_odds)
    rates, found = np.ldexp(changes[-1], -exponent), np.zeros_like(peaks)
    for j, row in enumerate(log_probs):
        alphas, of_probs = np.ldexp(peaks[j], exponent), changes[j]
        for part in _stretches(row, odds, alphas):
            if isinstance(part, int):
                x, share = _balance_of(row, odds, part, alphas[part])
                pull = (of_probs + alphas[part] * rates) / x + (rates - rates[part]) / x**2
                found[j, part] = -(share * pull).sum()
                continue
            _, spread = _mean_and_covariance(part, of_probs)
            mean, shear = _mean_and_covariance(part, rates)
            rise = (rates[part.tokens] - mean) - (spread + part.alphas * shear)
            found[j, part.tokens] = rise / part.variance
    return np.ldexp(found, -exponent)


def _mean_and_covariance(part: _Stretch, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E[v] and Cov(v, M) [k] at the strengths of a stretch, for v [n]."""
    centre = float((part.anchor.weights * vector).sum())
    also = series(part.anchor, part.rho, also=vector - centre)[1]
    value, slope = evaluate(np.stack([also, slopes(also)]), part.tau) / part.total
    return value + centre, slope / part.rho - part.mean * value


def pulled_back(
    log_probs: np.ndarray, log_odds: np.ndarray, peaks: np.ndarray, cotangents: np.ndarray
) -> np.ndarray:
    """The transpose of `moved_peaks`: from `cotangents` [m, V] of peaks to those of `changes` [m + 1, V]."""
    exponent, odds = _in_units(log_odds)
    found = np.zeros((len(log_probs) + 1, odds.size))
    for j, row in enumerate(log_probs):
        alphas, pull = np.ldexp(peaks[j], exponent), np.ldexp(cotangents[j], -exponent)
        of_probs, of_odds = found[j], found[-1]
        for part in _stretches(row, odds, alphas):
            if isinstance(part, int):
                x, share = _balance_of(row, odds, part, alphas[part])
                share = pull[part] * share
                of_probs -= share / x
                of_odds -= share * (alphas[part] / x + 1 / x**2)
                of_odds[part] += (share / x**2).sum()
                continue
            weight = pull[part.tokens] / part.variance
            of_odds[part.tokens] += weight
            each = weight / part.total
            steep = each * part.alphas
            factors = np.stack([each, each * part.mean, steep, steep * part.mean])
            q, y = part.anchor.weights, part.anchor.offsets
            t = np.where(q > 0, part.rho * y, 0.0)
            sums = q * evaluate(_summed_powers(factors, part.tau), t)
            of_probs -= y * sums[0] - sums[1]
            of_odds -= sums[0] + (y * sums[2] - sums[3])
    found[-1] = np.ldexp(found[-1], -exponent)
    return found


def _in_units(log_odds: np.ndarray) -> tuple[int, np.ndarray]:
    """M in units of about its range, a power of two, and its exponent, so that squares do not overflow."""
    exponent = int(np.frexp(log_odds.max() / 2 - log_odds.min() / 2)[1])
    return exponent, np.ldexp(log_odds, -exponent)


def _summed_powers(factors: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Σ_k factors[., k] τ_k^n / n!, [rows, 36]."""
    sums, power = np.empty((len(factors), ORDER)), np.ones_like(tau)
    factorial = 1.0
    for n in range(ORDER):
        factorial *= max(n, 1)
        sums[:, n] = (factors * power).sum(axis=1) / factorial
        power = power * tau
    return sums


def _balance_of(
    row: np.ndarray, odds: np.ndarray, token: int, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """x and p_α x² / E[x²] [n] at the peak of one token that holds all mass that a float can see."""
    x = odds - odds[token]
    x = np.where(x == 0, np.inf, x)
    kept = np.isfinite(x)
    terms = np.where(kept, row + alpha * np.where(kept, x, 0) + 2 * np.log(np.abs(x)), -np.inf)
    weights = np.where(kept, np.exp(np.where(kept, terms - terms[kept].max(), 0)), 0.0)
    return x, weights / weights.sum()


def _stretches(row: np.ndarray, odds: np.ndarray, alphas: np.ndarray) -> Iterator[_Stretch | int]:
    """All tokens of finite peaks, by the anchors that serve them, or one by one."""
    order = np.flatnonzero(np.isfinite(alphas))
    order = order[np.argsort(alphas[order], kind="stable")]
    points, left = alphas[order], [(0, order.size)]
    while left:
        first, last = left.pop()
        if first == last:
            continue
        middle = (first + last) // 2
        anchor = anchor_at(float(points[middle]), odds, row)
        if not anchor.variance > _LEAST:
            yield int(order[middle])
            left += [(first, middle), (middle + 1, last)]
            continue
        ends = anchor.alpha - anchor.radius, anchor.alpha + anchor.radius
        low = first + int(np.searchsorted(points[first:last], ends[0], side="left"))
        high = first + int(np.searchsorted(points[first:last], ends[1], side="right"))
        part = _stretch(anchor, order[low:high], points[low:high])
        growth = np.exp((part.alphas - anchor.alpha) * anchor.offsets[part.tokens])
        is_alone = anchor.weights[part.tokens] * growth > _MOST * part.total
        yield from part.tokens[is_alone].tolist()
        yield part.without(is_alone)
        left += [(first, low), (high, last)]


def _stretch(anchor: Anchor, tokens: np.ndarray, alphas: np.ndarray) -> _Stretch:
    rho = min(anchor.radius, 1e300)
    coefficients, tau = series(anchor, rho), (alphas - anchor.alpha) / rho
    first = slopes(coefficients)
    total, rise, bend = evaluate(np.stack([coefficients, first, slopes(first)]), tau)
    mean = rise / total / rho
    return _Stretch(
        anchor, rho, tokens, alphas, tau, total, mean, bend / total / rho**2 - mean * mean
    )
