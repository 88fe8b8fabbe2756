"""Roots of numbers that grow, bracketed for certain by two balls, until what follows from them is narrow."""

from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx

from ufm.numerics.bracket import Bracket

from .._balls import PRECISIONS
from .dyadic import enclosure

# How narrow brackets are, and what follows from them; the checker asks for 2^-18.
NARROW = Fraction(1, 2**20)
# The bits to which a number is known that is written down; the checker asks for 30.
SHARP = 40

# A number at an exact argument, in balls of the working precision.
Curve = Callable[[Fraction], arb]


def sign_at(value: Curve, at: Fraction) -> int:
    """1 or -1 for certain; 0 where the last precision leaves it open."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            found = value(at)
            if found > 0 or found < 0:
                return 1 if found > 0 else -1
    return 0


def root(
    value: Curve, start: Fraction, step: Fraction, is_narrow: Callable[[Fraction, Fraction], bool]
) -> Bracket[Fraction]:
    """A narrow bracket of the root of a growing `value`, below 0 at `start`: out from there, then in."""
    if sign_at(value, start) >= 0:
        raise ValueError(f"a root is looked for from {start} on, and is not after it")
    near, far = _powers(lambda k: sign_at(value, start + step * 2**k) > 0)
    # half of what is not past the root is before it
    low, high = start + (step * 2**near / 2 if far else 0), start + step * 2**far
    while not is_narrow(low, high):
        # beside the middle, if that is the root
        points = ((low + high) / 2, low + (high - low) * 3 / 8)
        at, side = next(((x, s) for x in points if (s := sign_at(value, x))), (low, 0))
        if side == 0:
            raise ValueError(unseen("two strengths"))
        low, high = (low, at) if side > 0 else (at, high)
    return Bracket(low, high)


def _powers(is_past: Callable[[int], bool]) -> tuple[int, int]:
    """The two exponents between which a power of two gets past a root; (0, 0) where it is at once."""
    tried = (0, *(2**k for k in range(PRECISIONS[-1].bit_length())))
    far = next((k for k in tried if is_past(k)), None)
    if far is None:
        raise ValueError(unseen("a strength and ∞"))
    near = far // 2
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if is_past(middle) else (middle, far)
    return near, far


def between(value: Curve, low: Fraction, high: Fraction) -> Bracket[Fraction] | None:
    """What a growing, positive `value` is between two arguments; None if that is not narrow."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            first, last = value(low), value(high)
            if min(first.rel_accuracy_bits(), last.rel_accuracy_bits()) >= SHARP:
                found = Bracket(enclosure(first).low, enclosure(last).high)
                return found if found.width <= found.high * NARROW else None
    raise ValueError(unseen("what two strengths buy"))


def unseen(what: str) -> str:
    """What to say of numbers that even the last precision leaves open."""
    return f"{what} differ by less than {PRECISIONS[-1]} bits show; certify a simpler instance"
