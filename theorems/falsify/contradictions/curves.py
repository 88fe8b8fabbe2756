"""Contradictions of the claims about p_α(z): the tilt, its slopes, its shape and its limits.

Each function returns the first contradiction that it sees, or None.
"""

from fractions import Fraction

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ..steered import Steered
from .contradiction import IN_ORDER, Contradiction, differ, places, shown


def tilt(s: Steered) -> Contradiction | None:
    """The difference of two logits does not move by α(M(y) - M(z))."""
    for j, strength, alpha in places(s):
        law = s.law(j, alpha)
        for z in range(1, len(law)):
            moved = (law[0] / law[z]).log() - (s.logs[j][0] - s.logs[j][z])
            claimed = alpha * (s.log_odds[0] - s.log_odds[z])
            if differ(moved, claimed):
                text = f"log p(0)/p({z}) in context {j} should move by α(M(0) - M({z})), α = {strength}"
                return Contradiction(text, (("moves by", moved), ("claimed", claimed)))
    return None


def derivative(s: Steered) -> Contradiction | None:
    """A slope is not p(M - E M)."""
    for j, strength, alpha in places(s):
        law, slopes = s.law(j, alpha), s.slope(j, alpha)
        mean = dot(law, s.log_odds)
        for z, slope in enumerate(slopes):
            claimed = law[z] * (s.log_odds[z] - mean)
            if differ(slope, claimed):
                text = f"dp/dα of token {z} in context {j} at α = {strength}"
                return Contradiction(text, (("slope", slope), ("claimed", claimed)))
    return None


def bump(s: Steered) -> Contradiction | None:
    """A valley: a token of neither Mtop nor Mbot is lower at one strength than on both sides of it."""
    inner = [z for z, k in enumerate(s.levels.level) if 0 < k < len(s.levels.tokens) - 1]
    for j in range(len(s.instance.rows)):
        laws = [s.law(j, ball(strength)) for strength in IN_ORDER]
        for z in inner:
            for i in range(1, len(IN_ORDER) - 1):
                before, here, after = (laws[k][z] for k in (i - 1, i, i + 1))
                if here < before and here < after:
                    where = ", ".join(str(strength) for strength in IN_ORDER[i - 1 : i + 2])
                    text = f"token {z} in context {j} should rise, peak once and fall: α = {where}"
                    found = (
                        f"in context {j} token {z} falls to {shown(here)} at α = {IN_ORDER[i]} and rises "
                        "again: a valley, not a bump"
                    )
                    return Contradiction(text, (("p", before), ("p", here), ("p", after)), found)
    return None


def monotone(s: Steered) -> Contradiction | None:
    """A token of Mtop falls somewhere."""
    for j, strength, alpha in places(s):
        z = s.levels.tokens[-1][0]
        slope = s.slope(j, alpha)[z]
        if slope < 0:
            text = f"token {z} of Mtop in context {j} should rise everywhere; at α = {strength}"
            found = f"in context {j} token {z} of Mtop falls at α = {strength}: the opposite of the claim"
            return Contradiction(text, (("slope", slope),), found)
    return None


def limit(s: Steered, sign: int) -> Contradiction | None:
    """At +∞ (`sign` 1) a token outside Mtop keeps probability, or at -∞ one outside Mbot."""
    outside, end = s.levels.tokens[0 if sign > 0 else -1][0], "+∞" if sign > 0 else "-∞"
    for j in range(len(s.instance.rows)):
        law = s.limit(j, sign)
        if law is not None and len(s.levels.tokens) > 1 and law[outside] > 0:
            text = f"p(token {outside}) in context {j} should tend to 0 at {end}"
            found = f"in context {j} token {outside} keeps the probability {shown(law[outside])} at {end}"
            return Contradiction(text, (("tends to", law[outside]),), found)
    return None


def rate(s: Steered) -> Contradiction | None:
    """The probability outside Mtop is above ((1-F)/F)e^{-αg}."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    gap = s.log_odds[top[0]] - s.log_odds[second[0]]
    for j, strength, alpha in places(s):
        inside = sum((s.instance.rows[j][z] for z in top), Fraction(0))
        law = s.law(j, alpha)
        rest = 1 - sum((law[z] for z in top), arb(0))
        bound = ball((1 - inside) / inside) * (-alpha * gap).exp()
        if strength > 0 and rest > bound:
            text = f"distance to the limit in context {j} at α = {strength}"
            return Contradiction(text, (("distance", rest), ("bound", bound)))
    return None
