"""A language model's last norm and head: what the claims about steering before that norm are judged on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import ufm

from .claim import Judged

_UNITS = 8  # of rounding, of what a logit is a sum of


@dataclass(frozen=True, eq=False)
class SteeredHead(Judged):
    """States before the last norm, moved along h_j + αv, and the head that reads them; float64.

    - `unembedding` W [V, d], `states` h [m, d], `vector` v [d], `weight` γ [d], `bias` β [d], `eps` >= 0.
    - `centred`: the norm is LayerNorm, which takes the mean away (else RMSNorm).
    - `context_weights` π [m], which sum to 1.
    - `block` [d, d]: a block B that follows where v is added, x ↦ x + B tanh(x); None: v is added last.
    """

    unembedding: np.ndarray
    states: np.ndarray
    vector: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    eps: float
    centred: bool
    context_weights: np.ndarray
    block: np.ndarray | None = None

    @property
    def is_layernorm(self) -> bool:
        """Whether the norm is blind to a constant vector."""
        return self.centred

    @cached_property
    def circle(self) -> ufm.NormCircle:
        """The library's ellipse of logits, as if v were added last."""
        return ufm.NormCircle(
            self.unembedding,
            self.states,
            self.vector,
            self.weight,
            self.bias,
            self.eps,
            centred=self.centred,
        )

    @cached_property
    def across(self) -> np.ndarray:
        """a [m, V]."""
        return np.asarray(self.circle.across)

    @cached_property
    def along(self) -> np.ndarray:
        """b [V] = √d W(γ ⊙ v) / |v|, from its formula."""
        v = self.vector - self.vector.mean() if self.centred else self.vector
        unit = v / np.abs(v).max()
        return np.sqrt(v.size) * self.unembedding @ (self.weight * unit) / np.linalg.norm(unit)

    @cached_property
    def angles(self) -> np.ndarray:
        """Angles [A], rising in (-π/2, π/2): even ones, and cos t = 1e-2, … 1e-8 at both ends."""
        near = np.pi / 2 - 10.0 ** -np.arange(2, 9, 2)
        even = np.pi * ((np.arange(128) + 0.5) / 128 - 0.5)
        return np.sort(np.concatenate([-near, even, near]))

    def strengths(self, angles: np.ndarray) -> np.ndarray:
        """The α [A, m] at which the states are seen under the angles [A, m], or [A, 1] for all of them."""
        closest, width = (np.asarray(x) for x in (self.circle.closest, self.circle.width))
        return closest + width * np.tan(angles)

    def cosines(self, alphas: np.ndarray) -> np.ndarray:
        """cos t [A, m] = w / √(w² + (α - α*)²) at the strengths [A, m]."""
        closest, width = (np.asarray(x) for x in (self.circle.closest, self.circle.width))
        return width / np.hypot(width, alphas - closest)

    def logits(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The logits [A, m, V] at the strengths [A, m], from their definition, and their rounding errors."""
        moved = alphas[..., None] * self.vector
        x = self.states + moved
        reach = np.linalg.norm(self.states, axis=-1) + np.linalg.norm(moved, axis=-1)
        if self.block is not None:
            x = x + np.tanh(x) @ self.block.T
        if self.centred:
            x = x - x.mean(axis=-1, keepdims=True)
        root = np.sqrt((x**2).mean(axis=-1) + self.eps)
        normed = x / np.where(root > 0, root, 1)[..., None]
        found = (self.weight * normed + self.bias) @ self.unembedding.T
        # a state of length |x| that is a difference of much longer ones has lost digits
        lost = 1 + reach / np.where(root > 0, root * np.sqrt(x.shape[-1]), 1)
        rows = np.linalg.norm(self.weight * self.unembedding, axis=1) * np.sqrt(x.shape[-1])
        shift = np.abs(self.unembedding) @ np.abs(self.bias)
        return found, _UNITS * np.finfo(float).eps * (lost[..., None] * rows + shift)


def random_head(rng: np.random.Generator) -> SteeredHead:
    """Three contexts, of two tokens in d = 4 or nine in d = 8, with either norm; lengths of all sizes."""
    vocabulary, d = ((2, 4), (9, 8))[rng.integers(2)]
    states = rng.standard_normal((3, d)) * 10 ** rng.uniform(-1, 2, (3, 1))
    weights = rng.dirichlet(np.full(3, 5.0)) + 1e-3
    return SteeredHead(
        unembedding=rng.choice([0.3, 1.0, 3.0]) * rng.standard_normal((vocabulary, d)),
        states=states,
        vector=10 ** rng.uniform(-2, 2) * rng.standard_normal(d),
        weight=1 + 0.3 * rng.standard_normal(d),
        bias=rng.integers(2) * rng.standard_normal(d),
        eps=float(rng.choice([0.0, 1e-5, 0.1])),
        centred=bool(rng.integers(2)),
        context_weights=weights / weights.sum(),
    )
