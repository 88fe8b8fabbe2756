"""Instances on which a dropped hypothesis makes a conclusion fail, in small exact numbers."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm import ConceptDataset, ExponentialTilt
from ufm._checks import strength
from ufm.models.dataset_contexts import enumerate_contexts

from .claim import Control
from .instance import Instance


class DistortedPath(ExponentialTilt):
    """Laws softmax((log p + rate·α M) / √(1 + (c α)²)): a path that is not the tilt of `log_odds`.

    With c = `norm_ratio` = |v|/|h| it is a model steered BEFORE its final RMSNorm, at h orthogonal to
    v; with `rate` other than 1, a model whose steering vector was rescaled after M was measured.
    """

    norm_ratio: Array
    rate: Array

    def __init__(self, log_probs, log_odds, norm_ratio: float = 0.0, rate: float = 1.0):
        super().__init__(log_probs, log_odds)
        self.norm_ratio = jnp.asarray(norm_ratio)
        self.rate = jnp.asarray(rate)

    def from_pivot(self, alpha):
        """That of the tilt by `rate` times M, of p_j with its logarithms shrunk."""
        alpha = strength(alpha, self.log_odds.dtype)
        shrink = 1 / jnp.sqrt(1 + (self.norm_ratio * alpha) ** 2)
        scaled = eqx.tree_at(lambda t: t.log_probs, self, self.log_probs * shrink)
        return ExponentialTilt.from_pivot(scaled, self.rate * alpha * shrink)


def rationals(values: Sequence[str]) -> np.ndarray:
    """Exact rationals such as "3/5" as floats."""
    return np.array([float(Fraction(v)) for v in values])


def rate_table(
    in_concept: Sequence[str],
    off_concept: Sequence[str],
    token_concept: Sequence[int],
    per_concept: int,
) -> ConceptDataset:
    """p(z|c_j) = a_z or b_z, as `ConceptDataset.from_rates`, but with no condition on a and b."""
    concept = np.asarray(token_concept)
    contexts = np.repeat(np.unique(concept), per_concept)
    a, b = rationals(in_concept), rationals(off_concept)
    probs = np.where(contexts[:, None] == concept, a, b)
    words = enumerate_contexts(concept, per_concept, length=2)[1]
    m = len(contexts)
    return ConceptDataset(probs, concept, contexts, np.full(m, 1 / m), words)


def two_by_two() -> ConceptDataset:
    """V=4, G=2: a = (3/5, 1/5, 3/5, 1/5), b = 1/10, two contexts per concept."""
    return rate_table(["3/5", "1/5", "3/5", "1/5"], ["1/10"] * 4, [0, 0, 1, 1], 2)


def standard() -> Instance:
    """`two_by_two` steered from concept 1 to concept 0: every hypothesis holds."""
    return Instance.from_dataset(two_by_two(), [0, 1], [2, 3])


def before_the_norm() -> Instance:
    """`standard`, steered before the final norm rather than after it."""
    return _on_path(norm_ratio=1.0)


BEFORE_THE_NORM = Control("exponential-path", "steering before the final norm", before_the_norm)


def rescaled_vector(rate: float) -> Instance:
    """`standard`, with the steering vector multiplied by `rate` after M was measured."""
    return _on_path(rate=rate)


def rescaled(times: str, rate: float) -> Control[Instance]:
    """The control with `rescaled_vector(rate)`, `times` being the rate in words."""
    text = f"{times} the steering vector, after M was measured"
    return Control("exponential-path", text, lambda: rescaled_vector(rate))


def _on_path(**path: float) -> Instance:
    base = standard()
    return replace(base, tilt=DistortedPath(base.tilt.log_probs, base.tilt.log_odds, **path))


def with_log_odds(instance: Instance, log_odds: np.ndarray) -> Instance:
    """The same instance, tilted by other log-odds [V]."""
    return replace(instance, tilt=ExponentialTilt(instance.log_probs, log_odds))


def swapped_contexts() -> Instance:
    """`standard`, with P and N exchanged in the record but not in M."""
    return replace(standard(), positive=(2, 3), negative=(0, 1))


def steered_away() -> Instance:
    """`standard`, steered from the target: P holds the other concept, so δ < 0."""
    return Instance.from_dataset(two_by_two(), [2, 3], [0, 1], target_concept=0)


def equal_rates() -> Instance:
    """a = (7, 1, 5, 3)/10, b = 1/10: a_2 = b_2, so that token 2 of T has M = 0."""
    data = rate_table(["7/10", "1/10", "5/10", "3/10"], ["1/10"] * 4, [0, 0, 1, 1], 2)
    return Instance.from_dataset(data, [0, 1], [2, 3])


def smaller_rates() -> Instance:
    """a = (7/10, 1/10, 1/5, 1/2), b = (1/10, 1/5, 3/20, 1/20): a < b at token 2 of T."""
    a, b = ["7/10", "1/10", "1/5", "1/2"], ["1/10", "1/5", "3/20", "1/20"]
    return Instance.from_dataset(rate_table(a, b, [0, 0, 1, 1], 2), [0, 1], [2, 3])


def two_values_each() -> Instance:
    """p uniform on four tokens, M = (2, 1, 0, -3): both T and the rest have tokens of two values."""
    tilt = ExponentialTilt(np.log(np.full((1, 4), 0.25)), np.array([2.0, 1.0, 0.0, -3.0]))
    concept = np.array([0, 0, 1, 1])
    return Instance(tilt, concept == 0, concept, np.array([0]), np.ones(1))


def negatives_in_target() -> Instance:
    """`two_by_two` with P and N both inside T: v = 0 in logit space, M is constant."""
    return Instance.from_dataset(two_by_two(), [0], [1])


def unfinished_training() -> Instance:
    """`standard`, where the data favour the first token in every context."""
    base = standard()
    return replace(base, data_probs=np.tile([0.5, 1 / 6, 1 / 6, 1 / 6], (4, 1)))
