"""How far a strength, its price and what it brings would differ with other prompts for the vector."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ufm._progress import Progress, silent

from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend
from ..steering.prompt_states import PromptStates, StatesAtOnce
from .choice import ModelStrength
from .prompt_mass import MeanMass

# The interval holds this share of the resamples.
LEVEL = 0.95
# Strengths looked at for the direction of half of the prompts, at most, and when they are near enough.
_LOOKS, _NEAR = 6, 2e-3
# The spread follows 1/√n where that of halves is within this factor of what it says …
_AGREES = 1.5
# … and halves tell it from this many divisions on, of which chance alone makes a factor of 1.25.
ENOUGH_HALVES = 8


class Outcome(NamedTuple):
    """A strength, what it spends on the text that it is measured on, and the mass after the prompts.

    Arrays of one shape; the mass is NaN without a target.
    """

    alpha: np.ndarray
    price: np.ndarray
    mass: np.ndarray


def _outcome(alpha: float, price: float, mass: float) -> Outcome:
    return Outcome(np.asarray(alpha), np.asarray(price), np.asarray(mass))


class Interval(NamedTuple):
    """What the middle `LEVEL` of the resamples lies in, and their standard deviation."""

    low: float
    high: float
    error: float


@dataclass(frozen=True, eq=False)
class Spread:
    """What the choice would have been with other prompts of the same kind for the vector.

    - `found`: the strength, price and mass that were found.
    - `prompts`: how many P and N hold.
    - `resampled` [B]: for P and N drawn anew with replacement, to first order in the change of v; the
      price, log α and log F_T - log(1 - F_T) are linear in it.
    - `halves` [K, 2]: measured in full for the vectors of the two halves of the prompts, divided at
      random; K = 0 if not asked for.
    """

    found: Outcome
    prompts: tuple[int, int]
    resampled: Outcome
    halves: Outcome

    def interval(self, what: str) -> Interval:
        """The interval of the "alpha", the "price" or the "mass"."""
        values = getattr(self.resampled, what)
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(values, [tail, 1 - tail], method="higher")
        return Interval(float(low), float(high), float(values.std()))

    def halves_error(self, what: str) -> float:
        """The standard error that the halves tell, if it follows 1/√n: half the spread between two halves.

        The vectors of two halves are as good as independent, and each has √2 times the error of all.
        """
        pairs = getattr(self.halves, what)
        if not len(pairs):
            return math.nan
        if not np.isfinite(pairs).all():  # a half that never spends the budget
            return math.inf
        return float(np.sqrt(np.mean(np.diff(pairs, axis=1) ** 2)) / 2)

    def halves_shift(self, what: str) -> float:
        """By how much half of the prompts change the result on average.

        An error that falls as 1/n, such as what noise in v costs, is that large in the result itself.
        """
        pairs = getattr(self.halves, what)
        return float(pairs.mean() - getattr(self.found, what)) if len(pairs) else math.nan

    @property
    def follows_root(self) -> bool | None:
        """Whether the spread of α over halves is that of the resamples by 1/√n; None if too few halves."""
        if len(self.halves.alpha) < ENOUGH_HALVES:
            return None
        ratio = self.halves_error("alpha") / self.interval("alpha").error
        return 1 / _AGREES <= ratio <= _AGREES

    def as_json(self) -> dict[str, object]:
        """The intervals and the check by halves, as JSON data."""
        names = [name for name in Outcome._fields if not np.isnan(getattr(self.found, name))]
        halves = len(self.halves.alpha)
        return {
            "level": LEVEL,
            "resamples": len(self.resampled.alpha),
            "prompts": self.prompts,
            **{name: self.interval(name)._asdict() for name in names},
            "halves": halves,
            "halves_error": {name: self.halves_error(name) for name in names if halves},
            "halves_shift": {name: self.halves_shift(name) for name in names if halves},
            "follows_root": self.follows_root,
            "prompts_to_halve": self.prompts_to_halve,
        }

    @property
    def prompts_to_halve(self) -> tuple[int, int]:
        """How many prompts P and N would hold for half the spread, if it follows 1/√n."""
        return 4 * self.prompts[0], 4 * self.prompts[1]


def measure_spread(
    choice: ModelStrength,
    states: PromptStates | StatesAtOnce,
    chosen_on: TextSpend,
    measured_on: TextSpend,
    mass: MeanMass | None,
    *,
    resamples: int,
    halves: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> Spread | None:
    """The spread of the `choice` over the prompts of its vector, whose hidden states are `states`.

    None where the spending does not head for the budget at the chosen strength: no first order tells
    where it is crossed then.

    Text and contexts stay as they are. The first order wants three gradients: one backward pass over
    each text and over the contexts. A division in halves wants two searches near the choice.
    """
    at = _At(choice, chosen_on, measured_on, mass)
    tangent = _Tangent.at(at, states.vector)
    if not at.outward * (tangent.cost @ tangent.v) > 0:
        return None
    resampled = tangent.outcomes(states.changes(resamples, seed))
    measured = np.zeros((halves, 2, len(Outcome._fields)))
    for k, pair in enumerate(states.halves(halves, seed)):
        measured[k] = [at.outcome(vector, tangent.guess(vector)) for vector in pair]
        progress(k + 1, halves)
    halved = Outcome(*np.moveaxis(measured, 2, 0))
    return Spread(tangent.found, states.counts, resampled, halved)


@dataclass(frozen=True)
class _At:
    """A choice, the text that it was made on, the text that it is measured on, and the contexts."""

    choice: ModelStrength
    chosen_on: TextSpend
    measured_on: TextSpend
    mass: MeanMass | None

    @property
    def column(self) -> int:
        """The kind that the budget limits."""
        return KINDS.index(self.choice.kind)

    @property
    def outward(self) -> float:
        """The sign of the slope in α with which the spending goes from that at 0 to the budget."""
        rise = self.choice.budget - float(self.choice.derivatives[0, self.column])
        return math.copysign(1.0, rise * self.choice.alpha)

    def outcome(self, vector: np.ndarray, guess: float) -> Outcome:
        """What the choice along another v is, measured in full; not finite where the search fails."""
        alpha = self._crossing(self.chosen_on.along(vector), guess)
        if not math.isfinite(alpha):
            return _outcome(alpha, math.inf, math.inf)
        price = self.measured_on.along(vector).at([alpha])[0, self.column]
        mass = math.nan if self.mass is None else self.mass.along(vector).at(alpha)
        return _outcome(alpha, price, mass)

    def _crossing(self, spend: TextSpend, guess: float) -> float:
        """The strength near the `guess` that spends the budget, by secants; ±∞ where they lead nowhere."""
        budget, at_zero = self.choice.budget, float(self.choice.derivatives[0, self.column])

        def gap(spent: float) -> float:
            # a cost is nearly a parabola in α: its root is nearly straight
            is_mass = self.choice.kind == "target_mass" or spent < 0
            return spent - budget if is_mass else math.sqrt(spent * budget) - budget

        near, far = (0.0, gap(at_zero)), (guess, math.inf)
        for _ in range(_LOOKS):
            if not (math.isfinite(far[0]) and far[0] * self.choice.alpha > 0):
                break
            far = far[0], gap(float(spend.at([far[0]])[0, self.column]))
            slope = (far[1] - near[1]) / (far[0] - near[0])
            if not self.outward * slope > 0:
                break
            near, far = far, (far[0] - far[1] / slope, math.inf)
            if abs(near[1]) <= _NEAR * abs(budget - at_zero):
                return far[0]
        return math.copysign(math.inf, self.choice.alpha)


@dataclass(frozen=True, eq=False)
class _Tangent:
    """What changes with v to first order about the vector `v` [d] and its strength.

    The rows of several blocks come end to end. Gradients in the shift αv [d]: `cost` of the budgeted
    spending where it was chosen, `price` of it where it is measured, `mass` of log F_T - log(1 - F_T).
    """

    v: np.ndarray
    found: Outcome
    cost: np.ndarray
    price: np.ndarray
    mass: np.ndarray

    @classmethod
    def at(cls, at: _At, v: np.ndarray) -> "_Tangent":
        alpha, kind = at.choice.alpha, at.choice.kind
        price, mass = at.measured_on.at([alpha])[0, at.column], math.nan
        slope = np.full(v.size, math.nan)
        if at.mass is not None and 0 < (found := at.mass.at(alpha)) < 1:
            mass, slope = found, at.mass.gradient(alpha).ravel() / (found * (1 - found))
        return cls(
            v=v,
            found=_outcome(alpha, price, mass),
            cost=at.chosen_on.gradient(alpha, kind).ravel(),
            price=at.measured_on.gradient(alpha, kind).ravel(),
            mass=slope,
        )

    def guess(self, vector: np.ndarray) -> float:
        """The α at which another direction [d] meets the tangent plane of the cost; ±∞ where it does not."""
        along = float(self.cost @ vector)
        share = float(self.cost @ self.v) / along if along else math.inf
        return float(self.found.alpha) * (share if share > 0 else math.inf)

    def outcomes(self, changes: np.ndarray) -> Outcome:
        """The outcomes [B] for these changes of v [B, d], to first order."""
        alpha, (_, price, mass) = float(self.found.alpha), self.found
        # the shift (α + dα)(v + dv) keeps to the tangent plane of the cost: g · (α dv + dα v) = 0
        relative = -(changes @ self.cost) / (self.cost @ self.v)
        moved = alpha * (changes + np.outer(relative, self.v))
        odds = np.log(mass / (1 - mass)) + moved @ self.mass
        return Outcome(
            alpha * np.exp(relative), price + moved @ self.price, 1 / (1 + np.exp(-odds))
        )
