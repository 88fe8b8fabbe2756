"""What a certificate says of M, confirmed where v is the difference of means over P and N."""

from fractions import Fraction

from flint import arb

from ..._balls import ball
from ..fields import JSON, record, require, same
from ..precision import PRECISIONS, decide
from .ends import confirm_row
from .head import Head

_FIELDS = ("log_odds", "bounds", "largest", "smallest")


def confirm_last_block(head: Head, value: JSON) -> None:
    """Require M, its bounds and its extremal tokens as they are; null without P and N."""
    if not head.positive:
        require(value is None, "last_block: there are no P and N")
        return
    fields = record(value, _FIELDS, "last_block")
    confirm_row(fields["log_odds"], lambda: _log_odds(head), "last_block, log_odds")
    confirm_row(fields["bounds"], lambda: _bounds(head), "last_block, bounds")
    for name, sign in (("largest", 1), ("smallest", -1)):
        found = decide(lambda bits, s=sign: _extremal(head, s), PRECISIONS[:-1])
        require(same(fields[name], found), f"last_block: {name} is {found}")


def _shares(head: Head) -> dict[int, Fraction]:
    """The weight of each context in a mean over P less that over N."""
    on = {j: Fraction(1, len(head.positive)) for j in head.positive}
    return {**on, **{j: Fraction(-1, len(head.negative)) for j in head.negative}}


def _log_odds(head: Head) -> list[arb]:
    """Σ w_j (logit_j(z) - log Σ e^{logit_j})."""
    found = [arb(0)] * head.count
    for j, share in _shares(head).items():
        line = head.lines[j]
        length = ball(line.square / len(head.vector)).sqrt()
        logits = [ball(x) / length + ball(c) for x, c in zip(line.logits, head.offset, strict=True)]
        total = sum((x.exp() for x in logits), arb(0)).log()
        found = [m + ball(share) * (x - total) for m, x in zip(found, logits, strict=True)]
    return found


def _bounds(head: Head) -> list[arb]:
    """√(d |γ ⊙ W_z|²) Σ |w_j| |1 - r_j/r|, with the mean square of all r_j for r²."""
    shares = _shares(head)
    mean = sum((head.lines[j].square for j in shares), Fraction(0)) / len(shares)
    spread = sum(
        (
            ball(abs(share)) * abs(1 - ball(head.lines[j].square / mean).sqrt())
            for j, share in shares.items()
        ),
        arb(0),
    )
    d = len(head.vector)
    found: list[arb] = []
    for row in head.rows:
        square = sum((w * w * g * g for w, g in zip(row, head.gain, strict=True)), Fraction(0))
        found.append(ball(d * square).sqrt() * spread)
    return found


def _extremal(head: Head, sign: int) -> list[int] | None:
    """The tokens where M, times the sign, is largest; None where the working precision leaves it open."""
    values = [sign * x for x in _log_odds(head)]
    best = max(range(head.count), key=lambda z: float(values[z].mid()))
    others = [z for z in range(head.count) if not values[z] < values[best]]
    return others if all(_ties(head, best, z) for z in others) else None


def _ties(head: Head, y: int, z: int) -> bool:
    """Whether Σ w_j (x_j(y) - x_j(z))/r_j is 0 because the terms of each length r_j cancel."""
    shares = _shares(head)
    for length in {head.lines[j].square for j in shares}:
        terms = [
            share * (head.lines[j].logits[y] - head.lines[j].logits[z])
            for j, share in shares.items()
            if head.lines[j].square == length
        ]
        if sum(terms) != 0:
            return False
    return True
