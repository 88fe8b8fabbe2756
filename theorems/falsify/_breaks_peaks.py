"""Contradictions of the claims on single peaks: their signs, heights, windows and paths."""

from fractions import Fraction

from flint import arb

from ..certificates._balls import ball
from ..certificates.write.hypotheses import contexts_off_target
from ..certificates.write.peaks import Peaks
from ._breaks import STRENGTHS, Break, differ, places
from ._steered import Steered, dot


def log_odds_sign(s: Steered) -> Break | None:
    """Log-odds of the wrong sign, or 0 on the target."""
    signs = s.levels.signs
    for z, is_target in enumerate(s.instance.target):
        moved = s.moved[z]
        sign = 1 if moved > 0 else -1 if moved < 0 else 0 if s.factor else signs[s.levels.level[z]]
        is_known = sign != 0 or s.factor is None
        if is_known and (sign > 0) is not is_target:
            side = "in" if is_target else "not in"
            zero = f", and M({z}) = 0" if sign == 0 else ""
            text = f"M({z}) > 0 iff token {z} is in T: it is {side} T{zero}"
            return Break(text, ((f"M({z})", moved if sign else arb(0)),))
    return None


def peak_sign(s: Steered) -> Break | None:
    """A target token past its peak at α = 0, in a context off the target."""
    return _past_peak(s, contexts_off_target(s.instance))


def peak_sign_anywhere(s: Steered) -> Break | None:
    """A target token past its peak at α = 0, in a context of any concept."""
    return _past_peak(s, list(range(len(s.instance.rows))))


def _past_peak(s: Steered, contexts: list[int]) -> Break | None:
    for j in contexts:
        slopes = s.slope(j, ball(0))
        for z in s.target:
            if slopes[z] < 0:
                text = f"α({j},{z}) > 0: token {z} of T should still rise in context {j} at α = 0"
                values = (("slope at 0", slopes[z]), *_peak(s, j, z))
                return Break(text, values)
    return None


def _peak(s: Steered, context: int, token: int) -> tuple[tuple[str, arb], ...]:
    """The bracket of α(j,z), where the model is a plain tilt and the token no extremal one."""
    level = s.levels.level[token]
    if s.factor or s.norm_ratio or s.rate != 1 or level in (0, len(s.levels.tokens) - 1):
        return ()
    row = next(c for c, group in enumerate(s.instance.classes) if context in group)
    bracket = Peaks(s.levels, row).brackets[level]
    return (
        ()
        if bracket is None
        else ((f"α({context},{token})", ball(bracket[0]).union(ball(bracket[1]))),)
    )


def sign_rule(s: Steered) -> Break | None:
    """A slope at 0 whose sign is not that of M(z) - (mean_N KL - mean_P KL)."""
    for j, row in enumerate(s.instance.rows):
        threshold = dot([ball(p) for p in row], s.odds)  # the divergences, log p_j cancelled
        slopes = s.slope(j, ball(0))
        for z, m in enumerate(s.odds):
            if (m > threshold and slopes[z] < 0) or (m < threshold and slopes[z] > 0):
                text = f"α({j},{z}) > 0 iff M({z}) is above its threshold"
                return Break(text, (("M - threshold", m - threshold), ("slope at 0", slopes[z])))
    return None


def flat(s: Steered) -> Break | None:
    """M is constant: no curve moves, and what should be there is not."""
    if len(s.levels.tokens) > 1:
        return None
    text = "M is the same for every token, exactly: p_α = p for every α, and no peak exists"
    return Break(text, (("max M - min M", arb(0)),))


def never_half(s: Steered) -> Break | None:
    """F_T constant and other than 1/2."""
    start = sum((s.instance.rows[0][z] for z in s.target), Fraction(0))
    if len(s.levels.tokens) > 1 or start == Fraction(1, 2):
        return None
    return Break("F_T(α) = 1/2 somewhere; here F_T is constant", (("F_T", ball(start)),))


def peak_height(s: Steered) -> Break | None:
    """A strength at which a token exceeds the height claimed of its peak."""
    for row, group in enumerate(s.instance.classes):
        peaks, j = Peaks(s.levels, row), group[0]
        for k, bracket in enumerate(peaks.brackets):
            if bracket is None:
                continue
            z = s.levels.tokens[k][0]
            alpha = ball(bracket[0]).union(ball(bracket[1]))
            tilted = Steered(s.instance).law(j, alpha)[z]
            for strength in (*STRENGTHS, Fraction(0)):
                p = s.law(j, ball(strength))[z]
                if p > tilted:
                    text = f"p_α({z}) in context {j} at most p e^{{I(M)}}; at α = {strength}"
                    return Break(text, (("p_α", p), ("claimed height", tilted)))
    return None


def geometric_path(s: Steered) -> Break | None:
    """At α = 1 the law in a context of N is not p_T."""
    j, goal = s.instance.negative[-1], s.instance.rows[s.instance.positive[0]]
    for z, (p, q) in enumerate(zip(s.law(j, ball(1)), goal, strict=True)):
        if differ(p, ball(q)):
            text = f"p_1({z}) in context {j} of N should be p_T({z})"
            return Break(text, (("p_1", p), ("p_T", ball(q))))
    return None


def sweet_spot(s: Steered) -> Break | None:
    """No window at all, or a token that moves the wrong way inside it."""
    off = [z for z in range(len(s.odds)) if z not in s.target]
    low = min(s.levels.level[z] for z in s.target)
    high = max(s.levels.level[z] for z in off)
    tokens = s.levels.tokens
    if low < high:
        text = "some α has max_{not T} M < E_α[M] < min_T M; here max_{not T} M > min_T M"
        ends = (s.odds[tokens[high][0]], s.odds[tokens[low][0]])
        return Break(text, (("max off T", ends[0]), ("min on T", ends[1])))
    for j, strength, alpha in places(s):
        mean = dot(s.law(j, alpha), s.odds)
        if s.odds[tokens[high][0]] < mean and mean < s.odds[tokens[low][0]]:
            slopes = s.slope(j, alpha)
            for z, slope in enumerate(slopes):
                if (slope < 0) if z in s.target else (slope > 0):
                    text = f"inside the window, at α = {strength} in context {j}, token {z} turns"
                    return Break(text, (("E M", mean), ("slope", slope)))
    return None


def half_saturation(s: Steered) -> Break | None:
    """Logit F_T of one sign at both -r/R and -r/δ."""
    for j in range(len(s.instance.rows)):
        r = s.logit(j, ball(0), s.target)
        ends = [s.logit(j, -r / s.range, s.target), s.logit(j, -r / s.margin, s.target)]
        if (ends[0] > 0 and ends[1] > 0) or (ends[0] < 0 and ends[1] < 0):
            text = f"F_T = 1/2 between -r/R and -r/δ in context {j}: logit F_T there"
            return Break(text, (("at -r/R", ends[0]), ("at -r/δ", ends[1])))
    return None
