"""The default instances: the paper's datasets, and random families drawn by construction."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ufm import ConceptDataset, ExponentialTilt, log_odds

from .judging.head import random_head
from .judging.instance import Instance
from .statements.prop_4_1 import TransformerInstance, random_transformer

# Few shapes, so that little is compiled: (concepts G, tokens per concept s, contexts per concept).
_SHAPES = ((2, 1, 1), (2, 2, 2), (3, 2, 2), (3, 3, 2), (4, 3, 3), (2, 6, 4), (6, 2, 2), (4, 2, 2))
_LARGE_SHAPES = ((4, 6, 2), (5, 12, 2), (6, 10, 2))


def draw(family: str, seed: int, index: int):
    """Instance number `index` of a family; the first few are the paper's, or extreme cases.

    Families: "rates" (Assumption 1, any P in T and N off it), "contrastive" (N in one concept),
    "laws" (γ/ω dataset), "smoothed", "tilts" (any p > 0 and M, with ties, near ties and
    probabilities down to 1e-300), "transformers" (Proposition 4.1), "heads" (the circle before the norm),
    "varying" (Assumption 1 with a rate a for each context, App. B.1), "uneven" (b depends on it too),
    "shaped" (for claims of others: M of one value on T and one off it, an interior token as T, or M of
    one value off T alone).

    >>> from theorems.suite import draw
    >>> print(draw("rates", seed=0, index=5).log_probs.shape)
    (4, 4)
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}; got {family!r}")
    paper, random = FAMILIES[family]
    if index < len(paper):
        return paper[index]()
    return random(np.random.default_rng([seed, list(FAMILIES).index(family), index]))


def large_instance(seed: int) -> Instance:
    """One instance of Assumption 1 with V = 60."""
    rng = np.random.default_rng([seed, len(FAMILIES)])
    data = ConceptDataset.from_rates(*random_rates(rng, 5, 12), np.repeat(np.arange(5), 12), 2)
    return Instance.from_dataset(data, [0, 1], [2, 3])


def _shape(rng: np.random.Generator, shapes: tuple = _SHAPES) -> tuple[int, int, int]:
    large = rng.random() < 0.05 and shapes is _SHAPES
    chosen = _LARGE_SHAPES if large else shapes
    return chosen[rng.integers(len(chosen))]


def _positive_law(rng: np.random.Generator, groups: int, size: int) -> np.ndarray:
    """A strictly positive law on each concept, from nearly uniform to nearly a point."""
    sharpness = rng.choice([0.3, 1.0, 10.0])
    law = rng.gamma(sharpness, size=(groups, size)) + 1e-9
    return (law / law.sum(axis=1, keepdims=True)).reshape(-1)


