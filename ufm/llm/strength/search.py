"""The search for the first strength at which a budget is spent."""

import math
from dataclasses import dataclass, field

import numpy as np

from ufm.numerics.bracket import Bracket
from ufm.numerics.roots import narrowed

from ..measure.text_cost import TextSpend

# The scan looks at these multiples of the parabola's guess in one pass, then at one strength a pass, each
# this ratio times the last.
_FIRST = (0.25, 0.5, math.sqrt(0.5), 1.0)
_RATIO = math.sqrt(2.0)
# Without digits asked for, the ends of the bracket may differ by this share of the cost's standard error.
_SHARE = 0.1
# … and, where one window leaves no standard error, by this share of α.
_ALONE = 1e-3


@dataclass(frozen=True)
class Outcome:
    """What a search found; strengths with their signs.

    - `alpha`: the crossing, ±∞ where the budget was not seen to be crossed. `bracket`: around it.
    - `scanned`: the strengths scanned outward from 0. `looked_at`: these and the ones closing in.
    """

    alpha: float
    bracket: Bracket[float]
    scanned: np.ndarray
    looked_at: np.ndarray

    @property
    def is_crossed(self) -> bool:
        """Whether the spending was seen to cross the budget."""
        return math.isfinite(self.alpha)


@dataclass
class Search:
    """The search outward from 0: f(a) = ±(spending(±a) - budget) is below 0 at 0, and wanted at 0."""

    spend: TextSpend
    budget: float
    column: int
    at_zero: float
    seen: set[float] = field(default_factory=set)

    @property
    def sign(self) -> float:
        """The sign of the strengths: -1 where the spending at 0 is above the budget, a target's mass."""
        return -1.0 if self.at_zero > self.budget else 1.0

    def outcome(self, guess: float, end: float, digits: int | None) -> Outcome:
        """Scan from a guess of the distance to the `end`, then close in on the first crossing."""
        scanned, crossing = self.scan(guess, end)
        found, distance = Bracket(math.inf, math.inf), math.inf
        if crossing:
            found = self.close_in(crossing, digits)
            distance = self.nearer(found)
        return Outcome(
            alpha=self.sign * distance,
            bracket=found if self.sign > 0 else Bracket(-found.high, -found.low),
            scanned=self.sign * np.array(scanned),
            looked_at=np.array(sorted(self.seen, key=abs)),
        )

    def gaps(self, outward: list[float]) -> np.ndarray:
        """f at these distances from 0, in one pass over the text."""
        alphas = [self.sign * a for a in outward]
        self.seen.update(a for a in alphas if a)
        return self.sign * (self.spend.at(alphas)[:, self.column] - self.budget)

    def scan(self, guess: float, end: float) -> tuple[list[float], Bracket[float] | None]:
        """The distances looked at, and the first two of them between which f changes sign, if any."""
        near = [min(share * guess, end) for share in _FIRST]
        steps = max(0, math.ceil(math.log(end / near[-1], _RATIO)))
        further = [near[-1] * _RATIO**k for k in range(1, steps)] + [end] * (steps > 0)
        grid: list[float] = []
        for some in (near, *([a] for a in further)):
            crossed = np.flatnonzero(self.gaps(some) >= 0)
            grid += some[: int(crossed[0]) + 1] if crossed.size else some
            if crossed.size:
                return grid, Bracket(grid[-2] if len(grid) > 1 else 0.0, grid[-1])
        return grid, None

    def tolerance(self, crossing: Bracket[float], digits: int | None) -> tuple[float, float]:
        """How far apart the ends of the final bracket may be, in α and as a share of it; either is 0."""
        if digits is not None:
            return 0.0, 10.0**-digits
        error = self.spend.standard_error(self.sign * crossing.high)[self.column]
        if math.isnan(error):
            return 0.0, _ALONE
        low, high = self.gaps(list(crossing))
        return _SHARE * float(error) * crossing.width / float(high - low), 0.0

    def close_in(self, crossing: Bracket[float], digits: int | None) -> Bracket[float]:
        """Two strengths as close as the tolerance says, or as the model's numbers are, where f changes sign.

        The first look is where a straight line between the ends crosses.
        """
        low, high = crossing
        at_low, at_high = self._straightened(low), self._straightened(high)
        if at_low >= 0:  # a mass that is there already
            return Bracket(low, low)
        found = narrowed(
            self._straightened,
            crossing,
            *self.tolerance(crossing, digits),
            first=at_low / (at_low - at_high),
        )
        return Bracket(*(abs(self.spend.rounded(x)) for x in found))

    def nearer(self, found: Bracket[float]) -> float:
        """The end of the bracket whose spending is nearer to the budget."""
        low, high = np.abs(self.gaps(list(found)))
        return found.low if low < high else found.high

    def _straightened(self, distance: float) -> float:
        """f, of which square roots are taken: nearly straight in α where the spending is a parabola."""
        gap = float(self.gaps([distance])[0])
        spent = self.sign * gap + self.budget
        if spent < 0:  # steering lowers the cross-entropy there
            return gap
        return self.sign * (math.sqrt(spent) - math.sqrt(self.budget))
