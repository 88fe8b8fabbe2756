"""What a certificate encloses, confirmed entry by entry: M, peaks, limits, ΔCE, sweet spots, and the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf

from .._balls import ball
from .budgets import confirm_budgets, confirm_half_saturation
from .curves import Curves, confirm, confirm_bounds, increase, slope_sign
from .fields import JSON, Interval, interval, items, rational, record, require, same, whole
from .instance import Levels
from .precision import PRECISIONS, decide
from .sets import confirm_sets

# From the first to the second; both are the same infinity for the peaks of Mtop and Mbot.
Ends = tuple[Fraction | float, Fraction | float]

# Where ΔCE is given: multiples of the power of two next to 1/R, on the parabola, in between, and far out.
MULTIPLES = tuple(Fraction(x) for x in (-8, -2, "-1/2", "1/2", 2, 8))
# What a peak may be left open at. One step below the last: what is bracketed must be confirmed.
OPEN = PRECISIONS[:-1]

# What long work calls: so much is done, of so much in all, in the stage that it names.
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Evidence:
    """What is confirmed of the curves.

    - `peaks` [C][K]: brackets of the peaks, None where the certificate gives none.
    - `windows` [C]: from the last peak off the target to the first on it, None where not certain.
    - `strengths`: where ΔCE is given, and no bound on it is broken. `unit`: about 1/R.
    - `version`: of the certificate's format.
    """

    curves: Curves
    peaks: list[list[Ends | None]]
    windows: list[Ends | None]
    strengths: Sequence[Fraction] = ()
    unit: Fraction = Fraction(1)
    version: int = 2


def confirm_evidence(curves: Curves, fields: dict[str, JSON], progress: Progress) -> Evidence:
    """The evidence in the fields of a certificate, if all of it is true."""
    range_bound = confirm_log_odds(curves, fields["log_odds"])
    unit = 1 / range_bound if range_bound else Fraction(1)
    peaks = confirm_peaks(curves, fields["peaks"], range_bound, progress)
    confirm_limits(curves, fields["limits"])
    strengths = confirm_cross_entropy(curves, fields["cross_entropy"])
    windows = [sweet_spot(curves.levels, row) for row in peaks]
    are_those = same(fields["sweet_spots"], [_texts(window) for window in windows])
    require(are_those, "sweet_spots do not follow from the peaks")
    is_common = same(fields["common_sweet_spot"], common_sweet_spot(curves.levels, peaks))
    require(is_common, "common_sweet_spot does not follow from the peaks")
    confirm_bounds(curves, strengths)
    version = whole(fields["version"], "version")
    if version != 1:
        confirm_sets(curves, fields)
        confirm_half_saturation(curves, fields["half_saturation"], unit)
        confirm_budgets(curves, fields["budgets"])
    return Evidence(curves, peaks, windows, strengths, unit, version)


def confirm_log_odds(curves: Curves, value: JSON) -> Fraction:
    """Check that M of each level is enclosed; an upper bound of R."""
    entries = items(value, "log_odds")
    require(len(entries) == curves.levels.top + 1, "log_odds needs one interval a level")
    intervals = [interval(entry, f"log_odds[{k}]") for k, entry in enumerate(entries)]
    slack = max(abs(end) for ends in intervals for end in ends) / 2**40
    for k, ends in enumerate(intervals):
        if ends == (0, 0):
            is_zero = curves.laws.sign(curves.levels.first[k]) == 0
            require(is_zero, f"log_odds[{k}] is 0, and M of this level is not")
        else:
            confirm(ends, lambda bits, k=k: curves.at(bits).log_odds[k], slack, f"log_odds[{k}]")
    return intervals[-1].high - intervals[0].low


def confirm_peaks(
    curves: Curves, value: JSON, range_bound: Fraction, progress: Progress
) -> list[list[Ends | None]]:
    """The brackets of all peaks [C][K], each with a rise at its start and a fall at its end."""
    rows, count = items(value, "peaks"), len(curves.masses)
    require(len(rows) == count, "peaks needs one list a law")
    found: list[list[Ends | None]] = []
    for law, row in enumerate(rows):
        progress(law / count, 1.0, f"peaks, law {law + 1} of {count}")
        entries = items(row, f"peaks[{law}]")
        require(len(entries) == curves.levels.top + 1, f"peaks[{law}] needs one entry a level")
        brackets = [_peak(curves, law, k, entry, range_bound) for k, entry in enumerate(entries)]
        for k, (before, after) in enumerate(pairwise(brackets), start=1):
            is_after = before is None or after is None or before[1] < after[0]
            is_told = is_after or all(is_narrowest(p, 1 / range_bound) for p in (before, after))
            require(is_told, f"peaks[{law}][{k}] is not after the peak before it; make it anew")
        found.append(brackets)
    return found


def _peak(curves: Curves, law: int, level: int, entry: JSON, range_bound: Fraction) -> Ends | None:
    """The bracket of one peak; None is what the certificate leaves undecided."""
    where = f"peaks[{law}][{level}]"
    if level in (0, curves.levels.top):
        is_infinite = same(entry, ["inf"] * 2 if level else ["-inf"] * 2)
        require(is_infinite, f"{where} is not infinite")
        return (inf, inf) if level else (-inf, -inf)
    if entry is None:
        is_left = is_open(curves, law, level, 1 / range_bound)
        require(is_left, f"{where} is left open, but {OPEN[-1]} bits show it; make it anew")
        return None
    low, high = interval(entry, where)
    size = max(abs(low), abs(high)) + 1 / range_bound
    require(high - low <= size / 2**18, f"{where} is wider than a certificate's; make it anew")
    require(slope_sign(curves, law, level, low) == 1, f"{where}: not rising at its start")
    require(slope_sign(curves, law, level, high) == -1, f"{where}: not falling at its end")
    return low, high


def is_narrowest(ends: Ends | None, unit: Fraction) -> bool:
    """Whether a bracket is as narrow as balls make it, so that no more is known of its peak."""
    low, high = (Fraction(end) for end in ends or (0, 0))
    return (high - low) * 2 ** OPEN[-1] <= max(abs(low), abs(high)) + unit


def is_open(curves: Curves, law: int, level: int, unit: Fraction) -> bool:
    """Whether a search for the bracket of a peak, from ±`unit` outward and then in, finds none."""

    def side(points: tuple[Fraction, Fraction]) -> tuple[Fraction, int | None]:
        # two points, since the slope is 0 at one
        signs = ((x, slope_sign(curves, law, level, x, OPEN)) for x in points)
        return next(((x, found) for x, found in signs if found), (points[0], None))

    low, high = -unit, unit
    for _ in range(64):
        low, is_rise = side((low * 2, low * 3))
        high, is_fall = side((high * 2, high * 3))
        if (is_rise, is_fall) == (1, -1):
            break
    else:
        return True
    while high - low > (max(abs(low), abs(high)) + unit) / 2**18:
        third = (high - low) / 3
        at, found = side((low + third, high - third))
        if found is None:
            return True
        low, high = (at, high) if found > 0 else (low, at)
    return False


def confirm_limits(curves: Curves, value: JSON) -> None:
    """Check the masses, factors and gap of the limits: |p_α - limit| <= factor · e^{-|α| gap}."""
    top = curves.levels.top
    limits = record(value, ("plus", "minus"), "limits")
    for name, level, beside in (("plus", top, top - 1), ("minus", 0, 1)):
        where = f"limits.{name}"
        limit = record(limits[name], ("masses", "factors", "gap"), where)
        masses = [row[level] for row in curves.masses]
        is_exact = same(limit["masses"], [str(p) for p in masses])
        require(is_exact, f"{where}.masses are wrong")
        is_exact = same(limit["factors"], [str((1 - p) / p) for p in masses])
        require(is_exact, f"{where}.factors are wrong")
        if top == 0:
            require(limit["gap"] is None, f"{where}.gap: M is constant")
        else:
            gap = rational(limit["gap"], f"{where}.gap")
            _confirm_gap(curves, gap, max(level, beside), min(level, beside), f"{where}.gap")


def _confirm_gap(curves: Curves, gap: Fraction, high: int, low: int, where: str) -> None:
    """A positive lower bound of M(high) - M(low), short of it by a millionth at most."""
    require(gap > 0, f"{where} is not positive")
    above = Interval(gap, gap * (1 + Fraction(1, 2**20)))
    confirm(above, lambda bits: curves.at(bits).gap(high, low), gap, where)


def confirm_cross_entropy(curves: Curves, value: JSON) -> list[Fraction]:
    """Check that σ² and ΔCE are enclosed; the strengths at which ΔCE is given."""
    entry = record(value, ("variance", "samples"), "cross_entropy")
    variance = interval(entry["variance"], "variance")
    confirm(variance, lambda bits: curves.at(bits).variance, variance.high / 2**30, "variance")
    strengths: list[Fraction] = []
    for i, item in enumerate(items(entry["samples"], "samples")):
        where = f"samples[{i}]"
        sample = record(item, ("strength", "increase"), where)
        strength = rational(sample["strength"], f"{where}.strength")
        ends = interval(sample["increase"], f"{where}.increase")
        confirm(
            ends,
            lambda bits, strength=strength: increase(curves.at(bits), strength),
            ends.high / 2**30,
            f"{where}.increase",
        )
        strengths.append(strength)
    _require_strengths(curves, strengths)
    return strengths


def _require_strengths(curves: Curves, strengths: Sequence[Fraction]) -> None:
    """Require the `MULTIPLES` of a power of two u with 1/2 < uR < 2; no strength where M is constant.

    Where α is too small or too large for its R, the bounds hold by far, and ΔCE there shows nothing.
    """
    if not curves.levels.top:
        require(not strengths, f"ΔCE is 0 where M is constant: samples has {len(strengths)}, not 0")
        return
    unit = abs(strengths[0]) / 8 if strengths else Fraction(0)
    top, bottom = (n & (n - 1) for n in (unit.numerator, unit.denominator))
    is_even = unit > 0 and top == bottom == 0 and list(strengths) == [unit * x for x in MULTIPLES]
    needed = f"ΔCE is needed at {', '.join(map(str, MULTIPLES))} times a power of two"
    require(is_even, f"{needed}; the strengths are {', '.join(map(str, strengths)) or 'none'}")

    def is_near(bits: int) -> bool | None:
        reach = ball(unit) * curves.at(bits).range
        return True if 2 * reach > 1 and reach < 2 else None

    require(decide(is_near) is True, f"the unit of the strengths, {unit}, is not near to 1/R")


def sweet_spot(levels: Levels, peaks: Sequence[Ends | None]) -> Ends | None:
    """What is certainly in the sweet spot of one law; None if δ <= 0 or a peak is undecided."""
    start, stop = peaks[levels.high], peaks[levels.low]
    if levels.low <= levels.high or start is None or stop is None:
        return None
    return start[1], stop[0]


def common_sweet_spot(levels: Levels, peaks: Sequence[Sequence[Ends | None]]) -> JSON:
    """The strengths in every sweet spot: a certain interval, "empty" for certain, or None."""
    if levels.low <= levels.high:
        return "empty"
    starts = [row[levels.high] for row in peaks]
    stops = [row[levels.low] for row in peaks]
    known = [(start, stop) for start, stop in zip(starts, stops, strict=True) if start and stop]
    if len(known) < len(peaks):
        return None
    window = max(start[1] for start, _ in known), min(stop[0] for _, stop in known)
    if window[0] < window[1]:
        return _texts(window)
    is_empty = max(start[0] for start, _ in known) >= min(stop[1] for _, stop in known)
    return "empty" if is_empty else None


def _texts(ends: Ends | None) -> JSON:
    return None if ends is None else [str(end) for end in ends]
