"""What a certificate encloses, confirmed entry by entry: M, peaks, limits, ΔCE and sweet spots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf

from .curves import Curves, certain_bounds, confirm, increase, slope_sign
from .fields import JSON, Interval, interval, items, rational, record, require
from .instance import Levels

# From the first to the second; both are the same infinity for the peaks of Mtop and Mbot.
Ends = tuple[Fraction | float, Fraction | float]

# What long work calls: so much is done, of so much in all, in the stage that it names.
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Evidence:
    """What is confirmed of the curves.

    - `peaks` [C][K]: brackets of the peaks, None where the certificate gives none.
    - `windows` [C]: from the last peak off the target to the first on it, None where not certain.
    - `bounds`: the claims about bounds on ΔCE that are certain at the strengths of the certificate.
    """

    curves: Curves
    peaks: list[list[Ends | None]]
    windows: list[Ends | None]
    bounds: frozenset[str]


def confirm_evidence(curves: Curves, fields: dict[str, JSON], progress: Progress) -> Evidence:
    """The evidence in the fields of a certificate, if all of it is true."""
    range_bound = confirm_log_odds(curves, fields["log_odds"])
    peaks = confirm_peaks(curves, fields["peaks"], range_bound, progress)
    confirm_limits(curves, fields["limits"])
    strengths = confirm_cross_entropy(curves, fields["cross_entropy"])
    windows = [sweet_spot(curves.levels, row) for row in peaks]
    shown = [_texts(window) for window in windows]
    require(fields["sweet_spots"] == shown, "sweet_spots do not follow from the peaks")
    common = common_sweet_spot(curves.levels, peaks)
    is_common = fields["common_sweet_spot"] == common
    require(is_common, "common_sweet_spot does not follow from the peaks")
    return Evidence(curves, peaks, windows, certain_bounds(curves, strengths))


def confirm_log_odds(curves: Curves, value: JSON) -> Fraction:
    """Check that M of each level is enclosed; an upper bound of R."""
    entries = items(value, "log_odds")
    require(len(entries) == curves.levels.top + 1, "log_odds needs one interval a level")
    intervals = [interval(entry, f"log_odds[{k}]") for k, entry in enumerate(entries)]
    slack = max(abs(end) for ends in intervals for end in ends) / 2**40
    for k, ends in enumerate(intervals):
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
            require(is_after, f"peaks[{law}][{k}] is not after the peak before it")
        found.append(brackets)
    return found


def _peak(curves: Curves, law: int, level: int, entry: JSON, range_bound: Fraction) -> Ends | None:
    """The bracket of one peak; None is what the certificate leaves undecided."""
    where = f"peaks[{law}][{level}]"
    if level in (0, curves.levels.top):
        require(entry == (["inf"] * 2 if level else ["-inf"] * 2), f"{where} is not infinite")
        return (inf, inf) if level else (-inf, -inf)
    if entry is None:
        return None
    low, high = interval(entry, where)
    size = max(abs(low), abs(high)) + 1 / range_bound
    require(high - low <= size / 2**18, f"{where} is wider than a certificate's")
    require(slope_sign(curves, law, level, low) == 1, f"{where}: not rising at its start")
    require(slope_sign(curves, law, level, high) == -1, f"{where}: not falling at its end")
    return low, high


def confirm_limits(curves: Curves, value: JSON) -> None:
    """Check the masses, factors and gap of the limits: |p_α - limit| <= factor · e^{-|α| gap}."""
    top = curves.levels.top
    limits = record(value, ("plus", "minus"), "limits")
    for name, level, beside in (("plus", top, top - 1), ("minus", 0, 1)):
        where = f"limits.{name}"
        limit = record(limits[name], ("masses", "factors", "gap"), where)
        masses = [row[level] for row in curves.masses]
        require(limit["masses"] == [str(p) for p in masses], f"{where}.masses are wrong")
        factors = [str((1 - p) / p) for p in masses]
        require(limit["factors"] == factors, f"{where}.factors are wrong")
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
    is_full = is_three_a_side(strengths) if curves.levels.top else not strengths
    require(is_full, "ΔCE needs six different strengths, three on each side of 0")
    return strengths


def is_three_a_side(strengths: Sequence[Fraction]) -> bool:
    """Whether these are six different strengths, three below 0 and three above."""
    sides = [s > 0 for s in set(strengths) if s]
    return len(strengths) == 6 and sides.count(True) == sides.count(False) == 3


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
