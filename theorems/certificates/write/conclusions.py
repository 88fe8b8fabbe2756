"""What follows from the evidence, claim by claim: holds, fails or undecided, on the whole line."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from flint import ctx

from .._balls import PRECISIONS, ball
from . import hypotheses as exact
from .evidence import Evidence
from .levels import exact_sign, is_zero_combination
from .sets import pair_ratios

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"
Witness = Mapping[str, int | str]


class Conclusion(NamedTuple):
    """The outcome of one claim's conclusion, whatever its hypotheses, with a witness if it fails."""

    outcome: str
    witness: Witness | None = None


def _sign(evidence: Evidence) -> Conclusion:
    """Lemma B.4: M(z) > 0 iff z in T, in exact order against 0."""
    signs = evidence.levels.signs
    for z, is_target in enumerate(evidence.instance.target):
        if (signs[evidence.levels.level[z]] > 0) is not is_target:
            return Conclusion(FAILS, {"token": z})
    return Conclusion(HOLDS)


def _bump(evidence: Evidence) -> Conclusion:
    inner = range(1, evidence.count - 1)
    found = all(peaks.brackets[k] is not None for peaks in evidence.peaks for k in inner)
    return Conclusion(HOLDS if found else UNDECIDED)


def _monotone(evidence: Evidence) -> Conclusion:
    """Every term of N has one sign at Mtop and Mbot, and one is not 0 if M takes two values."""
    return Conclusion(HOLDS) if evidence.count > 1 else Conclusion(FAILS, {"token": 0})


def _peak_order(evidence: Evidence) -> Conclusion:
    low, high = evidence.low, evidence.high
    tokens = [
        next(z for z in evidence.levels.tokens[k] if evidence.instance.target[z] is flag)
        for k, flag in ((low, True), (high, False))
    ]
    for c, group in enumerate(evidence.instance.classes):
        first, last = evidence.peak(c, low), evidence.peak(c, high)
        if first is None or last is None:
            return Conclusion(UNDECIDED)
        if low <= high:
            witness = {"context": group[0], "target": tokens[0], "other": tokens[1]}
            is_shown = low == high or first.high < last.low
            return Conclusion(FAILS, witness) if is_shown else Conclusion(UNDECIDED)
        if not last.high < first.low:
            return Conclusion(UNDECIDED)
    return Conclusion(HOLDS)


def _positive_peaks(evidence: Evidence) -> Conclusion:
    instance, is_open = evidence.instance, False
    for j in exact.contexts_off_target(instance):
        row = next(c for c, group in enumerate(instance.classes) if j in group)
        for z, is_target in enumerate(instance.target):
            sign = evidence.signs[row][evidence.levels.level[z]]
            if is_target and sign is not None and sign <= 0:
                return Conclusion(FAILS, {"context": j, "token": z})
            is_open |= is_target and sign is None
    return Conclusion(UNDECIDED if is_open else HOLDS)


def _always(evidence: Evidence) -> Conclusion:
    """Proved in Coq for all p > 0 and every M, which may be constant."""
    return Conclusion(HOLDS)


def _target_increasing(evidence: Evidence) -> Conclusion:
    """Logit F_T has the slope E[M|T] - E[M|not T] >= δ; with δ = 0 it is 0 only where M is constant."""
    instance, last = evidence.instance, evidence.count - 1
    if evidence.count > 1 and evidence.low >= evidence.high:
        return Conclusion(HOLDS)
    if evidence.count == 1:
        return Conclusion(FAILS, {"context": 0, "strength": "0"})
    strengths = {Fraction(0), *evidence.cross_entropy.strengths()}
    strengths |= {b.middle for p in evidence.peaks for b in p.brackets if b is not None}
    for c, group in enumerate(instance.classes):
        for strength in sorted(strengths, key=lambda s: (abs(s), s)):
            if evidence.target_slope(c, strength) < 0:
                return Conclusion(FAILS, {"context": group[0], "strength": str(strength)})
    for level, end in ((last, "+inf"), (0, "-inf")):
        flags = {instance.target[z] for z in evidence.levels.tokens[level]}
        if flags == {end == "-inf"}:  # all mass on the wrong side at that end
            return Conclusion(FAILS, {"context": 0, "strength": end})
    return Conclusion(UNDECIDED)


def _vanishing(evidence: Evidence) -> Conclusion:
    """Exact: a concept without Mtop and Mbot has no mass in either limit law, and any other has.

    Where no concept off the target is meant the claim is of them all, as it is for the falsifier.
    """
    others = exact.off_target_concepts(evidence.instance)
    if exact.interior_concepts(evidence.instance, evidence.levels) or not others:
        return Conclusion(HOLDS)
    concept, tokens = min(others.items())
    end = "+inf" if not set(tokens).isdisjoint(evidence.levels.tokens[-1]) else "-inf"
    return Conclusion(FAILS, {"concept": concept, "strength": end})


def _decreasing(evidence: Evidence) -> Conclusion:
    """Logit F_C has the slope E[M|C] - E[M|not C] <= 0, which is 0 only where M is constant.

    Where no concept off the target is the lowest the claim is of them all. The slope tends to the
    difference of the largest M at +∞, of the smallest at -∞: a concept for which one is positive rises there.
    """
    found = exact.lowest_concepts(evidence.instance, evidence.levels)
    if evidence.count == 1 and found:
        return Conclusion(FAILS, {"concept": min(found)})
    others = exact.off_target_concepts(evidence.instance)
    if found or not others:
        return Conclusion(HOLDS)
    level = evidence.levels.level
    for concept, tokens in sorted(others.items()):
        rest = [z for z in range(len(level)) if z not in tokens]
        for end, most in (("+inf", max), ("-inf", min)):
            if most(level[z] for z in tokens) > most(level[z] for z in rest):
                return Conclusion(FAILS, {"concept": concept, "strength": end})
    return Conclusion(UNDECIDED)


