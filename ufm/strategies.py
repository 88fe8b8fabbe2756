"""Hypothesis strategies: random datasets, steerings and tilts, for tests of one's own.

Every value is built, none is filtered out; whole numbers underneath let failures shrink to small
fractions. Sizes come from a few shapes, since JAX compiles anew for each, which takes longer than
Hypothesis lets a test take by default: put `patient()` on a test. Needs `hypothesis`.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from .models.dataset import ConceptDataset
from .tilt.tilt import ExponentialTilt

Draw = Callable[..., Any]  # DrawFn itself is a protocol that run-time type checkers refuse
# The type of a test that `hypothesis` runs.
Test = TypeVar("Test", bound=Callable[..., object])
Steering = tuple[ConceptDataset, list[int], list[int]]
_CONTEXT_LENGTH = 3


def patient(max_examples: int | None = None) -> Callable[[Test], Test]:
    """Hypothesis' settings for tests that JAX compiles for: no deadline, and drawing may take its time.

    A deadline is for one example; the first of each shape takes a second and the next ones a millisecond.
    All other settings are those of the current profile.

    >>> import hypothesis, jax, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=20)
    ... @hypothesis.given(ufm.strategies.tilts(max_tokens=4))
    ... def check(tilt):
    ...     assert abs(tilt.probs(1.5).sum(axis=1) - 1).max() < 1e-12
    >>> check()
    """
    examples = settings().max_examples if max_examples is None else max_examples
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def datasets(
    *,
    min_concepts: int = 2,
    max_concepts: int = 4,
    min_size: int = 1,
    max_size: int = 4,
    min_contexts: int = 1,
    max_contexts: int = 3,
    max_weight: int = 100,
    varying: bool = False,
) -> st.SearchStrategy[ConceptDataset]:
    """Datasets that satisfy Assumption 1: b > 0 with B = Σ b < 1, and a_z = b_z + (1-B) u_z.

    `varying`: a may depend on the context, as in App. B.1: each has shares u of its own.

    The numbers of concepts (at least 2), of tokens per concept (`size`) and of contexts per concept lie
    within the bounds; concepts have one size, and their tokens come in any order. b, 1-B and the shares
    u within each concept are ratios of whole numbers up to `max_weight`, as are the context weights.
    Raises `ValueError` for bounds that nothing meets.

    >>> import hypothesis, jax, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=20)
    ... @hypothesis.given(ufm.strategies.datasets(max_concepts=3))
    ... def check(dataset):
    ...     assert abs(dataset.next_token_probs.sum(axis=1) - 1).max() < 1e-12
    >>> check()
    """
    _check_bounds("concepts", 2, min_concepts, max_concepts)
    _check_bounds("size", 1, min_size, max_size)
    _check_bounds("contexts", 1, min_contexts, max_contexts)
    _check_bounds("weight", 1, 1, max_weight)
    shapes = [
        (concepts, size, contexts)
        for concepts in _ends_and_middle(min_concepts, max_concepts)
        for size in _ends_and_middle(min_size, max_size)
        for contexts in sorted({min_contexts, max_contexts})
        if contexts <= size**_CONTEXT_LENGTH
    ]
    if not shapes:
        most = f"{max_size} tokens per concept make at most {max_size**_CONTEXT_LENGTH} contexts"
        raise ValueError(f"{most} of length {_CONTEXT_LENGTH}; got min_contexts = {min_contexts}")
    return _datasets(shapes, max_weight, varying)


def steerings(
    *, contrastive: bool | None = None, varying: bool = False, **bounds: int
) -> st.SearchStrategy[Steering]:
    """Triples (dataset, positive, negative): P within one concept, N outside it, of any sizes.

    `contrastive` True keeps N inside one concept, False spreads it over two or more (which takes
    three concepts: `min_concepts` is raised to 3), None leaves it open. `varying` and `bounds` as in
    `datasets`.

    >>> import hypothesis, jax, ufm, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=20)
    ... @hypothesis.given(ufm.strategies.steerings(contrastive=True, max_concepts=3))
    ... def check(steering):
    ...     dataset, positive, negative = steering
    ...     assert ufm.ExponentialTilt.from_dataset(dataset, positive, negative).odds_range() > 0
    >>> check()
    """
    if contrastive is False:
        bounds["min_concepts"] = max(3, bounds.get("min_concepts", 3))
    return _steerings(datasets(**bounds, varying=varying), contrastive)


def tilts(
    *,
    max_contexts: int = 3,
    max_tokens: int = 8,
    min_probability: float = 1e-300,
    max_odds: float = 100.0,
    ties: bool = True,
) -> st.SearchStrategy[ExponentialTilt]:
    """Tilts of any distributions, p >= `min_probability`, by any M not constant, |M| <= `max_odds`.

    M has near ties, down to 1e-12 of its range (1e-6 in float32), and ties unless `ties` is False. At
    least one context and two tokens. Raises `ValueError` for bounds that nothing meets.

    >>> import hypothesis, jax, ufm, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=20)
    ... @hypothesis.given(ufm.strategies.tilts(max_tokens=4))
    ... def check(tilt):
    ...     assert tilt.odds_range() > 0
    >>> check()
    """
    _check_bounds("contexts", 1, 1, max_contexts)
    _check_bounds("tokens", 2, 2, max_tokens)
    if not 1e-307 <= min_probability <= 1 / max_tokens:
        bounds = f"[1e-307, 1/max_tokens] = [1e-307, {1 / max_tokens:.6g}]"
        raise ValueError(f"min_probability must lie in {bounds}; got {min_probability}")
    if not 1e-100 <= max_odds <= 1e100:
        raise ValueError(f"max_odds must lie in [1e-100, 1e100]; got {max_odds}")
    sizes = _ends_and_middle(2, max_tokens)
    shapes = [(contexts, size) for contexts in sorted({1, max_contexts}) for size in sizes]
    return _tilts(shapes, min_probability, max_odds, ties)


def sublists(values: Sequence[int]) -> st.SearchStrategy[list[int]]:
    """Non-empty sublists of `values`, in order; they shrink to the first value alone.

    >>> import hypothesis, ufm.strategies
    >>> hypothesis.find(ufm.strategies.sublists([3, 5, 8]), lambda chosen: 8 in chosen)
    [8]
    """
    if not len(values):
        raise ValueError("values is empty: there is no non-empty sublist")
    kept = st.lists(st.booleans(), min_size=len(values), max_size=len(values))
    return st.tuples(st.integers(0, len(values) - 1), kept).map(
        lambda drawn: [v for i, v in enumerate(values) if i == drawn[0] or drawn[1][i]]
    )


def _check_bounds(name: str, least: int, lower: int, upper: int) -> None:
    if not least <= lower <= upper:
        got = f"min_{name} = {lower}, max_{name} = {upper}"
        raise ValueError(f"need {least} <= min_{name} <= max_{name}; got {got}")


def _ends_and_middle(lower: int, upper: int) -> list[int]:
    return sorted({lower, (lower + upper) // 2, upper})


def _warn_of_deadline() -> None:
    """Say what to do while drawing, as the error that may follow speaks of flaky tests."""
    deadline = settings().deadline  # of the test that is run
    if deadline is not None:
        limit = 1000 * deadline.total_seconds()
        warnings.warn(
            f"JAX compiles for each new shape, which takes longer than this test's deadline of {limit:g} ms: "
            "put @ufm.strategies.patient() on it, or deadline=None into its settings",
            HypothesisWarning,
            stacklevel=2,
        )


@st.composite
def _datasets(draw: Draw, shapes: list[tuple[int, int, int]], max_weight: int, varying: bool):
    _warn_of_deadline()
    groups, size, per_concept = draw(st.sampled_from(shapes))

    def whole(count: int) -> np.ndarray:
        numbers = st.lists(st.integers(1, max_weight), min_size=count, max_size=count)
        return np.array(draw(numbers), dtype=float)

    concept = np.array(draw(st.permutations(np.repeat(np.arange(groups), size).tolist())))
    off = whole(groups * size)
    count = groups * per_concept if varying else 1
    inside = np.stack([whole(groups * size) for _ in range(count)])
    rest = whole(1)[0]
    b = off / (off.sum() + rest)
    within = inside / np.stack([np.bincount(concept, row)[concept] for row in inside])
    a = b + rest / (off.sum() + rest) * (within if varying else within[0])
    data = ConceptDataset.from_rates(a, b, concept, per_concept, _CONTEXT_LENGTH)
    weights = whole(groups * per_concept)
    return ConceptDataset(
        data.next_token_probs, concept, data.context_concept, weights / weights.sum(), data.contexts
    )


@st.composite
def _steerings(draw: Draw, source: st.SearchStrategy, contrastive: bool | None):
    dataset = draw(source)
    concepts = np.unique(np.asarray(dataset.context_concept)).tolist()
    target, *others = draw(st.permutations(concepts))
    fewest = 2 if contrastive is False else 1
    most = 1 if contrastive else len(others)
    reached = others[: draw(st.integers(fewest, most))]
    negative = sorted(j for k in reached for j in draw(sublists(dataset.concept_contexts(k))))
    return dataset, draw(sublists(dataset.concept_contexts(target))), negative


@st.composite
def _tilts(draw: Draw, shapes: list, min_probability: float, max_odds: float, ties: bool):
    _warn_of_deadline()
    contexts, tokens = draw(st.sampled_from(shapes))
    # log Σ p <= log V, so that normalising takes no p below the least one
    lowest = min(0.0, float(np.log(min_probability) + np.log(tokens)))
    depths = st.integers(0, 3).map(lambda n: n / 4) | st.floats(0, 1)
    log_p = lowest * np.array([[draw(depths) for _ in range(tokens)] for _ in range(contexts)])
    log_p -= np.logaddexp.reduce(log_p, axis=1, keepdims=True)

    # of a range of at most 10 V: 1e-12 of it and more, or what float32 tells apart
    near_tie = (1e-11 if jax.config.read("jax_enable_x64") else 1e-5) * tokens
    gaps = st.integers(1, 10).map(float) | st.just(near_tie)
    steps = [draw(st.just(0.0) | gaps if ties else gaps) for _ in range(tokens - 1)]
    steps[draw(st.integers(0, tokens - 2))] = float(draw(st.integers(1, 10)))  # never constant
    level = np.cumsum([0.0, *steps])
    log_odds = max_odds * draw(st.integers(1, 100)) / 100 * (2 * level / level[-1] - 1)
    return ExponentialTilt(log_p, log_odds[np.array(draw(st.permutations(range(tokens))))])
