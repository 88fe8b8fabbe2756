"""The tilt formula in ball arithmetic: all that a certificate and its checker share.

A comparison of balls is True only where it is certain; `not (x < y)` proves nothing, and bool(x) of
a ball is True.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, fmpq

# Tried in turn; what is still open at the last one is reported as undecided.
PRECISIONS = (128, 256, 512, 1024, 2048, 4096)


def ball(value: Fraction | int) -> arb:
    """The smallest ball of the current precision around a rational."""
    value = Fraction(value)
    return arb(fmpq(value.numerator, value.denominator))


def log_odds(rows: Sequence[Sequence[Fraction]], shares: Sequence[Fraction]) -> list[arb]:
    """M(z) = Σ_c w_c log p_c(z) [V] over the different rows, w_c = share in P less share in N."""
    used = [(ball(share), row) for share, row in zip(shares, rows, strict=True) if share]
    return [
        sum((share * ball(row[z]).log() for share, row in used), arb(0))
        for z in range(len(rows[0]))
    ]


def tilted(masses: Sequence[arb], values: Sequence[arb], origin: arb, alpha: arb) -> list[arb]:
    """p(z) e^{α(M(z) - origin)} for each z, with M as `values`: p_α up to its normalisation."""
    return [p * (alpha * (m - origin)).exp() for p, m in zip(masses, values, strict=True)]


def balance(masses: Sequence[arb], values: Sequence[arb], origin: arb, alpha: arb) -> arb:
    """N(α) = Σ_y p(y) (M(y) - origin) e^{α(M(y) - origin)}, a sum of non-decreasing functions of α.

    With M as `values` and origin M(z) it has the sign of -dp_α(z)/dα: N(lo) < 0 < N(hi) proves that
    p_α(z) rises before lo and falls after hi.
    """
    weights = tilted(masses, values, origin, alpha)
    return sum((w * (m - origin) for w, m in zip(weights, values, strict=True)), arb(0))
