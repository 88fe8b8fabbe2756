"""The contexts of a concept-partitioned dataset, listed concept by concept."""

import itertools
from collections.abc import Sequence

import numpy as np


def enumerate_contexts(
    token_concept: np.ndarray, per_concept: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first `per_concept` contexts of each concept, in lexicographic order: aaa, aab, …"""
    if per_concept < 1 or length < 1:
        raise ValueError(
            f"contexts_per_concept and context_length must be at least 1; got {per_concept} and {length}"
        )
    context_concept: list[int] = []
    contexts: list[Sequence[int]] = []
    for k in np.unique(token_concept):
        tokens = np.flatnonzero(token_concept == k).tolist()
        if tokens and len(tokens) ** length < per_concept:
            raise ValueError(
                f"concept {k} has {len(tokens)} tokens, so only {len(tokens) ** length} contexts of "
                f"length {length}; got contexts_per_concept = {per_concept}"
            )
        words = itertools.islice(itertools.product(tokens, repeat=length), per_concept)
        contexts.extend(words)
        context_concept.extend([int(k)] * per_concept)
    return np.array(context_concept), np.array(contexts)
