"""The turns of each probability, confirmed: one zero of its slope in every bracket, and none elsewhere.

The angle t runs through [-π/2, π/2] in cells. Slopes are the coefficients of power series in t, whose
first term is a ball over the whole cell; nobody differentiates by hand.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

from flint import arb, arb_series, ctx

from ..._balls import ball
from ..fields import JSON, Interval, interval, items, record, require, shown
from ..precision import sign
from .head import Circle, Exponent, Head, circle_of

BITS = 320
# Halvings of the half circle to confirm what is claimed, and to look whether an open one can be decided.
DEEPEST, SHALLOW = 36, 20
# Evaluations of all tokens' logits, of all contexts: at most a quarter of an hour of work.
MOST_WORK = 10**8
# How wide a bracket may be, beside its distance from α* and the width of the circle.
WIDEST = Fraction(1, 2**18)


@dataclass(frozen=True)
class Turns:
    """What is claimed of a curve: `first` is 1 if it rises from α = -∞ on, -1 if it falls, 0 if constant."""

    first: int
    brackets: list[Interval]

    def sign_after(self, turns: int) -> int:
        """The sign of the slope after so many turns."""
        return self.first if turns % 2 == 0 else -self.first


_DIRECTIONS = {"rises": 1, "falls": -1, "constant": 0}


def read_turns(value: JSON, where: str) -> Turns | None:
    """The turns of a curve as the certificate has them; None where it leaves them open."""
    if value is None:
        return None
    fields = record(value, ("first", "turns"), where)
    first = fields["first"]
    known = isinstance(first, str) and first in _DIRECTIONS
    require(known, f"{where}: first is {shown(first)}, not rises, falls or constant")
    brackets = [
        interval(pair, f"{where}, turn {i}")
        for i, pair in enumerate(items(fields["turns"], f"{where}, turns"))
    ]
    for i, (before, after) in enumerate(pairwise(brackets)):
        require(before.high < after.low, f"{where}: turn {i} is not before turn {i + 1}")
    direction = _DIRECTIONS[str(first)]
    require(direction != 0 or not brackets, f"{where} is constant and turns")
    return Turns(direction, brackets)


class Slope(NamedTuple):
    """d/dt and d²/dt² of the logarithm of a probability, or of its odds."""

    first: arb
    second: arb


@dataclass
class Work:
    """How much of `MOST_WORK` is done."""

    done: int = 0

    def add(self, terms: int) -> None:
        """Refuse a certificate that takes more."""
        self.done += terms
        require(
            self.done <= MOST_WORK, f"the turns take more than {MOST_WORK} evaluations to check"
        )


class Arc:
    """One context's curves: those of the tokens, and of the target last if there is one."""

    def __init__(self, head: Head, context: int, work: Work):
        self.head, self.context, self.work = head, context, work
        self.circle: Circle = circle_of(head, context)
        self.zeros = {end: self._zeros(end) for end in (-1, 1)}

    def _zeros(self, end: int) -> list[bool]:
        """Whether each slope is 0 at an end: iff in each group of tokens that tie there a(z) is their mean a.

        By Lindemann and Weierstrass: e to different algebraic powers is linearly independent.
        """
        across, target = self.head.across(self.context), self.head.target
        groups = self.head.end_orders[end]
        found = [all(sum(across[y] - x for y in group) == 0 for group in groups) for x in across]
        if target is None:
            return found
        # up to a factor the slope of T is Σ e^{f(y) + f(u)} (a(u) - a(y)) over y in T and u off it
        sums: dict[Exponent, Fraction] = {}
        for y, u in product(range(self.head.count), repeat=2):
            if target[y] and not target[u]:
                one, other = self.head.exponent(y, end), self.head.exponent(u, end)
                key = one[0] + other[0], one[1] + other[1]
                sums[key] = sums.get(key, Fraction(0)) + across[y] - across[u]
        return [*found, not any(sums.values())]

    def slopes(self, angle: arb, aside: int | None, terms: int = 3) -> list[Slope]:
        """The slopes of all curves at or all over an angle; of the token `aside` those of its log-odds."""
        self.work.add(self.head.count)
        logits = self._logits(angle, terms)
        masses = [logit.exp() for logit in logits]
        total = _sum(masses).log()
        found = [_slope(logit - total) for logit in logits]
        if aside is not None:
            others = _sum(mass for z, mass in enumerate(masses) if z != aside)
            found[aside] = _slope(logits[aside] - others.log())
        if self.head.target is not None:
            found.append(_slope(self._of_target(masses, self.head.target)))
        return found

    def slope_at(self, curve: int, angle: arb) -> arb:
        """The slope of one curve's log-odds, at an angle."""
        self.work.add(self.head.count)
        logits = self._logits(angle, 2)
        masses = [logit.exp() for logit in logits]
        if curve < self.head.count:
            others = _sum(mass for z, mass in enumerate(masses) if z != curve)
            return (logits[curve] - others.log())[1]
        return self._of_target(masses, self.head.target or [])[1]

    def largest(self, angle: arb) -> int | None:
        """The token that has more than half of the mass at an angle, if one has for certain."""
        self.work.add(self.head.count)
        masses = [logit.exp()[0] for logit in self._logits(angle, 1)]
        total = sum(masses, arb(0))
        return next((z for z, mass in enumerate(masses) if mass > total / 2), None)

    def _logits(self, angle: arb, terms: int) -> list[arb_series]:
        sin, cos = arb_series([angle, 1][:terms], terms).sin_cos()
        pairs = zip(self.circle.across, self.circle.along, self.circle.offset, strict=True)
        return [cos * a + sin * b + c for a, b, c in pairs]

    def _of_target(self, masses: Sequence[arb_series], target: Sequence[bool]) -> arb_series:
        pairs = list(zip(masses, target, strict=True))
        on, off = (_sum(mass for mass, flag in pairs if flag is side) for side in (True, False))
        return on.log() - off.log()

    def angle(self, strength: Fraction) -> arb:
        """T = arctan((α - α*)/w)."""
        return (ball(strength - self.head.closest(self.context)) / self.circle.width).atan()


