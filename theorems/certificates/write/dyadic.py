"""Balls as exact fractions: what a certificate writes down."""

from fractions import Fraction

from flint import arb

from ufm.numerics.bracket import Bracket


def enclosure(value: arb, bits: int = 64) -> Bracket[Fraction]:
    """Dyadic fractions around a ball, rounded outward to about `bits` bits."""
    ends = []
    for side, direction in ((value.lower(), -1), (value.upper(), 1)):
        mantissa, exponent = (int(n) for n in side.man_exp())
        drop = max(abs(mantissa).bit_length() - bits, 0)
        kept = -((-mantissa) >> drop) if direction > 0 else mantissa >> drop
        ends.append(Fraction(kept) * Fraction(2) ** (exponent + drop))
    return Bracket(*ends)


def texts(ends: Bracket[Fraction]) -> list[str]:
    """The two ends of an interval, as text."""
    return [str(end) for end in ends]
