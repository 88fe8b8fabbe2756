"""Claim by claim, the values of curves that contradict it: certain in balls, at a few strengths.

Each function looks at small strengths and returns the first contradiction, or None.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from ..certificates._balls import ball
from ..certificates.write.peaks import Peaks
from ._steered import Steered, dot

STRENGTHS: tuple[Fraction, ...] = tuple(
    sign * Fraction(n) for n in (Fraction(1, 2), 1, 2, 4, 8) for sign in (1, -1)
)


class Break(NamedTuple):
    """A contradiction: what is claimed, and the balls that contradict it."""

    text: str
    values: tuple[tuple[str, arb], ...]


Test = Callable[[Steered], Break | None]


def differ(x: arb, y: arb) -> bool:
    """Whether two balls are certainly apart."""
    return bool(x < y) or bool(x > y)


def places(s: Steered) -> Iterator[tuple[int, Fraction, arb]]:
    """Every context at every strength looked at: (context, strength, its ball)."""
    for strength in STRENGTHS:
        for j in range(len(s.instance.rows)):
            yield j, strength, ball(strength)


def tilt(s: Steered) -> Break | None:
    """Logits do not move by α(M(y) - M(z))."""
    for j, strength, alpha in places(s):
        law = s.law(j, alpha)
        for z in range(1, len(law)):
            moved = (law[0] / law[z]).log() - (s.logs[j][0] - s.logs[j][z])
            claimed = alpha * (s.odds[0] - s.odds[z])
            if differ(moved, claimed):
                text = f"log p(0)/p({z}) in context {j} should move by α(M(0) - M({z})), α = {strength}"
                return Break(text, (("moves by", moved), ("claimed", claimed)))
    return None


def derivative(s: Steered) -> Break | None:
    """A slope other than p(M - E M)."""
    for j, strength, alpha in places(s):
        law, slopes = s.law(j, alpha), s.slope(j, alpha)
        mean = dot(law, s.odds)
        for z, slope in enumerate(slopes):
            claimed = law[z] * (s.odds[z] - mean)
            if differ(slope, claimed):
                text = f"dp/dα of token {z} in context {j} at α = {strength}"
                return Break(text, (("slope", slope), ("claimed", claimed)))
    return None


def bump(s: Steered) -> Break | None:
    """A valley: an inner token higher at both ends of three strengths than in the middle."""
    inner = [z for z, k in enumerate(s.levels.level) if 0 < k < len(s.levels.tokens) - 1]
    points = [ball(a) for a in sorted((*STRENGTHS, Fraction(0)))]
    names = sorted((*STRENGTHS, Fraction(0)))
    for j in range(len(s.instance.rows)):
        laws = [s.law(j, alpha) for alpha in points]
        for z in inner:
            for i in range(1, len(points) - 1):
                before, here, after = (laws[k][z] for k in (i - 1, i, i + 1))
                if here < before and here < after:
                    where = ", ".join(str(n) for n in names[i - 1 : i + 2])
                    text = f"token {z} in context {j} should rise, peak once and fall: α = {where}"
                    return Break(text, (("p", before), ("p", here), ("p", after)))
    return None


def monotone(s: Steered) -> Break | None:
    """A token of Mtop falls somewhere."""
    for j, strength, alpha in places(s):
        z = s.levels.tokens[-1][0]
        slope = s.slope(j, alpha)[z]
        if slope < 0:
            text = f"token {z} of Mtop in context {j} should rise everywhere; at α = {strength}"
            return Break(text, (("slope", slope),))
    return None


def limit_plus(s: Steered) -> Break | None:
    """The law at +∞ is not the law given Mtop."""
    return _limit(s, 1)


def limit_minus(s: Steered) -> Break | None:
    """The law at -∞ is not the law given Mbot."""
    return _limit(s, -1)


def _limit(s: Steered, sign: int) -> Break | None:
    outside = s.levels.tokens[0 if sign > 0 else -1][0]
    for j in range(len(s.instance.rows)):
        law = s.limit(j, sign)
        if law is not None and len(s.levels.tokens) > 1 and law[outside] > 0:
            end = "+∞" if sign > 0 else "-∞"
            text = f"p(token {outside}) in context {j} should tend to 0 at {end}"
            return Break(text, (("tends to", law[outside]),))
    return None


def rate(s: Steered) -> Break | None:
    """Mass outside Mtop above ((1-p)/p)e^{-αg}."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    gap = s.odds[top[0]] - s.odds[second[0]]
    for j, strength, alpha in places(s):
        if strength > 0:
            inside = sum((s.instance.rows[j][z] for z in top), Fraction(0))
            law = s.law(j, alpha)
            rest = 1 - sum((law[z] for z in top), arb(0))
            bound = ball((1 - inside) / inside) * (-alpha * gap).exp()
            if rest > bound:
                text = f"distance to the limit in context {j} at α = {strength}"
                return Break(text, (("distance", rest), ("bound", bound)))
    return None


def quadratic(s: Steered) -> Break | None:
    """ΔCE has a slope at 0, or a curvature other than σ²."""
    slope = curvature = arb(0)
    for j, row in enumerate(s.instance.rows):
        law = [ball(p) for p in row]
        data, weight = [ball(p) for p in (s.data or row)], ball(s.instance.weights[j])
        mean = dot(law, s.moved)
        slope += weight * (mean - dot(data, s.moved))
        curvature += weight * dot(law, [(m - mean) * (m - mean) for m in s.moved])
    if slope < 0 or slope > 0:
        return Break("ΔCE = ½σ²α² + o(α²) has slope 0 at α = 0", (("slope", slope),))
    if not s.norm_ratio and s.data is None and differ(curvature, s.variance()):
        text = "ΔCE = ½σ²α² + o(α²) has curvature σ² at α = 0"
        return Break(text, (("curvature", curvature), ("σ²", s.variance())))
    return None


def peak_order(s: Steered) -> Break | None:
    """A target token that peaks no later than a token off the target."""
    levels, off = s.levels, [z for z in range(len(s.odds)) if z not in s.target]
    y = min(s.target, key=lambda z: levels.level[z])
    z = max(off, key=lambda z: levels.level[z])
    low, high = levels.level[y], levels.level[z]
    if low >= high or low == 0 or high == len(levels.tokens) - 1:
        return None  # peaks that are finite and apart say it best
    brackets = Peaks(levels, 0).brackets
    first, last = brackets[low], brackets[high]
    if first is None or last is None or not first[1] < last[0]:
        return None
    text = f"α(0,{z}) < α(0,{y}) with {y} in T and {z} not"
    return Break(
        text, tuple((f"α(0,{t})", ball(b[0]).union(ball(b[1]))) for t, b in ((z, last), (y, first)))
    )
