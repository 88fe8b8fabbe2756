"""Contradictions of the claims about M and about single peaks: signs, heights, order, windows, paths."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations
from typing import NamedTuple

from flint import arb

from ufm.numerics.bracket import Bracket

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ...certificates.write.hypotheses import contexts_off_target, ends
from ...certificates.write.peaks import Peaks
from ..steered import Steered
from .contradiction import STRENGTHS, Contradiction, differ, places, shown


def peak_order(s: Steered) -> Contradiction | None:
    """A target token peaks before a token off the target, both at finite strengths."""
    levels, (low, high) = s.levels, ends(s.instance, s.levels)
    y = next(z for z in s.target if levels.level[z] == low)
    z = next(z for z in levels.tokens[high] if z not in s.target)
    inner = range(1, len(levels.tokens) - 1)
    if low == high or low not in inner or high not in inner:
        return None  # peaks that are finite and apart say it best
    brackets = Peaks(levels, 0).brackets
    first, last = (_along(s, brackets[k]) for k in (low, high))
    if first is None or last is None or not first.high < last.low:
        return None
    text = f"α(0,{z}) < α(0,{y}) with {y} in T and {z} not"
    found = (
        f"in context 0 token {y} of the target peaks at α = {shown(_hull(first))}, before token {z} off the "
        f"target at α = {shown(_hull(last))}: the opposite of the claim"
    )
    return Contradiction(text, ((f"α(0,{z})", _hull(last)), (f"α(0,{y})", _hull(first))), found)


def _along(s: Steered, bracket: Bracket[Fraction] | None) -> Bracket[Fraction] | None:
    """The bracket of a peak along M, counted along the vector as it was rescaled."""
    if bracket is None:
        return None
    return Bracket(*sorted((bracket.low / s.rate, bracket.high / s.rate)))


def _hull(bracket: Bracket[Fraction]) -> arb:
    """The ball of a bracket."""
    return ball(bracket.low).union(ball(bracket.high))


def log_odds_sign(s: Steered) -> Contradiction | None:
    """M(z) has the wrong sign, or is 0 on the target."""
    signs = s.levels.signs
    for z, is_target in enumerate(s.instance.target):
        moved = s.moved[z]
        sign = 1 if moved > 0 else -1 if moved < 0 else 0 if s.factor else signs[s.levels.level[z]]
        is_known = sign != 0 or s.factor is None
        if is_known and (sign > 0) is not is_target:
            side = "in" if is_target else "not in"
            zero = f", and M({z}) = 0" if sign == 0 else ""
            text = f"M({z}) > 0 iff token {z} is in T: it is {side} T{zero}"
            value = moved if sign else arb(0)
            found = f"M({z}) = {shown(value)}, although token {z} is {side} the target"
            return Contradiction(text, ((f"M({z})", value),), found)
    return None


def peak_sign(s: Steered) -> Contradiction | None:
    """A target token is past its peak at α = 0, in a context off the target."""
    return _past_peak(s, contexts_off_target(s.instance))


def peak_sign_anywhere(s: Steered) -> Contradiction | None:
    """A target token is past its peak at α = 0, in a context of any concept."""
    return _past_peak(s, range(len(s.instance.rows)))


def _past_peak(s: Steered, contexts: Sequence[int]) -> Contradiction | None:
    for j in contexts:
        slopes = s.slope(j, ball(0))
        for z in s.target:
            if slopes[z] < 0:
                text = f"α({j},{z}) > 0: token {z} of T should still rise in context {j} at α = 0"
                found = f"in context {j} token {z} of the target falls already at α = 0"
                return Contradiction(text, (("slope at 0", slopes[z]), *_peak(s, j, z)), found)
    return None


def _peak(s: Steered, context: int, token: int) -> tuple[tuple[str, arb], ...]:
    """The bracket of α(j,z), if the model is a plain tilt and the token in neither Mtop nor Mbot."""
    level = s.levels.level[token]
    if s.factor or s.norm_ratio or s.rate != 1 or level in (0, len(s.levels.tokens) - 1):
        return ()
    row = next(c for c, group in enumerate(s.instance.classes) if context in group)
    bracket = Peaks(s.levels, row).brackets[level]
    return () if bracket is None else ((f"α({context},{token})", _hull(bracket)),)


def sign_rule(s: Steered) -> Contradiction | None:
    """A slope at 0 has the sign opposite to M(z) - (mean_N KL - mean_P KL)."""
    for j, row in enumerate(s.instance.rows):
        threshold = dot([ball(p) for p in row], s.log_odds)  # the divergences, log p_j cancelled
        slopes = s.slope(j, ball(0))
        for z, m in enumerate(s.log_odds):
            if (m > threshold and slopes[z] < 0) or (m < threshold and slopes[z] > 0):
                text = f"α({j},{z}) > 0 iff M({z}) is above its threshold"
                values = (("M - threshold", m - threshold), ("slope at 0", slopes[z]))
                return Contradiction(text, values)
    return None


def flat(s: Steered) -> Contradiction | None:
    """M is constant: no curve moves and no peak exists."""
    if len(s.levels.tokens) > 1:
        return None
    text = "M is the same for every token, exactly: p_α = p for every α, and no peak exists"
    found = "every token has the same M, so that no strength moves any curve"
    return Contradiction(text, (("max M - min M", arb(0)),), found)


def never_half(s: Steered) -> Contradiction | None:
    """F_T is constant, and not 1/2."""
    start = sum((s.instance.rows[0][z] for z in s.target), Fraction(0))
    if len(s.levels.tokens) > 1 or start == Fraction(1, 2):
        return None
    return Contradiction("F_T(α) = 1/2 somewhere; here F_T is constant", (("F_T", ball(start)),))


def peak_height(s: Steered) -> Contradiction | None:
    """A token exceeds the height that is claimed of its peak."""
    for row, group in enumerate(s.instance.classes):
        peaks, j = Peaks(s.levels, row), group[0]
        for k, bracket in enumerate(peaks.brackets):
            if bracket is None:
                continue
            z = s.levels.tokens[k][0]
            tilted = Steered(s.instance).law(j, _hull(bracket))[z]
            for strength in (*STRENGTHS, Fraction(0)):
                p = s.law(j, ball(strength))[z]
                if p > tilted:
                    text = f"p_α({z}) in context {j} at most p e^{{I(M)}}; at α = {strength}"
                    return Contradiction(text, (("p_α", p), ("claimed height", tilted)))
    return None


def geometric_path(s: Steered) -> Contradiction | None:
    """At α = 1 a context of N does not have the distribution p_T."""
    j, goal = s.instance.negative[-1], s.instance.rows[s.instance.positive[0]]
    for z, (p, q) in enumerate(zip(s.law(j, ball(1)), goal, strict=True)):
        if differ(p, ball(q)):
            text = f"p_1({z}) in context {j} of N should be p_T({z})"
            return Contradiction(text, (("p_1", p), ("p_T", ball(q))))
    return None


def sweet_spot(s: Steered) -> Contradiction | None:
    """There is no window, or a token moves the wrong way inside it."""
    low, high = ends(s.instance, s.levels)
    least, greatest = (s.log_odds[s.levels.tokens[k][0]] for k in (low, high))
    if low < high:
        text = "some α has max_{not T} M < E_α[M] < min_T M; here max_{not T} M > min_T M"
        found = (
            f"a token off the target has M = {shown(greatest)}, above a target token's {shown(least)}: no "
            "strength has every target token rise and every other token fall"
        )
        return Contradiction(text, (("max off T", greatest), ("min on T", least)), found)
    for j, strength, alpha in places(s):
        mean = dot(s.law(j, alpha), s.log_odds)
        if greatest < mean and mean < least:
            slopes = s.slope(j, alpha)
            for z, slope in enumerate(slopes):
                if (slope < 0) if z in s.target else (slope > 0):
                    text = f"inside the window, at α = {strength} in context {j}, token {z} turns"
                    return Contradiction(text, (("E M", mean), ("slope", slope)))
    return None


def narrow_window(s: Steered) -> Contradiction | None:
    """A window is shorter than log χ / R."""
    ratio = _log_cross_ratio(s)
    if ratio is None:
        return None
    least = ratio / s.range
    for j, start, end in _windows(s):
        length = end - start
        if length < least:
            text = f"the window of context {j} is at least log χ / R long"
            found = (
                f"in context {j} the window is {shown(length)} long: less than "
                f"log χ / R = {shown(least)}"
            )
            return Contradiction(text, (("length", length), ("log χ / R", least)), found)
    return None


def narrow_common_window(s: Steered) -> Contradiction | None:
    """Contexts that are close have a common window shorter than (log χ - D)/R, or none."""
    ratio, apart = _log_cross_ratio(s), _distance(s)
    if ratio is None or not apart < ratio:
        return None
    least = (ratio - apart) / s.range
    found = (
        _short(i, j, (("(log χ - D)/R", least),)) for i, j in _pairs(s) if _is_short(i, j, least)
    )
    return next(found, None)


def no_common_window(s: Steered) -> Contradiction | None:
    """The window of one context ends before that of another begins."""
    return next((_short(i, j) for i, j in _pairs(s) if _is_short(i, j, arb(0))), None)


class _Window(NamedTuple):
    """The window of a context, along the vector as it was rescaled."""

    context: int
    start: arb
    end: arb


def _windows(s: Steered) -> list[_Window]:
    """The windows of all contexts with different distributions; none if one of them is endless."""
    low, high = ends(s.instance, s.levels)
    found = []
    for row, group in enumerate(s.instance.classes):
        brackets = Peaks(s.levels, row).brackets
        start, end = (_along(s, brackets[k]) for k in (high, low))
        if low <= high or start is None or end is None:
            return []
        found.append(_Window(group[0], _hull(start), _hull(end)))
    return found


def _pairs(s: Steered) -> Iterator[tuple[_Window, _Window]]:
    """Any two windows: of the first the start, of the second the end."""
    windows = _windows(s)
    return ((first, second) for first in windows for second in windows)


def _is_short(first: _Window, second: _Window, least: arb) -> bool:
    return bool(second.end - first.start < least)


def _short(
    first: _Window, second: _Window, least: tuple[tuple[str, arb], ...] = ()
) -> Contradiction:
    i, j = first.context, second.context
    text = "some α, and an interval (log χ - D)/R long, is in the windows of all contexts"
    values = ((f"window {i} begins", first.start), (f"window {j} ends", second.end), *least)
    found = (
        f"the window of context {j} ends at α = {shown(second.end)}, that of context {i} begins at "
        f"α = {shown(first.start)}"
    )
    return Contradiction(text, values, found)


def _log_cross_ratio(s: Steered) -> arb | None:
    """log χ of max M off T and min M on T with the ends of M; None if it is infinite or meaningless."""
    low, high = ends(s.instance, s.levels)
    last = len(s.levels.tokens) - 1
    if low <= high or high == 0 or low == last:
        return None
    at = [s.log_odds[s.levels.tokens[k][0]] for k in (0, high, low, last)]
    bottom, off, on, top = at
    return ((on - bottom) * (top - off) / ((off - bottom) * (top - on))).log()


def _distance(s: Steered) -> arb:
    """D: the most that log p_i - log p_j varies between tokens, for any two contexts."""
    rows = [[ball(p) for p in s.instance.rows[group[0]]] for group in s.instance.classes]
    apart = arb(0)
    for p, q in permutations(rows, 2):
        ratios = [(x / y).log() for x, y in zip(p, q, strict=True)]
        for a, b in permutations(ratios, 2):
            apart = apart.max(a - b)
    return apart


def half_saturation(s: Steered) -> Contradiction | None:
    """Logit F_T has one sign at both -r/R and -r/δ."""
    for j in range(len(s.instance.rows)):
        r = s.logit(j, ball(0), s.target)
        x, y = (s.logit(j, -r / slope, s.target) for slope in (s.range, s.margin))
        if (x > 0 and y > 0) or (x < 0 and y < 0):
            text = f"F_T = 1/2 between -r/R and -r/δ in context {j}: logit F_T there"
            return Contradiction(text, (("at -r/R", x), ("at -r/δ", y)))
    return None
