"""Sums of logarithms of rationals: whether they are 0, exactly, and their signs."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd

from flint import arb

from .._balls import ball
from .fields import Refused
from .precision import PRECISIONS, decide, sign


def sign_of_logs(terms: Sequence[tuple[int, Fraction]]) -> int:
    """The sign of Σ e log r over pairs (e, r): 0 exactly, or else certain in balls."""
    used = [(e, r) for e, r in terms if e and r != 1]
    if is_zero_sum(used):
        return 0
    found = decide(lambda bits: sign(sum((e * ball(r).log() for e, r in used), arb(0))))
    if found is None:
        raise Refused(f"a sum of logarithms is not 0, but {PRECISIONS[-1]} bits show no sign of it")
    return found


def is_zero_sum(terms: Iterable[tuple[Fraction | int, Fraction]]) -> bool:
    """Whether Σ c log r = 0 exactly, over pairs (c, r).

    Two numbers with a common factor are split at it, and both parts keep the coefficient, so that the
    sum stays what it was. Numbers above 1 without common factors have logarithms that are linearly
    independent over the rationals (unique factorisation), so in the end every coefficient must be 0.
    """
    waiting = [pair for c, r in terms for pair in ((r.numerator, c), (r.denominator, -c))]
    waiting.sort(reverse=True)
    coprime: dict[int, Fraction | int] = {}
    while waiting:
        number, c = waiting.pop()
        if number == 1 or not c:
            continue
        other = next((known for known in coprime if gcd(known, number) > 1), None)
        if other is None:
            coprime[number] = c
        elif number % other == 0:
            coprime[other] += c
            waiting.append((number // other, c))
        else:
            common, its = gcd(other, number), coprime.pop(other)
            waiting += [(common, c + its), (number // common, c), (other // common, its)]
    return not any(coprime.values())