def _sign_rule(evidence: Evidence) -> Conclusion:
    """Sign of α(j,z) against that of M(z) - (mean_N KL(p_j||p_i) - mean_P KL(p_j||p_i))."""
    tried = (_sign_rule_at(evidence, precision) for precision in PRECISIONS)
    return next((found for found in tried if found.outcome != UNDECIDED), Conclusion(UNDECIDED))


def _sign_rule_at(evidence: Evidence, precision: int) -> Conclusion:
    levels, is_open = evidence.levels, evidence.count < 2
    every = levels.log_odds(precision)
    for c, law in enumerate(levels.rows):
        with ctx.workprec(precision):
            logs = [[ball(p).log() for p in row] for row in levels.rows]
            threshold = ball(0)
            for share, other in zip(levels.shares, logs, strict=True):
                for p, own, its in zip(law, logs[c], other, strict=True):
                    threshold -= ball(share) * ball(p) * (own - its)
            for m, sign in zip(every, evidence.signs[c], strict=True):
                side = 1 if m > threshold else -1 if m < threshold else 0
                is_open |= sign is None or (side == 0) is not (sign == 0)
                if side and sign is not None and sign not in (0, side):
                    return Conclusion(FAILS, {"context": evidence.instance.classes[c][0]})
    return Conclusion(UNDECIDED if is_open else HOLDS)


def _geometric_path(evidence: Evidence) -> Conclusion:
    """Exact: log p_N + M - log p_T is the same for all z, and the contexts of N have one distribution."""
    instance, levels = evidence.instance, evidence.levels
    start, goal = instance.rows[instance.negative[0]], instance.rows[instance.positive[0]]
    for j in instance.negative:
        if instance.rows[j] != start:
            return Conclusion(FAILS, {"context": j})
    rows, weights = [*levels.rows, start, goal], [*levels.shares, Fraction(1), Fraction(-1)]
    for z in range(1, len(instance.target)):
        terms = [(weight, row[z] / row[0]) for row, weight in zip(rows, weights, strict=True)]
        if not is_zero_combination(terms):
            return Conclusion(FAILS, {"context": instance.negative[0], "token": z})
    return Conclusion(HOLDS)


def _sweet_spot(evidence: Evidence) -> Conclusion:
    """Certainly inside: from the last bracket off the target to the first on it, >= 4δ/R² long."""
    if evidence.low <= evidence.high:
        return Conclusion(FAILS, {"context": 0})
    found = all(evidence.is_long_window(c) for c in range(len(evidence.instance.classes)))
    return Conclusion(HOLDS if found else UNDECIDED)


def _convex(evidence: Evidence) -> Conclusion:
    """ΔCE'' = ΣπVar_α(M) > 0 everywhere iff M takes two values, since p > 0."""
    return Conclusion(HOLDS) if evidence.count > 1 else Conclusion(FAILS, {"strength": "0"})


def _bounded(evidence: Evidence) -> Conclusion:
    """Proved in Coq for every M that is not constant."""
    return Conclusion(HOLDS if evidence.count > 1 else UNDECIDED)


def _separated(evidence: Evidence) -> Conclusion:
    """Proved in Coq for every M with δ > 0."""
    return Conclusion(HOLDS if evidence.low > evidence.high else UNDECIDED)


def _pairs(evidence: Evidence) -> Conclusion:
    """Exact: δ less g - τ, a sum of logarithms of rationals."""
    levels, (least, most) = evidence.levels, pair_ratios(evidence.instance)
    y, z = levels.tokens[evidence.high][0], levels.tokens[evidence.low][0]
    terms = [
        (share, row[z] / row[y]) for share, row in zip(levels.shares, levels.rows, strict=True)
    ]
    sign = exact_sign([*terms, (Fraction(-1), least / most)])
    return Conclusion(UNDECIDED if sign is None else HOLDS if sign >= 0 else FAILS)


CONCLUSIONS: dict[str, Callable[[Evidence], Conclusion]] = {
    "lemma-b4.sign": _sign,
    "thm-3.3.bump": _bump,
    "thm-3.3.peak-order": _peak_order,
    "thm-3.3.monotone": _monotone,
    "remark-3.4.positive-peaks": _positive_peaks,
    "prop-b1.limit-plus": _always,
    "prop-b1.limit-minus": _always,
    "thm-3.6.target-increasing": _target_increasing,
    "thm-3.6.vanishing": _vanishing,
    "thm-3.6.decreasing": _decreasing,
    "thm-3.8.quadratic": _always,
    "limit.rate": _always,
    "sign-rule": _sign_rule,
    "contrastive.geometric-path": _geometric_path,
    "sweet-spot.nonempty": _sweet_spot,
    "ce.convex": _convex,
    "ce.upper-bounds": _bounded,
    "ce.lower-bounds": _bounded,
    "ce.remainder": _bounded,
    "ce.asymptote": _bounded,
    "thm-3.6.growth": _always,
    "thm-3.6.logistic": _always,
    "half-saturation.bounds": _separated,
    "strength.budget": _separated,
    "ceiling.reverse-kl": _always,
    "ceiling.forward-kl": _always,
    "ceiling.mean-log-odds": _always,
    "side-effect.first-order": _always,
    "park.separable": _always,
    "park.together": _always,
    "sequence.divergence": _always,
    "sequence.presence": _always,
    "sequence.count": _always,
    "presence.half": _always,
    "sign-separation.order": _bounded,
    "sign-separation.pairs": _pairs,
    "prompt-free.tilt": _bounded,
}
