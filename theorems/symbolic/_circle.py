"""The circle before the final norm: its identities and its next term, proved by sympy for small sizes."""

import time
from collections.abc import Iterator

import sympy as sp

from ._polynomials import Formula, dot
from ._tilt import ALPHA, Proof

_CLOSEST = sp.Symbol("s", real=True)
_WIDTH = sp.Symbol("w", positive=True)


def circle_identities(size: int) -> list[Proof]:
    """What the claims `norm-circle` rest on, in d = `size` dimensions, or of V = `size` tokens.

    - |h + αv|² + d eps = |v|² (w² + (α - α*)²), and what the head reads of h + αv is what it reads of h⊥
      and (α - α*) times what it reads of v: the ellipse.
    - The log-odds w A + (α - α*) B over √(w² + (α - α*)²) have the slope of w B - (α - α*) A.
    - dp(z)/d(1/α) at α = ∞ is p_∞(z) w (a(z) - E_∞[a]): the next term.

    >>> from theorems.symbolic import circle_identities
    >>> all(proof.proved for proof in circle_identities(2))
    True
    """
    proofs = []
    for claim, name, left, right in _rows(size):
        start = time.perf_counter()
        proved = vanishes(left - right)
        proofs.append(Proof(claim, size, name, proved, time.perf_counter() - start))
    return proofs


def vanishes(expression: Formula) -> bool:
    """Whether it is proved to be 0 for all values of its symbols."""
    return bool(sp.simplify(sp.together(expression)) == 0)


def _rows(size: int) -> Iterator[tuple[str, str, Formula, Formula]]:
    h, v = (sp.symbols(f"{name}1:{size + 1}", real=True) for name in "hv")
    read = sp.symbols(f"g1:{size + 1}", real=True)  # γ W_z
    eps = sp.Symbol("epsilon", nonnegative=True)
    square = dot(v, v)
    closest = -dot(h, v) / square
    nearest = [x + closest * y for x, y in zip(h, v, strict=True)]
    moved = [x + ALPHA * y for x, y in zip(h, v, strict=True)]
    width_squared = (dot(nearest, nearest) + size * eps) / square
    long = square * (width_squared + (ALPHA - closest) ** 2)
    yield "norm-circle.ellipse", "length of h + αv", dot(moved, moved) + size * eps, long
    beyond = dot(read, nearest) + (ALPHA - closest) * dot(read, v)
    yield "norm-circle.ellipse", "head of h + αv", dot(read, moved), beyond
    across, along = sp.symbols("A B", real=True)
    further = ALPHA - _CLOSEST
    log_odds = (_WIDTH * across + further * along) / sp.sqrt(_WIDTH**2 + further**2)
    slope = (
        _WIDTH * (_WIDTH * along - further * across) / (_WIDTH**2 + further**2) ** sp.Rational(3, 2)
    )
    yield "norm-circle.log-odds", "slope of the log-odds", log_odds.diff(ALPHA), slope
    yield from _next_terms(size)


def _next_terms(size: int) -> Iterator[tuple[str, str, Formula, Formula]]:
    """In u = 1/α: cos t = w u/r and sin t = (1 - α* u)/r, r = √(w²u² + (1 - α* u)²)."""
    inverse = sp.Symbol("u", positive=True)
    a, b, c = (sp.symbols(f"{name}1:{size + 1}", real=True) for name in "abc")
    rest = 1 - _CLOSEST * inverse
    root = sp.sqrt((_WIDTH * inverse) ** 2 + rest**2)
    weights = [
        sp.exp((_WIDTH * inverse * x + rest * y) / root + z)
        for x, y, z in zip(a, b, c, strict=True)
    ]
    far = [sp.exp(y + z) for y, z in zip(b, c, strict=True)]
    law = [weight / sp.Add(*far) for weight in far]
    for i, weight in enumerate(weights):
        found = (weight / sp.Add(*weights)).diff(inverse).subs(inverse, 0)
        term = law[i] * _WIDTH * (a[i] - dot(law, a))
        yield "norm-circle.approach", f"next term, token {i}", found, term
