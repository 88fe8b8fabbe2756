"""ΔCE in balls at a few strengths, its constants, and its bounds judged there by balls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx

from theorems.tables.exact import ExactInstance

from .._balls import PRECISIONS, ball, tilted
from .levels import Levels

# In units of the power of two nearest to 1/R: near the parabola, in between, and near the asymptote.
MULTIPLES = (Fraction(-8), Fraction(-2), Fraction(-1, 2), Fraction(1, 2), Fraction(2), Fraction(8))
BOUNDS = ("ce.upper-bounds", "ce.lower-bounds", "ce.remainder", "ce.asymptote")

# The bits to which numbers are known; the checker asks for 30.
_SHARP = 40


@dataclass(frozen=True)
class Moments:
    """p(level), mean and variance of M, and weight of one class of contexts."""

    masses: list[arb]
    mean: arb
    variance: arb
    weight: arb


class CrossEntropy:
    """ΔCE = Σπ(K_j(α) - αK_j'(0)) of one instance, at one precision.

    `variance`: σ² = ΣπVar. `strengths`: where bounds are judged. `increase(alpha)`: a ball.
    """

    def __init__(self, instance: ExactInstance, levels: Levels, precision: int):
        self.precision, self.levels = precision, levels
        self.log_odds = levels.log_odds(precision)
        with ctx.workprec(precision):
            self.range = self.log_odds[-1] - self.log_odds[0]
            self.rows = [
                self._moments(c, sum((instance.weights[j] for j in group), Fraction(0)))
                for c, group in enumerate(instance.classes)
            ]
            self.variance = sum((row.weight * row.variance for row in self.rows), arb(0))
            on = [[z for z in group if instance.target[z]] for group in levels.tokens]
            self.on_target = [
                [ball(sum(row[z] for z in group)) for group in on] for row in levels.rows
            ]
        # for distributions on two points two of the bounds hold with equality
        self.is_two_point = len(self.log_odds) == 2
        whole = tuple(z for z, flag in enumerate(instance.target) if flag)
        self.is_merged = self.is_two_point and whole in levels.tokens

    def strengths(self) -> list[Fraction]:
        """± 1/2, 2 and 8 units; none where M is constant."""
        if len(self.log_odds) < 2:
            return []
        # not of the balls of M: at this precision they may be wider than they are apart
        span = self.levels.gap(len(self.log_odds) - 1, 0)
        unit = Fraction(2) ** round(math.log2(span.denominator) - math.log2(span.numerator))
        return [unit * multiple for multiple in MULTIPLES]

    def is_sharp(self) -> bool:
        """Whether σ² and every ΔCE are known to more bits than a certificate must show."""
        with ctx.workprec(self.precision):
            shown = [self.range, self.variance, *(self.increase(ball(s)) for s in self.strengths())]
            return min(value.rel_accuracy_bits() for value in shown) >= _SHARP

    def increase(self, alpha: arb) -> arb:
        """ΔCE(α)."""
        parts = [
            row.weight * sum(tilted(row.masses, self.log_odds, row.mean, alpha), arb(0)).log()
            for row in self.rows
        ]
        return sum(parts, arb(0))

    def judge(self, strength: Fraction) -> dict[str, bool]:
        """Which of the bounds are certain at this strength."""
        with ctx.workprec(self.precision):
            alpha = ball(strength)
            increase, y = self.increase(alpha), abs(alpha) * self.range
            scale = self.variance / _square(self.range)
            cubic = y * _square(y) / (36 * arb(3).sqrt())
            remainder = increase - self.variance * _square(alpha) / 2
            excess, most = self._beyond_asymptote(alpha, increase)
            upper = [_square(y) / 8, scale * (y.exp() - y - 1)]
            lower = [scale * ((-y).exp() + y - 1)]
            if not self.is_two_point:
                upper.append(self._two_point(alpha))
            if not self.is_merged:
                lower.append(self._merged(alpha))
            return {
                "ce.upper-bounds": all(increase < bound for bound in upper),
                "ce.lower-bounds": all(increase > bound for bound in lower),
                "ce.remainder": bool(abs(remainder) < cubic),
                "ce.asymptote": bool(excess > 0) and bool(excess < most),
            }

    def _moments(self, row: int, weight: Fraction) -> Moments:
        masses = [ball(p) for p in self.levels.masses(row)]
        mean = dot(masses, self.log_odds)
        variance = dot(masses, [_square(m - mean) for m in self.log_odds])
        return Moments(masses, mean, variance, ball(weight))

    def _two_point(self, alpha: arb) -> arb:
        """Σπ log[b²/(b²+σ²) e^{-|α|σ²/b} + σ²/(b²+σ²) e^{|α|b}], b = |M_end - μ|."""
        total = arb(0)
        for row in self.rows:
            b = self.log_odds[-1] - row.mean if alpha > 0 else row.mean - self.log_odds[0]
            size, both = abs(alpha), _square(b) + row.variance
            low = _square(b) / both * (-size * row.variance / b).exp()
            total += row.weight * (low + row.variance / both * (size * b).exp()).log()
        return total

    def _merged(self, alpha: arb) -> arb:
        """Σπ kl(F_T(0) || F_T(α))."""
        total = arb(0)
        for row, on_target in zip(self.rows, self.on_target, strict=True):
            start = sum(on_target, arb(0))
            all_weights = sum(tilted(row.masses, self.log_odds, row.mean, alpha), arb(0))
            share = sum(tilted(on_target, self.log_odds, row.mean, alpha), arb(0)) / all_weights
            part = start * (start / share).log()
            total += row.weight * (part + (1 - start) * ((1 - start) / (1 - share)).log())
        return total

    def _beyond_asymptote(self, alpha: arb, increase: arb) -> tuple[arb, arb]:
        """r = ΔCE - |α|Σπ|M_end - E M| - Σπ log p(end), and its bound Σπ((1-p)/p) e^{-|α|g}."""
        end = len(self.log_odds) - 1 if alpha > 0 else 0
        gap = abs(self.log_odds[end] - self.log_odds[end - 1 if end else 1])
        line = most = arb(0)
        for row in self.rows:
            p = row.masses[end]
            line += row.weight * (abs(alpha) * abs(self.log_odds[end] - row.mean) + p.log())
            most += row.weight * (1 - p) / p
        return increase - line, most * (-abs(alpha) * gap).exp()


def dot(weights: Sequence[arb], values: Sequence[arb]) -> arb:
    """Σ w x."""
    return sum((w * x for w, x in zip(weights, values, strict=True)), arb(0))


def _square(value: arb) -> arb:
    """A product: the power of a ball around 0 is not a number."""
    return value * value


def judged(
    instance: ExactInstance, levels: Levels, precisions: Sequence[int] = PRECISIONS
) -> tuple[CrossEntropy, dict[str, bool]]:
    """The bounds at every strength, at the first precision that decides them all and leaves the numbers
    of the certificate sharp, or else the last.
    """
    for precision in precisions:
        curve = CrossEntropy(instance, levels, precision)
        rows = [curve.judge(strength) for strength in curve.strengths()]
        certain = {name: bool(rows) and all(row[name] for row in rows) for name in BOUNDS}
        is_enough = all(certain.values()) and curve.is_sharp()
        if not rows or is_enough or precision == precisions[-1]:
            return curve, certain
    raise ValueError("no precision is given")
