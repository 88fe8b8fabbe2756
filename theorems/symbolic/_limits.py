"""Limits as α → ±∞, with ties, by dividing every weight by the largest."""

import time
from collections.abc import Collection, Sequence
from functools import cache

import sympy as sp

from ._polynomials import Formula, dot, replaced
from ._tilt import ALPHA, Proof, SymbolicTilt

_DISTANCE = sp.Symbol("a", positive=True)  # |α| on its way to infinity


def limit(size: int, top: Collection[int], sign: int = 1) -> Proof:
    """lim p_α(z) = 1[z in top] p_z / Σ_top p as α → sign·∞, every token at once (Prop B.1).

    `top` is the set where M is largest (sign = +1) or smallest (-1), M otherwise free; `value` has
    one limit per token. ValueError for an empty top or another sign.

    >>> limit(3, {0, 1}).value
    (p1/(p1 + p2), p2/(p1 + p2), 0)
    """
    tilt = SymbolicTilt(size)
    top, kept = tilt.tokens(top, "top"), tilt.initial_mass(tilt.tokens(top, "top"))
    value = [p / kept if i in top else sp.Integer(0) for i, p in enumerate(tilt.probabilities)]
    pairs = list(zip(tilt.tilted_probs(), value, strict=True))
    return _prove_limits(_side(sign), tilt, top, sign, pairs, tuple(value))


def concept_limit(size: int, top: Collection[int], tokens: Collection[int], sign: int = 1) -> Proof:
    """lim Δp(C|α) = (Σ_{C∩top} p / Σ_top p - Σ_C p) / |C|: a C without extremal token vanishes.

    >>> concept_limit(3, {0}, {1, 2}).value
    -p2/2 - p3/2
    """
    tilt = SymbolicTilt(size)
    top, shared = tilt.tokens(top, "top"), set(tokens) & set(top)
    after = tilt.initial_mass(shared) / tilt.initial_mass(top) if shared else 0
    value = sp.expand((after - tilt.initial_mass(tokens)) / len(set(tokens)))
    claim = _side(sign) if shared else "thm-3.6.vanishing"
    return _prove_limits(claim, tilt, top, sign, [(tilt.concept_increase(tokens), value)], value)


def asymptote(size: int, top: Collection[int], sign: int = 1) -> Proof:
    """ΔCE(α) - value → 0 as α → sign·∞, value = α (M_top - Σ p M) + log Σ_top p, a line.

    >>> asymptote(2, {0}).value
    alpha*(-M1*p1 + M1 - M2*p2) + log(p1)
    """
    tilt = SymbolicTilt(size)
    top = tilt.tokens(top, "top")
    rate = tilt.log_odds[top[0]] - dot(tilt.probabilities, tilt.log_odds)
    line = ALPHA * rate + sp.log(tilt.initial_mass(top))
    # The exponential of the remainder is a ratio of weights; that it tends to 1 is the claim.
    remainder = sp.exp(sp.expand(tilt.cross_entropy_increase() - line))
    return _prove_limits("ce.asymptote", tilt, top, sign, [(remainder, 1)], line)


def tends_to(
    tilt: SymbolicTilt, expression: Formula, value: Formula, top: Collection[int], sign: int
) -> bool:
    """Whether the expression is proved to tend to `value` as α → sign·∞, M extremal on `top` alone.

    M = M_top - sign·gap with a positive symbol for each gap. M_top is proved to drop out, which is
    dividing every weight by the largest; the limit that is left must equal the value.
    """
    if sign not in (1, -1):
        raise ValueError(f"sign must be +1 or -1; got {sign}")
    extreme, top = sp.Symbol("M_top", real=True), tilt.tokens(top, "top")
    gaps = sp.symbols(f"g1:{tilt.size + 1}", positive=True)
    log_odds = [extreme - (0 if i in top else sign * gap) for i, gap in enumerate(gaps)]
    renamed = dict(zip(tilt.log_odds, log_odds, strict=True)) | {ALPHA: sign * _DISTANCE}
    free = replaced(sp.sympify(expression), renamed)
    anchored = replaced(free, {extreme: sp.Integer(0)})
    return tilt.vanishes(free - anchored) and tilt.vanishes(_at_infinity(anchored) - value)


def _at_infinity(x: sp.Expr) -> sp.Expr:
    """The limit of x as the distance grows, by continuity in its exponentials; nan if silent.

    sympy takes the limit of single exponentials only: on whole quotients it can be wrong (1.14 has
    p4/(p4 + Σ p_i e^{-a g_i}) - p4, with three gaps, tend to -p4; the limit is 1 - p4).
    """
    ends = {e: _end(e) for e in x.atoms(sp.exp)}
    bases = [power.base for power in x.atoms(sp.Pow) if not power.exp.is_positive]
    positive = [base.xreplace(ends) for base in bases + [log.args[0] for log in x.atoms(sp.log)]]
    elsewhere = x.xreplace({e: sp.Dummy() for e in ends}).has(_DISTANCE)
    sound = not elsewhere and set(ends.values()) <= {0} and all(y.is_positive for y in positive)
    return replaced(x, ends) if sound else sp.nan


@cache
def _end(exponential: sp.Expr) -> sp.Expr:
    return sp.limit(exponential, _DISTANCE, sp.oo)


def _prove_limits(
    claim: str,
    tilt: SymbolicTilt,
    top: Collection[int],
    sign: int,
    pairs: Sequence[tuple[Formula, Formula]],
    value: sp.Expr | tuple[sp.Expr, ...],
) -> Proof:
    start = time.perf_counter()
    proved = all(tends_to(tilt, expression, claimed, top, sign) for expression, claimed in pairs)
    name = f"M extremal on {list(top)}, α → {'+' if sign > 0 else '-'}∞"
    return Proof(claim, tilt.size, name, proved, time.perf_counter() - start, value)


def _side(sign: int) -> str:
    return "prop-b1.limit-plus" if sign > 0 else "prop-b1.limit-minus"
