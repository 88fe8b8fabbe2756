"""What a budget buys along several directions, on the same text, with intervals over its windows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ufm._progress import Progress, silent
from ufm.tilt.ceiling import mass_ceiling

from ..decoder.model import LanguageModel
from ..decoder.steering import Blocks
from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend
from .choose import choose_strength
from .direction import Direction
from .prompt_mass import MeanMass

# The interval holds this share of the resamples.
LEVEL = 0.95
_MASS, _FORWARD = KINDS.index("target_mass"), KINDS.index("forward_kl")


@dataclass(frozen=True, eq=False)
class Bought:
    """What a budget buys along one direction: the strength is chosen on some windows, all else is of others.

    - `method`, `layer`, `budget`. `alpha`: NaN where no strength spends the budget; `relative`: α|v|/|h|.
    - `spent` [4]: in the order of `ufm.llm.KINDS`. `unsteered_mass`: of the target, at α = 0.
    - `gains`, `prices`, `efficiencies` [B + 1]: the target's mass gained, the price in the budget's kind,
      and the gain over the most that any change at the same KL(p_0||p_α) gains (`ufm.mass_ceiling`); of the
      text first, then of B draws of its windows with replacement, the same draws for all directions.
    - `after_prompts`: the mean mass after the prompts at 0 and at α.
    """

    method: str
    layer: Blocks
    budget: float
    alpha: float
    relative: float
    spent: np.ndarray
    unsteered_mass: float
    gains: np.ndarray
    prices: np.ndarray
    efficiencies: np.ndarray
    after_prompts: tuple[float, float]

    @property
    def reachable(self) -> bool:
        """Whether some strength spends the budget."""
        return math.isfinite(self.alpha)

    @property
    def per_nat(self) -> np.ndarray:
        """The mass gained a nat of the price [B + 1]."""
        return self.gains / self.prices

    def against(self, other: "Bought") -> np.ndarray:
        """The mass a nat over that of another direction [B + 1], window for window."""
        return self.per_nat / other.per_nat

    def as_json(self) -> dict[str, object]:
        """The numbers and their intervals."""
        return {
            "method": self.method,
            "layer": self.layer,
            "budget": self.budget,
            "alpha": self.alpha,
            "relative": self.relative,
            "spent": dict(zip(KINDS, self.spent, strict=True)),
            "unsteered_mass": self.unsteered_mass,
            "gain": [self.gains[0], *interval(self.gains)],
            "per_nat": [self.per_nat[0], *interval(self.per_nat)],
            "efficiency": [self.efficiencies[0], *interval(self.efficiencies)],
            "after_prompts": self.after_prompts,
        }


def interval(values: np.ndarray) -> tuple[float, float]:
    """What the middle `LEVEL` of the resamples lies in: all of `values` [B + 1] but the first."""
    if len(values) < 2:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return float(low), float(high)


def compare_directions(
    model: LanguageModel,
    directions: Sequence[Direction],
    windows: Sequence[Sequence[int]],
    prompts: Sequence[Sequence[int]],
    target: np.ndarray,
    budgets: Sequence[float],
    *,
    length: int,
    kind: str = "cross_entropy",
    furthest: float = 256.0,
    resamples: int = 500,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Bought]:
    """What each of the `budgets` of this `kind`, a cost, buys of the `target` [V] along each direction.

    The strength is chosen on every second of the `windows` of text, to three digits, and measured on the
    others; `prompts` are lists of tokens.
    """
    if kind == "target_mass":
        raise ValueError("directions are compared at a cost: the budget is not of target_mass")
    if len(windows) < 4:
        raise ValueError(
            f"4 windows of text or more are needed; got {len(windows)}: read more text"
        )
    found = []
    for k, direction in enumerate(directions):
        how = {"length": length, "target": target}
        chosen_on, other = (
            TextSpend(model, windows[half::2], direction.steering, **how) for half in (0, 1)
        )
        mass = MeanMass(model, prompts, direction.steering, target)
        for j, budget in enumerate(budgets):
            choice = choose_strength(
                chosen_on,
                budget=budget,
                kind=kind,
                hidden_norm=direction.hidden_norm,
                furthest=furthest,
                digits=3,
            )
            drawn = _Drawn(other, resamples, seed)
            alpha = choice.alpha if choice.reachable else math.nan
            found.append(_bought(direction, budget, alpha, choice.scale, drawn, mass, kind))
            progress(k * len(budgets) + j + 1, len(directions) * len(budgets))
    return found


class _Drawn:
    """Windows of the text drawn with replacement, [B + 1, windows] times each; the first row is the text."""

    def __init__(self, spend: TextSpend, resamples: int, seed: int):
        count = len(spend.windows)
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
        self.spend, self.times = spend, np.concatenate([np.ones((1, count)), drawn])
        self.tokens = self.times @ spend.predicted

    def at(self, alpha: float) -> np.ndarray:
        """The spending of each draw, [B + 1, 4]."""
        return self.times @ self.spend.by_window([alpha])[0] / self.tokens[:, None]

    def efficiencies(self, gains: np.ndarray, prices: np.ndarray) -> np.ndarray:
        """The gains over those of the ceiling at these prices of KL(p_0||p_α)."""
        before, window = self.spend.target_masses()
        found = []
        for times, gain, price in zip(self.times, gains, prices, strict=True):
            counted, weights = times[window] > 0, times[window] / times[window].sum()
            given = before[counted], weights[counted], float(price)
            found.append(gain / mass_ceiling(*given).gain if price > 0 else math.nan)
        return np.array(found)


def _bought(
    direction: Direction,
    budget: float,
    alpha: float,
    scale: float,
    drawn: _Drawn,
    mass: MeanMass,
    kind: str,
) -> Bought:
    """What is bought at α; NaN where the budget is not reached."""
    method = str(direction.vector.about.get("method", "from a file"))
    before = drawn.at(0.0)[:, _MASS]
    is_found = math.isfinite(alpha)
    spent = drawn.at(alpha) if is_found else np.full((len(before), len(KINDS)), math.nan)
    gains = spent[:, _MASS] - before
    efficiencies = drawn.efficiencies(gains, spent[:, _FORWARD]) if is_found else gains
    layers = direction.layers
    is_one = len(layers) == 1
    return Bought(
        method=method,
        layer=layers[0] if is_one else layers,
        budget=float(budget),
        alpha=alpha,
        relative=alpha * scale,
        spent=spent[0],
        unsteered_mass=float(before[0]),
        gains=gains,
        prices=spent[:, KINDS.index(kind)],
        efficiencies=efficiencies,
        after_prompts=(mass.at(0.0), mass.at(alpha) if is_found else math.nan),
    )