def random_rates(rng: np.random.Generator, groups: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) of Assumption 1, all of them reached: b > 0 of sum B < 1, and a = b + (1-B)u."""
    b = rng.gamma(rng.choice([0.3, 2.0]), size=groups * size) + 1e-6
    b *= rng.uniform(0.01, 0.95) / b.sum()
    return b + (1 - b.sum()) * _positive_law(rng, groups, size), b


def _sets(rng: np.random.Generator, data: ConceptDataset, contrastive: bool) -> tuple[list, list]:
    """P inside concept 0 and N off it (inside one concept if `contrastive`), sizes as they fall."""

    def some(indices: np.ndarray) -> list[int]:
        chosen = rng.choice(indices, rng.integers(1, indices.size + 1), replace=False)
        return np.sort(chosen).tolist()

    concept = np.asarray(data.context_concept)
    opposite = rng.integers(1, concept.max() + 1)
    off = np.flatnonzero(concept == opposite if contrastive else concept > 0)
    return some(np.flatnonzero(concept == 0)), some(off)


def _rates(rng: np.random.Generator, contrastive: bool | None = None) -> Instance:
    shapes = ((3, 2, 2), (3, 3, 2), (4, 3, 3), (4, 2, 2)) if contrastive else _SHAPES
    groups, size, contexts = _shape(rng, shapes)
    a, b = random_rates(rng, groups, size)
    data = ConceptDataset.from_rates(a, b, np.repeat(np.arange(groups), size), contexts)
    weights = rng.dirichlet(np.full(len(data.context_weights), 5.0)) + 1e-3
    data = replace(data, context_weights=weights / weights.sum())
    is_contrastive = rng.random() < 0.5 if contrastive is None else contrastive
    return Instance.from_dataset(data, *_sets(rng, data, is_contrastive))


def _varying(rng: np.random.Generator) -> Instance:
    """a_{j,z} = b_z + (1-B) u_{j,z}, u_j a distribution on each concept; at least two contexts a concept."""
    groups, size, contexts = _shape(rng, tuple(s for s in _SHAPES if s[1] > 1))
    b = random_rates(rng, groups, size)[1]
    laws = [_positive_law(rng, groups, size) for _ in range(groups * contexts)]
    a = b + (1 - b.sum()) * np.stack(laws)
    data = ConceptDataset.from_rates(a, b, np.repeat(np.arange(groups), size), contexts)
    return Instance.from_dataset(data, *_sets(rng, data, rng.random() < 0.5))


def _uneven(rng: np.random.Generator) -> Instance:
    """As "varying", but each probability times a factor of its own, from nearly 1 to e^±3: no b is left."""
    base = _varying(rng)
    factors = np.exp(rng.choice([0.01, 0.3, 3.0]) * rng.uniform(-1, 1, base.probs.shape))
    rows = base.probs * factors
    log_probs = np.log(rows / rows.sum(axis=1, keepdims=True))
    sets = base.positive or (), base.negative or ()
    tilt = ExponentialTilt(log_probs, np.asarray(log_odds(log_probs, *sets)))
    return replace(base, tilt=tilt)


def _laws(rng: np.random.Generator) -> Instance:
    """ε drawn below the threshold of Remark 3.4."""
    from .hypotheses import epsilon_threshold

    groups, size, contexts = _shape(rng)
    gamma, omega = _positive_law(rng, groups, size), _positive_law(rng, groups, size)
    # a > b for every token bounds ε as well
    ratio = float((gamma / omega).min())
    largest = 1 / (1 + 1 / (ratio * (groups - 1)))
    threshold = epsilon_threshold(groups, float((gamma / omega)[:size].min()))
    epsilon = rng.uniform(0.02, 0.98) * min(largest, threshold, (groups - 1) / groups)
    concept = np.repeat(np.arange(groups), size)
    data = ConceptDataset.from_concept_laws(gamma, omega, max(epsilon, 1e-12), concept, contexts)
    return Instance.from_dataset(data, *_sets(rng, data, rng.random() < 0.5))


def _smoothed(rng: np.random.Generator) -> Instance:
    groups, size, contexts = ((3, 3, 2), (4, 6, 2))[rng.integers(2)]
    epsilon = rng.uniform(0.01, 0.95) * (groups - 1) / groups
    data = ConceptDataset.smoothed(groups, size, epsilon, contexts)
    return Instance.from_dataset(data, *_sets(rng, data, rng.random() < 0.5))


def _tilts(rng: np.random.Generator) -> Instance:
    """Any p > 0 and M; the target is cut out of M's order, so that δ > 0."""
    groups, size, contexts = _shape(rng)
    vocabulary, m = groups * size, groups * contexts
    depth = rng.choice([1.0, 10.0, 300.0])
    log_probs = -depth * rng.gamma(1.0, size=(m, vocabulary))
    log_probs = np.maximum(log_probs, -690.0)
    log_odds = rng.choice([1e-3, 1.0, 50.0]) * rng.standard_normal(vocabulary)
    kind = rng.integers(4)
    if kind == 1 and vocabulary > 2:  # ties, at the ends too
        log_odds = np.round(log_odds / np.ptp(log_odds) * 3) / 3
    if kind == 2 and vocabulary > 2:  # near ties
        log_odds[1] = log_odds[0] + 1e-9 * np.ptp(log_odds)
    if np.ptp(log_odds) == 0:
        log_odds[0] += 1.0
    log_probs -= np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    cut = rng.choice(np.unique(log_odds)[1:])
    weights = rng.dirichlet(np.ones(m)) + 1e-3
    concept = np.argsort(np.argsort(log_odds)) // size
    own = np.repeat(np.arange(groups), contexts)
    tilt = ExponentialTilt(log_probs, log_odds)
    return Instance(tilt, log_odds >= cut, concept, own, weights / weights.sum())


