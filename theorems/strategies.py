"""Hypothesis strategies for instances: those that meet every hypothesis, and those that break one.

Needs `hypothesis`; nothing else in the package imports it.
"""

from dataclasses import replace
from functools import partial

import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

from ufm import ConceptDataset, ExponentialTilt
from ufm.strategies import Draw, steerings, sublists

from .hypotheses import epsilon_threshold
from .judging.controls import DistortedPath
from .judging.instance import Instance

# At most 12 tokens and 12 contexts: the checks then compile for one padded shape only.
_steerings = partial(steerings, max_concepts=4, max_size=3, max_contexts=3)


def instances(
    *, contrastive: bool | None = None, varying: bool = False, **bounds: int
) -> st.SearchStrategy[Instance]:
    """Instances that meet every hypothesis of the paper: Assumption 1, P in the target, N off it.

    `contrastive`, `varying` (a rate a for each context, App. B.1) and `bounds` as in
    `ufm.strategies.steerings`.

    >>> import hypothesis, jax, theorems, theorems.strategies, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=5)
    ... @hypothesis.given(theorems.strategies.instances())
    ... def check(instance):
    ...     assert theorems.check("lemma-b4.sign", instance).verdict == "holds"
    >>> check()
    """
    drawn = _steerings(contrastive=contrastive, varying=varying, **bounds)
    return drawn.map(lambda steering: Instance.from_dataset(*steering))


def instances_without(hypothesis_id: str) -> st.SearchStrategy[Instance]:
    """Instances that break the hypothesis `hypothesis_id` of `theorems.hypotheses`.

    The others hold, but for those that cannot: a difference of means over target contexts under
    Assumption 1 IS separated, so breaking separation breaks "target-contexts" too, a constant M
    breaks both, and breaking "assumption-1" or "target-contexts" may break separation.

    - "assumption-1": a < b at one token.            - "separation": P and N exchanged.
    - "non-constant-log-odds": P and N in one concept.
    - "difference-of-means": M shifted, and raised on some target tokens.
    - "target-contexts": P reaches into a second concept.
    - "exponential-path": steered before the norm, or the vector rescaled after M was measured.
    - "assumption-2": the data's law has mass moved from one token to another.
    - "small-epsilon": ε0 <= ε, on a γ/ω dataset.    - "one-law-each": N spans two concepts.

    Raises `ValueError` for any other id.

    >>> import hypothesis, jax, theorems, theorems.strategies, ufm.strategies
    >>> jax.config.update("jax_enable_x64", True)
    >>> @ufm.strategies.patient(max_examples=5)
    ... @hypothesis.given(theorems.strategies.instances_without("assumption-1"))
    ... def check(instance):
    ...     assert theorems.check("lemma-b4.sign", instance).verdict == "hypotheses unmet"
    >>> check()
    """
    if hypothesis_id not in _WITHOUT:
        raise ValueError(
            f"no strategy breaks the hypothesis {hypothesis_id!r}; these can be broken: {', '.join(_WITHOUT)}"
        )
    return _WITHOUT[hypothesis_id]()


@st.composite
def _without_assumption_1(draw: Draw) -> Instance:
    data, positive, negative = draw(_steerings(min_size=2))
    concept, own_concept = np.asarray(data.token_concept), np.asarray(data.context_concept)
    token = draw(st.integers(0, concept.size - 1))
    fellows = [z for z in np.flatnonzero(concept == concept[token]).tolist() if z != token]
    heir = draw(st.sampled_from(fellows))
    own = own_concept == concept[token]
    table = np.array(data.next_token_probs)
    # a_token becomes a fraction of b_token; another token of the concept takes the difference.
    lowered = table[~own, token][0] * draw(st.integers(1, 9)) / 10
    table[own, heir] += table[own, token] - lowered
    table[own, token] = lowered
    changed = replace(data, next_token_probs=table)
    return Instance.from_dataset(changed, positive, negative)


@st.composite
def _without_separation(draw: Draw) -> Instance:
    data, positive, negative = draw(_steerings())
    target = int(data.context_concept[positive[0]])
    return Instance.from_dataset(data, negative, positive, target_concept=target)


