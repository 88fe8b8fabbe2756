"""The instance on which claims are judged, with its curves worked out once for all of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ufm import ExponentialTilt
from ufm._checks import context_sets
from ufm.tilt.cross_entropy_bounds import Bounds, cross_entropy_enclosure, mean_deviation

from . import evaluate, grid
from . import maxima as curve_maxima
from .claim import Judged

# Below it a number has lost digits to the end of the range of floats.
SMALLEST = 1e-290


def log_masses(log_probs: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log Σ_C p and log Σ_{not C} p of distributions `log_probs` [..., V], C the tokens of `mask`."""
    on, off = (np.logaddexp.reduce(log_probs[..., part], axis=-1) for part in (mask, ~mask))
    return on, off


@dataclass(frozen=True, eq=False)
class Instance(Judged):
    """A steered next-token model, with what the statements need to know of it.

    - `tilt`: `ufm.ExponentialTilt` of m contexts over V tokens, in float64.
    - `target` [V] bool: T, neither empty nor all. `token_concept` [V], `context_concept` [m]: numbers
      of the concepts. `context_weights` [m]: π, positive, summing to one.
    - `positive`, `negative`: indices of P and N, if M is a difference of means; else None.
    - `data_probs` [m, V]: the law of the data where the model is not perfectly trained (Assumption 2
      broken); None: the data follow the model.

    >>> import ufm, theorems
    >>> data = ufm.ConceptDataset.smoothed()
    >>> instance = theorems.Instance.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> print(theorems.check("lemma-b4.sign", instance).verdict)
    holds
    """

    tilt: ExponentialTilt
    target: np.ndarray
    token_concept: np.ndarray
    context_concept: np.ndarray
    context_weights: np.ndarray
    positive: tuple[int, ...] | None = None
    negative: tuple[int, ...] | None = None
    data_probs: np.ndarray | None = None

    def __post_init__(self):
        m, vocabulary = self.tilt.log_probs.shape
        kinds = {
            "target": (bool, (vocabulary,)),
            "token_concept": (int, (vocabulary,)),
            "context_concept": (int, (m,)),
            "context_weights": (float, (m,)),
        }
        for name, (kind, shape) in kinds.items():
            array = np.asarray(getattr(self, name))
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}; got {array.shape}")
            if array.dtype.kind not in {bool: "b", int: "iu", float: "fiu"}[kind]:
                raise ValueError(f"{name} must be of kind {kind.__name__}; got dtype {array.dtype}")
            object.__setattr__(self, name, array.astype(kind))
        if self.tilt.log_probs.dtype != np.float64:
            raise TypeError(
                f"the checks need float64, got {self.tilt.log_probs.dtype}: switch on "
                'jax.config.update("jax_enable_x64", True) before making the tilt'
            )
        if self.target.all() or not self.target.any():
            raise ValueError(
                f"target must name some but not all of the {vocabulary} tokens; got {self.target.sum()}"
            )
        weights = self.context_weights
        if not (weights > 0).all() or abs(weights.sum() - 1) > 1e-9:
            raise ValueError(
                f"context_weights must be positive and sum to 1; least {weights.min():.6g}, "
                f"sum {weights.sum():.12g}"
            )
        reach = float(np.ptp(np.asarray(self.tilt.log_odds)))
        if reach and not 1e-152 <= reach <= 1e152:
            raise ValueError(
                f"log_odds must span 0 or between 1e-152 and 1e152; they span {reach:.3g}: rescale v"
            )
        if (self.positive is None) != (self.negative is None):
            raise ValueError("positive and negative go together: pass both or neither")
        if self.positive is not None and self.negative is not None:
            p, n = context_sets(self.positive, self.negative, m)
            object.__setattr__(self, "positive", tuple(p.tolist()))
            object.__setattr__(self, "negative", tuple(n.tolist()))

    @classmethod
    def from_dataset(
        cls,
        dataset,
        positive: Sequence[int],
        negative: Sequence[int],
        target_concept: int | None = None,
    ) -> "Instance":
        """A dataset steered by the difference of means over P and N.

        `target_concept` defaults to the concept of the first context of P.
        """
        concept = np.asarray(dataset.context_concept)
        target = concept[positive[0]] if target_concept is None else target_concept
        return cls(
            ExponentialTilt.from_dataset(dataset, positive, negative),
            np.asarray(dataset.token_concept) == target,
            np.asarray(dataset.token_concept),
            concept,
            np.asarray(dataset.context_weights),
            tuple(positive),
            tuple(negative),
        )

    @cached_property
    def log_probs(self) -> np.ndarray:
        """log p [m, V]."""
        return np.asarray(self.tilt.log_probs)

    @cached_property
    def probs(self) -> np.ndarray:
        """p [m, V]."""
        return np.exp(self.log_probs)

    @cached_property
    def odds(self) -> np.ndarray:
        """M [V], less what all its values have in common: an offset changes no law, but costs digits.

        If all values lie on one side of 0, the nearest to 0 is subtracted: that rounds no two of them
        into one, nor apart.
        """
        log_odds = np.asarray(self.tilt.log_odds)
        has_offset = log_odds.min() > 0 or log_odds.max() < 0
        return log_odds - log_odds[np.abs(log_odds).argmin()] if has_offset else log_odds

    @cached_property
    def odds_range(self) -> float:
        """R = max M - min M."""
        return float(self.odds.max() - self.odds.min())

    @cached_property
    def is_top(self) -> np.ndarray:
        """Mask of Mtop."""
        return self.odds == self.odds.max()

    @cached_property
    def is_bottom(self) -> np.ndarray:
        """Mask of Mbot."""
        return self.odds == self.odds.min()

    @cached_property
    def margin(self) -> float:
        """δ = min_T M - max_{not T} M."""
        return float(self.odds[self.target].min() - self.odds[~self.target].max())

    @cached_property
    def unit(self) -> float:
        """1/R, the natural unit of strength; 1 if M is constant."""
        return 1 / self.odds_range if self.odds_range else 1.0

    @cached_property
    def tolerance(self) -> float:
        """Relative rounding error of p_α, with a factor of eight to spare.

        log p_α is a difference of u = (log p - log p_r) + α(M - M_r) and a log-sum; where p_α does not
        underflow, |u| <= 745 + 2 max|log p|, of which each term carries half a unit in the last place.
        """
        return 8 * np.finfo(float).eps * (16 + 2 * float(np.abs(self.log_probs).max()))

    @cached_property
    def concepts(self) -> dict[int, np.ndarray]:
        """Mask [V] of the tokens of each concept."""
        return {int(k): self.token_concept == k for k in np.unique(self.token_concept)}

    @cached_property
    def off_target_concepts(self) -> dict[int, np.ndarray]:
        """The concepts that share no token with the target."""
        return {k: mask for k, mask in self.concepts.items() if not (mask & self.target).any()}

    def random(self, purpose: int) -> np.random.Generator:
        """Random numbers of this instance: other ones for another instance or another `purpose`."""
        digest = hashlib.sha256(self.log_probs.tobytes() + self.odds.tobytes()).digest()
        return np.random.default_rng([purpose, *digest])

    @cached_property
    def _looked_at(self) -> tuple[np.ndarray, evaluate.Curves]:
        """Strengths, and the token curves there."""
        alphas = grid.strengths(self.random(0), self.log_probs, self.odds, self.unit)
        curves = evaluate.curves(self.tilt, alphas, self.context_weights)
        is_bent = self.bend(alphas, curves.log_probs) > 1
        more = grid.at_bends(alphas, is_bent)
        if more.size == 0:
            return alphas, curves
        both = np.concatenate([alphas, more])
        order = np.argsort(both, kind="stable")
        between = evaluate.curves(self.tilt, more, self.context_weights)
        pairs = zip(curves, between, strict=True)
        return both[order], evaluate.Curves._make(np.concatenate(pair)[order] for pair in pairs)

    @property
    def alphas(self) -> np.ndarray:
        """Strengths at which curves are looked at: `grid.strengths`, and more where the path bends."""
        return self._looked_at[0]

    @property
    def curves(self) -> evaluate.Curves:
        """Token curves on `alphas`."""
        return self._looked_at[1]

    def rounding(self, alphas: np.ndarray) -> np.ndarray:
        """Absolute rounding error of log p_α, and of log-odds, at `alphas`: as `tolerance`."""
        far = np.abs(alphas) * self.odds_range
        return self.tolerance + 8 * np.finfo(float).eps * far

    def bend(self, alphas: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
        """How far `log_probs` [A, m, V] are from the tilt [A]: the largest error of
        log p_α(z)/p_α(r) = log p(z)/p(r) + α(M(z) - M(r)), r the likeliest token, over its rounding.
        """
        r = log_probs.argmax(axis=2)[:, :, None]
        own = log_probs - np.take_along_axis(log_probs, r, axis=2)
        base = np.broadcast_to(self.log_probs, log_probs.shape)
        straight = (base - np.take_along_axis(base, r, axis=2)) + alphas[:, None, None] * (
            self.odds - self.odds[r]
        )
        error = np.abs(own - straight).max(axis=(1, 2))
        return error / (2 * self.rounding(alphas))

    @cached_property
    def concept_curves(self) -> dict[int, evaluate.ConceptCurves]:
        """Mass curves on `alphas` of every concept; -1 is the target."""
        masks = {k: mask for k, mask in self.concepts.items() if not mask.all()}
        same = next((k for k, mask in masks.items() if (mask == self.target).all()), None)
        own = {-1: self.target} if same is None else {}
        found = evaluate.concept_curves(self.tilt, self.alphas, {**own, **masks})
        return found if same is None else {-1: found[same], **found}

    @cached_property
    def peaks(self) -> np.ndarray:
        """α(j,z) [m, V], as the library finds them."""
        return evaluate.peaks(self.tilt)

    @cached_property
    def maxima(self) -> np.ndarray:
        """Where each curve log p_{j,α}(z) has its maximum [m, V], as the curves themselves show it.

        A peak of the library counts where the curve rises before it and falls after it; for any other
        token the maximum is searched for on the curve. NaN where a curve has no numbers.
        """
        return curve_maxima.of_curves(self)

    @cached_property
    def cross_entropy_increase(self) -> np.ndarray:
        """ΔCE on `alphas` by the library, in nats."""
        if self.data_probs is None:
            return self.curves.cross_entropy
        return evaluate.cross_entropy_increase(
            self.tilt, self.alphas, self.context_weights, self.data_probs
        )

    @cached_property
    def cross_entropy_by_definition(self) -> np.ndarray:
        """CE(f_α) - CE(f) on `alphas`."""
        return self.cross_entropy_from(self.curves.log_probs)

    def cross_entropy_from(self, log_probs: np.ndarray) -> np.ndarray:
        """CE(f_α) - CE(f) of the curves `log_probs` [A, m, V] as a plain sum (Definition 3.7)."""
        law = self.probs if self.data_probs is None else self.data_probs
        return (law * (self.log_probs - log_probs)).sum(axis=2) @ self.context_weights

    @cached_property
    def relative_variance(self) -> float:
        """σ²/R² = Σ_j π_j Var_j(M/R)."""
        return (mean_deviation(self.tilt, self.context_weights) * self.unit) ** 2

    @property
    def variance(self) -> float:
        """σ² = Σ_j π_j Var_j(M)."""
        return self.relative_variance * self.odds_range**2

    @cached_property
    def cross_entropy_bounds(self) -> Bounds:
        """What encloses ΔCE on `alphas`."""
        return cross_entropy_enclosure(
            self.tilt, self.context_weights, self.target, self.alphas, self.curves.log_probs
        )
