"""Contradictions of the claims about two vectors, and about concepts off the target."""

from fractions import Fraction

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ..steered import Balls, Steered, normalised
from .contradiction import IN_ORDER, STRENGTHS, Contradiction, below_chord, places


def cross_talk(s: Steered) -> Contradiction | None:
    """With M₂ = M, the mean of M₂ moves by α Cov(M, M₂), but for more than α²R²R₂/(12√3)."""
    for strength in (a / 16 for a in STRENGTHS):
        alpha = ball(strength)
        for j, row in enumerate(s.instance.rows):
            start = [ball(p) for p in row]
            mean = dot(start, s.log_odds)
            slope = dot(start, [(m - mean) * (m - mean) for m in s.log_odds])
            moved = dot(s.law(j, alpha), s.log_odds) - mean
            rest = abs(moved - alpha * slope)
            bound = alpha * alpha * s.range * s.range * s.range / (12 * arb(3).sqrt())
            if rest > bound:
                text = (
                    "|E_α[M₂] - E_0[M₂] - α Cov(M, M₂)| <= α²R²R₂/(12√3) for M₂ = M in context "
                    f"{j} at α = {strength}"
                )
                return Contradiction(text, (("remainder", rest), ("bound", bound)))
    return None


def convex_in_both(s: Steered) -> Contradiction | None:
    """Along β = α/2 of M₂ = M with its order turned round, a chord lies below the price."""
    second = s.log_odds[::-1]

    def price(strength: Fraction) -> arb:
        total, alpha = arb(0), ball(strength)
        for j, row in enumerate(s.instance.rows):
            law = s.law(j, alpha)
            both = normalised([p * (alpha / 2 * m).exp() for p, m in zip(law, second, strict=True)])
            change = [q - p.log() for q, p in zip(s.logs[j], both, strict=True)]
            total += ball(s.instance.weights[j]) * dot([ball(p) for p in row], change)
        return total

    return below_chord([price(strength) for strength in IN_ORDER], "ΔCE(α, α/2)")


def pair_turns(s: Steered) -> Contradiction | None:
    """The log-odds of two tokens fall where the first has the larger M, or move where both have the same."""
    for j, strength, alpha in places(s):
        slopes = _relative_slopes(s, j, alpha)
        for y, lower in enumerate(s.levels.level):
            for z, upper in enumerate(s.levels.level):
                rate = slopes[z] - slopes[y]
                if (lower <= upper and rate < 0) or (lower == upper and rate > 0):
                    text = f"log-odds of token {z} against {y} in context {j} at α = {strength}"
                    gap = s.log_odds[z] - s.log_odds[y]
                    return Contradiction(text, (("slope", rate), ("M - M", gap)))
    return None


def _relative_slopes(s: Steered, context: int, alpha: arb) -> Balls:
    law = s.law(context, alpha)
    return [slope / p for slope, p in zip(s.slope(context, alpha), law, strict=True)]


def apart(s: Steered) -> Contradiction | None:
    """The mass of a token off T, over 1 - F_T, moves by more than a factor of e^{|α|R_off}."""
    off = [z for z in range(len(s.log_odds)) if z not in s.target]
    ends = sorted(off, key=lambda z: s.levels.level[z])
    spread = s.log_odds[ends[-1]] - s.log_odds[ends[0]]
    for j, strength, alpha in places(s):
        before, after = ([s.law(j, a)[z] for z in off] for a in (ball(0), alpha))
        for z, p, q in zip(off, before, after, strict=True):
            moved = abs((q / sum(after, arb(0))).log() - (p / sum(before, arb(0))).log())
            if moved > abs(alpha) * spread:
                text = f"|log F_C/(1 - F_T)| of token {z} moves by |α|R_off in context {j} at α = {strength}"
                return Contradiction(text, (("moved", moved), ("bound", abs(alpha) * spread)))
    return None
