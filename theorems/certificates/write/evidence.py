"""All that is computed of one instance, before anything is concluded from it."""

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property

from flint import arb, ctx

from theorems.tables.exact import ExactInstance

from .._balls import PRECISIONS, ball
from . import hypotheses as _hypotheses
from .cross_entropy import judged
from .dyadic import enclosure
from .levels import Levels, is_zero_combination
from .peaks import Bracket, Peaks

Progress = Callable[[float, str], None]
# A coprime base of more numbers than this takes longer than the answer is worth.
_LARGEST_BASE = 300


class Evidence:
    """The order of M, the brackets of all peaks, the unmet hypotheses, and ΔCE, of one instance.

    `peaks` [classes], `signs` [classes][K]: sign of each α(j, level), 0 if it is 0 exactly, None if
    undecided; ±1 for the extremal levels. `window` [classes]: the sweet spot as far as it is certain.
    """

    def __init__(self, instance: ExactInstance, progress: Progress | None = None):
        self.instance = instance
        self.levels = Levels(instance)
        self.count = len(self.levels.tokens)
        self.hypotheses = _hypotheses.unmet(instance, self.levels)
        self.low, self.high = _hypotheses.ends(instance, self.levels)
        self.peaks: list[Peaks] = []
        for c in range(len(instance.classes)):
            if progress is not None:
                progress(
                    c / len(instance.classes), f"peaks, law {c + 1} of {len(instance.classes)}"
                )
            self.peaks.append(Peaks(self.levels, c))
        if progress is not None:
            progress(1.0, "cross-entropy")
        self.signs = [self._signs(c) for c in range(len(self.peaks))]
        self.cross_entropy, self.bounds = judged(instance, self.levels)

    @cached_property
    def precision(self) -> int:
        """The most bits that any enclosure took."""
        return max([self.cross_entropy.precision, *(peaks.precision for peaks in self.peaks)])

    @cached_property
    def odds(self) -> list[tuple[Fraction, Fraction]]:
        """Enclosures of M [K]."""
        with ctx.workprec(2 * PRECISIONS[0]):
            return [enclosure(m) for m in self.levels.odds(2 * PRECISIONS[0])]

    def peak(self, row: int, level: int) -> Bracket | float | None:
        """The bracket of a peak, ±inf at the extremal levels, or None if undecided."""
        if level in (0, self.count - 1):
            return float("inf") if level else float("-inf")
        return self.peaks[row].brackets[level]

    def window(self, row: int) -> tuple[Fraction | float, Fraction | float] | None:
        """From the last peak off the target to the first on it; None if δ <= 0 or undecided."""
        if self.low <= self.high:
            return None
        ends = self.peak(row, self.high), self.peak(row, self.low)
        if None in ends:
            return None
        start, stop = ends
        return start[1] if isinstance(start, tuple) else start, (
            stop[0] if isinstance(stop, tuple) else stop
        )  # type: ignore[return-value]

    def target_slope(self, row: int, strength: Fraction) -> arb:
        """E_α[M|T] - E_α[M|not T], the slope of logit F_T, at the first precision."""
        curve = self.cross_entropy
        with ctx.workprec(curve.precision):
            alpha, parts = ball(strength), []
            masses = curve.rows[row].masses
            on = curve.on_target[row]
            off = [p - q for p, q in zip(masses, on, strict=True)]
            for share in (on, off):
                weights = [
                    p * (alpha * (m - curve.odds[-1])).exp()
                    for p, m in zip(share, curve.odds, strict=True)
                ]
                mean = sum((w * m for w, m in zip(weights, curve.odds, strict=True)), arb(0))
                parts.append(mean / sum(weights, arb(0)))
            return parts[0] - parts[1]

    def _signs(self, row: int) -> list[int | None]:
        signs: list[int | None] = []
        for k in range(self.count):
            bracket = self.peaks[row].brackets[k]
            if k in (0, self.count - 1):
                signs.append(1 if k else -1)
            elif bracket is None:
                signs.append(None)
            elif bracket[0] >= 0 or bracket[1] <= 0:
                signs.append(1 if bracket[0] >= 0 else -1)
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
        if len({r for _, r in terms}) > _LARGEST_BASE:
            return False
        return is_zero_combination(terms)
