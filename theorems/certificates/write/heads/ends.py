"""What becomes of a head's distributions as α → ±∞: limits, their approach, and the plateau of ΔCE."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb, ctx

from theorems.tables.exact_head import ExactHead
from ufm._json import JSON

from ..._balls import PRECISIONS, ball
from ..dyadic import enclosure, texts
from ..roots import SHARP
from .exponentials import dominating

ENDS = {"plus": 1, "minus": -1}
# Below this a number need not be known to `SHARP` bits: it may be 0.
TINY = Fraction(1, 2**120)


def enclosed(numbers: Callable[[], Sequence[arb]]) -> list[list[str]]:
    """The ends of narrow intervals around some numbers, computed with more bits until they are known."""
    for bits in PRECISIONS[1:]:
        with ctx.workprec(bits):
            found = numbers()
            tiny = ball(TINY)
            if all(x.rel_accuracy_bits() >= SHARP or abs(x) < tiny for x in found):
                return [texts(enclosure(x)) for x in found]
    raise ValueError(
        f"the logits are so large that {PRECISIONS[-1]} bits do not show them; certify a smaller head"
    )


def start(head: ExactHead, context: int) -> list[list[str]]:
    """The probabilities at α = 0, and the target's."""
    return enclosed(lambda: with_target(head, softmax(start_logits(head, context))))


def limits(head: ExactHead) -> dict[str, JSON]:
    """The probabilities softmax(c ± b) that all contexts tend to, who dominates, and by what log-odds."""
    return {name: _limit(head, end) for name, end in ENDS.items()}


def _limit(head: ExactHead, end: int) -> dict[str, JSON]:
    first = dominating(head, end)
    others = [z for z in range(len(head.rows)) if z not in first]

    def log_odds() -> list[arb]:
        logits = end_logits(head, end)
        apart = [logits[first[0]] - logits[z] for z in others]
        return [_least(apart)]

    masses = enclosed(lambda: with_target(head, softmax(end_logits(head, end))))
    return {
        "probabilities": masses[: len(head.rows)],
        "target": masses[-1] if head.target is not None else None,
        "dominating": first,
        "log_odds": enclosed(log_odds)[0] if others else None,
    }


def _least(values: Sequence[arb]) -> arb:
    """A ball that holds the least of some numbers."""
    least = values[0]
    for value in values[1:]:
        least = least.min(value)
    return least


def approach(head: ExactHead, context: int) -> dict[str, JSON]:
    """What log p_α(z) - log p_±∞(z) is to first order, and the error of that.

    - `plus`, `minus` [V]: w (a(z) - E_±∞ a), the coefficient of 1/|α|, which does not depend on eps.
    - `second_order`: C = R_b + (R_a + R_b)²/8; with cos t for w/|α| the error is at most C cos²t.
    """
    line, d = head.lines[context], Fraction(len(head.vector))

    def leads(end: int) -> list[arb]:
        unit = ball(d / head.length).sqrt()
        mean = _mean(softmax(end_logits(head, end)), line.across)
        return [unit * (ball(x) - mean) for x in line.across]

    def second_order() -> list[arb]:
        along = ball(_range(head.along)) * ball(d / head.length).sqrt()
        both = ball(_range(line.across)) * ball(d / line.radius).sqrt() + along
        return [along + both * both / 8]

    found: dict[str, JSON] = {name: enclosed(lambda e=end: leads(e)) for name, end in ENDS.items()}
    return {**found, "second_order": enclosed(second_order)[0]}


def plateau(head: ExactHead) -> dict[str, JSON]:
    """What ΔCE tends to, Σπ KL(p_j || p_±∞), and Σπ w (E_0 a - E_±∞ a), which it approaches it with.

    ΔCE is the plateau less the second, the `slope`, over |α|, to first order.
    """
    found: dict[str, JSON] = {}
    for name, end in ENDS.items():
        value, slope = enclosed(lambda e=end: _plateau(head, e))
        found[name] = {"cross_entropy": value, "slope": slope}
    return found


def _plateau(head: ExactHead, end: int) -> list[arb]:
    after = end_logits(head, end)
    limit, log_after = softmax(after), _log_total(after)
    unit = ball(len(head.vector) / head.length).sqrt()
    value, slope = arb(0), arb(0)
    for j, (line, weight) in enumerate(zip(head.lines, head.weights, strict=True)):
        before = start_logits(head, j)
        p, log_before = softmax(before), _log_total(before)
        apart = [x - y for x, y in zip(before, after, strict=True)]
        lost = sum((q * x for q, x in zip(p, apart, strict=True)), arb(0)) - log_before + log_after
        value += ball(weight) * lost
        slope += ball(weight) * unit * (_mean(p, line.across) - _mean(limit, line.across))
    return [value, slope]


def log_odds_turns(head: ExactHead, context: int, against: int) -> list[str | None]:
    """The α at which each token's log-odds against one of them turn, exactly; None where they do not.

    α* + w tan t with tan t = (b(y) - b(z))/(a(y) - a(z)): the roots cancel.
    """
    line = head.lines[context]
    return [
        None
        if line.across[z] == line.across[against]
        else str(
            line.closest
            + line.radius
            / head.length
            * (head.along[z] - head.along[against])
            / (line.across[z] - line.across[against])
        )
        for z in range(len(head.rows))
    ]


def end_logits(head: ExactHead, end: int) -> list[arb]:
    """The logits c ± b."""
    unit = end * ball(len(head.vector) / head.length).sqrt()
    return [ball(c) + unit * ball(b) for c, b in zip(head.offset, head.along, strict=True)]


def start_logits(head: ExactHead, context: int) -> list[arb]:
    """The logits at α = 0."""
    line, d = head.lines[context], len(head.vector)
    # h = (h + α* v) - α* v, and |h|² + d eps = ρ² + α*² |v|²
    unit = ball(d / (line.radius + line.closest**2 * head.length)).sqrt()
    return [
        ball(c) + unit * ball(a - line.closest * b)
        for a, b, c in zip(line.across, head.along, head.offset, strict=True)
    ]


def softmax(logits: Sequence[arb]) -> list[arb]:
    """Probabilities from logits."""
    masses = [x.exp() for x in logits]
    total = sum(masses, arb(0))
    return [mass / total for mass in masses]


def with_target(head: ExactHead, masses: Sequence[arb]) -> list[arb]:
    """The masses, and the sum of the target's if there is one."""
    if head.target is None:
        return [*masses]
    return [*masses, sum((p for p, flag in zip(masses, head.target, strict=True) if flag), arb(0))]


def _log_total(logits: Sequence[arb]) -> arb:
    return sum((x.exp() for x in logits), arb(0)).log()


def _mean(masses: Sequence[arb], values: Sequence[Fraction]) -> arb:
    return sum((p * ball(x) for p, x in zip(masses, values, strict=True)), arb(0))


def _range(values: Sequence[Fraction]) -> Fraction:
    return max(values) - min(values)