def _sum(values: Iterable[arb_series]) -> arb_series:
    first, *others = values
    for value in others:
        first = first + value
    return first


def _slope(series: arb_series) -> Slope:
    return Slope(series[1], 2 * series[2])


def confirm_turns(
    head: Head, context: int, claimed: Sequence[Turns | None], where: Sequence[str], work: Work
) -> None:
    """Require that each curve runs as claimed, and that none is left open that can be decided."""
    is_flat = len({*head.across(context)}) == 1 == len({*head.along})
    for curve, place in zip(claimed, where, strict=True):
        is_said = curve is not None and curve.first == 0
        require(is_said is is_flat, f"{place} is {'' if is_flat else 'not '}constant")
    if is_flat:
        return
    with ctx.workprec(BITS):
        arc = Arc(head, context, work)
        known = {z: curve for z, curve in enumerate(claimed) if curve is not None}
        for z, curve in known.items():
            _confirm_brackets(arc, z, curve, where[z])
        judges = {z: _Claimed(arc, z, curve, where[z]) for z, curve in known.items()}
        missed = _cover(arc, judges, DEEPEST)
        require(not missed, f"{where[min(missed, default=0)]}: its turns are not confirmed")
        opened = {z: _Open(arc, z) for z, curve in enumerate(claimed) if curve is None}
        decided = {*opened} - _cover(arc, opened, SHALLOW)
        require(
            not decided, f"{where[min(decided, default=0)]} is left open, and its turns can be seen"
        )


def _confirm_brackets(arc: Arc, z: int, curve: Turns, where: str) -> None:
    """Require that the slope has the claimed sign at both ends of each narrow bracket."""
    closest = arc.head.closest(arc.context)
    for i, bracket in enumerate(curve.brackets):
        room = arc.circle.width + ball(max(abs(end - closest) for end in bracket))
        is_narrow = ball(bracket.high - bracket.low) <= ball(WIDEST) * room
        require(is_narrow, f"{where}: the bracket of turn {i} is too wide")
        for end, expected in ((bracket.low, i), (bracket.high, i + 1)):
            found = sign(arc.slope_at(z, arc.angle(end)))
            is_so = found == curve.sign_after(expected)
            require(is_so, f"{where}: the bracket of turn {i} holds no such turn")


