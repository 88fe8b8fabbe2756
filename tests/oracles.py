"""Independent answers in mpmath, at 50 digits, for one context: p and M are lists of floats.

Nothing here is shared with `ufm`: laws are plain quotients, cumulants come from raw moments, peaks
from bisection on E_α[M] = M(z). Floats are taken as the exact numbers that they are.
"""

from collections.abc import Sequence
from functools import wraps

import mpmath as mp
import numpy as np

DIGITS = 50


def _precisely(function):
    @wraps(function)
    def at_fifty_digits(*arguments, digits: int = DIGITS, **keywords):
        with mp.workdps(digits):
            return function(*arguments, **keywords)

    return at_fifty_digits


def law(log_probs: Sequence[float], odds: Sequence[float], alpha: float) -> list:
    """p_α = p e^{αM} / Σ p e^{αM}, with the working precision raised by the size of αM."""
    extra = int(mp.log10(1 + abs(mp.mpf(alpha)) * (1 + max(abs(float(m)) for m in odds))))
    with mp.workdps(mp.mp.dps + extra + 5):
        logs = [mp.mpf(float(q)) for q in log_probs]
        exponents = [q + mp.mpf(alpha) * mp.mpf(float(m)) for q, m in zip(logs, odds, strict=True)]
        top = max(exponents)
        weights = [mp.exp(e - top) for e in exponents]
        total = mp.fsum(weights)
        return [w / total for w in weights]


@_precisely
def probs(log_probs, odds, alpha) -> list:
    """p_α(z) for every token."""
    return law(log_probs, odds, alpha)


def log_probs_at(log_probs, odds, alpha) -> list:
    """log p_α(z); of the likeliest token as log1p of minus the others, which may be as small as 1e-300."""
    with mp.workdps(DIGITS):
        p = law(log_probs, odds, alpha)
        top = p.index(max(p))
        rest = mp.fsum(q for z, q in enumerate(p) if z != top)
        return [mp.log1p(-rest) if z == top else mp.log(q) for z, q in enumerate(p)]


def _mean(log_probs, odds, alpha):
    return mp.fdot(law(log_probs, odds, alpha), [mp.mpf(float(m)) for m in odds])


@_precisely
def mean(log_probs, odds, alpha):
    """E_α[M]."""
    return _mean(log_probs, odds, alpha)


@_precisely
def centred(log_probs, odds, alpha) -> list:
    """M(z) - E_α[M]."""
    average = _mean(log_probs, odds, alpha)
    return [mp.mpf(float(m)) - average for m in odds]


@_precisely
def cumulants(log_probs, odds, alpha, order: int) -> list:
    """κ_1..κ_order from RAW moments; digits lost to cancellation are made up for."""
    with mp.workdps(DIGITS * 3):
        p, m = law(log_probs, odds, alpha), [mp.mpf(float(x)) for x in odds]
        raw = [mp.fdot(p, [x**n for x in m]) for n in range(order + 1)]
        kappa = []
        for n in range(1, order + 1):
            lower = [mp.binomial(n - 1, k - 1) * kappa[k - 1] * raw[n - k] for k in range(1, n)]
            kappa.append(raw[n] - mp.fsum(lower))
        return kappa


@_precisely
def derivative(log_probs, odds, alpha, order: int) -> list:
    """d^n p_α(z) / dα^n from the Taylor coefficients of numerator over denominator."""
    with mp.workdps(DIGITS * 2):
        p, m = law(log_probs, odds, alpha), [mp.mpf(float(x)) for x in odds]
        shift = p.index(max(p))
        x = [v - m[shift] for v in m]
        top = [
            [q * v**n / mp.factorial(n) for n in range(order + 1)]
            for q, v in zip(p, x, strict=True)
        ]
        bottom = [mp.fsum(column) for column in zip(*top, strict=True)]
        result = []
        for row in top:
            quotient = []
            for n in range(order + 1):
                known = mp.fsum(bottom[n - k] * quotient[k] for k in range(n))
                quotient.append((row[n] - known) / bottom[0])
            result.append(quotient[order] * mp.factorial(order))
        return result


