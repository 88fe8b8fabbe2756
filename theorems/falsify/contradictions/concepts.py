"""Contradictions of the claims about the probability of a concept."""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ...certificates.write.hypotheses import interior_concepts, lowest_concepts, off_target_concepts
from ..steered import Steered
from .contradiction import STRENGTHS, Contradiction, differ, places, shown


def tanh(s: Steered) -> Contradiction | None:
    """Logit F_T is not r + ν = K_T - K_{not T}."""
    for j, strength, alpha in places(s):
        on = off = arb(0)
        for z, (p, m) in enumerate(zip(s.instance.rows[j], s.log_odds, strict=True)):
            weight = ball(p) * (alpha * m).exp()
            on, off = (on + weight, off) if z in s.target else (on, off + weight)
        claimed = (on / off).log()
        actual = s.logit(j, alpha, s.target)
        if differ(actual, claimed):
            text = f"r + ν = logit F_T in context {j} at α = {strength}"
            return Contradiction(text, (("logit F_T", actual), ("r + ν", claimed)))
    return None


def logistic(s: Steered) -> Contradiction | None:
    """The slope of F_T is not F(1-F)(E[M|T] - E[M|not T])."""
    for j, strength, alpha in places(s):
        law, slopes = s.law(j, alpha), s.slope(j, alpha)
        parts = s.target, [z for z in range(len(law)) if z not in s.target]
        on, off = (sum((law[z] for z in tokens), arb(0)) for tokens in parts)
        means = [sum((law[z] * s.log_odds[z] for z in tokens), arb(0)) for tokens in parts]
        actual = sum((slopes[z] for z in s.target), arb(0))
        claimed = means[0] * off - means[1] * on
        if differ(actual, claimed):
            text = f"F_T' = F(1-F)(E[M|T] - E[M|not T]) in context {j} at α = {strength}"
            return Contradiction(text, (("F_T'", actual), ("F(1-F)(E - E)", claimed)))
    return None


def growth(s: Steered) -> Contradiction | None:
    """|ν|, by which logit F_T moves, is above R|α|."""
    for j, strength, alpha in places(s):
        nu = s.logit(j, alpha, s.target) - s.logit(j, ball(0), s.target)
        if abs(nu) > s.range * abs(alpha):
            text = f"|ν| <= R|α| of the target in context {j} at α = {strength}"
            return Contradiction(text, (("|ν|", abs(nu)), ("R|α|", s.range * abs(alpha))))
    return None


def target_falls(s: Steered) -> Contradiction | None:
    """F_T has a negative slope."""
    for j, strength, alpha in places(s):
        slopes = s.slope(j, alpha)
        slope = sum((slopes[z] for z in s.target), arb(0))
        if slope < 0:
            text = f"p(T) in context {j} should rise everywhere; at α = {strength}"
            found = _opposite(s, j, strength, "the target", s.target, "falls")
            return Contradiction(text, (("slope", slope),), found)
    return None


def lowest_rises(s: Steered) -> Contradiction | None:
    """A concept below all others rises somewhere."""
    return _rises(s, lowest_concepts(s.instance, s.levels))


def other_rises(s: Steered) -> Contradiction | None:
    """Some concept off the target rises somewhere."""
    return _rises(s, off_target_concepts(s.instance))


def _rises(s: Steered, concepts: dict[int, tuple[int, ...]]) -> Contradiction | None:
    for j, strength, alpha in places(s):
        slopes = s.slope(j, alpha)
        for k, tokens in concepts.items():
            slope = sum((slopes[z] for z in tokens), arb(0))
            if slope > 0:
                text = f"p(concept {k}) in context {j} should fall everywhere; at α = {strength}"
                found = _opposite(s, j, strength, f"concept {k}", tokens, "rises")
                return Contradiction(text, (("slope", slope),), found)
    return None


def _opposite(
    s: Steered, context: int, start: Fraction, who: str, tokens: Sequence[int], verb: str
) -> str:
    """A sentence: from `start` on the mass of `tokens` moves the way that was not claimed."""

    def mass(strength: Fraction) -> arb:
        law = s.law(context, ball(strength))
        return sum((law[z] for z in tokens), arb(0))

    before = mass(start)
    for step in (Fraction(1, 2), Fraction(1, 8), Fraction(1, 64)):
        after = mass(start + step)
        if after < before if verb == "falls" else after > before:
            return (
                f"in context {context} {who} {verb} from {shown(before)} to {shown(after)} between "
                f"α = {start} and {start + step}: the opposite of the claim"
            )
    return f"in context {context} {who} {verb} at α = {start}: the opposite of the claim"


def interior_stays(s: Steered) -> Contradiction | None:
    """A concept without extremal tokens keeps mass at +∞ or -∞."""
    return _stays(s, interior_concepts(s.instance, s.levels))


def other_stays(s: Steered) -> Contradiction | None:
    """Some concept off the target keeps mass at +∞ or -∞."""
    return _stays(s, off_target_concepts(s.instance))


def _stays(s: Steered, concepts: dict[int, tuple[int, ...]]) -> Contradiction | None:
    for k, tokens in concepts.items():
        for sign, level in ((1, -1), (-1, 0)):
            end = "+∞" if sign > 0 else "-∞"
            for j, row in enumerate(s.instance.rows):
                law = s.limit(j, sign)
                kept = s.levels.tokens[level]
                whole = ball(sum((row[z] for z in kept), Fraction(0)))
                mass = ball(sum((row[z] for z in kept if z in tokens), Fraction(0))) / whole
                if law is not None:
                    mass = sum((law[z] for z in tokens), arb(0))
                if mass > 0:
                    text = f"p(concept {k}) in context {j} should vanish at {end}"
                    found = (
                        f"in context {j} concept {k} keeps the probability {shown(mass)} at {end}"
                    )
                    return Contradiction(text, (("tends to", mass),), found)
    return None


def first_order(s: Steered) -> Contradiction | None:
    """The mass of T moves by α Cov(1_T, M), but for more than α²R²/(12√3)."""
    for strength in (a / 16 for a in STRENGTHS):
        alpha = ball(strength)
        for j, row in enumerate(s.instance.rows):
            start = [ball(p) for p in row]
            mean = dot(start, s.log_odds)
            slope = sum((start[z] * (s.log_odds[z] - mean) for z in s.target), arb(0))
            law = s.law(j, alpha)
            rest = abs(sum((law[z] - start[z] for z in s.target), arb(0)) - alpha * slope)
            bound = alpha * alpha * s.range * s.range / (12 * arb(3).sqrt())
            if rest > bound:
                text = f"|F_T(α) - F_T(0) - α Cov(1_T, M)| <= α²R²/(12√3) in context {j} at α = {strength}"
                return Contradiction(text, (("remainder", rest), ("bound", bound)))
    return None
