"""Contradictions of what v1 says in passing: the length of v, pairs of contexts, what is left of a prompt."""

from fractions import Fraction
from itertools import combinations, product

from flint import arb

from ...certificates._balls import ball
from ..steered import Steered
from .contradiction import POSITIVE, STRENGTHS, Contradiction, differ

_TIMES = 2


def not_scaled(s: Steered) -> Contradiction | None:
    """Along 2v at α, where the path is at 2α, log-odds have not moved by 2αM."""
    for strength in STRENGTHS:
        for j in range(len(s.instance.rows)):
            law = s.law(j, ball(_TIMES * strength))
            for z in range(1, len(law)):
                moved = (law[0] / law[z]).log() - (s.logs[j][0] - s.logs[j][z])
                claimed = ball(strength) * (_TIMES * (s.log_odds[0] - s.log_odds[z]))
                if differ(moved, claimed):
                    pair = f"log p(0)/p({z}) in context {j}"
                    text = f"along 2v {pair} moves by 2α(M(0) - M({z})), α = {strength}"
                    return Contradiction(text, (("moves by", moved), ("claimed", claimed)))
    return None


def pairs(s: Steered) -> Contradiction | None:
    """δ of the log-odds as they are is below g - τ, over the pairs of P and N."""
    rows, vocabulary = s.instance.rows, range(len(s.log_odds))
    chosen = list(product(s.instance.positive, s.instance.negative))
    ratios = {z: [rows[i][z] / rows[k][z] for i, k in chosen] for z in vocabulary}
    off = [z for z in vocabulary if z not in s.target]
    least = min(min(ratios[z]) for z in s.target)
    most = max(max(ratios[z]) for z in off)
    claimed = ball(least / most).log()
    for y, z in product(off, s.target):
        delta = s.moved[z] - s.moved[y]
        if delta < claimed:
            text = f"M({z}) - M({y}) >= g - τ with {z} in T and {y} not"
            return Contradiction(text, ((f"M({z}) - M({y})", delta), ("g - τ", claimed)))
    return None


def prompts_apart(s: Steered) -> Contradiction | None:
    """The total variation of two contexts is further from that of their limits than its rate."""
    top, second = s.levels.tokens[-1], s.levels.tokens[-2]
    gap = s.log_odds[top[0]] - s.log_odds[second[0]]
    rows = s.instance.rows
    inside = [sum((row[z] for z in top), Fraction(0)) for row in rows]
    for strength in POSITIVE:
        laws = [s.law(j, ball(strength)) for j in range(len(rows))]
        for i, j in combinations(range(len(rows)), 2):
            apart = sum((abs(p - q) for p, q in zip(laws[i], laws[j], strict=True)), arb(0)) / 2
            ends = ball(sum(abs(rows[i][z] / inside[i] - rows[j][z] / inside[j]) for z in top)) / 2
            rest = sum(((1 - inside[k]) / inside[k] for k in (i, j)), Fraction(0))
            bound = ball(rest) * (-ball(strength) * gap).exp()
            if abs(apart - ends) > bound:
                text = f"TV of contexts {i} and {j} is within its rate of that at +∞, at α = {strength}"
                values = (("TV", apart), ("TV at +∞", ends), ("bound", bound))
                return Contradiction(text, values)
    return None
