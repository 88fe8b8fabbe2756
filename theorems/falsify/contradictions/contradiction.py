"""A contradiction of a claim, and the strengths at which one is looked for."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from ...certificates._balls import ball
from ..steered import Steered

STRENGTHS: tuple[Fraction, ...] = tuple(
    sign * Fraction(n) for n in (Fraction(1, 2), 1, 2, 4, 8) for sign in (1, -1)
)
POSITIVE = tuple(strength for strength in STRENGTHS if strength > 0)
IN_ORDER = tuple(sorted((*STRENGTHS, Fraction(0))))


class Contradiction(NamedTuple):
    """What is claimed, the balls that contradict it, and in a sentence what happens instead."""

    text: str
    values: tuple[tuple[str, arb], ...]
    found: str = ""


def shown(value: arb) -> str:
    """A ball in four digits, for a sentence; the ball itself is among the values.

    >>> from flint import arb
    >>> from theorems.falsify.contradictions.contradiction import shown
    >>> print(shown(arb(1) / 3))
    0.3333
    """
    return f"{float(value.mid()):.4g}"


def differ(x: arb, y: arb) -> bool:
    """Whether two balls are certainly apart."""
    return x < y or x > y


def below_chord(values: Sequence[arb], name: str) -> Contradiction | None:
    """Of what is called convex, with these `values` at the strengths `IN_ORDER`: one is above its chord."""
    for i in range(1, len(IN_ORDER) - 1):
        left, here, right = IN_ORDER[i - 1 : i + 2]
        share = (here - left) / (right - left)
        chord = ball(1 - share) * values[i - 1] + ball(share) * values[i + 1]
        if values[i] > chord:
            text = f"{name} below its chord: α = {left}, {here}, {right}"
            return Contradiction(text, (("ΔCE", values[i]), ("chord", chord)))
    return None


def places(s: Steered) -> Iterator[tuple[int, Fraction, arb]]:
    """Every context at every strength looked at: (context, strength, its ball)."""
    for strength in STRENGTHS:
        for j in range(len(s.instance.rows)):
            yield j, strength, ball(strength)
