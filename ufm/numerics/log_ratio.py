"""What a tilt changes, from c = log p_α/p without cancellation: one context a row, in JAX or NumPy.

With r the likeliest token at α and g(z) = α(M(z) - M(r)),

    c = g - log E_0[e^g],   KL(p||p_α) = Σ p φ(c),   KL(p_α||p) = Σ p_α φ(-c),   φ(y) = e^y - 1 - y >= 0.

All the terms of both sums are positive. An error that is common to all c leaves them as they are, to first
order; those of g are relative, and neither α nor a p next to 0 or 1 costs digits.
"""

from types import ModuleType

from .roots import Mask, Values


def log_mean_growth(
    log_probs: Values,
    growth: Values,
    from_pivot: Values,
    is_pivot: Mask,
    xp: ModuleType,
) -> tuple[Values, Values]:
    """log E_0[e^g] and log Σ p_α/p_α(r), each [m].

    `log_probs` log p, `growth` g = α(M - M(r)) and `from_pivot` log p_α/p_α(r) are [m, V]; a token whose
    log p is -∞ counts for nothing.
    """
    weight = xp.exp(from_pivot)
    log_total = xp.log1p(xp.where(is_pivot, 0.0, weight).sum(axis=1))
    p = xp.exp(log_probs)
    pivot_log_prob = xp.where(is_pivot, log_probs, 0.0).sum(axis=1)
    risen = xp.exp(pivot_log_prob)[:, None] * weight  # p e^g, which never exceeds p(r)
    rises = growth > 1
    change = xp.where(rises, risen - p, p * xp.expm1(xp.where(rises, 1.0, growth))).sum(axis=1)
    is_far = change < -0.5
    near = xp.log1p(xp.where(is_far, 0.0, change))
    return xp.where(is_far, pivot_log_prob + log_total, near), log_total


def weighted_remainder(before: Values, after: Values, ratio: Values, xp: ModuleType) -> Values:
    """e^before φ(ratio) >= 0, where `ratio` is after - before, known to more digits than these."""
    rises = ratio > 1
    up = xp.where(rises, ratio, 1.0)
    risen = xp.exp(after) * (-xp.expm1(-up) - up * xp.exp(-up))  # e^ratio would overflow
    # in two halves: what the first makes of it may be far above the smallest float where e^before is not
    half = xp.exp(0.5 * before)
    rest = half * (half * exponential_remainder(xp.where(rises, 1.0, ratio), xp))
    return xp.where(rises, risen, rest)


def exponential_remainder(y: Values, xp: ModuleType) -> Values:
    """φ(y) = e^y - 1 - y without cancellation: its Taylor series to order 14 inside |y| < 0.3."""
    is_near = xp.abs(y) < 0.3
    inside = xp.where(is_near, y, 0.0)
    series = xp.zeros_like(y)
    for n in range(14, 1, -1):
        series = (series * inside + 1.0) / n
    return xp.where(is_near, inside**2 * series, xp.expm1(y) - y)


def change(before: Values, after: Values, ratio: Values, xp: ModuleType) -> Values:
    """e^after - e^before, where `ratio` is after - before, known to more digits than these."""
    rises = ratio > 0
    risen = -xp.exp(after) * xp.expm1(-xp.where(rises, ratio, 0.0))
    return xp.where(rises, risen, xp.exp(before) * xp.expm1(xp.where(rises, 0.0, ratio)))
