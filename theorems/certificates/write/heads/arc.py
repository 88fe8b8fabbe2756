"""One context's logits on the half circle, cos t · a + sin t · b + c, in balls; and the slopes of its curves.

The half circle is run through by s = tan(t/2) from -1, where α = -∞, to 1, where α = ∞: cos t is
(1 - s²)/(1 + s²) and sin t is 2s/(1 + s²), so that both ends are rational.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from flint import arb

from theorems.tables.exact_head import ExactHead

from ..._balls import ball


@dataclass(frozen=True)
class Arc:
    """Balls of the working precision: `across` a, `along` b, `offset` c [V], each up to a constant; w; α*."""

    across: list[arb]
    along: list[arb]
    offset: list[arb]
    width: arb
    closest: arb

    def strength(self, s: Fraction) -> arb:
        """α = α* + w tan t, for |s| < 1."""
        return self.closest + self.width * ball(2 * s / (1 - s * s))


def arc_of(head: ExactHead, context: int) -> Arc:
    """The arc of a context, at the working precision."""
    line, d = head.lines[context], Fraction(len(head.vector))
    of_across, of_along = ball(d / line.radius).sqrt(), ball(d / head.length).sqrt()
    return Arc(
        [of_across * ball(x) for x in centred(line.across)],
        [of_along * ball(x) for x in centred(head.along)],
        [ball(x) for x in centred(head.offset)],
        ball(line.radius / head.length).sqrt(),
        ball(line.closest),
    )


def centred(values: Sequence[Fraction]) -> list[Fraction]:
    """The values less the middle of their range: a constant added to all logits changes nothing."""
    middle = (max(values) + min(values)) / 2
    return [value - middle for value in values]


class Slope(NamedTuple):
    """d/dt and d²/dt² of the log-odds of a curve against all other tokens."""

    first: arb
    second: arb


class _Sums(NamedTuple):
    """Σe, Σe f' and Σe (f'² + f'') over some tokens, e = exp f and f the logits."""

    mass: arb
    first: arb
    second: arb

    def plus(self, other: "_Sums") -> "_Sums":
        return _Sums(*(x + y for x, y in zip(self, other, strict=True)))

    def slope(self) -> Slope:
        """Of log Σ e^f."""
        mean = self.first / self.mass
        return Slope(mean, self.second / self.mass - mean * mean)


_NONE = _Sums(arb(0), arb(0), arb(0))


def slopes(arc: Arc, target: Sequence[bool] | None, s: arb) -> list[Slope]:
    """The slopes of each token's log-odds, and of the target's at the end, at s or all over it.

    No token is in the sum over the others, so that nothing cancels where it has nearly all the mass.
    """
    logits = _logits(arc, s)
    terms = [_sums(*each) for each in logits]
    before = list(accumulate(terms, _Sums.plus, initial=_NONE))
    after = list(accumulate(reversed(terms), _Sums.plus, initial=_NONE))[::-1]
    found = []
    for z, (_, first, second) in enumerate(logits):
        others = before[z].plus(after[z + 1]).slope()
        found.append(Slope(first - others.first, second - others.second))
    if target is not None:
        on, off = (_total(terms, target, side).slope() for side in (True, False))
        found.append(Slope(on.first - off.first, on.second - off.second))
    return found


def slope_of(arc: Arc, target: Sequence[bool] | None, curve: int, s: Fraction) -> arb:
    """d/dt of one curve's log-odds at s: a token's, or the target's for `curve` = V."""
    logits = _logits(arc, ball(s))
    is_on = [z == curve for z in range(len(logits))] if curve < len(logits) else list(target or ())
    terms = [_sums(*each) for each in logits]
    on, off = (_total(terms, is_on, side) for side in (True, False))
    return on.first / on.mass - off.first / off.mass


def _logits(arc: Arc, s: arb) -> list[tuple[arb, arb, arb]]:
    """f, f' and f'' of each token, by t."""
    unit = 1 / (1 + s * s)
    cos, sin = 2 * unit - 1, 2 * s * unit
    found = []
    for a, b, c in zip(arc.across, arc.along, arc.offset, strict=True):
        turned = cos * a + sin * b
        found.append((turned + c, cos * b - sin * a, -turned))
    return found


def _sums(logit: arb, first: arb, second: arb) -> _Sums:
    mass = logit.exp()
    return _Sums(mass, mass * first, mass * (first * first + second))


def _total(terms: Sequence[_Sums], is_on: Sequence[bool], side: bool) -> _Sums:
    total = _NONE
    for term, flag in zip(terms, is_on, strict=True):
        if flag is side:
            total = total.plus(term)
    return total
