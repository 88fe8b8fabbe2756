"""A chosen strength of a language model, what it spends, and what was seen on the way."""

import math
from dataclasses import dataclass

import numpy as np

from ufm.numerics.bracket import Bracket

from ..decoder.steering import Blocks
from ..measure.budgets import KINDS
from .parabola import Parabola

# The parabola is trusted while it is off by at most this share of what was measured.
TRUSTED = 0.2
# A plateau: the last doubling of α moved the spending by less than this share of it.
_FLAT = 0.01


@dataclass(frozen=True, eq=False)
class ModelStrength:
    """A chosen strength, what it spends, and what was seen on the way.

    - `alpha`: where the spending first crosses `budget`, going out from 0; ±∞ where it was not seen to.
      `bracket`: around the crossing; `alpha` is the end whose spending is nearer to the budget.
    - `scale`: |v| / median |h|, |v|² = Σ_k |v_k|² of several blocks; `relative` is α in that unit.
    - `derivatives` [3, 4]: the exact spending at 0, its first and its second derivative.
    - `spent` [4]: at `alpha`, in the order of `ufm.llm.KINDS` (NaN where not reachable).
    - `scanned` [S], `costs` [S]: strengths scanned outward from 0, and their spending; `furthest`: the
      last that would have been looked at. `looked_at` [n, 2]: these and the ones closing in, with theirs,
      by their distance from 0.
    - `limit`: what the spending tends to for α → ±∞ (Proposition 4.1), measured where no strength was
      found; None where one was found, at the post-norm site, without a final norm, and where it is blind
      to v.
    - `tokens`, `passes`: predicted tokens of the text, and runs over it.
    """

    kind: str
    budget: float
    layer: Blocks
    site: str
    alpha: float
    bracket: Bracket[float]
    scale: float
    derivatives: np.ndarray
    spent: np.ndarray
    scanned: np.ndarray
    costs: np.ndarray
    looked_at: np.ndarray
    furthest: float
    limit: float | None
    tokens: int
    passes: int

    @property
    def reachable(self) -> bool:
        """Whether some strength up to `furthest` crosses the budget."""
        return math.isfinite(self.alpha)

    @property
    def relative(self) -> float:
        """α |v| / median |h|: the shift as a share of a usual hidden state."""
        return self.alpha * self.scale

    @property
    def unsteered_target_mass(self) -> float:
        """Mean of F_T at α = 0; NaN without a target."""
        return float(self.derivatives[0, KINDS.index("target_mass")])

    def parabola(self, kind: str) -> Parabola:
        """The spending of this `kind` near 0."""
        return Parabola(*self.derivatives[:, KINDS.index(kind)].tolist())

    @property
    def predicted(self) -> float:
        """The spending at `alpha` by the parabola; NaN where not reachable."""
        return self.parabola(self.kind)(self.alpha) if self.reachable else math.nan

    @property
    def quadratic_alpha(self) -> float:
        """Where the parabola crosses the budget; NaN if nowhere."""
        return self.parabola(self.kind).crossing(self.budget)

    @property
    def trusted(self) -> float:
        """The furthest strength looked at up to which the parabola is within 20 % of the measured spending.

        0 if it is off by more at the nearest one.
        """
        at_zero, strengths, spent = self.parabola(self.kind).value, *self.looked_at.T
        predicted = np.array([self.parabola(self.kind)(a) for a in strengths]) - at_zero
        is_off = np.abs(predicted - (spent - at_zero)) > TRUSTED * np.abs(spent - at_zero)
        count = int(is_off.argmax()) if is_off.any() else is_off.size
        return float(strengths[count - 1]) if count else 0.0

    @property
    def is_monotone(self) -> bool:
        """Whether the spending never turned back between the strengths looked at."""
        return bool((np.diff(self._closeness) >= 0).all())

    @property
    def largest(self) -> float:
        """The nearest that the spending came to an unreachable budget."""
        return float(self._seen[1][self._closeness.argmax()])

    @property
    def largest_alpha(self) -> float:
        """The strength of `largest`; 0 if steering only leads away from the budget."""
        return float(self._seen[0][self._closeness.argmax()])

    @property
    def is_plateau(self) -> bool:
        """Whether the last doubling of α moved the spending by under 1 %."""
        half = self.costs[np.abs(self.scanned - self.scanned[-1] / 2).argmin()]
        return bool(abs(self.costs[-1] - half) <= _FLAT * abs(self.costs[-1]))

    @property
    def _seen(self) -> tuple[np.ndarray, np.ndarray]:
        """The strengths looked at and their spending, from 0 on."""
        at_zero = self.parabola(self.kind).value
        return np.append(0.0, self.scanned), np.append(at_zero, self.costs)

    @property
    def _closeness(self) -> np.ndarray:
        """Their spending, negated where the budget lies below that at 0, so that more is closer."""
        costs = self._seen[1]
        return -costs if costs[0] > self.budget else costs
