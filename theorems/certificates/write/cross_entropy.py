"""ΔCE and other means over the contexts in balls at any strength, and their constants."""

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

    `variance`: σ² = ΣπVar. `strengths`: where it is given. `increase(alpha)`: a ball, as are the
    reverse divergence, the mean of M and the mass of the target.
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

    @property
    def unit(self) -> Fraction:
        """The power of two nearest to 1/R, of an M that is not constant."""
        # not of the balls of M: at this precision they may be wider than they are apart
        span = self.levels.gap(len(self.log_odds) - 1, 0)
        return Fraction(2) ** round(math.log2(span.denominator) - math.log2(span.numerator))

    def strengths(self) -> list[Fraction]:
        """± 1/2, 2 and 8 units; none where M is constant."""
        if len(self.log_odds) < 2:
            return []
        return [self.unit * multiple for multiple in MULTIPLES]

    def is_sharp(self) -> bool:
        """Whether σ² and every ΔCE are known to more bits than a certificate must show."""
        if len(self.log_odds) < 2:
            return True
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

    def lift(self, alpha: arb) -> arb:
        """Σπ(E_α[M] - E_0[M])."""
        parts = [row.weight * self._tilted(row, alpha)[1] for row in self.rows]
        return sum(parts, arb(0))

    def reverse(self, alpha: arb) -> arb:
        """Σπ KL(p_α || p) = Σπ(α E_α[M] - K_j(α)), with M less its mean E_0[M]."""
        tilts = [(row.weight, *self._tilted(row, alpha)) for row in self.rows]
        return sum((w * (alpha * moved - total.log()) for w, total, moved in tilts), arb(0))

    def _tilted(self, row: Moments, alpha: arb) -> tuple[arb, arb]:
        """E_0[e^{α(M - E_0 M)}], and E_α[M] - E_0[M]."""
        weights = tilted(row.masses, self.log_odds, row.mean, alpha)
        total = sum(weights, arb(0))
        return total, dot(weights, [m - row.mean for m in self.log_odds]) / total

    def target_mass(self, alpha: arb) -> arb:
        """Σπ F_T(α)."""
        found = arb(0)
        for row, on in zip(self.rows, self.on_target, strict=True):
            weights = tilted(row.masses, self.log_odds, row.mean, alpha)
            shares = tilted(on, self.log_odds, row.mean, alpha)
            found += row.weight * sum(shares, arb(0)) / sum(weights, arb(0))
        return found

    def _moments(self, row: int, weight: Fraction) -> Moments:
        masses = [ball(p) for p in self.levels.masses(row)]
        mean = dot(masses, self.log_odds)
        variance = dot(masses, [_square(m - mean) for m in self.log_odds])
        return Moments(masses, mean, variance, ball(weight))


def dot(weights: Sequence[arb], values: Sequence[arb]) -> arb:
    """Σ w x."""
    return sum((w * x for w, x in zip(weights, values, strict=True)), arb(0))


def _square(value: arb) -> arb:
    """A product: the power of a ball around 0 is not a number."""
    return value * value


def sharp_cross_entropy(instance: ExactInstance, levels: Levels) -> CrossEntropy:
    """ΔCE at the first precision that leaves the numbers of a certificate sharp, or else the last."""
    curves = (CrossEntropy(instance, levels, precision) for precision in PRECISIONS)
    return next(curve for curve in curves if curve.is_sharp() or curve.precision == PRECISIONS[-1])