def _digits_for(log_probs, odds, alpha) -> int:
    """Enough for a KL of order α² min p to be left over from sums of order one."""
    scale = max(abs(float(m)) for m in odds) or 1.0
    depth = DIGITS + int(max(-float(q) for q in log_probs) / 2.3)
    return depth + 3 * int(abs(mp.log10(abs(mp.mpf(alpha)) * scale))) if alpha else depth


def forward_kl(log_probs, odds, alpha):
    """KL(p||p_α) = Σ p log p/p_α."""
    with mp.workdps(_digits_for(log_probs, odds, alpha)):
        p, q = law(log_probs, odds, 0), law(log_probs, odds, alpha)
        return mp.fsum(x * mp.log(x / y) for x, y in zip(p, q, strict=True))


def reverse_kl(log_probs, odds, alpha):
    """KL(p_α||p) = Σ p_α log p_α/p."""
    with mp.workdps(_digits_for(log_probs, odds, alpha)):
        p, q = law(log_probs, odds, 0), law(log_probs, odds, alpha)
        return mp.fsum(y * mp.log(y / x) for x, y in zip(p, q, strict=True) if y)


def increase(log_probs, odds, alpha) -> list:
    """p_α(z) - p(z)."""
    with mp.workdps(_digits_for(log_probs, odds, alpha)):
        p, q = law(log_probs, odds, 0), law(log_probs, odds, alpha)
        return [y - x for x, y in zip(p, q, strict=True)]


@_precisely
def mass(log_probs, odds, alpha, tokens):
    """F_C(α) = Σ_{z in C} p_α(z)."""
    return mp.fsum(
        q for q, inside in zip(law(log_probs, odds, alpha), tokens, strict=True) if inside
    )


def mass_increase(log_probs, odds, alpha, tokens):
    """(1/|C|) Σ_{z in C} Δp(z)."""
    change = increase(log_probs, odds, alpha)
    with mp.workdps(_digits_for(log_probs, odds, alpha)):
        return mp.fsum(d for d, inside in zip(change, tokens, strict=True) if inside) / int(
            sum(tokens)
        )


@_precisely
def peak(log_probs, odds, token: int):
    """The root of E_α[M] = M(token), by bisection; ±inf where M is extremal."""
    values = [float(m) for m in odds]
    if values[token] == max(values):
        return mp.inf
    if values[token] == min(values):
        return -mp.inf

    p = [mp.exp(mp.mpf(float(q))) for q in log_probs]
    gaps = [mp.mpf(v) - mp.mpf(values[token]) for v in values]

    def is_before(alpha):  # sign of E_α[M] - M(z): a sum of terms that increase in α
        top = max(alpha * g for g in gaps)
        return (
            mp.fsum(q * g * mp.exp(alpha * g - top) for q, g in zip(p, gaps, strict=True) if g) < 0
        )

    low, high = mp.mpf(-1), mp.mpf(1)
    while not is_before(low):
        low *= 2
    while is_before(high):
        high *= 2
    for _ in range(400):
        middle = (low + high) / 2
        low, high = (middle, high) if is_before(middle) else (low, middle)
        if high - low <= abs(middle) * mp.mpf(10) ** -25:
            break
    return (low + high) / 2


@_precisely
def half_saturation(log_probs, odds, tokens):
    """The α with F_T(α) = 1/2, by bisection."""
    low, high = mp.mpf(-1), mp.mpf(1)
    half = mp.mpf(1) / 2

    def at(alpha):
        return mp.fsum(
            q for q, inside in zip(law(log_probs, odds, alpha), tokens, strict=True) if inside
        )

    while at(low) > half:
        low *= 2
    while at(high) < half:
        high *= 2
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) < half else (low, middle)
    return (low + high) / 2


def table(function, tilt, *arguments) -> np.ndarray:
    """`function` on every context of `tilt`, rounded to floats."""
    rows = np.asarray(tilt.log_probs)
    odds = np.asarray(tilt.log_odds).tolist()
    found = [function(row.tolist(), odds, *arguments) for row in rows]
    return np.array([[float(v) for v in r] if isinstance(r, list) else float(r) for r in found])
