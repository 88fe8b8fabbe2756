"""The numbers of a certificate of a head, confirmed: starts, limits, their approach, and plateaus."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb

from ..._balls import ball
from ..fields import JSON, interval, items, rational, record, require, same
from ..precision import decide
from .head import Head

ENDS = {"plus": 1, "minus": -1}
# How wide an interval may be: beside its value, and in nats or units of α beside 0.
WIDEST, TINY = Fraction(1, 2**30), Fraction(1, 2**100)


def confirm_row(value: JSON, numbers: Callable[[], Sequence[arb]], where: str) -> None:
    """Require narrow intervals around some numbers, which balls of the working precision give."""
    pairs = [interval(pair, f"{where}[{i}]") for i, pair in enumerate(items(value, where))]

    def are_inside(bits: int) -> bool | None:
        found = numbers()
        require(len(found) == len(pairs), f"{where} has {len(pairs)} intervals, not {len(found)}")
        is_open = False
        for i, (pair, x) in enumerate(zip(pairs, found, strict=True)):
            low, high = ball(pair.low), ball(pair.high)
            require(not x < low and not x > high, f"{where}[{i}] misses its value")
            is_open = is_open or not (low <= x and x <= high)
        return None if is_open else True

    for i, (low, high) in enumerate(pairs):
        is_narrow = high - low <= WIDEST * max(abs(low), abs(high)) + TINY
        require(is_narrow, f"{where}[{i}] is too wide")
    require(decide(are_inside) is True, f"{where} is not confirmed")


def confirm_number(value: JSON, number: Callable[[], arb], where: str) -> None:
    """Require a narrow interval around a number."""
    confirm_row([value], lambda: [number()], where)


def confirm_limits(head: Head, value: JSON) -> int:
    """Require the limits as they are; the first token that dominates as α → ∞."""
    fields = record(value, tuple(ENDS), "limits")
    for name, end in ENDS.items():
        where = f"limits, {name}"
        limit = record(fields[name], ("probabilities", "target", "dominating", "log_odds"), where)
        order = head.end_orders[end]
        require(same(limit["dominating"], order[-1]), f"{where}: other tokens dominate")
        _confirm_masses(head, limit, lambda e=end: _at_end(head, e), where)
        if len(order) == 1:
            require(limit["log_odds"] is None, f"{where}: no token dominates another")
        else:
            first, second = order[-1][0], order[-2][0]

            def apart(y: int = first, z: int = second, e: int = end) -> arb:
                logits = _at_end(head, e)
                return logits[y] - logits[z]

            confirm_number(limit["log_odds"], apart, f"{where}, log_odds")
    return head.end_orders[1][-1][0]


def _confirm_masses(
    head: Head, fields: dict[str, JSON], logits: Callable[[], list[arb]], where: str
) -> None:
    """The probabilities, and their sum over the target, if there is one."""
    confirm_row(fields["probabilities"], lambda: _law(logits()), f"{where}, probabilities")
    target = head.target
    if target is None:
        require(fields["target"] is None, f"{where}: there is no target")
        return
    on = [z for z, flag in enumerate(target) if flag]

    def mass() -> arb:
        law = _law(logits())
        return _sum([law[z] for z in on])

    confirm_number(fields["target"], mass, f"{where}, target")


def confirm_context(head: Head, context: int, fields: dict[str, JSON], dominating: int) -> None:
    """Require α*, w, the start, the turns of log-odds and the approach of a context as they are."""
    where = f"context {context}"
    closest = rational(fields["closest"], f"{where}, closest")
    require(closest == head.closest(context), f"{where}: closest is not -h·v/|v|²")

    def width() -> arb:
        return ball(head.radius(context) / head.length).sqrt()

    confirm_number(fields["width"], width, f"{where}, width")
    start = record(fields["start"], ("probabilities", "target"), f"{where}, start")
    _confirm_masses(head, start, lambda: _at_start(head, context), f"{where}, start")
    _confirm_log_odds(head, context, fields["log_odds"], dominating)
    _confirm_approach(head, context, fields["approach"])


def _confirm_log_odds(head: Head, context: int, value: JSON, against: int) -> None:
    """Require that d/dα of each token's log-odds, (x + αy)/√(α²n + 2αp + s), is 0 where it is said to be.

    That is y(αp + s) = x(αn + p); without a turn the factor of α is 0.
    """
    where = f"context {context}, log_odds"
    line, n = head.lines[context], head.length
    given = items(value, where)
    require(len(given) == head.count, f"{where} has {len(given)} entries, not {head.count}")
    for z, turn in enumerate(given):
        x = line.logits[z] - line.logits[against]
        y = head.along[z] - head.along[against]
        if turn is None:
            require(y * line.product == x * n, f"{where}[{z}]: these log-odds turn")
            continue
        alpha = rational(turn, f"{where}[{z}]")
        left, right = y * (alpha * line.product + line.square), x * (alpha * n + line.product)
        is_turn = left == right and y * line.product != x * n
        require(is_turn, f"{where}[{z}]: these log-odds do not turn there")


def _confirm_approach(head: Head, context: int, value: JSON) -> None:
    """The coefficients √(d/|v|²) (A(z) - E_±∞ A) of 1/|α|, and C."""
    where = f"context {context}, approach"
    fields = record(value, (*ENDS, "second_order"), where)
    across = head.across(context)
    for name, end in ENDS.items():

        def leads(e: int = end) -> list[arb]:
            law, root = _law(_at_end(head, e)), _root(head)
            others = [ball(y) * p for p, y in zip(law, across, strict=True)]
            return [root * (ball(x) - _sum(others)) for x in across]

        confirm_row(fields[name], leads, f"{where}, {name}")

    def second_order() -> arb:
        ratio = ball(len(head.vector) / head.radius(context)).sqrt()
        r_a = ball(max(across) - min(across)) * ratio
        r_b = ball(max(head.along) - min(head.along)) * _root(head)
        return (8 * r_b + (r_a + r_b) * (r_a + r_b)) / 8

    confirm_number(fields["second_order"], second_order, f"{where}, second_order")


def confirm_plateau(head: Head, value: JSON) -> None:
    """Σπ KL(p_j || p_±∞), and √(d/|v|²) Σπ (E_0 A - E_±∞ A)."""
    fields = record(value, tuple(ENDS), "plateau")
    for name, end in ENDS.items():
        where = f"plateau, {name}"
        entry = record(fields[name], ("cross_entropy", "slope"), where)
        confirm_number(entry["cross_entropy"], lambda e=end: _divergence(head, e), f"{where}, nats")
        confirm_number(entry["slope"], lambda e=end: _slope(head, e), f"{where}, slope")


def _divergence(head: Head, end: int) -> arb:
    after = [p.log() for p in _law(_at_end(head, end))]
    found = arb(0)
    for j, weight in enumerate(head.weights):
        law = _law(_at_start(head, j))
        found += ball(weight) * _sum([p * (p.log() - q) for p, q in zip(law, after, strict=True)])
    return found


def _slope(head: Head, end: int) -> arb:
    after, found = _law(_at_end(head, end)), arb(0)
    for j, weight in enumerate(head.weights):
        before, across = _law(_at_start(head, j)), head.across(j)
        moved = [(p - q) * ball(x) for p, q, x in zip(before, after, across, strict=True)]
        found += ball(weight) * _sum(moved)
    return _root(head) * found


def _root(head: Head) -> arb:
    """√(d/|v|²)."""
    return ball(len(head.vector) / head.length).sqrt()


def _at_end(head: Head, end: int) -> list[arb]:
    root = _root(head)
    return [ball(c) + root * ball(end * b) for c, b in zip(head.offset, head.along, strict=True)]


def _at_start(head: Head, context: int) -> list[arb]:
    """W(γ ⊙ h)/√(|h|²/d + eps) + Wβ."""
    line = head.lines[context]
    length = ball(line.square / len(head.vector)).sqrt()
    return [ball(c) + ball(x) / length for c, x in zip(head.offset, line.logits, strict=True)]


def _law(logits: Sequence[arb]) -> list[arb]:
    """Softmax, against the first logit."""
    masses = [(x - logits[0]).exp() for x in logits]
    total = _sum(masses)
    return [mass / total for mass in masses]


def _sum(values: Sequence[arb]) -> arb:
    return sum(values, arb(0))
