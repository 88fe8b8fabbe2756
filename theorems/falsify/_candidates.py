"""Steered models of which one hypothesis is broken, for the search to choose from."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from ..tables.exact import read_exact
from ._steered import Steered
from ._strategies import Record, away, composition, steered

Candidates = st.SearchStrategy[Any]
SHAPES = [(2, 1), (3, 1), (2, 2)]


def plain(kind: str, shapes: list[tuple[int, int]], ordered: bool = True) -> Candidates:
    """Instances steered in one of the ways of `_strategies`, with nothing changed."""
    return steered(kind, shapes, ordered).map(lambda record: Steered(read_exact(record)))


def changed(shapes: list[tuple[int, int]], change: Callable[[int], Candidates]) -> Candidates:
    """Instances of which every hypothesis holds, with one thing changed."""

    def with_change(record: Record) -> Candidates:
        instance = read_exact(record)
        return change(len(instance.target)).map(lambda fields: Steered(instance, **fields))

    return steered("contrastive", shapes).flatmap(with_change)


_RATES = st.sampled_from([Fraction(2), Fraction(3), Fraction(1, 2)]).map(lambda r: {"rate": r})
_NORMS = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2)]).map(
    lambda c: {"norm_ratio": c}
)


def rescaled(shapes: list[tuple[int, int]] = SHAPES) -> Callable[[], Candidates]:
    """The vector rescaled after M was measured."""
    return lambda: changed(shapes, lambda vocabulary: _RATES)


def bent(shapes: list[tuple[int, int]] = SHAPES) -> Callable[[], Candidates]:
    """Steered before the last norm."""
    return lambda: changed(shapes, lambda vocabulary: _NORMS)


def other_vector() -> Candidates:
    """A vector that is not the difference of means."""
    factors = st.sampled_from(
        [Fraction(n) for n in (1, 2, 3, 9)] + [Fraction(1, n) for n in (2, 3, 9)]
    )
    return changed(
        SHAPES,
        lambda vocabulary: st.lists(factors, min_size=vocabulary, max_size=vocabulary).map(
            lambda drawn: {"factor": tuple(drawn)}
        ),
    )


@st.composite
def _laws(draw: Callable[..., Any], vocabulary: int):
    parts = composition(draw, 10, vocabulary)
    return {"data": tuple(Fraction(part, 10) for part in parts)}


def unfinished() -> Candidates:
    """Data of another law than the model's."""
    return changed(SHAPES, _laws)


def inside() -> Candidates:
    """N inside the target concept: M is constant."""
    # a concept of one token has one context only
    return plain("inside", [(2, 2)])


def unordered() -> Candidates:
    """Rates with a < b here and there."""
    return plain("contrastive", [(2, 2)], ordered=False)


def turned_away() -> Candidates:
    """P and N exchanged: steered from the target."""
    return away(SHAPES).map(lambda record: Steered(read_exact(record)))


def lower_target(vocabulary: int) -> Candidates:
    """Log-odds of the first token, which is in T, lowered."""
    rest = (Fraction(1),) * (vocabulary - 1)
    lowered = st.sampled_from([Fraction(1, n) for n in (9, 99, 999)])
    return lowered.map(lambda factor: {"factor": (factor, *rest)})
