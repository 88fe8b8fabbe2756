"""Sums, products and quotients of sympy expressions as polynomials."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from math import prod
from operator import add, or_
from typing import TypeVar

import sympy as sp
from sympy.polys.rings import PolyElement, PolyRing

Formula = sp.Expr | int
Factors = Counter[PolyElement]
Part = TypeVar("Part", bound=sp.Expr)


def bell(arguments: Sequence[sp.Expr]) -> sp.Expr:
    """Complete Bell polynomial of order len(arguments): B_{n+1} = Σ_i C(n, i) B_{n-i} x_{i+1}.

    >>> sp.expand(bell(sp.symbols("x1:4")))
    x1**3 + 3*x1*x2 + x3
    """
    values: list[sp.Expr] = [sp.Integer(1)]
    for n in range(len(arguments)):
        terms = (sp.binomial(n, i) * values[n - i] * arguments[i] for i in range(n + 1))
        values.append(sp.Add(*terms))
    return values[-1]


def fraction(x: sp.Expr, polynomials: PolyRing) -> tuple[PolyElement, Factors]:
    """x as a polynomial over a product of powers of polynomials, nothing cancelled.

    sympy's own `together` takes more than twice the time.
    """

    @cache  # terms come back often
    def split(x: sp.Expr) -> tuple[PolyElement, Factors]:
        if isinstance(x, sp.Add):
            parts = [split(term) for term in x.args]
            common = reduce(or_, (below for _, below in parts))  # the larger power of each
            scaled = (over * powers(common - below) for over, below in parts)
            return reduce(add, scaled), common
        if isinstance(x, sp.Mul):
            parts = [split(factor) for factor in x.args]
            over = prod((over for over, _ in parts), start=polynomials.one)
            return over, reduce(add, (below for _, below in parts))
        if isinstance(x, sp.Pow) and x.exp.is_Integer:
            (over, below), power = split(x.base), abs(int(x.exp))
            below = Counter({factor: k * power for factor, k in below.items()})
            if x.exp > 0:
                return over**power, below
            return polynomials.one * powers(below), Counter({over: power})
        if not (x.is_Symbol or x.is_Rational):
            raise ValueError(f"no rule for {x}: use sums, products, integer powers, exp, log, tanh")
        return polynomials.from_expr(x), Counter()

    return split(x)


def powers(factors: Factors) -> PolyElement | int:
    return prod(factor**k for factor, k in factors.items())


def replaced(x: sp.Expr, by: Mapping[Part, Formula]) -> sp.Expr:
    """x with each of some expressions in it replaced by another, all at once."""
    found = x.xreplace(dict(by))
    assert isinstance(found, sp.Expr)
    return found


def dot(left: Iterable[sp.Expr], right: Iterable[sp.Expr]) -> sp.Expr:
    return sp.Add(*(x * y for x, y in zip(left, right, strict=True)))


def product(exponent: sp.Expr, known: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    """e^exponent as a product of symbols, one for each term of the exponent, kept in `known`."""
    result = sp.Integer(1)
    for term in sp.Add.make_args(sp.expand(exponent)):
        coefficient, base = term.as_coeff_Mul()
        result *= known.setdefault(base, sp.Dummy(positive=True)) ** coefficient
    return result
