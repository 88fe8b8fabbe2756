"""Hypothesis strategies for records of small rationals, each breaking what its name says.

Whole numbers over a common denominator underneath, smallest first, so that what is found shrinks to
few tokens and short fractions.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypedDict

from hypothesis import strategies as st

from ufm.strategies import Draw

Rates = tuple[list[Fraction], list[Fraction]]


class Record(TypedDict):
    """The JSON record of an instance of rates."""

    in_concept: list[str]
    off_concept: list[str]
    token_concept: list[int]
    contexts: list[int]
    positive: list[int]
    negative: list[int]


def composition(draw: Draw, total: int, parts: int) -> list[int]:
    """`total` as an ordered sum of `parts` whole numbers of at least 1."""
    found = []
    for left in range(parts - 1, 0, -1):
        found.append(draw(st.integers(1, total - left)))
        total -= found[-1]
    return [*found, total]


def record(
    rates: Rates,
    groups: int,
    contexts: Sequence[int],
    positive: Sequence[int],
    negative: Sequence[int],
) -> Record:
    """The JSON record of rates (a, b) of `groups` concepts of one size."""
    a, b = rates
    size = len(a) // groups
    return {
        "in_concept": [str(v) for v in a],
        "off_concept": [str(v) for v in b],
        "token_concept": [z // size for z in range(len(a))],
        "contexts": list(contexts),
        "positive": list(positive),
        "negative": list(negative),
    }


@st.composite
def rates(draw: Draw, groups: int, size: int, ordered: bool) -> Rates:
    """(a, b) over a denominator of 10 or 20: rows sum to one; a > b throughout if `ordered`."""
    vocabulary = groups * size
    whole = draw(st.sampled_from([n for n in (10, 20) if n > 2 * vocabulary] or [20]))
    most = max(1, (whole - groups * size) // vocabulary)
    b = [draw(st.integers(1, most)) for _ in range(vocabulary)]
    a: list[int] = []
    for k in range(groups):
        own = b[k * size : (k + 1) * size]
        if ordered:
            parts = composition(draw, whole - sum(b), size)
            a += [low + part for low, part in zip(own, parts, strict=True)]
        else:
            a += composition(draw, whole - sum(b) + sum(own), size)
    return [Fraction(v, whole) for v in a], [Fraction(v, whole) for v in b]


@st.composite
def spread_rates(draw: Draw, groups: int, size: int) -> Rates:
    """(a, b) over 50 or 100 with a > b, where b differs widely between tokens and concepts."""
    whole = draw(st.sampled_from([50, 100]))
    *b, rest = composition(draw, whole - size + 1, groups * size + 1)
    a: list[int] = []
    for k in range(groups):
        parts = composition(draw, rest + size - 1, size)
        a += [low + part for low, part in zip(b[k * size :], parts, strict=False)]
    return [Fraction(v, whole) for v in a], [Fraction(v, whole) for v in b]


@st.composite
def concept_laws(draw: Draw, groups: int, size: int) -> Rates:
    """(a, b) = ((1-ε)γ, εω/(G-1)) with a > b and ε, γ, ω in twentieths; ε from 3/10 to 3/5."""
    epsilon = Fraction(draw(st.integers(6, 12)), 20)
    least = epsilon / (1 - epsilon) / (groups - 1)  # a > b says γ > least · ω
    gamma: list[Fraction] = []
    omega: list[Fraction] = []
    for _ in range(groups):
        off = composition(draw, 20, size)
        low = [int(least * part) + 1 for part in off]
        more = composition(draw, 20 - sum(low) + size, size)
        omega += [Fraction(part, 20) for part in off]
        gamma += [Fraction(part + rest - 1, 20) for part, rest in zip(low, more, strict=True)]
    return [(1 - epsilon) * g for g in gamma], [epsilon * w / (groups - 1) for w in omega]


def steered(
    kind: str, shapes: Sequence[tuple[int, int]], ordered: bool = True
) -> st.SearchStrategy[Record]:
    """Records steered in one of the ways of `_STEERINGS`, of G concepts of s tokens."""
    positive, negative = _STEERINGS[kind]

    def one(shape: tuple[int, int]) -> st.SearchStrategy[Record]:
        groups, size = shape
        if kind in ("laws", "spread"):
            drawn = (concept_laws if kind == "laws" else spread_rates)(groups, size)
        else:
            drawn = rates(groups, size, ordered)
        contexts = [0, *range(groups)] if kind == "inside" else range(groups)
        return drawn.map(lambda ab: record(ab, groups, contexts, positive, negative))

    return st.sampled_from(list(shapes)).flatmap(one)


# P and N; the target is concept 0. Each concept has one context; "inside" the target has a second.
_STEERINGS: dict[str, tuple[list[int], list[int]]] = {
    "contrastive": ([0], [1]),
    "spread": ([0], [1]),
    "laws": ([0], [1]),
    "mixed": ([0], [1, 2]),
    "stray": ([0, 1], [2]),
    "inside": ([0], [1]),
}