@st.composite
def _without_movement(draw: Draw) -> Instance:
    data, positive, _ = draw(_steerings(min_size=2, min_contexts=2))
    own = data.concept_contexts(int(data.context_concept[positive[0]]))
    first, *rest = draw(st.permutations(own))
    cut = draw(st.integers(1, len(rest)))
    return Instance.from_dataset(data, sorted([first, *rest[cut:]]), sorted(rest[:cut]))


@st.composite
def _without_difference_of_means(draw: Draw) -> Instance:
    base = draw(instances())
    target = np.flatnonzero(base.target)
    log_odds = base.odds + draw(st.integers(-9, 9))
    log_odds[draw(sublists(target.tolist()))] += draw(st.integers(1, 9))
    return replace(base, tilt=ExponentialTilt(base.tilt.log_probs, jnp.asarray(log_odds)))


@st.composite
def _without_target_contexts(draw: Draw) -> Instance:
    data, positive, _ = draw(_steerings(min_concepts=3))
    target = int(data.context_concept[positive[0]])
    concepts = np.unique(np.asarray(data.context_concept)).tolist()
    second, opposite, *_ = draw(st.permutations([k for k in concepts if k != target]))
    strays = draw(sublists(data.concept_contexts(second)))
    negative = draw(sublists(data.concept_contexts(opposite)))
    return Instance.from_dataset(data, sorted([*positive, *strays]), negative, target)


@st.composite
def _without_exponential_path(draw: Draw) -> Instance:
    base = draw(instances())
    normed = st.integers(1, 8).map(lambda n: {"norm_ratio": n / 4})
    rescaled = st.sampled_from([0.5, 2.0, 3.0]).map(lambda rate: {"rate": rate})
    path = draw(normed | rescaled)
    return replace(base, tilt=DistortedPath(base.tilt.log_probs, base.tilt.log_odds, **path))


@st.composite
def _without_assumption_2(draw: Draw) -> Instance:
    base = draw(instances())
    giver, taker, *_ = draw(st.permutations(range(base.odds.size)))
    law = base.probs.copy()
    moved = law[:, giver] * draw(st.integers(1, 4)) / 4
    law[:, giver] -= moved
    law[:, taker] += moved
    return replace(base, data_probs=law)


@st.composite
def _without_small_epsilon(draw: Draw) -> Instance:
    """γ = ω but on the target, where γ/ω <= 1/2 at one token: there ε0 < ε and still a > b."""
    groups, size = draw(st.sampled_from([(2, 2), (3, 2), (3, 3)]))
    whole = st.lists(st.integers(1, 9), min_size=groups * size, max_size=groups * size)
    weights = np.array(draw(whole), dtype=float).reshape(groups, size)
    omega = weights / weights.sum(axis=1, keepdims=True)
    gamma = omega.copy()
    token = draw(st.integers(0, size - 1))
    ratio = draw(st.integers(1, 5)) / 10
    gamma[0] *= (1 - ratio * omega[0, token]) / (1 - omega[0, token])
    gamma[0, token] = ratio * omega[0, token]
    threshold, largest = epsilon_threshold(groups, ratio), 1 / (1 + 1 / (ratio * (groups - 1)))
    epsilon = threshold + draw(st.integers(1, 3)) / 4 * (largest - threshold)
    concept = np.repeat(np.arange(groups), size)
    data = ConceptDataset.from_concept_laws(gamma.ravel(), omega.ravel(), epsilon, concept, 2)
    opposite = draw(sublists(list(range(2, 2 * groups))))
    return Instance.from_dataset(data, draw(sublists([0, 1])), opposite)


_WITHOUT = {
    "assumption-1": _without_assumption_1,
    "separation": _without_separation,
    "non-constant-log-odds": _without_movement,
    "difference-of-means": _without_difference_of_means,
    "target-contexts": _without_target_contexts,
    "exponential-path": _without_exponential_path,
    "assumption-2": _without_assumption_2,
    "small-epsilon": _without_small_epsilon,
    "one-law-each": partial(instances, contrastive=False),
}