def _shaped(rng: np.random.Generator) -> Instance:
    """For claims of others: M of one value on T and one off it, or off it alone; or T one interior token."""
    groups, size, contexts = ((3, 2, 2), (3, 3, 2), (4, 3, 3))[rng.integers(3)]
    vocabulary, m = groups * size, groups * contexts
    log_probs = np.log(rng.dirichlet(np.full(vocabulary, rng.choice([0.3, 3.0])) + 1e-9, size=m))
    concept, own = np.repeat(np.arange(groups), size), np.repeat(np.arange(groups), contexts)
    target, log_odds = concept == 0, rng.standard_normal(vocabulary)
    kind = rng.integers(3)
    if kind == 0:
        log_odds = np.where(target, *rng.standard_normal(2))
    elif kind == 1:
        target = np.arange(vocabulary) == np.argsort(log_odds)[rng.integers(1, vocabulary - 1)]
    else:
        log_odds = np.where(target, log_odds, log_odds[-1])
    log_probs = np.maximum(log_probs, -300.0)
    log_probs -= np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    weights = rng.dirichlet(np.ones(m)) + 1e-3
    return Instance(
        ExponentialTilt(log_probs, log_odds), target, concept, own, weights / weights.sum()
    )


def _transformer(rng: np.random.Generator) -> TransformerInstance:
    """Two blocks of either norm, d = 8, steered after either block."""
    norm = ("layernorm", "rmsnorm")[rng.integers(2)]
    site = ((0, "all"), (1, "last"))[rng.integers(2)]
    return random_transformer(rng, norm, *site, length=10 ** rng.uniform(-2, 2))


def _paper_uniform(epsilon: float, negative: list[int]) -> Instance:
    data = ConceptDataset.smoothed(concepts=3, size=3, epsilon=epsilon)
    return Instance.from_dataset(data, [0, 1], negative)


def paper_bumps() -> Instance:
    """Figs. 3 and B.1, numbers ours: V=9, G=3, ε=1/20, γ=(53,57,15)/125, ω=(4,5,1)/10, N in C_2."""
    gamma = np.tile([53 / 125, 57 / 125, 15 / 125], 3)
    omega = np.tile([0.4, 0.5, 0.1], 3)
    data = ConceptDataset.from_concept_laws(gamma, omega, 0.05, np.repeat(np.arange(3), 3))
    return Instance.from_dataset(data, [0, 1], [2, 3])


def tight_remainder() -> Instance:
    """V = 2 with p = (1 ± 1/√3)/2, whose third central moment is the largest there is: R³/(6√3).

    There the cubic remainder of ΔCE meets its bound as α → 0.
    """
    low = (1 - 3**-0.5) / 2
    tilt = ExponentialTilt(np.log([[low, 1 - low]]), np.array([1.0, 0.0]))
    return Instance(tilt, np.array([True, False]), np.array([0, 1]), np.array([1]), np.ones(1))


_UNIFORM = (
    partial(_paper_uniform, 0.05, [2, 3]),
    partial(_paper_uniform, 0.13, [2, 3]),
    partial(_paper_uniform, 0.05, [2, 4]),
)

FAMILIES: dict[str, tuple[tuple[Callable, ...], Callable]] = {
    "rates": ((paper_bumps, *_UNIFORM), _rates),
    "contrastive": ((paper_bumps, *_UNIFORM[:2]), lambda rng: _rates(rng, contrastive=True)),
    "laws": ((paper_bumps, *_UNIFORM), _laws),
    "smoothed": (_UNIFORM, _smoothed),
    "tilts": ((tight_remainder,), _tilts),
    "transformers": ((), _transformer),
    "heads": ((), random_head),
    "varying": ((), _varying),
    "uneven": ((), _uneven),
    "shaped": ((), _shaped),
}
