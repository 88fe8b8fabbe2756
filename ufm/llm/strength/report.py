"""What one should know about a strength before it is used, block by block."""

import math
from dataclasses import dataclass

import numpy as np

from ..measure.budgets import KINDS
from ..measure.sweet_spots import SweetSpots
from .choice import ModelStrength
from .continuations import Continuation
from .direction import Direction
from .guarantee import Guarantee
from .prompt_mass import PromptMass
from .spread import Spread

# The strengths looked at around the chosen one, as multiples of it; a cliff is seen in them.
AROUND = (0.5, 1.0, math.sqrt(2.0), 2.0)


@dataclass(frozen=True, eq=False)
class StrengthReport:
    """A strength, its price on other text, which prompts it serves and how it sounds.

    - `choice`: on the windows it was chosen on. `held_out` [4] and `held_out_error` [4]: the spending
      at that strength on the others, in the order of `ufm.llm.KINDS`, and its standard error over
      windows; NaN if no strength was found. `held_out_tokens`: 0 if there was but one window,
      so that nothing was held out.
    - `around` [4, 4]: the spending at `AROUND` times the strength, on what `held_out` is measured on, or
      else on the windows that it was chosen on; None if no strength was found.
    - `efficiency`: on the same text, what the strength gains of the target's mass over the most that any
      change at its KL(p0||pα) gains (`TextSpend.efficiency`); `on_target`: which share of that KL moves the
      target's mass (`TextSpend.target_price`). NaN without a target or a strength.
    - `spread`: what other prompts for the vector would have given; `guarantee`: the strength that keeps the
      budget for the vector of endlessly many, at the post-norm site. None where no strength was found, where
      resamples are not asked for, and for a vector whose prompts are not known, or fewer than two a side.
    - `spots`: sweet spots of the prompts, None without a target. `prompt_mass`: F_T after the
      prompts, None without a target. `inseparability` [m]: how far v is from moving the target alone, None
      without one (`ufm.llm.measure.separability`).
    - `continuations`: texts that go on from the prompts at 0, α/2, α and 2α, or at 0 alone if no
      strength was found; none where no samples are asked for.
    - `differs_at_zero`: what differs at α = 0 from the unsteered model's, bit for bit; None if nothing.
    """

    vector: Direction
    choice: ModelStrength
    held_out: np.ndarray
    held_out_error: np.ndarray
    held_out_tokens: int
    around: np.ndarray | None
    efficiency: float
    on_target: float
    spread: Spread | None
    guarantee: Guarantee | None
    spots: SweetSpots | None
    prompt_mass: PromptMass | None
    inseparability: np.ndarray | None
    continuations: list[Continuation]
    differs_at_zero: str | None

    @property
    def price(self) -> tuple[float, float]:
        """What the strength spends of the budget's kind, and its standard error: on held-out text, if any."""
        column = KINDS.index(self.choice.kind)
        if self.held_out_tokens:
            return float(self.held_out[column]), float(self.held_out_error[column])
        return float(self.choice.spent[column]), math.nan

    def texts_at(self, alpha: float) -> list[Continuation]:
        """The continuations at this strength, prompt by prompt."""
        return [text for text in self.continuations if text.alpha == alpha]

    def loops_at(self, alpha: float) -> int:
        """How many continuations loop at this strength."""
        return sum(text.loop.verdict == "loops" for text in self.texts_at(alpha))
