"""The values of M in exact order: balls where they decide, integers where they overlap."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, cmp_to_key
from itertools import chain, groupby

from flint import arb, ctx

from theorems.tables.exact import ExactInstance, Row

from .._balls import PRECISIONS, ball, log_odds
from .dyadic import enclosure


class Levels:
    """Tokens grouped by equal M, from Mbot to Mtop; ties and order are exact.

    - `tokens` [K]: the tokens of each level. `level` [V]: the level of each token.
    """

    def __init__(self, instance: ExactInstance):
        self.rows = [instance.rows[group[0]] for group in instance.classes]
        self.shares = instance.shares
        columns: dict[Row, list[int]] = {}
        used = [row for row, share in zip(self.rows, self.shares, strict=True) if share]
        for z in range(len(instance.target)):
            columns.setdefault(tuple(row[z] for row in used), []).append(z)
        first = [group[0] for group in columns.values()]
        with ctx.workprec(PRECISIONS[0]):
            balls = log_odds([[row[z] for z in first] for row in self.rows], self.shares)
        self._balls = dict(zip(first, balls, strict=True))

        def compare(y: list[int], z: list[int]) -> int:
            return self._compare(y[0], z[0])

        in_order = sorted(columns.values(), key=cmp_to_key(compare))
        tied = groupby(in_order, key=cmp_to_key(compare))
        self.tokens = tuple(tuple(sorted(chain(*groups))) for _, groups in tied)
        level = {z: k for k, group in enumerate(self.tokens) for z in group}
        self.level = [level[z] for z in range(len(instance.target))]

    @cached_property
    def signs(self) -> list[int]:
        """The sign of M at each level; 0 exactly."""
        found = []
        for group in self.tokens:
            m = self._balls[group[0]]
            found.append(1 if m > 0 else -1 if m < 0 else self._exact_sign(group[0], None))
        return found

    def log_odds(self, precision: int) -> list[arb]:
        """M of each level in balls."""
        with ctx.workprec(precision):
            first = [[row[group[0]] for group in self.tokens] for row in self.rows]
            return log_odds(first, self.shares)

    def gap(self, high: int, low: int) -> Fraction:
        """A positive lower bound of M(high) - M(low), short of it by 2^-32 of its size at most."""
        for precision in PRECISIONS:
            values = self.log_odds(precision)
            with ctx.workprec(precision):
                gap = values[high] - values[low]
                if gap.rel_accuracy_bits() > 40:
                    return enclosure(gap).low
        raise ValueError(
            f"levels {low} and {high} of M differ by less than {PRECISIONS[-1]} bits show; "
            "certify a simpler instance"
        )

    def masses(self, row: int) -> list[Fraction]:
        """p(level|c_j) [K] for the class number `row`, exactly."""
        return [sum((self.rows[row][z] for z in group), Fraction(0)) for group in self.tokens]

    def _compare(self, y: int, z: int) -> int:
        a, b = self._balls[y], self._balls[z]
        return -1 if a < b else 1 if a > b else self._exact_sign(y, z)

    def _exact_sign(self, y: int, z: int | None) -> int:
        """Sign of M(y) - M(z), or of M(y): 0 exactly, else certain in balls."""
        terms = [
            (share, row[y] if z is None else row[y] / row[z])
            for share, row in zip(self.shares, self.rows, strict=True)
        ]
        found = exact_sign(terms)
        if found is not None:
            return found
        pair = f"tokens {y} and {z}" if z is not None else f"token {y} and 0"
        raise ValueError(
            f"M of {pair} differ by less than {PRECISIONS[-1]} bits show; certify a simpler instance"
        )


def exact_sign(terms: Sequence[tuple[Fraction, Fraction]]) -> int | None:
    """The sign of Σ c log r, for pairs (c, r): 0 exactly, else certain in balls; None where it stays open."""
    if is_zero_combination(terms):
        return 0
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            total = sum((ball(c) * ball(r).log() for c, r in terms), arb(0))
            if total > 0 or total < 0:
                return 1 if total > 0 else -1
    return None


def is_zero_combination(terms: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Whether Σ c log r = 0 exactly, for pairs (c, r) of rationals with r > 0.

    The numbers of a coprime base have logarithms that are linearly independent over the rationals
    (unique factorisation), so the sum is zero iff each base number has total exponent zero.

    >>> from fractions import Fraction as F
    >>> from theorems.certificates.write.levels import is_zero_combination
    >>> print(is_zero_combination([(F(1), F(4, 9)), (F(-2), F(2, 3))]))
    True
    """
    base = coprime_base([n for _, r in terms for n in (r.numerator, r.denominator)])
    return all(
        sum(c * (_exponent(r.numerator, q) - _exponent(r.denominator, q)) for c, r in terms) == 0
        for q in base
    )


def coprime_base(numbers: Sequence[int]) -> list[int]:
    """Pairwise coprime numbers above 1 of which every given number is a product of powers."""
    base: list[int] = []
    waiting = sorted({n for n in numbers if n > 1}, reverse=True)
    while waiting:
        number = waiting.pop()
        for i, known in enumerate(base):
            common = math.gcd(number, known)
            if common > 1:
                del base[i]
                waiting += [n for n in (common, number // common, known // common) if n > 1]
                break
        else:
            if number not in base:
                base.append(number)
    return base


def _exponent(number: int, factor: int) -> int:
    count = 0
    while number % factor == 0:
        number, count = number // factor, count + 1
    return count
