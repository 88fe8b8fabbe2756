"""M of a head's own states against W(γ ⊙ v)/r, where v is the difference of their means over P and N."""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, ctx

from theorems.tables.exact_head import ExactHead
from ufm._json import JSON

from ..._balls import PRECISIONS, ball
from .ends import enclosed, softmax, start_logits


def last_block(head: ExactHead) -> dict[str, JSON] | None:
    """M in balls, how far it can be from W(γ ⊙ v)/r, and its extremal tokens; None without P and N.

    r is the root mean square of the r_i = √(|h_i|²/d + eps) over P and N. The `bounds` are
    √d |γ ⊙ W_z| (mean_P |1 - r_i/r| + mean_N |1 - r_i/r|), 0 where the states are equally long.
    """
    if not head.positive:
        return None
    return {
        "log_odds": enclosed(lambda: _log_odds(head)),
        "bounds": enclosed(lambda: _bounds(head)),
        "largest": _extremal(head, 1),
        "smallest": _extremal(head, -1),
    }


def _log_odds(head: ExactHead) -> list[arb]:
    """M(z) = mean_P log p - mean_N log p."""
    logs = {j: [p.log() for p in softmax(start_logits(head, j))] for j in _steered(head)}
    means = (
        [sum((logs[j][z] for j in some), arb(0)) / len(some) for z in range(len(head.rows))]
        for some in (head.positive, head.negative)
    )
    return [on - off for on, off in zip(*means, strict=True)]


def _bounds(head: ExactHead) -> list[arb]:
    d = len(head.vector)
    squares = {j: _square(head, j) for j in _steered(head)}
    usual = sum(squares.values(), Fraction(0)) / len(squares)
    spread = arb(0)
    for some in (head.positive, head.negative):
        uneven = (abs(1 - ball(squares[j] / usual).sqrt()) for j in some)
        spread += sum(uneven, arb(0)) / len(some)
    lengths = (
        sum(((g * w) ** 2 for g, w in zip(head.gain, row, strict=True)), Fraction(0))
        for row in head.rows
    )
    return [ball(d * length).sqrt() * spread for length in lengths]


def _extremal(head: ExactHead, sign: int) -> list[int] | None:
    """The tokens at which M is largest (smallest); None where balls and rational ties leave it open."""
    for bits in PRECISIONS:
        with ctx.workprec(bits):
            values = [sign * x for x in _log_odds(head)]
            first = [z for z, x in enumerate(values) if not any(x < y for y in values)]
            if all(_ties(head, first[0], z) for z in first[1:]):
                return first
    return None


def _ties(head: ExactHead, y: int, z: int) -> bool:
    """Whether M(y) = M(z) for certain: the logits of states of one length cancel as rationals."""
    parts: dict[Fraction, Fraction] = {}
    for some, sign in ((head.positive, 1), (head.negative, -1)):
        for j in some:
            line = head.lines[j]
            # h = (h + α* v) - α* v
            apart = line.across[y] - line.across[z] - line.closest * (head.along[y] - head.along[z])
            square = _square(head, j)
            parts[square] = parts.get(square, Fraction(0)) + sign * apart / len(some)
    return not any(parts.values())


def _square(head: ExactHead, context: int) -> Fraction:
    """r_i² = |h_i|²/d + eps, of h_i as the norm sees it."""
    line = head.lines[context]
    return (line.radius + line.closest**2 * head.length) / len(head.vector)


def _steered(head: ExactHead) -> Sequence[int]:
    return (*head.positive, *head.negative)
