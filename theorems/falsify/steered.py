"""A steered model in balls, of which the path, the vector or the training may break a hypothesis."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import arb

from ufm._json import JSON

from ..certificates._balls import ball, log_odds
from ..certificates.write.cross_entropy import dot
from ..certificates.write.hypotheses import ends
from ..certificates.write.levels import Levels
from ..tables.exact import ExactInstance

Balls = list[arb]
# The fields that break a hypothesis, and what they are where they break none.
_USUAL = (
    ("norm_ratio", 0),
    ("rate", 1),
    ("factor", None),
    ("data", None),
    ("excess", 1),
    ("second", 1),
)


@dataclass(frozen=True, eq=False)
class Steered:
    """Next-token distributions softmax((log p + rate·α(M + log factor)) / √(1 + (cα)²)), c = `norm_ratio`.

    - `norm_ratio`: |v|/|h| of a model steered BEFORE its final RMSNorm; 0 after it.
    - `rate`: the vector rescaled after M was measured; 1 if not.
    - `factor` [V]: v is not the difference of means, and log-odds differ from M by log factor.
    - `excess`: an intervention is so many times as strong as the one that spends the budget.
    - `second`: the vector at the second step of a generation is so many times that at the first.
    - `data` [V]: the distribution of the data in every context, where training is not perfect.

    All balls are of the working precision of the caller.
    """

    instance: ExactInstance
    norm_ratio: Fraction = Fraction(0)
    rate: Fraction = Fraction(1)
    factor: tuple[Fraction, ...] | None = None
    data: tuple[Fraction, ...] | None = None
    excess: Fraction = Fraction(1)
    second: Fraction = Fraction(1)

    @cached_property
    def levels(self) -> Levels:
        """The exact order of M."""
        return Levels(self.instance)

    @cached_property
    def log_odds(self) -> Balls:
        """M [V], the difference of mean log-probabilities."""
        return log_odds(self.instance.rows, self._shares)

    @cached_property
    def logs(self) -> list[Balls]:
        """log p [m][V]."""
        return [[ball(p).log() for p in row] for row in self.instance.rows]

    @cached_property
    def moved(self) -> Balls:
        """The rates at which logits really grow at α = 0."""
        factor = self.factor or (Fraction(1),) * len(self.log_odds)
        return [
            ball(self.rate) * (m + ball(f).log())
            for m, f in zip(self.log_odds, factor, strict=True)
        ]

    def law(self, context: int, alpha: arb) -> Balls:
        """p_α(z|c_j) [V]."""
        shrink = self._shrink(alpha)
        logits = zip(self.logs[context], self.moved, strict=True)
        return normalised([((q + alpha * m) * shrink).exp() for q, m in logits])

    def slope(self, context: int, alpha: arb) -> Balls:
        """dp_α(z|c_j)/dα [V], by the chain rule on the path as it is."""
        shrink = self._shrink(alpha)
        bend = -ball(self.norm_ratio) * ball(self.norm_ratio) * alpha * shrink * shrink * shrink
        rates = [
            m * shrink + (q + alpha * m) * bend
            for q, m in zip(self.logs[context], self.moved, strict=True)
        ]
        law = self.law(context, alpha)
        mean = dot(law, rates)
        return [p * (rate - mean) for p, rate in zip(law, rates, strict=True)]

    def limit(self, context: int, sign: int) -> Balls | None:
        """The distribution at ±∞, if a norm bends the path; None if it is straight."""
        if not self.norm_ratio:
            return None
        return normalised([(sign * m / ball(self.norm_ratio)).exp() for m in self.moved])

    def increase(self, alpha: arb) -> arb:
        """ΔCE(α) against the distribution of the data."""
        return self._mean_change(alpha, [self.data or row for row in self.instance.rows])

    def divergence(self, alpha: arb) -> arb:
        """Σπ KL(p_j || p_{j,α})."""
        return self._mean_change(alpha, self.instance.rows)

    def _mean_change(self, alpha: arb, laws: Sequence[Sequence[Fraction]]) -> arb:
        """Σ_j π_j Σ_z q_j(z) (log p_j(z) - log p_{j,α}(z)) for the distributions q."""
        total = arb(0)
        for j, law in enumerate(laws):
            change = [q - p.log() for q, p in zip(self.logs[j], self.law(j, alpha), strict=True)]
            total += ball(self.instance.weights[j]) * dot([ball(p) for p in law], change)
        return total

    def variance(self) -> arb:
        """σ² = ΣπVar_j(M) of the claimed M."""
        total = arb(0)
        for row, weight in zip(self.instance.rows, self.instance.weights, strict=True):
            law = [ball(p) for p in row]
            mean = dot(law, self.log_odds)
            total += ball(weight) * dot(law, [(m - mean) * (m - mean) for m in self.log_odds])
        return total

    def logit(self, context: int, alpha: arb, tokens: Sequence[int]) -> arb:
        """log F/(1-F) of a set of tokens."""
        law = self.law(context, alpha)
        on = sum((law[z] for z in tokens), arb(0))
        off = sum((p for z, p in enumerate(law) if z not in tokens), arb(0))
        return (on / off).log()

    @cached_property
    def target(self) -> list[int]:
        """The tokens of T."""
        return [z for z, flag in enumerate(self.instance.target) if flag]

    @cached_property
    def range(self) -> arb:
        """R."""
        tokens = self.levels.tokens
        return self.log_odds[tokens[-1][0]] - self.log_odds[tokens[0][0]]

    @cached_property
    def margin(self) -> arb:
        """δ."""
        low, high = (self.levels.tokens[k][0] for k in ends(self.instance, self.levels))
        return self.log_odds[low] - self.log_odds[high]

    def as_json(self) -> dict[str, JSON]:
        """The record of the instance, with the fields that break a hypothesis beside it."""
        changes: dict[str, JSON] = {}
        for name, usual in _USUAL:
            value = getattr(self, name)
            if value != usual:
                changes[name] = [str(x) for x in value] if isinstance(value, tuple) else str(value)
        return {**self.instance.record, **changes}

    @cached_property
    def _shares(self) -> list[Fraction]:
        p, n = self.instance.positive, self.instance.negative
        return [
            Fraction(j in p, len(p)) - Fraction(j in n, len(n))
            for j in range(len(self.instance.rows))
        ]

    def _shrink(self, alpha: arb) -> arb:
        c = ball(self.norm_ratio) * alpha
        return 1 / (1 + c * c).sqrt()


def normalised(weights: Sequence[arb]) -> Balls:
    """Weights divided by their sum."""
    total = sum(weights, arb(0))
    return [w / total for w in weights]
