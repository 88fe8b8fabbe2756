"""Sums, products and quotients of sympy expressions as polynomials."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, reduce
from math import prod
from operator import add, or_
from typing import Any

import sympy as sp


def bell(arguments: Sequence[Any]) -> Any:
    """Complete Bell polynomial of order len(arguments): B_{n+1} = Σ_i C(n, i) B_{n-i} x_{i+1}.

    >>> sp.expand(bell(sp.symbols("x1:4")))
    x1**3 + 3*x1*x2 + x3
    """
    values: list[Any] = [sp.Integer(1)]
    for n in range(len(arguments)):
        terms = (sp.binomial(n, i) * values[n - i] * arguments[i] for i in range(n + 1))
        values.append(sp.Add(*terms))
    return values[-1]


def fraction(x: Any, polynomials: Any) -> tuple[Any, Counter[Any]]:
    """x as a polynomial over a product of powers of polynomials, nothing cancelled.

    sympy's own `together` takes more than twice the time.
    """

    @cache  # terms come back often
    def split(x: Any) -> tuple[Any, Counter[Any]]:
        if isinstance(x, sp.Add):
            parts = [split(term) for term in x.args]
            common = reduce(or_, (below for _, below in parts))  # the larger power of each
            return sum(over * powers(common - below) for over, below in parts), common
        if isinstance(x, sp.Mul):
            parts = [split(factor) for factor in x.args]
            return prod(over for over, _ in parts), reduce(add, (below for _, below in parts))
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


def powers(factors: Counter[Any]) -> Any:
    return prod(factor**k for factor, k in factors.items())


def dot(left: Iterable[Any], right: Iterable[Any]) -> Any:
    return sp.Add(*(x * y for x, y in zip(left, right, strict=True)))


def product(exponent: Any, known: dict[Any, Any]) -> Any:
    """e^exponent as a product of symbols, one for each term of the exponent, kept in `known`."""
    result = sp.Integer(1)
    for term in sp.Add.make_args(sp.expand(exponent)):
        coefficient, base = term.as_coeff_Mul()
        result *= known.setdefault(base, sp.Dummy(positive=True)) ** coefficient
    return result
