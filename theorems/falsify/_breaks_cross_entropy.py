"""Contradictions of the claims on ΔCE, and on the strength that a budget buys."""

from fractions import Fraction

from flint import arb

from ..certificates._balls import ball
from ._breaks import STRENGTHS, Break, differ
from ._steered import Steered, dot

BUDGET = Fraction(1, 10)


def kl_identity(s: Steered) -> Break | None:
    """ΔCE is not Σπ KL(p_j || p_{j,α}), or not Σπ(K_j(α) - αK_j'(0))."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, divergence = s.increase(alpha), s.divergence(alpha)
        cumulants = Steered(s.instance).increase(alpha)
        for name, other in (("Σπ KL", divergence), ("Σπ(K - αK'(0))", cumulants)):
            if differ(increase, other):
                return Break(f"ΔCE = {name} at α = {strength}", (("ΔCE", increase), (name, other)))
    return None


def convex(s: Steered) -> Break | None:
    """A chord below the curve, or a curve that is flat."""
    if len(s.levels.tokens) == 1:
        text = "ΔCE is strictly convex; here M is the same for every token, exactly, and ΔCE = 0"
        return Break(text, (("max M - min M", arb(0)),))
    points = sorted((*STRENGTHS, Fraction(0)))
    values = [s.increase(ball(a)) for a in points]
    for i in range(1, len(points) - 1):
        share = (points[i] - points[i - 1]) / (points[i + 1] - points[i - 1])
        chord = ball(1 - share) * values[i - 1] + ball(share) * values[i + 1]
        if values[i] > chord:
            where = ", ".join(str(a) for a in points[i - 1 : i + 2])
            return Break(
                f"ΔCE below its chord: α = {where}", (("ΔCE", values[i]), ("chord", chord))
            )
    return None


def upper_bound(s: Steered) -> Break | None:
    """ΔCE > α²R²/8."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, bound = s.increase(alpha), alpha * alpha * s.range * s.range / 8
        if increase > bound:
            text = f"ΔCE <= α²R²/8 at α = {strength}"
            return Break(text, (("ΔCE", increase), ("bound", bound)))
    return None


def lower_bound(s: Steered) -> Break | None:
    """ΔCE < σ²(e^{-y} + y - 1)/R²."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        y, increase = abs(alpha) * s.range, s.increase(alpha)
        bound = s.variance() * ((-y).exp() + y - 1) / (s.range * s.range)
        if increase < bound:
            text = f"ΔCE >= σ²(e^-y + y - 1)/R² at α = {strength}"
            return Break(text, (("ΔCE", increase), ("bound", bound)))
    return None


def remainder(s: Steered) -> Break | None:
    """|ΔCE - ½σ²α²| > R³|α|³/(36√3)."""
    for strength in (*STRENGTHS, *(a / 16 for a in STRENGTHS)):
        alpha = ball(strength)
        y = abs(alpha) * s.range
        rest = abs(s.increase(alpha) - s.variance() * alpha * alpha / 2)
        bound = y * y * y / (36 * arb(3).sqrt())
        if rest > bound:
            text = f"|ΔCE - ½σ²α²| <= R³|α|³/(36√3) at α = {strength}"
            return Break(text, (("remainder", rest), ("bound", bound)))
    return None


def asymptote(s: Steered) -> Break | None:
    """ΔCE below its asymptote, or further above it than the bound."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    for strength in STRENGTHS:
        if strength < 0:
            continue
        line = most = arb(0)
        alpha = ball(strength)
        for row, weight in zip(s.instance.rows, s.instance.weights, strict=True):
            p = sum((row[z] for z in top), Fraction(0))
            mean = dot([ball(q) for q in row], s.odds)
            line += ball(weight) * (alpha * (s.odds[top[0]] - mean) + ball(p).log())
            most += ball(weight * (1 - p) / p)
        rest = s.increase(alpha) - line
        bound = most * (-alpha * (s.odds[top[0]] - s.odds[second[0]])).exp()
        if rest < 0 or rest > bound:
            text = f"0 <= ΔCE - asymptote <= Σπ((1-p)/p)e^-αg at α = {strength}"
            return Break(text, (("ΔCE - asymptote", rest), ("bound", bound)))
    return None


def budget(s: Steered) -> Break | None:
    """ΔCE above κ = 1/10 before √(8κ)/R, or more target mass within κ at a negative strength."""
    least = (8 * ball(BUDGET)).sqrt() / s.range
    spent = s.increase(least)
    if spent > ball(BUDGET):
        text = "ΔCE = κ = 1/10 is reached at √(8κ)/R or later; ΔCE there"
        return Break(text, (("√(8κ)/R", least), ("ΔCE", spent)))
    tokens = s.target
    start = [
        sum((s.law(j, ball(0))[z] for z in tokens), arb(0)) for j in range(len(s.instance.rows))
    ]
    for strength in STRENGTHS:
        alpha = ball(strength / 8)
        if strength < 0 and s.increase(alpha) < ball(BUDGET):
            mass = [sum((s.law(j, alpha)[z] for z in tokens), arb(0)) for j in range(len(start))]
            # the positive root is worse than 0 where the target falls on all of α > 0
            falls = s.levels.level[tokens[0]] == 0 and len(s.levels.tokens) > 1
            if falls and all(m > m0 for m, m0 in zip(mass, start, strict=True)):
                text = f"the positive root of ΔCE = κ is best; α = {strength / 8} has more of T, for less"
                return Break(
                    text, (("p(T)", mass[0]), ("p(T) at 0", start[0]), ("ΔCE", s.increase(alpha)))
                )
    return None
