"""Contradictions of claims made elsewhere, and the exact tests of what they need."""

from collections.abc import Callable, Sequence

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ...certificates.write.levels import Levels
from ...tables.exact import ExactInstance
from ..steered import Balls, Steered
from .contradiction import STRENGTHS, Contradiction, differ, places, shown


def no_line(s: Steered) -> Contradiction | None:
    """The log-odds of T at α are not on the line through those at 0 and at 2α."""
    for j, strength, alpha in places(s):
        start, here, end = (s.logit(j, alpha * times, s.target) for times in (0, 1, 2))
        middle = (start + end) / 2
        if differ(here, middle):
            text = f"logit F_T is a line in α, in context {j} between 0 and {2 * strength}"
            return Contradiction(text, (("logit F_T half way", here), ("on the line", middle)))
    return None


def damage(s: Steered) -> Contradiction | None:
    """The mean of (M - E M)² without its part along M moves by more than α²R²R_g/(12√3)."""

    def score(start: Balls) -> Balls:
        mean = dot(start, s.log_odds)
        centred = [m - mean for m in s.log_odds]
        squares = [m * m for m in centred]
        variance = dot(start, squares)
        share = dot(start, [m * g for m, g in zip(centred, squares, strict=True)]) / variance
        return [g - share * m for g, m in zip(squares, centred, strict=True)]

    return _beyond(s, score, "E[g], Cov(g, M) = 0,")


def damage_of_target(s: Steered) -> Contradiction | None:
    """The mass of T, which has a covariance with M, moves by more than α²R²/(12√3)."""
    on_target = [arb(int(flag)) for flag in s.instance.target]
    return _beyond(s, lambda start: on_target, "F_T")


def _beyond(s: Steered, score: Callable[[Balls], Balls], named: str) -> Contradiction | None:
    for strength in (a / 16 for a in STRENGTHS):
        alpha = ball(strength)
        for j, row in enumerate(s.instance.rows):
            start = [ball(p) for p in row]
            values = score(start)
            moved = abs(dot(s.law(j, alpha), values) - dot(start, values))
            bound = alpha * alpha * s.range * s.range * _spread(values) / (12 * arb(3).sqrt())
            if moved > bound:
                text = f"{named} moves by at most α²R²R_g/(12√3) in context {j} at α = {strength}"
                return Contradiction(text, (("moved", moved), ("bound", bound)))
    return None


def _spread(values: Sequence[arb]) -> arb:
    """An upper bound of the range, whichever is the largest."""
    ordered = sorted(values, key=lambda value: float(value.mid()))
    return ordered[-1] - ordered[0]


def rest_moves(s: Steered) -> Contradiction | None:
    """A token does not keep its probability given that the next one is off the target."""
    rest = [z for z, flag in enumerate(s.instance.target) if not flag]
    for j, strength, alpha in places(s):
        row, law = s.instance.rows[j], s.law(j, alpha)
        mass, start = sum((law[z] for z in rest), arb(0)), sum(row[z] for z in rest)
        for z in rest:
            before, after = ball(row[z] / start), law[z] / mass
            if differ(after, before):
                given = f"given that the next one is off the target, in context {j}"
                text = f"the probability of token {z}, {given} should stay; at α = {strength}"
                found = f"in context {j} token {z}, given that it is off the target, goes from "
                found += f"{shown(before)} to {shown(after)} at α = {strength}"
                return Contradiction(text, (("p_α", after), ("p", before)), found)
    return None


def only_rises(s: Steered) -> Contradiction | None:
    """The mass of T, which should fall from some strength on, tends to 1 and is below it everywhere."""
    top = s.levels.tokens[-1]
    if s.norm_ratio or any(z not in s.target for z in top):
        return None
    start = s.logit(0, ball(0), s.target)
    end = s.logit(0, ball(STRENGTHS[-2]), s.target)
    if end > start:
        text = "F_T rises up to some strength and falls from there on, in context 0"
        found = f"all of Mtop is in T: F_T tends to 1, and logit F_T rises from {shown(start)}"
        return Contradiction(text, (("logit F_T", start), ("logit F_T further on", end)), found)
    return None


def _one_value_each(instance: ExactInstance, levels: Levels) -> str | None:
    on, off = ({levels.level[z] for z in _tokens(instance, side)} for side in (True, False))
    return (
        None if len(on) == len(off) == 1 else f"M has {len(on)} values on T and {len(off)} off it"
    )


def _interior_target(instance: ExactInstance, levels: Levels) -> str | None:
    tokens = _tokens(instance, True)
    if len(tokens) > 1:
        return f"T has {len(tokens)} tokens"
    is_inner = 0 < levels.level[tokens[0]] < len(levels.tokens) - 1
    return None if is_inner else "the token is in Mtop or Mbot"


def _one_value_off_target(instance: ExactInstance, levels: Levels) -> str | None:
    off = {levels.level[z] for z in _tokens(instance, False)}
    return None if len(off) == 1 else f"M has {len(off)} values off T"


def _tokens(instance: ExactInstance, side: bool) -> list[int]:
    return [z for z, flag in enumerate(instance.target) if flag is side]


TESTS: dict[str, Callable[[ExactInstance, Levels], str | None]] = {
    "one-value-each": _one_value_each,
    "interior-target": _interior_target,
    "one-value-off-target": _one_value_off_target,
}
