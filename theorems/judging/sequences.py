"""Every sequence of a few tokens that an instance can generate, one by one."""

from typing import NamedTuple

import numpy as np

from .evaluate import laws_at
from .instance import Instance

_MOST = 10_000  # sequences of an instance
_LONGEST = 4


class Chain(NamedTuple):
    """A chain of contexts made up for an instance: `following` [m, V], `start` [m], and a length L."""

    following: np.ndarray
    start: np.ndarray
    length: int


class Sequences(NamedTuple):
    """All m V^L sequences at A strengths: log P_0 [N], log P_α [A, N], and which tokens are of T [N, L]."""

    log_before: np.ndarray
    log_after: np.ndarray
    is_target: np.ndarray


def chain_of(instance: Instance) -> Chain:
    """Any context may follow a token; starts are weighted as contexts, a third of them left out."""
    generator = instance.random(4)
    m, vocabulary = instance.log_probs.shape
    following = generator.integers(m, size=(m, vocabulary))
    kept = generator.permutation(m) >= m // 3
    start = np.where(kept, instance.context_weights, 0.0)
    length = max(n for n in range(2, _LONGEST + 1) if n == 2 or m * vocabulary**n <= _MOST)
    return Chain(following, start / start.sum(), length)


def all_sequences(
    instance: Instance, chain: Chain, alphas: np.ndarray, is_every_step: bool
) -> Sequences:
    """Each sequence with its probability, a product over its tokens; else steered at the first step alone."""
    vocabulary = instance.odds.size
    before, after = instance.log_probs, laws_at(instance.tilt, alphas)
    context = np.flatnonzero(chain.start > 0)
    tokens = np.empty((context.size, 0), int)
    log_before = np.log(chain.start[context])
    log_after = np.tile(log_before, (alphas.size, 1))
    for step in range(chain.length):
        z = np.tile(np.arange(vocabulary), context.size)
        tokens = np.column_stack([tokens.repeat(vocabulary, axis=0), z])
        context = context.repeat(vocabulary)
        is_steered = is_every_step or step == 0
        growth = after[:, context, z] if is_steered else before[None, context, z]
        log_before = log_before.repeat(vocabulary) + before[context, z]
        log_after = log_after.repeat(vocabulary, axis=1) + growth
        context = chain.following[context, z]
    return Sequences(log_before, log_after, instance.target[tokens])


def reachable(chain: Chain) -> np.ndarray:
    """The contexts in which one of the L tokens is drawn."""
    found = set(np.flatnonzero(chain.start > 0).tolist())
    for _ in range(chain.length - 1):
        found |= set(chain.following[sorted(found)].ravel().tolist())
    return np.array(sorted(found))
