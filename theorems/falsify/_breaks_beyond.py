"""Contradictions of the claims on ΔCE, and of those beyond the paper."""

from fractions import Fraction

from flint import arb

from ..certificates._balls import ball
from ..certificates._hypotheses import contexts_off_target
from ..certificates._peaks import Peaks
from ._breaks import STRENGTHS, Break, _differ, _places
from ._steered import Steered, dot

BUDGET = Fraction(1, 10)


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
        if _differ(p, ball(q)):
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
    for j, strength, alpha in _places(s):
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


def kl_identity(s: Steered) -> Break | None:
    """ΔCE is not Σπ KL(p_j || p_{j,α}), or not Σπ(K_j(α) - αK_j'(0))."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, divergence = s.increase(alpha), s.divergence(alpha)
        cumulants = Steered(s.instance).increase(alpha)
        for name, other in (("Σπ KL", divergence), ("Σπ(K - αK'(0))", cumulants)):
            if _differ(increase, other):
                return Break(f"ΔCE = {name} at α = {strength}", (("ΔCE", increase), (name, other)))
    return None


def convex(s: Steered) -> Break | None:
    """A chord below the curve, or a curve that is flat."""
    if len(s.levels.tokens) == 1:
        text = "ΔCE is strictly convex; here M is the same for every token, exactly, and ΔCE = 0"
        return Break(text, (("max M - min M", arb(0)),))
    points = sorted((*STRENGTHS, Fraction(0)))
    values = [s.increase(ball(a)) for a in points]
    for i in range(1, len(points) - 1):
        share = (points[i] - points[i - 1]) / (points[i + 1] - points[i - 1])
        chord = ball(1 - share) * values[i - 1] + ball(share) * values[i + 1]
        if values[i] > chord:
            where = ", ".join(str(a) for a in points[i - 1 : i + 2])
            return Break(
                f"ΔCE below its chord: α = {where}", (("ΔCE", values[i]), ("chord", chord))
            )
    return None


def upper_bound(s: Steered) -> Break | None:
    """ΔCE > α²R²/8."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        increase, bound = s.increase(alpha), alpha * alpha * s.range * s.range / 8
        if increase > bound:
            text = f"ΔCE <= α²R²/8 at α = {strength}"
            return Break(text, (("ΔCE", increase), ("bound", bound)))
    return None


def lower_bound(s: Steered) -> Break | None:
    """ΔCE < σ²(e^{-y} + y - 1)/R²."""
    for strength in STRENGTHS:
        alpha = ball(strength)
        y, increase = abs(alpha) * s.range, s.increase(alpha)
        bound = s.variance() * ((-y).exp() + y - 1) / (s.range * s.range)
        if increase < bound:
            text = f"ΔCE >= σ²(e^-y + y - 1)/R² at α = {strength}"
            return Break(text, (("ΔCE", increase), ("bound", bound)))
    return None


def remainder(s: Steered) -> Break | None:
    """|ΔCE - ½σ²α²| > R³|α|³/(36√3)."""
    for strength in (*STRENGTHS, *(a / 16 for a in STRENGTHS)):
        alpha = ball(strength)
        y = abs(alpha) * s.range
        rest = abs(s.increase(alpha) - s.variance() * alpha * alpha / 2)
        bound = y * y * y / (36 * arb(3).sqrt())
        if rest > bound:
            text = f"|ΔCE - ½σ²α²| <= R³|α|³/(36√3) at α = {strength}"
            return Break(text, (("remainder", rest), ("bound", bound)))
    return None


def asymptote(s: Steered) -> Break | None:
    """ΔCE below its asymptote, or further above it than the bound."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    for strength in STRENGTHS:
        if strength < 0:
            continue
        line = most = arb(0)
        alpha = ball(strength)
        for row, weight in zip(s.instance.rows, s.instance.weights, strict=True):
            p = sum((row[z] for z in top), Fraction(0))
            mean = dot([ball(q) for q in row], s.odds)
            line += ball(weight) * (alpha * (s.odds[top[0]] - mean) + ball(p).log())
            most += ball(weight * (1 - p) / p)
        rest = s.increase(alpha) - line
        bound = most * (-alpha * (s.odds[top[0]] - s.odds[second[0]])).exp()
        if rest < 0 or rest > bound:
            text = f"0 <= ΔCE - asymptote <= Σπ((1-p)/p)e^-αg at α = {strength}"
            return Break(text, (("ΔCE - asymptote", rest), ("bound", bound)))
    return None


def budget(s: Steered) -> Break | None:
    """ΔCE above κ = 1/10 before √(8κ)/R, or more target mass within κ at a negative strength."""
    least = (8 * ball(BUDGET)).sqrt() / s.range
    spent = s.increase(least)
    if spent > ball(BUDGET):
        text = "ΔCE = κ = 1/10 is reached at √(8κ)/R or later; ΔCE there"
        return Break(text, (("√(8κ)/R", least), ("ΔCE", spent)))
    tokens = s.target
    start = [
        sum((s.law(j, ball(0))[z] for z in tokens), arb(0)) for j in range(len(s.instance.rows))
    ]
    for strength in STRENGTHS:
        alpha = ball(strength / 8)
        if strength < 0 and s.increase(alpha) < ball(BUDGET):
            mass = [sum((s.law(j, alpha)[z] for z in tokens), arb(0)) for j in range(len(start))]
            # the positive root is worse than 0 where the target falls on all of α > 0
            falls = s.levels.level[tokens[0]] == 0 and len(s.levels.tokens) > 1
            if falls and all(m > m0 for m, m0 in zip(mass, start, strict=True)):
                text = f"the positive root of ΔCE = κ is best; α = {strength / 8} has more of T, for less"
                return Break(
                    text, (("p(T)", mass[0]), ("p(T) at 0", start[0]), ("ΔCE", s.increase(alpha)))
                )
    return None
