"""Concept-partitioned next-token data (Definition 2.1, Assumption 1)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._checks import Numbers, floating, is_concrete
from . import dataset_checks as check
from .dataset_contexts import enumerate_contexts


class ConceptDataset(eqx.Module):
    """Next-token distributions p(z|c_j) of m contexts over V tokens that are split into G concepts.

    **Fields** (m contexts, V tokens, T-1 tokens per context):

    - `next_token_probs` [m, V]: p(z|c_j); rows sum to one.
    - `token_concept` [V]: the concept, 0..G-1, of each token.
    - `context_concept` [m]: the concept of each context.
    - `context_weights` [m]: π_j, the share of context c_j in the data; they sum to one.
    - `contexts` [m, T-1]: the tokens of each context, all of one concept; no two rows alike.

    Assumption 1 of the paper: p(z|c_j) = a_z if z and c_j share a concept, else b_z, with
    1 > a_z > b_z > 0. `smoothed`, `from_rates` and `from_concept_laws` build such data; `from_pairs`
    and `sample` count pairs, as Definition 2.1 does, and need not satisfy it.

    Raises `ValueError` naming the first offending token or context, its value and the remedy.

    >>> import ufm
    >>> dataset = ufm.ConceptDataset.smoothed(concepts=3, size=3, epsilon=0.05)
    >>> print(f"{dataset.entropy():.9f} nats")
    1.331784891 nats
    """

    next_token_probs: Float[Array, "contexts vocab"]
    token_concept: Int[Array, " vocab"]
    context_concept: Int[Array, " contexts"]
    context_weights: Float[Array, " contexts"]
    contexts: Int[Array, "contexts length"]

    def __init__(
        self,
        next_token_probs: Numbers,
        token_concept: Numbers,
        context_concept: Numbers,
        context_weights: Numbers,
        contexts: Numbers,
    ):
        self.next_token_probs = floating("next_token_probs", next_token_probs, 2)
        self.token_concept = jnp.asarray(token_concept)
        self.context_concept = jnp.asarray(context_concept)
        self.context_weights = floating("context_weights", context_weights, 1)
        self.contexts = jnp.asarray(contexts)

    def __check_init__(self):
        m, vocabulary = self.next_token_probs.shape
        if not m:
            raise ValueError("next_token_probs must hold at least one context; got none")
        if self.contexts.ndim != 2:
            raise ValueError(f"contexts must have shape ({m}, T-1); got {self.contexts.shape}")
        shapes = (
            ("token_concept", self.token_concept, (vocabulary,)),
            ("context_concept", self.context_concept, (m,)),
            ("context_weights", self.context_weights, (m,)),
            ("contexts", self.contexts, (m, *self.contexts.shape[1:2])),
        )
        for name, array, shape in shapes:
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}; got {array.shape}")
            if name != "context_weights" and not jnp.issubdtype(array.dtype, jnp.integer):
                raise ValueError(f"{name} must hold integers; got dtype {array.dtype}")
        if is_concrete(*(array for _, array, _ in shapes), self.next_token_probs):
            check.rows(np.asarray(self.next_token_probs))
            check.weights(np.asarray(self.context_weights))
            concepts = np.asarray(self.token_concept), np.asarray(self.context_concept)
            check.concepts(*concepts)
            check.contexts(np.asarray(self.contexts), *concepts)

    @classmethod
    def smoothed(
        cls,
        concepts: int = 3,
        size: int = 3,
        epsilon: float = 0.05,
        contexts_per_concept: int = 2,
        context_length: int = 3,
    ) -> "ConceptDataset":
        """The ε-smoothed dataset (App. B.1): a = (1-ε)/s, b = ε/((G-1)s), 0 < ε < (G-1)/G.

        `concepts` is G >= 2, `size` is s tokens per concept. All contexts weigh the same.

        >>> import ufm
        >>> print(ufm.ConceptDataset.smoothed(epsilon=0.05).next_token_probs[0, 0])
        0.31666666666666665
        """
        if concepts < 2:
            raise ValueError(f"concepts must be at least 2; got {concepts}")
        if size < 1:
            raise ValueError(f"size must be at least 1 token per concept; got {size}")
        check.epsilon(epsilon, concepts)
        shares, token_concept = np.full(concepts * size, 1 / size), np.repeat(range(concepts), size)
        of_each = contexts_per_concept, context_length
        return cls.from_concept_laws(shares, shares, epsilon, token_concept, *of_each)

    @classmethod
    def from_rates(
        cls,
        in_concept: Numbers,
        off_concept: Numbers,
        token_concept: Numbers,
        contexts_per_concept: int = 2,
        context_length: int = 3,
    ) -> "ConceptDataset":
        """Assumption 1 as stated: p(z|c_j) = a_z if z and c_j share a concept, else b_z.

        `in_concept` is a [V] (or a [m, V], one row a context, the extension of App. B.1: a may
        depend on the context, b not), `off_concept` is b [V]. Contexts come concept by concept.
        Raises unless 1 > a_z > b_z > 0 for all z and each row sums to one.

        >>> import ufm
        >>> a, b = [0.6, 0.2, 0.6, 0.2], [0.1, 0.1, 0.1, 0.1]
        >>> print(ufm.ConceptDataset.from_rates(a, b, [0, 0, 1, 1]).next_token_probs[0])
        [0.6 0.2 0.1 0.1]
        """
        concept = np.asarray(token_concept)
        b = np.asarray(off_concept, dtype=float)
        a = np.asarray(in_concept, dtype=float)
        if concept.ndim != 1 or not concept.size or not np.issubdtype(concept.dtype, np.integer):
            raise ValueError(
                "token_concept must be a vector of integers; "
                f"got shape {concept.shape}, dtype {concept.dtype}"
            )
        of_each = contexts_per_concept, context_length
        context_concept, contexts = enumerate_contexts(concept, *of_each)
        m, vocabulary = len(context_concept), len(concept)
        if b.shape != (vocabulary,) or a.shape not in {(vocabulary,), (m, vocabulary)}:
            raise ValueError(
                f"in_concept must have shape ({vocabulary},) or ({m}, {vocabulary}) and off_concept "
                f"({vocabulary},); got {a.shape} and {b.shape}"
            )
        rates = np.broadcast_to(a, (m, vocabulary))
        own = context_concept[:, None] == concept
        for j, z in np.argwhere(own & ~((rates < 1) & (rates > b) & (b > 0))):
            raise ValueError(
                f"Assumption 1 needs 1 > a > b > 0; token {z} has a = {rates[j, z]} and b = {b[z]}"
            )
        return cls(np.where(own, rates, b), concept, context_concept, np.full(m, 1 / m), contexts)

    @classmethod
    def from_concept_laws(
        cls,
        in_law: Numbers,
        off_law: Numbers,
        epsilon: float,
        token_concept: Numbers,
        contexts_per_concept: int = 2,
        context_length: int = 3,
    ) -> "ConceptDataset":
        """The γ/ω dataset (proof of Remark 3.4): a_z = (1-ε)γ_z, b_z = ε ω_z/(G-1).

        `in_law` is γ [V] and `off_law` is ω [V]: strictly positive, each summing to one over every
        concept. Raises also where ε is so large that some a_z <= b_z.

        >>> import ufm
        >>> shares = [0.3, 0.7, 0.5, 0.5]
        >>> data = ufm.ConceptDataset.from_concept_laws(shares, shares, 0.1, [0, 0, 1, 1])
        >>> print(f"{data.next_token_probs[0, 1]:.2f} {data.next_token_probs[0, 2]:.2f}")
        0.63 0.05
        """
        concept = np.asarray(token_concept)
        groups = int(concept.max()) + 1 if concept.size else 0
        check.epsilon(epsilon, groups)
        for name, shares in (("in_law", np.asarray(in_law)), ("off_law", np.asarray(off_law))):
            if shares.shape != concept.shape or not (shares > 0).all():
                raise ValueError(
                    f"{name} must be {concept.size} positive numbers; got {shares.tolist()}"
                )
            sums = np.bincount(concept, shares, groups)
            k = int(np.argmax(abs(sums - 1)))
            if abs(sums[k] - 1) > 1e-9:
                raise ValueError(
                    f"{name} must sum to one over each concept; concept {k} sums to {sums[k]}"
                )
        a, b = (1 - epsilon) * np.asarray(in_law), epsilon * np.asarray(off_law) / (groups - 1)
        return cls.from_rates(a, b, concept, contexts_per_concept, context_length)

    @classmethod
    def from_pairs(
        cls,
        contexts: Numbers,
        next_tokens: Numbers,
        token_concept: Numbers,
        smoothing: float = 0.0,
    ) -> "ConceptDataset":
        """Count real pairs (c_i, z_i), i in [n] (Definition 2.1).

        `contexts` [n, T-1] and `next_tokens` [n] hold token numbers; the distinct contexts become
        c_1..c_m in lexicographic order. `smoothing` λ >= 0 is added to each of the V counts of a
        context; with λ = 0 an unseen token has probability 0 and no log-odds.

        >>> import ufm
        >>> data = ufm.ConceptDataset.from_pairs([[0], [0], [1]], [0, 1, 1], [0, 1])
        >>> print(data.next_token_probs[0], data.context_weights[0])
        [0.5 0.5] 0.6666666666666666
        """
        pairs, following = np.asarray(contexts), np.asarray(next_tokens)
        concept = np.asarray(token_concept)
        check.pairs(pairs, following, concept.size)
        check.smoothing(smoothing)
        distinct, which = np.unique(pairs, axis=0, return_inverse=True)
        shape = len(distinct), concept.size
        probs, weights = _counted(which.reshape(-1), following, shape, smoothing)
        return cls(probs, concept, concept[distinct[:, 0]], weights, distinct)

    def sample(self, key: Array, pairs: int, smoothing: float = 0.0) -> "ConceptDataset":
        """Draw `pairs` pairs (c_i, z_i) from these distributions and count them (Definition 2.1).

        `smoothing` λ >= 0 is added to each count. Raises if a context is never drawn.

        >>> import jax, ufm
        >>> counted = ufm.ConceptDataset.smoothed().sample(jax.random.key(0), pairs=20_000)
        >>> print(f"{abs(counted.entropy() - 1.331785):.2f}")
        0.00
        """
        check.smoothing(smoothing)
        if pairs < 1:
            raise ValueError(f"pairs must be at least 1; got {pairs}")
        key_context, key_token = jax.random.split(key)
        probs = self.next_token_probs
        log_weights = jnp.log(self.context_weights)
        drawn = jax.random.categorical(key_context, log_weights, shape=(pairs,))
        following = np.asarray(jax.random.categorical(key_token, jnp.log(probs)[drawn]))
        missing = np.setdiff1d(np.arange(len(probs)), drawn)
        if missing.size:
            raise ValueError(
                f"context {missing[0]} was not drawn in {pairs} pairs: draw more pairs"
            )
        found, weights = _counted(np.asarray(drawn), following, probs.shape, smoothing)
        found, weights = found.astype(probs.dtype), weights.astype(probs.dtype)
        concepts = self.token_concept, self.context_concept
        return ConceptDataset(found, *concepts, weights, self.contexts)

    def entropy(self) -> Float[Array, ""]:
        """Conditional entropy -Σ_j π_j Σ_z p(z|c_j) log p(z|c_j) in nats: the floor of the CE."""
        p = self.next_token_probs
        terms = jnp.where(p > 0, p * jnp.log(jnp.where(p > 0, p, 1.0)), 0.0)
        return -self.context_weights @ terms.sum(1)

    def concept_tokens(self, concept: int) -> Array:
        """Boolean mask [V] of the tokens of one concept, 0 … G-1."""
        if is_concrete(self.token_concept):
            groups = int(np.asarray(self.token_concept).max()) + 1
            if not 0 <= concept < groups:
                raise ValueError(f"concept must be in 0..{groups - 1}; got {concept}")
        return self.token_concept == concept

    def concept_contexts(self, concept: int) -> list[int]:
        """Indices of the contexts of one concept, 0 … G-1, ready to serve as P or N."""
        self.concept_tokens(concept)  # which refuses a concept that there is not
        return np.flatnonzero(np.asarray(self.context_concept) == concept).tolist()


def _counted(
    context: np.ndarray, following: np.ndarray, shape: tuple[int, ...], smoothing: float
) -> tuple[np.ndarray, np.ndarray]:
    """p(z|c_j) [m, V] and π_j [m] of the pairs (`context` [n], `following` [n]), `shape` = (m, V).

    `smoothing` is added to each of the V counts of a context, and counts for nothing in π.
    """
    counts = np.zeros(shape)
    np.add.at(counts, (context, following), 1.0)
    weights = counts.sum(axis=1) / context.size
    counts += smoothing
    return counts / counts.sum(axis=1, keepdims=True), weights
