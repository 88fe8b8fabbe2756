"""Choosing the steering strength of a language model: the first α that spends a budget on text."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from ufm.numerics.bracket import Bracket
from ufm.numerics.roots import narrowed
from ufm.tilt.strength import check_budget

from ..decoder.arguments import check_shift
from ..decoder.steering import Blocks
from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend

# The scan looks at these multiples of the parabola's guess in one pass, then at one strength a pass, each
# this ratio times the last.
_FIRST = (0.25, 0.5, math.sqrt(0.5), 1.0)
_RATIO = math.sqrt(2.0)
# Without digits asked for, the ends of the bracket may differ by this share of the cost's standard error.
_SHARE = 0.1
# … and, where one window leaves no standard error, by this share of α.
_ALONE = 1e-3
# The parabola is trusted while it is off by at most this share of what was measured.
TRUSTED = 0.2
# A budget so many times the rounding unit is far above what rounding does to a mean of log-probabilities …
_SAFE = 1e4
# … and one must be so many times what it was seen to do.
_CLEAR = 20.0
# A plateau: the last doubling of α moved the spending by less than this share of it.
_FLAT = 0.01


class Parabola(NamedTuple):
    """`value` + `slope` α + ½ `curvature` α²: a spending near α = 0, by its exact derivatives there.

    >>> from ufm.llm.strength.choose import Parabola
    >>> print(Parabola(0.0, 1.0, 2.0)(0.5), Parabola(0.0, 1.0, 2.0).crossing(0.75))
    0.75 0.5
    """

    value: float
    slope: float
    curvature: float

    def __call__(self, alpha: float) -> float:
        """The parabola at α."""
        return self.value + self.slope * alpha + 0.5 * self.curvature * alpha**2

    def crossing(self, level: float) -> float:
        """Where it first reaches `level`: for α > 0 if the level is higher than the value, else for α < 0.

        NaN if it never does.
        """
        sign = -1.0 if self.value > level else 1.0
        # sign (parabola(sign a) - level) = c + b a + q a², with c <= 0
        c, b, q = sign * (self.value - level), self.slope, 0.5 * sign * self.curvature
        inside = b * b - 4 * q * c
        if inside < 0 or b + math.sqrt(inside) <= 0:
            return math.nan
        return sign * -2 * c / (b + math.sqrt(inside))


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


def choose_strength(
    spend: TextSpend,
    *,
    budget: float,
    kind: str = "cross_entropy",
    hidden_norm: float,
    furthest: float = 256.0,
    digits: int | None = 17,
) -> ModelStrength:
    """The first strength at which steering spends `budget` on a text.

    `kind` is one of `ufm.llm.KINDS`; a target mass wants a `spend` with a target, and α < 0 if
    the target holds more already. `hidden_norm` is a usual |h| where v is added
    (`SteeringVector.hidden_norm`).

    On a real model the spending need not grow with α, and levels off where a final norm follows
    (Proposition 4.1). So strengths are scanned outward from 0: a quarter, half, √½ and all of where the
    parabola of the exact derivatives at 0 crosses the budget, then each √2 times the last, up to
    `furthest` hidden-state norms. The first two between which the budget is crossed are closed in on. A
    crossing and its return between two scanned strengths go unseen: before the first of them, that
    would take a spending that rises to the budget where the parabola says a quarter of it, and falls again.

    `digits`: how many of α are wanted, at most what the model's numbers tell. None: until the spending at
    the two ends of the bracket differs by about a tenth of its standard error over windows
    (`TextSpend.standard_error`), as no text tells more. An unreachable budget is reported in the result,
    not raised; one that the model's rounding hides raises `ValueError`.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> spend = ufm.llm.TextSpend(model, [[3, 4, 5, 6], [7, 8]], steering, length=8)
    >>> found = ufm.llm.choose_strength(spend, budget=0.01, kind="forward_kl", hidden_norm=1.0)
    >>> print(f"{found.alpha:.4f} {found.spent[1]:.4f} {found.predicted:.4f}")
    0.3643 0.0100 0.0099
    """
    check_budget(budget, kind, KINDS)
    if kind == "target_mass" and spend.target is None:
        raise ValueError("a budget of target mass needs a target: name its tokens")
    if digits is not None and digits < 1:
        raise ValueError(f"digits must be at least 1; got {digits}")
    for name, value in (("hidden_norm", hidden_norm), ("furthest", furthest)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive and finite; got {value}")
    scale = float(np.linalg.norm(np.asarray(spend.steering.vector, np.float64))) / hidden_norm
    check_shift([furthest / scale], spend.steering.vector, spend.model.wide)
    derivatives, column = spend.derivatives(), KINDS.index(kind)
    near_zero = Parabola(*derivatives[:, column].tolist())
    _check_resolution(spend, budget, kind, near_zero, scale)
    search = _Search(spend, budget, column, near_zero.value)
    guess = abs(near_zero.crossing(budget))
    start = min(1 / scale, guess if guess > 0 else math.inf)  # NaN is not above 0
    scanned, crossing = search.scan(start, furthest / scale)
    found = Bracket(math.inf, math.inf)
    if crossing:
        found = search.close_in(crossing, digits)
    alpha = search.sign * (search.nearer(found) if crossing else found.high)
    alphas = search.sign * np.array(scanned)
    seen = np.array(sorted(search.seen, key=abs))
    # for which the text is run over once more
    limit = None if crossing else spend.limit(search.sign)
    return ModelStrength(
        kind=kind,
        budget=float(budget),
        layer=spend.steering.layer,
        site=spend.steering.site,
        alpha=alpha,
        bracket=found if search.sign > 0 else Bracket(-found.high, -found.low),
        scale=scale,
        derivatives=derivatives,
        spent=spend.at([alpha])[0] if crossing else np.full(len(KINDS), math.nan),
        scanned=alphas,
        costs=spend.at(alphas)[:, column],
        looked_at=np.stack([seen, spend.at(seen)[:, column]], axis=1),
        furthest=search.sign * furthest / scale,
        limit=None if limit is None else float(limit[column]),
        tokens=int(spend.predicted.sum()),
        passes=spend.passes,
    )


def _check_resolution(
    spend: TextSpend, budget: float, kind: str, near_zero: Parabola, scale: float
) -> None:
    """Raise where a budget of cost is lost in the rounding of the model's logits.

    What the spending is at strengths that only just change the states' last digits, less the exact parabola
    there, is rounding alone. It is measured where a budget is so small that it may matter.
    """
    eps = float(jnp.finfo(spend.model.dtype).eps)
    if kind == "target_mass" or budget > _SAFE * eps:  # a mass is a level, missed by rounding alone
        return
    alphas = np.geomspace(4, 32, 8) * eps / scale
    found = spend.at(alphas)[:, KINDS.index(kind)]
    rounding = float(np.abs(found - [near_zero(spend.rounded(a)) for a in alphas]).max())
    if budget < _CLEAR * rounding:
        wider = "" if spend.model.dtype == np.float64 else ", or load the model in float64"
        raise ValueError(
            f"budget {budget:g} of {kind} cannot be told from rounding: on this text {spend.model.dtype} "
            f"resolves {_CLEAR * rounding:.2g} and more: raise it{wider}"
        )


@dataclass
class _Search:
    """The search outward from 0: f(a) = ±(spending(±a) - budget) is below 0 at 0, and wanted at 0."""

    spend: TextSpend
    budget: float
    column: int
    at_zero: float
    seen: set[float] = field(default_factory=set)

    @property
    def sign(self) -> float:
        """Of the strengths: -1 where the spending at 0 is above the budget, a target's mass."""
        return -1.0 if self.at_zero > self.budget else 1.0

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
        if spent < 0:  # of a cross-entropy: steering helps there
            return gap
        return self.sign * (math.sqrt(spent) - math.sqrt(self.budget))
