"""Everything that is computed from one instance, before anything is concluded from it."""

from fractions import Fraction
from functools import cached_property
from math import inf, isinf

from flint import arb, ctx

from theorems.tables.exact import ExactInstance
from ufm._progress import Progress, silent
from ufm.numerics.bracket import Bracket

from .._balls import PRECISIONS, ball, tilted
from . import hypotheses as _hypotheses
from .cross_entropy import CrossEntropy, dot, sharp_cross_entropy
from .dyadic import enclosure
from .levels import Levels, is_zero_combination
from .peaks import Peaks

Peak = Bracket[Fraction] | Bracket[float]  # of floats where it is infinite
Window = tuple[Fraction | float, Fraction | float]
# The bits to which M is enclosed, of its largest value; the checker asks for 40.
_SHARP = 64


class Evidence:
    """The order of M, the brackets of all peaks, the unmet hypotheses, and ΔCE, of one instance.

    `peaks` [classes], `signs` [classes][K]: sign of each α(j, level), 0 if it is 0 exactly, None if
    undecided; ±1 for the extremal levels. `window` [classes]: the sweet spot as far as it is certain.
    """

    def __init__(self, instance: ExactInstance, progress: Progress = silent):
        self.instance = instance
        self.levels = Levels(instance)
        self.count = len(self.levels.tokens)
        self.hypotheses = _hypotheses.unmet(instance, self.levels)
        self.low, self.high = _hypotheses.ends(instance, self.levels)
        self.peaks: list[Peaks] = []
        count = len(instance.classes)
        for c in range(count):
            progress(c / count, 1.0, f"peaks, law {c + 1} of {count}")
            self.peaks.append(Peaks(self.levels, c))
        self._lengthen_windows()
        progress(1.0, 1.0, "cross-entropy")
        self.signs = [self._signs(c) for c in range(len(self.peaks))]
        self.cross_entropy = sharp_cross_entropy(instance, self.levels)
        self._curves = {self.cross_entropy.precision: self.cross_entropy}

    @cached_property
    def precision(self) -> int:
        """The most bits that any enclosure took, or that left one open."""
        return max([self.cross_entropy.precision, *(peaks.precision for peaks in self.peaks)])

    @cached_property
    def log_odds(self) -> list[Bracket[Fraction]]:
        """Enclosures of M [K], sharp next to the largest; of 0 where M is 0 exactly."""
        exact, found = self.levels.signs, list[Bracket[Fraction]]()
        for precision in PRECISIONS[1:]:
            with ctx.workprec(precision):
                values = self.levels.log_odds(precision)
                found = [
                    enclosure(m) if sign else Bracket(Fraction(0), Fraction(0))
                    for m, sign in zip(values, exact, strict=True)
                ]
            largest = max(abs(end) for bracket in found for end in bracket)
            if all(bracket.width * 2**_SHARP <= largest for bracket in found):
                break
        return found

    def peak(self, row: int, level: int) -> Peak | None:
        """The bracket of a peak, at ±inf for the extremal levels; None if undecided."""
        if level in (0, self.count - 1):
            return Bracket(inf, inf) if level else Bracket(-inf, -inf)
        return self.peaks[row].brackets[level]

    def window(self, row: int) -> Window | None:
        """From the last peak off the target to the first on it; None if δ <= 0 or undecided."""
        start, stop = self.peak(row, self.high), self.peak(row, self.low)
        if self.low <= self.high or start is None or stop is None:
            return None
        return start.high, stop.low

    def is_long_window(self, row: int) -> bool:
        """Whether a sweet spot is longer than 4δ/R² for certain."""
        window = self.window(row)
        if window is None or isinf(window[0]) or isinf(window[1]):
            return window is not None
        length = Fraction(window[1]) - Fraction(window[0])
        for precision in PRECISIONS:
            m = self.levels.log_odds(precision)
            with ctx.workprec(precision):
                span = m[-1] - m[0]
                if ball(length) * span * span > 4 * (m[self.low] - m[self.high]):
                    return True
        return False

    def _lengthen_windows(self) -> None:
        """Narrow the brackets beside each sweet spot until they show its length."""
        for c, peaks in enumerate(self.peaks):
            while self.low > self.high and self.window(c) and not self.is_long_window(c):
                if not peaks.narrow(self.high) or not peaks.narrow(self.low):
                    break

    def curve(self, precision: int) -> CrossEntropy:
        """M and the laws at a precision, made once."""
        if precision not in self._curves:
            self._curves[precision] = CrossEntropy(self.instance, self.levels, precision)
        return self._curves[precision]

    def target_slope(self, row: int, strength: Fraction) -> arb:
        """E_α[M|T] - E_α[M|not T], the slope of logit F_T."""
        # with more bits than a checker takes that looks for a slope below 0
        curve = self.curve(max(self.cross_entropy.precision, 4 * PRECISIONS[0]))
        with ctx.workprec(curve.precision):
            alpha, parts = ball(strength), []
            on = curve.on_target[row]
            off = [p - q for p, q in zip(curve.rows[row].masses, on, strict=True)]
            for share in (on, off):
                weights = tilted(share, curve.log_odds, curve.log_odds[-1], alpha)
                parts.append(dot(weights, curve.log_odds) / sum(weights, arb(0)))
            return parts[0] - parts[1]

    def _signs(self, row: int) -> list[int | None]:
        signs: list[int | None] = []
        for k in range(self.count):
            bracket = self.peaks[row].brackets[k]
            if k in (0, self.count - 1):
                signs.append(1 if k else -1)
            elif bracket is None:
                signs.append(None)
            elif bracket.low >= 0 or bracket.high <= 0:
                signs.append(1 if bracket.low >= 0 else -1)
            else:
                signs.append(0 if self._peaks_at_zero(row, k) else None)
        return signs

    def _peaks_at_zero(self, row: int, level: int) -> bool:
        """Whether E_0[M] = M(level) exactly: a rational combination of logarithms that vanishes."""
        terms: list[tuple[Fraction, Fraction]] = []
        masses = self.levels.masses(row)
        for share, law in zip(self.levels.shares, self.levels.rows, strict=True):
            if share:
                first = [law[group[0]] for group in self.levels.tokens]
                terms += [(p * share, r) for p, r in zip(masses, first, strict=True)]
                terms.append((-share, first[level]))
        return is_zero_combination(terms)
