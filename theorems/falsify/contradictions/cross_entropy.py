"""Contradictions of the claims about ΔCE, and about the strength within a budget."""

from fractions import Fraction

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ..steered import Steered
from .contradiction import (
    IN_ORDER,
    POSITIVE,
    STRENGTHS,
    Contradiction,
    below_chord,
    differ,
    shown,
)

BUDGET = Fraction(1, 10)


def quadratic(s: Steered) -> Contradiction | None:
    """ΔCE has a slope at 0 that is not 0, or a curvature that is not σ²."""
    slope = curvature = arb(0)
    for j, row in enumerate(s.instance.rows):
        law = [ball(p) for p in row]
        data, weight = [ball(p) for p in (s.data or row)], ball(s.instance.weights[j])
        mean = dot(law, s.moved)
        slope += weight * (mean - dot(data, s.moved))
        curvature += weight * dot(law, [(m - mean) * (m - mean) for m in s.moved])
    if slope < 0 or slope > 0:
        return Contradiction("ΔCE = ½σ²α² + o(α²) has slope 0 at α = 0", (("slope", slope),))
    if not s.norm_ratio and s.data is None and differ(curvature, s.variance()):
        text = "ΔCE = ½σ²α² + o(α²) has curvature σ² at α = 0"
        return Contradiction(text, (("curvature", curvature), ("σ²", s.variance())))
    return None


def kl_identity(s: Steered) -> Contradiction | None:
    """ΔCE is not Σπ KL(p_j || p_{j,α}), or not Σπ(K_j(α) - αK_j'(0))."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, divergence = s.increase(alpha), s.divergence(alpha)
        cumulants = Steered(s.instance).increase(alpha)
        for name, other in (("Σπ KL", divergence), ("Σπ(K - αK'(0))", cumulants)):
            if differ(increase, other):
                text = f"ΔCE = {name} at α = {strength}"
                return Contradiction(text, (("ΔCE", increase), (name, other)))
    return None


def convex(s: Steered) -> Contradiction | None:
    """A chord lies below the curve, or the curve is flat."""
    if len(s.levels.tokens) == 1:
        text = "ΔCE is strictly convex; here M is the same for every token, exactly, and ΔCE = 0"
        found = "every token has the same M: steering changes nothing, and ΔCE is flat"
        return Contradiction(text, (("max M - min M", arb(0)),), found)
    return below_chord([s.increase(ball(strength)) for strength in IN_ORDER], "ΔCE")


def upper_bound(s: Steered) -> Contradiction | None:
    """ΔCE is above α²R²/8."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, bound = s.increase(alpha), alpha * alpha * s.range * s.range / 8
        if increase > bound:
            text = f"ΔCE <= α²R²/8 at α = {strength}"
            return Contradiction(text, (("ΔCE", increase), ("bound", bound)))
    return None


def lower_bound(s: Steered) -> Contradiction | None:
    """ΔCE is below σ²(e^{-y} + y - 1)/R²."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        y, increase = abs(alpha) * s.range, s.increase(alpha)
        bound = s.variance() * ((-y).exp() + y - 1) / (s.range * s.range)
        if increase < bound:
            text = f"ΔCE >= σ²(e^-y + y - 1)/R² at α = {strength}"
            return Contradiction(text, (("ΔCE", increase), ("bound", bound)))
    return None


def remainder(s: Steered) -> Contradiction | None:
    """|ΔCE - ½σ²α²| is above R³|α|³/(36√3)."""
    for strength in (*STRENGTHS, *(a / 16 for a in STRENGTHS)):
        alpha = ball(strength)
        y = abs(alpha) * s.range
        rest = abs(s.increase(alpha) - s.variance() * alpha * alpha / 2)
        bound = y * y * y / (36 * arb(3).sqrt())
        if rest > bound:
            text = f"|ΔCE - ½σ²α²| <= R³|α|³/(36√3) at α = {strength}"
            return Contradiction(text, (("remainder", rest), ("bound", bound)))
    return None


def asymptote(s: Steered) -> Contradiction | None:
    """ΔCE is below its asymptote, or further above it than the bound."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    for strength in POSITIVE:
        line = most = arb(0)
        alpha = ball(strength)
        for row, weight in zip(s.instance.rows, s.instance.weights, strict=True):
            p = sum((row[z] for z in top), Fraction(0))
            mean = dot([ball(q) for q in row], s.log_odds)
            line += ball(weight) * (alpha * (s.log_odds[top[0]] - mean) + ball(p).log())
            most += ball(weight * (1 - p) / p)
        rest = s.increase(alpha) - line
        bound = most * (-alpha * (s.log_odds[top[0]] - s.log_odds[second[0]])).exp()
        if rest < 0 or rest > bound:
            text = f"0 <= ΔCE - asymptote <= Σπ((1-F)/F)e^-αg at α = {strength}"
            return Contradiction(text, (("ΔCE - asymptote", rest), ("bound", bound)))
    return None


def budget(s: Steered) -> Contradiction | None:
    """ΔCE is above κ = 1/10 before √(8κ)/R, or a negative strength within κ is better."""
    least = (8 * ball(BUDGET)).sqrt() / s.range
    spent = s.increase(least)
    if spent > ball(BUDGET):
        text = "ΔCE = κ = 1/10 is reached at √(8κ)/R or later; ΔCE there"
        return Contradiction(text, (("√(8κ)/R", least), ("ΔCE", spent)))
    # the positive root is worse than 0 where T holds the lowest values of M: it falls on all of α > 0
    highest = max(s.levels.level[z] for z in s.target)
    is_lowest = sum(level <= highest for level in s.levels.level) == len(s.target)
    return _better_backwards(s) if is_lowest else None


def _better_backwards(s: Steered) -> Contradiction | None:
    """A negative strength within the budget has more of the target than none."""

    def target(alpha: arb) -> arb:
        laws = [s.law(j, alpha) for j in range(len(s.instance.rows))]
        masses = [sum((law[z] for z in s.target), arb(0)) for law in laws]
        return dot([ball(weight) for weight in s.instance.weights], masses)

    start = target(ball(0))
    for strength in (-n / 8 for n in POSITIVE):
        cost, mass = s.increase(ball(strength)), target(ball(strength))
        if cost < ball(BUDGET) and mass > start:
            text = f"the positive root of ΔCE = κ is best; α = {strength} has more of T, for less"
            found = (
                f"the target rises from {shown(start)} to {shown(mass)} by steering backwards, by "
                f"α = {strength}, within the budget: the opposite of the claim"
            )
            return Contradiction(text, (("p(T)", mass), ("p(T) at 0", start), ("ΔCE", cost)), found)
    return None
