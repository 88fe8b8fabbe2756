"""Where each token's probability turns on the half circle: every zero of its slope, and none beside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from flint import arb, ctx

from theorems.tables.exact_head import ExactHead
from ufm.numerics.bracket import Bracket

from ..._balls import ball
from ..dyadic import enclosure
from .arc import Arc, Slope, arc_of, slope_of, slopes
from .exponentials import vanishes

BITS = 256
# Halvings of the half circle: what is open then is undecided. The checker's own search is far smaller, so
# that it decides nothing that is left open here.
DEEPEST = 30
# Cells times tokens, of all contexts; the checker takes 20 times as many.
MOST_WORK = 5 * 10**6
# How narrow brackets are, in s, beside the distance from the nearer end; the checker asks for 2^-18.
NARROW = Fraction(1, 2**22)


@dataclass(frozen=True)
class Turns:
    """How a probability runs from α = -∞ to ∞.

    - `first`: "rises" or "falls" up to the first turn; "constant" where it does neither.
    - `brackets`: one a turn, upwards, in α; between them it rises and falls by turns.
    """

    first: str
    brackets: tuple[Bracket[Fraction], ...] = ()


class _Run(NamedTuple):
    """A stretch on which the slope has a `sign`; if `is_monotone`, on which the slope's own has it."""

    sign: int
    is_monotone: bool
    low: Fraction
    high: Fraction


@dataclass
class _Curve:
    """What is known of one curve, from s = -1 on."""

    runs: list[_Run] = field(default_factory=list[_Run])
    is_open: bool = False

    def add(self, sign: int, is_monotone: bool, low: Fraction, high: Fraction) -> None:
        if self.runs and self.runs[-1][:2] == (sign, is_monotone):
            low = self.runs.pop().low
        self.runs.append(_Run(sign, is_monotone, low, high))


def turns(head: ExactHead, context: int) -> list[Turns | None]:
    """The turns of each token's probability, and the target's if there is one; None for undecided."""
    line, target = head.lines[context], head.target
    count = len(head.rows) + (target is not None)
    if len({*line.across}) == 1 == len({*head.along}):
        return [Turns("constant")] * count
    with ctx.workprec(BITS):
        arc = arc_of(head, context)
        curves = _search(arc, target, count, MOST_WORK // (len(head.rows) * len(head.hidden)))
        at_ends = [_end_signs(head, context, slopes(arc, target, arb(s)), s) for s in (-1, 1)]
        return [
            _turns(arc, target, z, curve, at_ends[0][z], at_ends[1][z])
            for z, curve in enumerate(curves)
        ]


def _search(arc: Arc, target: Sequence[bool] | None, count: int, most: int) -> list[_Curve]:
    """Halve the half circle until on each cell each slope has one sign, or rises or falls itself."""
    curves = [_Curve() for _ in range(count)]
    cells = [(Fraction(-1), Fraction(1), 0, list(range(count)))]
    done = 0
    while cells:
        low, high, depth, wanted = cells.pop()
        wanted = [z for z in wanted if not curves[z].is_open]
        if not wanted:
            continue
        done += 1
        if done > most:
            raise ValueError(
                f"the turns take more than {MOST_WORK} evaluations: the logits are too large or too many; "
                "keep fewer tokens or contexts, or scale head down"
            )
        unknown = _look(arc, target, low, high, [(z, curves[z]) for z in wanted])
        if depth == DEEPEST:
            for z in unknown:
                curves[z].is_open = True
        elif unknown:
            middle = (low + high) / 2
            # what is left of the middle comes first, also for those whose cell is settled as a whole
            cells.append((middle, high, depth + 1, unknown))
            cells.append((low, middle, depth + 1, unknown))
    return curves


def _look(
    arc: Arc,
    target: Sequence[bool] | None,
    low: Fraction,
    high: Fraction,
    wanted: Sequence[tuple[int, _Curve]],
) -> list[int]:
    """Note what is certain of a cell; the curves of which nothing is."""
    middle, half = ball((low + high) / 2), ball((high - low) / 2)
    cell = middle + half * arb(0, 1)
    at_middle, over = slopes(arc, target, middle), slopes(arc, target, cell)
    turn = 2 / (1 + cell * cell) * half * arb(0, 1)  # dt/ds times the distance from the middle
    unknown = []
    for z, curve in wanted:
        sign = _sign(at_middle[z].first + over[z].second * turn)
        slope = sign or _sign(over[z].second)
        if slope:
            curve.add(slope, not sign, low, high)
        else:
            unknown.append(z)
    return unknown


def _sign(value: arb) -> int:
    return 1 if value > 0 else -1 if value < 0 else 0


def _end_signs(head: ExactHead, context: int, found: Sequence[Slope], end: int) -> list[int | None]:
    """The sign of each slope at an end; 0 where it is 0 for certain, None where that is open."""
    zeros = vanishes(head, context, end)
    return [0 if zero else _sign(x.first) or None for x, zero in zip(found, zeros, strict=True)]


def _turns(
    arc: Arc,
    target: Sequence[bool] | None,
    z: int,
    curve: _Curve,
    start: int | None,
    stop: int | None,
) -> Turns | None:
    if curve.is_open or start is None or stop is None:
        return None
    runs = curve.runs
    # a slope that is 0 at an end and rises or falls beside it has the sign that this gives it
    first = _Run(start or runs[0].sign, False, Fraction(-1), Fraction(-1))
    ends_at_zero = stop == 0 and runs[-1].is_monotone
    last = _Run(
        -runs[-1].sign if ends_at_zero else stop or runs[-1].sign, False, *([Fraction(1)] * 2)
    )
    steady = [first, *(run for run in runs if not run.is_monotone), last]
    brackets = [
        _narrowed(arc, target, z, before.high, after.low, after.sign)
        for before, after in pairwise(steady)
        if before.sign != after.sign
    ]
    if None in brackets:
        return None
    return Turns("rises" if first.sign > 0 else "falls", tuple(b for b in brackets if b))


def _narrowed(
    arc: Arc, target: Sequence[bool] | None, z: int, low: Fraction, high: Fraction, after: int
) -> Bracket[Fraction] | None:
    """A bracket in α of the one zero between two values of s, after which the slope has the sign `after`."""
    while high - low > NARROW * (1 - max(abs(low), abs(high))):
        # beside the middle, if that is the zero
        points = ((low + high) / 2, low + (high - low) * 3 / 8)
        found = ((s, _sign(slope_of(arc, target, z, s))) for s in points)
        at, sign = next((pair for pair in found if pair[1]), (low, 0))
        if sign == 0:
            return None
        low, high = (low, at) if sign == after else (at, high)
    ends = enclosure(arc.strength(low)).low, enclosure(arc.strength(high)).high
    return Bracket(*ends)
