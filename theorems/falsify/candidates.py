"""Steered models of which one hypothesis is broken, for the search to choose from."""

from collections.abc import Callable
from fractions import Fraction
from typing import TypedDict

from hypothesis import strategies as st

from ufm.strategies import Draw

from ..tables.exact import read_exact
from .steered import Steered
from .strategies import Record, composition, steered

Candidates = st.SearchStrategy[Steered]
SHAPES = [(2, 1), (3, 1), (2, 2)]


class Change(TypedDict, total=False):
    """What is changed of a model that meets every hypothesis: fields of `Steered`."""

    norm_ratio: Fraction
    rate: Fraction
    factor: tuple[Fraction, ...]
    data: tuple[Fraction, ...]
    excess: Fraction
    second: Fraction


Changes = st.SearchStrategy[Change]


def plain(
    kind: str, shapes: list[tuple[int, int]], ordered: bool = True
) -> Callable[[], Candidates]:
    """Instances steered in one of the ways of `_strategies`, with nothing changed."""
    return lambda: steered(kind, shapes, ordered).map(lambda record: Steered(read_exact(record)))


# Models with N inside the target concept, so that M is constant; a concept of one token has one context only.
inside = plain("inside", [(2, 2)])
# Models of rates with a < b here and there.
unordered = plain("contrastive", [(2, 2)], ordered=False)


def changed(shapes: list[tuple[int, int]], change: Callable[[int], Changes]) -> Candidates:
    """Instances that meet every hypothesis, with one thing changed, which V may decide."""

    def with_change(record: Record) -> Candidates:
        instance = read_exact(record)
        return change(len(instance.target)).map(lambda fields: Steered(instance, **fields))

    return steered("contrastive", shapes).flatmap(with_change)


def rescaled() -> Candidates:
    """Models whose vector is rescaled after M was measured."""
    rates = st.sampled_from([Fraction(2), Fraction(3), Fraction(1, 2)])
    return changed(SHAPES, lambda vocabulary: rates.map(lambda rate: Change(rate=rate)))


def overspent() -> Candidates:
    """Models with an intervention beyond the budget."""
    times = st.sampled_from([Fraction(2), Fraction(3)])
    return changed(SHAPES, lambda vocabulary: times.map(lambda excess: Change(excess=excess)))


def uneven_steps() -> Candidates:
    """Models that are steered once: not at the second step, or back there."""
    times = st.sampled_from([Fraction(0), Fraction(-1)])
    return changed(SHAPES, lambda vocabulary: times.map(lambda second: Change(second=second)))


def opposite(kind: str, shapes: list[tuple[int, int]]) -> Callable[[], Candidates]:
    """Models that are steered along -v: the curves run backwards."""
    return lambda: steered(kind, shapes).map(
        lambda record: Steered(read_exact(record), rate=Fraction(-1))
    )


def bent(shapes: list[tuple[int, int]] = SHAPES) -> Callable[[], Candidates]:
    """Models that are steered before the last norm."""
    ratios = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2)])
    changes = ratios.map(lambda ratio: Change(norm_ratio=ratio))
    return lambda: changed(shapes, lambda vocabulary: changes)


def bent_and_interior() -> Candidates:
    """Models steered before the last norm, whose target is the token of the third concept."""
    ratios = st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2)])

    def aimed(found: Record, ratio: Fraction) -> Steered:
        return Steered(read_exact({**found, "target": [False, False, True]}), norm_ratio=ratio)

    return st.builds(aimed, steered("contrastive", [(3, 1)]), ratios)


def other_vector() -> Candidates:
    """Models whose vector is not the difference of means."""
    whole = [Fraction(n) for n in (1, 2, 3, 9)]
    factors = st.sampled_from(whole + [1 / n for n in whole[1:]])

    def change(vocabulary: int) -> Changes:
        drawn = st.lists(factors, min_size=vocabulary, max_size=vocabulary)
        return drawn.map(lambda found: Change(factor=tuple(found)))

    return changed(SHAPES, change)


@st.composite
def _laws(draw: Draw, vocabulary: int) -> Change:
    parts = composition(draw, 10, vocabulary)
    return Change(data=tuple(Fraction(part, 10) for part in parts))


def unfinished() -> Candidates:
    """Models that are not trained to the distribution of the data."""
    return changed(SHAPES, _laws)


def turned_away() -> Candidates:
    """Models that are steered away from the target: P in concept 1, N in concept 0, the target."""

    def turned(found: Record) -> Steered:
        sets = {"positive": found["negative"], "negative": found["positive"]}
        target = [k == 0 for k in found["token_concept"]]
        return Steered(read_exact({**found, **sets, "target": target}))

    return steered("contrastive", SHAPES).map(turned)


def lower_target(vocabulary: int) -> Changes:
    """A vector that lowers the log-odds of the first token, which is in T."""
    rest = (Fraction(1),) * (vocabulary - 1)
    lowered = st.sampled_from([Fraction(1, n) for n in (9, 99, 999)])
    return lowered.map(lambda factor: Change(factor=(factor, *rest)))
