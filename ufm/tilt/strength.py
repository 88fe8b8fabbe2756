"""Choosing the steering strength: the best α under a budget."""

# pyright: reportUnknownMemberType=false

import math
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from .._checks import Numbers, needs_float64, token_set
from ..numerics.bracket import Bracket
from ..numerics.roots import bracketed_root
from .cross_entropy_bounds import end_line, mean_deviation
from .divergences import checked_weights, forward_kl, reverse_kl
from .effects import concept_probability
from .peaks import require_separation
from .tilt import ExponentialTilt

Budget = Literal["cross_entropy", "reverse_kl", "target_mass"]
BUDGETS = ("cross_entropy", "reverse_kl", "target_mass")


class StrengthChoice(NamedTuple):
    """A chosen steering strength, what it costs, and whether the budget could be met at all.

    - `alpha`: the strength; +∞ or -∞ where the budget is out of reach.
    - `bracket`: (low, high) around it, where the budgeted quantity is <= and >= the budget.
    - `reachable`: False if no finite α spends the budget, or none that a float holds; `supremum` is
      what the budgeted quantity stays below.
    - `kind`, `budget`: as asked for.
    - `cross_entropy`, `reverse_kl`: nats spent at `alpha`, averaged over the context weights.
    - `target_mass`, `unsteered_target_mass`: weighted mean of F_T at `alpha` and at 0.
    - `small_budget_alpha`: √(2κ/σ²), what a quadratic cost would give (NaN for a target mass).
    """

    alpha: float
    bracket: Bracket[float]
    reachable: bool
    kind: str
    budget: float
    supremum: float
    cross_entropy: float
    reverse_kl: float
    target_mass: float
    unsteered_target_mass: float
    small_budget_alpha: float


def choose_strength(
    tilt: ExponentialTilt,
    weights: Numbers,
    *,
    target: Numbers,
    budget: float | np.floating,
    kind: Budget | str = "cross_entropy",
    log_odds_error: float | np.floating = 0.0,
) -> StrengthChoice:
    """The strength α that spends `budget`, and what it buys for the tokens of `target`.

    `weights` π [m] are the shares of the contexts, `target` is T, a boolean mask [V] with margin
    δ > 0. F_T increases with α and ΔCE is convex, so the best α under a cross-entropy budget κ is
    the positive root of ΔCE(α) = κ, at least √(8κ)/R. `kind`:

    - "cross_entropy": Σ π KL(p||p_α) = `budget` nats, always reachable (next to certainty, where
      Mtop has nearly all the mass, perhaps by no float).
    - "reverse_kl": Σ π KL(p_α||p) = `budget` nats; it saturates at -Σ π log p(Mtop).
    - "target_mass": Σ π F_T(α) = `budget` in (0, 1); α < 0 if the target holds more already.

    `log_odds_error` η >= 0, for a cross-entropy budget: M is an estimate, off by at most η up to a constant
    (`ufm.log_odds_error`). The strength is then the root of ΔCE(α) + 2αη = κ: it costs at most κ, and at
    least κ - 4αη, whichever M is the true one.

    An unreachable budget is reported in the result, not raised. Needs float64.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> target = data.concept_tokens(0)
    >>> choice = ufm.choose_strength(tilt, data.context_weights, target=target, budget=0.1)
    >>> print(f"{choice.alpha:.6f} {choice.target_mass:.6f}")
    0.345579 0.434644
    """
    mask = token_set(target, tilt.log_odds.size)
    needs_float64("choose_strength", tilt.log_probs, tilt.log_odds)
    require_separation(tilt, mask)
    budget = float(budget)  # of float32, a bracket would never get as narrow as it must
    check_budget(budget, kind, BUDGETS)
    error = _checked_error(float(log_odds_error), kind)
    pi = checked_weights(weights, tilt.log_probs.shape[0])

    @cache
    def effects(alpha: float) -> np.ndarray:
        return np.asarray(cast(Array, _effects_at(tilt, alpha, pi, mask)))

    def above(alpha: float) -> float:
        unspent = 2 * abs(alpha) * error if error else 0.0  # 0 at an infinite strength as well
        return float(effects(alpha)[BUDGETS.index(kind)]) + unspent - budget

    scales = _scales(tilt, pi)
    supremum = scales.supremum(kind)
    if budget >= supremum:
        bracket = Bracket(math.inf, math.inf)
        spent = np.array([math.inf, scales.largest_reverse, 1.0])
    else:
        bracket = bracketed_root(above, scales.start(budget, kind))
        # a root beyond the largest float: what the last strength before it spends
        spent = effects(bracket.high if math.isfinite(bracket.high) else bracket.low)
    return StrengthChoice(
        alpha=bracket.high,
        bracket=bracket,
        reachable=math.isfinite(bracket.high),
        kind=kind,
        budget=budget,
        supremum=supremum,
        cross_entropy=float(spent[0]),
        reverse_kl=float(spent[1]),
        target_mass=float(spent[2]),
        unsteered_target_mass=float(effects(0.0)[2]),
        small_budget_alpha=math.nan if kind == "target_mass" else scales.quadratic(budget),
    )


def _checked_error(error: float, kind: str) -> float:
    """η, of a kind of budget that it can be kept under."""
    if not (math.isfinite(error) and error >= 0):
        raise ValueError(f"log_odds_error must be finite and at least 0; got {error}")
    if error and kind != "cross_entropy":
        raise ValueError(f"log_odds_error needs kind 'cross_entropy'; got kind {kind!r}")
    return error


def check_budget(budget: float, kind: str, kinds: Sequence[str]) -> None:
    """Raise `ValueError` unless `kind` is one of `kinds` and `budget` can be one of this kind."""
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}; got {kind!r}")
    is_mass = kind == "target_mass"
    if not (math.isfinite(budget) and budget > 0 and (budget < 1 or not is_mass)):
        wanted = "in (0, 1)" if is_mass else "positive and finite, in nats"
        raise ValueError(f"budget must be {wanted} for kind {kind!r}; got {budget}")


@jax.jit
def _effects_at(tilt: ExponentialTilt, alpha: ArrayLike, weights: Array, mask: Array) -> Array:
    """Weighted cross-entropy increase, reverse KL and target mass, [3]."""
    divergences = forward_kl(tilt, alpha), reverse_kl(tilt, alpha)
    mass = concept_probability(tilt, alpha, mask)
    return jnp.stack([weights @ each for each in (*divergences, mass)])


class _Scales(NamedTuple):
    """What a first guess is made of: σ, the supremum -Σ π log p(Mtop) of the reverse KL, and R."""

    sigma: float
    largest_reverse: float
    span: float

    def supremum(self, kind: str) -> float:
        """What the budgeted quantity stays below."""
        return {"reverse_kl": self.largest_reverse, "target_mass": 1.0}.get(kind, math.inf)

    def quadratic(self, budget: float) -> float:
        """√(2κ/σ²), where a quadratic cost would spend the budget."""
        return math.sqrt(2 * budget) / self.sigma if self.sigma > 0 else math.inf

    def start(self, budget: float, kind: str) -> float:
        """Where the search begins."""
        if kind == "target_mass":
            return 1 / self.span
        return min(self.quadratic(budget), (1 + budget) / self.span)


def _scales(tilt: ExponentialTilt, weights: Array) -> _Scales:
    # on the host: three numbers are not worth compiling for
    pi = np.asarray(weights)
    _, log_top = end_line(tilt, +1)
    span = float(np.ptp(np.asarray(tilt.log_odds)))
    return _Scales(mean_deviation(tilt, pi), float(-pi @ log_top), span)
