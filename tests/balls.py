"""Independent answers in balls (Arb), each proved to 50 digits, for one context: p and M are lists of floats.

As in `tests.oracles`, with which a test compares them, nothing is shared with `ufm`. Balls are some hundred
times faster than mpmath, and say themselves how many digits are right. Beside each answer whose terms cancel
comes the sum of these terms without their signs, to which alone its rounding errors can be in proportion.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import flint
from flint import arb

BITS = 167  # 50 digits
# What is below cannot be told from 0 in a float.
_UNDERFLOW = arb(2) ** -1100
_PRECISIONS = (256, 512, 1024, 2048, 4096, 8192)

Answer = dict[str, list[arb]]


class Case(NamedTuple):
    """One context with its law of the data, the strength, and the concept, as plain numbers."""

    log_probs: Sequence[float]
    odds: Sequence[float]
    alpha: float
    tokens: Sequence[bool]
    data_probs: Sequence[float]


def proved(function: Callable[..., Answer], *arguments: object) -> Answer:
    """`function(*arguments)` at such a precision that each ball holds 50 digits, or is below underflow."""
    for precision in _PRECISIONS:
        with flint.ctx.workprec(precision):
            answer = function(*arguments)
            if all(_is_known(ball) for balls in answer.values() for ball in balls):
                return answer
    unknown = [name for name, balls in answer.items() if not all(_is_known(ball) for ball in balls)]
    raise ArithmeticError(f"{_PRECISIONS[-1]} bits do not decide {', '.join(unknown)}")


def _is_known(ball: arb) -> bool:
    return ball.rel_accuracy_bits() >= BITS or bool(abs(ball) < _UNDERFLOW)


def _sum(terms: Sequence[arb]) -> arb:
    return sum(terms, start=arb(0))


def _expected(law: Sequence[arb], values: Sequence[arb]) -> arb:
    return _sum([p * v for p, v in zip(law, values, strict=True)])


def _spread(law: Sequence[arb], gaps: Sequence[arb], at: arb) -> arb:
    """E|M - at|."""
    return _sum([p * abs(g - at) for p, g in zip(law, gaps, strict=True)])


def _weights(log_probs: Sequence[arb], gaps: Sequence[arb], alpha: arb) -> list[arb]:
    return [(q + alpha * g).exp() for q, g in zip(log_probs, gaps, strict=True)]


def _law(weights: Sequence[arb]) -> list[arb]:
    total = _sum(weights)
    return [w / total for w in weights]


def _log_law(weights: Sequence[arb]) -> list[arb]:
    """log of `_law`; of the likeliest token by log1p, so that few bits do for a log p next to 0."""
    total, top = _sum(weights), max(range(len(weights)), key=lambda z: weights[z].mid())
    rest = _sum([w for z, w in enumerate(weights) if z != top]) / weights[top]
    return [-rest.log1p() if z == top else (w / total).log() for z, w in enumerate(weights)]


def effects(case: Case) -> Answer:
    """All that a tilt does to one context at one strength; "… terms" are sums without signs."""
    log_p, odds = [arb(q) for q in case.log_probs], [arb(m) for m in case.odds]
    alpha, m0 = arb(case.alpha), odds[0]
    gaps = [m - m0 for m in odds]
    at_zero, at_alpha = _weights(log_p, gaps, arb(0)), _weights(log_p, gaps, alpha)
    p, q = _law(at_zero), _law(at_alpha)
    log_before, log_after = _log_law(at_zero), _log_law(at_alpha)
    ratio = [b - a for a, b in zip(log_before, log_after, strict=True)]
    mean_before, mean = _expected(p, gaps), _expected(q, gaps)
    x = [g - mean for g in gaps]
    growth = (_sum(at_alpha) / _sum(at_zero)).log()
    variance = _expected(q, [y * y for y in x])
    forward = growth - alpha * mean_before
    data = _law([arb(d) for d in case.data_probs])
    both = [abs(alpha) * (_spread(p, gaps, g) + _spread(q, gaps, g)) for g in gaps]
    answer = {
        "probs": q,
        "log_probs_at": log_after,
        "mean": [m0 + mean],
        "mean terms": [abs(m0 + mean) + _spread(q, gaps, mean)],
        "centred": x,
        "centred terms": [_spread(q, gaps, g) for g in gaps],
        "variance": [variance],
        "third cumulant": [_expected(q, [y * y * y for y in x])],
        "third cumulant terms": [_expected(q, [abs(y) * y * y for y in x])],
        "second derivative": [p * (y * y - variance) for p, y in zip(q, x, strict=True)],
        "second derivative terms": [
            p * (y * y + variance + abs(y) * _spread(q, gaps, g))
            for p, y, g in zip(q, x, gaps, strict=True)
        ],
        "probability_increase": [b - a for a, b in zip(p, q, strict=True)],
        "probability_increase terms": [
            (a if bool(a < b) else b) * s for a, b, s in zip(p, q, both, strict=True)
        ],
        "forward_kl": [forward],
        "reverse_kl": [alpha * mean - growth],
        "entropy": [-_expected(q, log_after)],
        "data": [growth - alpha * _expected(data, gaps)],
        "data terms": [_expected(data, both)],
        "log_partition": [_sum(at_alpha).log() + alpha * m0],
        "log_ratio": ratio,
    }
    return answer | _concept(case, gaps, alpha, (at_zero, at_alpha))


def _concept(
    case: Case, gaps: list[arb], alpha: arb, weights: tuple[list[arb], list[arb]]
) -> Answer:
    """What happens to the mass of the tokens C."""
    inside = [z for z, chosen in enumerate(case.tokens) if chosen]
    off = [z for z, chosen in enumerate(case.tokens) if not chosen]
    (on_before, off_before), (on_after, off_after) = (
        [_sum([w[z] for z in part]) for part in (inside, off)] for w in weights
    )
    before, after = (on_before / off_before).log(), (on_after / off_after).log()
    nu = after - before
    middle = _expected(_law([weights[1][z] for z in inside]), [gaps[z] for z in inside])
    size = abs(alpha) * _sum(
        [
            _spread(_law([w[z] for z in part]), [gaps[z] for z in part], middle)
            for w in weights
            for part in (inside, off)
        ]
    )
    total = [on_before + off_before, on_after + off_after]
    share = [on_before / total[0], on_after / total[1]]
    rest = [off_before / total[0], off_after / total[1]]
    least = [
        share[0] if bool(share[0] < share[1]) else share[1],
        rest[0] if bool(rest[0] < rest[1]) else rest[1],
    ]
    return {
        "concept_log_odds": [after],
        "concept_probability": [share[1]],
        "concept_log_odds_increase": [nu],
        "concept_log_odds_increase terms": [size],
        "concept_increase": [(share[1] - share[0]) / len(inside)],
        "concept_increase terms": [size * least[0] * least[1] / len(inside)],
    }


def signs(terms: Callable[[arb], arb], around: float, width: float) -> tuple[int, int]:
    """The proved signs of the increasing `terms` at `around` - `width` and + `width`; 0 where undecided."""
    found = []
    for end in (-1, 1):
        for precision in _PRECISIONS:
            with flint.ctx.workprec(precision):
                value = terms(arb(around) + end * arb(width))
                sign = bool(value > 0) - bool(value < 0)
            if sign:
                break
        found.append(sign)
    return found[0], found[1]


def mean_from(log_probs: Sequence[float], odds: Sequence[float], token: int):
    """α -> Σ p (M - M(token)) e^{α(M - M(token))}, which increases and is 0 at the token's peak."""

    def terms(alpha: arb) -> arb:
        gaps = [arb(m) - arb(odds[token]) for m in odds]
        return _sum([g * (arb(q) + alpha * g).exp() for q, g in zip(log_probs, gaps, strict=True)])

    return terms


def balance_of(log_probs: Sequence[float], odds: Sequence[float], tokens: Sequence[bool]):
    """α -> log F_C/(1 - F_C)."""

    def terms(alpha: arb) -> arb:
        gaps = [arb(m) - arb(odds[0]) for m in odds]
        w = _weights([arb(q) for q in log_probs], gaps, alpha)
        on = _sum([x for x, chosen in zip(w, tokens, strict=True) if chosen])
        return (on / _sum([x for x, chosen in zip(w, tokens, strict=True) if not chosen])).log()

    return terms