class Cell(NamedTuple):
    """The angles from `low` π to `high` π."""

    low: Fraction
    high: Fraction

    @property
    def ends(self) -> tuple[arb, arb]:
        """The angles at both ends, in balls."""
        return ball(self.low) * arb.pi(), ball(self.high) * arb.pi()


Judge = Callable[[Cell, int | None, int | None], bool]


class _Claimed:
    """Whether a cell agrees with a claim, by the signs of the curve's slope and of the slope's own."""

    def __init__(self, arc: Arc, z: int, curve: Turns, where: str):
        self.arc, self.z, self.curve, self.where = arc, z, curve, where
        self.turns = [(arc.angle(low), arc.angle(high)) for low, high in curve.brackets]

    def __call__(self, cell: Cell, side: int | None, moves: int | None) -> bool:
        low, high = cell.ends
        before = sum(bool(end < low) for _, end in self.turns)
        after = sum(bool(start > high) for start, _ in self.turns)
        met = len(self.turns) - before - after
        expected = self.curve.sign_after(before)
        if met == 0:
            if side is not None:
                require(side == expected, f"{self.where}: it turns where no turn is claimed")
                return True
            return moves is not None and _is_steady(self.arc, self.z, cell, expected)
        # the slope passes through 0 in the bracket, as its ends show, and only once
        return met == 1 and moves == -expected


class _Open:
    """Whether a cell would decide how a curve runs."""

    def __init__(self, arc: Arc, z: int):
        self.arc, self.z = arc, z

    def __call__(self, cell: Cell, side: int | None, moves: int | None) -> bool:
        if side is not None or moves is None:
            return side is not None
        return all(
            self.arc.zeros[end][self.z] or sign(self.arc.slope_at(self.z, angle)) is not None
            for end, angle in _outer(cell)
        )


def _outer(cell: Cell) -> list[tuple[int, arb]]:
    """The ends of the half circle that a cell reaches."""
    low, high = cell.ends
    reached = ((-1, low, cell.low == Fraction(-1, 2)), (1, high, cell.high == Fraction(1, 2)))
    return [(end, angle) for end, angle, is_reached in reached if is_reached]


def _is_steady(arc: Arc, z: int, cell: Cell, expected: int) -> bool:
    """Whether a slope that rises or falls on a cell at an end of the half circle has one sign inside it."""
    outer = dict(_outer(cell))
    if not outer:
        return False
    signs: list[int | None] = []
    for end, angle in zip((-1, 1), cell.ends, strict=True):
        is_zero = end in outer and arc.zeros[end][z]
        signs.append(0 if is_zero else sign(arc.slope_at(z, angle)))
    return set(signs) <= {0, expected} and expected in signs


def _cover(arc: Arc, judges: dict[int, Judge], deepest: int) -> set[int]:
    """Halve the half circle until each judge is content with each cell; those that never are."""
    missed: set[int] = set()
    cells = [(Cell(Fraction(-1, 2), Fraction(1, 2)), 0, list(judges))]
    while cells:
        cell, depth, wanted = cells.pop()
        wanted = [z for z in wanted if z not in missed]
        if not wanted:
            continue
        signs = _signs(arc, cell)
        unknown = [z for z in wanted if not judges[z](cell, *signs[z])]
        if depth == deepest:
            missed.update(unknown)
        elif unknown:
            middle = (cell.low + cell.high) / 2
            cells.append((Cell(cell.low, middle), depth + 1, unknown))
            cells.append((Cell(middle, cell.high), depth + 1, unknown))
    return missed


def _signs(arc: Arc, cell: Cell) -> list[tuple[int | None, int | None]]:
    """The signs of each slope all over a cell, and of its own slope; None where they are not certain."""
    low, high = cell.ends
    middle, over = (low + high) / 2, low.union(high)
    aside = arc.largest(middle)
    pairs = zip(arc.slopes(middle, aside), arc.slopes(over, aside), strict=True)
    reach = over - middle
    return [(sign(here.first + there.second * reach), sign(there.second)) for here, there in pairs]
