"""Where each level peaks: found in floats, then bracketed for certain by two balls a level."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from flint import arb, ctx

from ufm.numerics.bracket import Bracket
from ufm.numerics.log_balance import balanced, bracket_by_slopes, log_balance

from .._balls import PRECISIONS, balance, ball
from .levels import Levels

# Relative to |α| + 1/R: the float search is good to 2^-45 or so where gaps of M are not tiny.
_WIDTH = Fraction(1, 2**36)


class Peaks:
    """Brackets of α(j, level) for one class of contexts.

    `brackets` [K]: (lo, hi) with N(lo) < 0 < N(hi) certain, so that α lies strictly inside; None for
    the two extremal levels, and where the limit of precision left it undecided. `precision`: the most
    bits that any of them took. Brackets of neighbours are disjoint unless undecided.
    """

    def __init__(self, levels: Levels, row: int):
        self._levels, self._masses = levels, levels.masses(row)
        self._cache: dict[int, tuple[list[arb], list[arb]]] = {}
        self.precision = PRECISIONS[0]
        self.brackets: list[Bracket[Fraction] | None] = [None] * len(self._masses)
        if len(self._masses) < 3:
            return
        precision = next((p for p in PRECISIONS if self._is_apart(p)), PRECISIONS[-1])
        masses, log_odds = self._at(precision)
        unit = 1 / levels.gap(len(self._masses) - 1, 0)
        # levels that floats do not tell apart give infinities or NaN here: searched for below
        with ctx.workprec(precision), np.errstate(all="ignore"):
            guesses = float_peaks(masses, [m * ball(unit) for m in log_odds])
        for k, guess in enumerate(guesses.tolist(), start=1):
            found = self._around(k, Fraction(guess) * unit, unit) if math.isfinite(guess) else None
            self.brackets[k] = found or self._searched(k, unit)
        if None in self.brackets[1:-1]:
            self.precision = PRECISIONS[-1]
        self._separate()

    def narrow(self, level: int) -> bool:
        """Narrow a bracket by a millionth, as long as balls can; an infinite peak needs none."""
        if level in (0, len(self.brackets) - 1):
            return True
        for _ in range(20):
            bracket = self.brackets[level]
            halved = bracket and self._halved(level, bracket)
            if not halved:
                return False
            self.brackets[level] = halved
        return True

    def sign(self, level: int, alpha: Fraction, precisions: Sequence[int] = ()) -> int:
        """The sign of N(alpha) with origin M(level); 0 where all of the precisions leave it open."""
        for precision in precisions or PRECISIONS:
            masses, log_odds = self._at(precision)
            with ctx.workprec(precision):
                value = balance(masses, log_odds, log_odds[level], ball(alpha))
                if value > 0 or value < 0:
                    self.precision = max(self.precision, precision)
                    return 1 if value > 0 else -1
        return 0

    def _is_apart(self, precision: int) -> bool:
        """Whether neighbouring values of M are told apart by their balls."""
        return all(lower < upper for lower, upper in pairwise(self._at(precision)[1]))

    def _at(self, precision: int) -> tuple[list[arb], list[arb]]:
        if precision not in self._cache:
            log_odds = self._levels.log_odds(precision)
            with ctx.workprec(precision):
                self._cache[precision] = ([ball(p) for p in self._masses], log_odds)
        return self._cache[precision]

    def _around(self, level: int, guess: Fraction, unit: Fraction) -> Bracket[Fraction] | None:
        """Widen about the guess until both signs are certain; more bits where widening is no help."""
        for precision in PRECISIONS:
            for widening in range(0, 40, 4):
                width = _WIDTH * 2**widening * (abs(guess) + unit)
                lo, hi = _dyadic(guess - width, width, -1), _dyadic(guess + width, width, 1)
                only = (precision,)
                if self.sign(level, lo, only) < 0 and self.sign(level, hi, only) > 0:
                    return self._narrow(level, Bracket(lo, hi), unit)
        return None

    def _searched(self, level: int, unit: Fraction) -> Bracket[Fraction] | None:
        """Out from ± `unit` until N changes its sign, where floats are no guide."""
        step = _dyadic(unit, unit, 1)
        for doubling in range(64):
            lo, hi = -step * 2**doubling, step * 2**doubling
            if self.sign(level, lo) < 0 and self.sign(level, hi) > 0:
                return self._narrow(level, Bracket(lo, hi), unit)
        return None

    def _narrow(
        self, level: int, bracket: Bracket[Fraction], unit: Fraction
    ) -> Bracket[Fraction] | None:
        """Cut at 0, so that the sign of the peak shows, and down to a millionth where it was wide."""
        if bracket.low < 0 < bracket.high:
            bracket = self._cut(level, bracket, Fraction(0)) or bracket
        while bracket.width > (abs(bracket.low) + unit) / 2**20:
            cut = self._halved(level, bracket)
            if cut is None:
                return None
            bracket = cut
        return bracket

    def _halved(self, level: int, bracket: Bracket[Fraction]) -> Bracket[Fraction] | None:
        """A part of a bracket that holds the peak: cut in the middle, or beside it if that is the peak."""
        beside = bracket.low + bracket.width * 3 / 8
        return self._cut(level, bracket, bracket.middle) or self._cut(level, bracket, beside)

    def _cut(
        self, level: int, bracket: Bracket[Fraction], at: Fraction
    ) -> Bracket[Fraction] | None:
        """The part of a bracket before or after `at` that holds the peak, if that is certain."""
        sign = self.sign(level, at)
        return {1: Bracket(bracket.low, at), -1: Bracket(at, bracket.high), 0: None}[sign]

    def _separate(self) -> None:
        """Halve overlapping neighbours until they are apart."""
        for k in range(2, len(self.brackets) - 1):
            while True:
                left, right = self.brackets[k - 1], self.brackets[k]
                if left is None or right is None or left.high < right.low or right.high < left.low:
                    break
                halves = [self._halved(i, b) for i, b in ((k - 1, left), (k, right))]
                if None in halves:  # the last precision leaves their order open
                    self.precision = PRECISIONS[-1]
                    break
                self.brackets[k - 1], self.brackets[k] = halves


def _dyadic(value: Fraction, width: Fraction, direction: int) -> Fraction:
    """A short dyadic fraction next to `value`, away from the peak, at most width/4 off."""
    size = width.numerator.bit_length() - width.denominator.bit_length()  # of log2, to within 1
    step = Fraction(2) ** (size - 4)
    share = value / step
    return step * (math.ceil(share) if direction > 0 else math.floor(share))


def float_peaks(masses: Sequence[arb], odds: Sequence[arb]) -> np.ndarray:
    """α [K-2] of the inner levels, in float64: the root of each one's log-balance, with `odds` in units of R.

    Its slope lies between the sum of the two gaps next to the level and R.
    """
    # sums of neighbouring gaps, all positive: small gaps keep their digits
    steps = np.array([float(upper - lower) for lower, upper in pairwise(odds)])
    place, inner = np.arange(len(steps)), np.arange(1, len(odds) - 1)[:, None]
    gap = np.zeros((len(inner), len(odds)))
    gap[:, 1:] += np.cumsum(np.where(place >= inner, steps, 0.0), axis=1)
    gap[:, :-1] -= np.cumsum(np.where(place < inner, steps, 0.0)[:, ::-1], axis=1)[:, ::-1]
    log_mass = np.array([float(p.log()) for p in masses])
    with np.errstate(divide="ignore"):  # the level itself, left out of both sums
        terms = log_mass + np.log(np.abs(gap))
    above = gap > 0
    at_zero, _ = log_balance(np.zeros(len(gap)), gap, terms, above, np)
    rows = np.arange(len(gap))
    least, greatest = gap[rows, rows + 2] - gap[rows, rows], gap[:, -1] - gap[:, 0]
    return balanced(gap, terms, above, bracket_by_slopes(at_zero, least, greatest, np))
