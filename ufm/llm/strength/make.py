"""Makes the report on a strength: chosen on one half of a text, measured on the other and on prompts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from ufm._progress import Progress, silent

from ..decoder.model import LanguageModel
from ..measure.budgets import KINDS
from ..measure.separability import inseparability
from ..measure.sweet_spots import SweetSpots, sweet_spots
from ..measure.text_cost import TextSpend
from ..steering.prompt_states import StatesAtOnce
from .at_zero import changed_at_zero
from .choice import ModelStrength
from .choose import choose_strength
from .continuations import Continuation, write_continuations
from .direction import Direction
from .guarantee import Guarantee, find_guarantee
from .prompt_mass import MeanMass, PromptMass, measure_prompt_mass
from .report import AROUND, StrengthReport
from .request import Request
from .spread import Spread, measure_spread

# Strengths of the sweet spots' grid, out to four times the chosen one.
_GRID, _REACH = 16, 4.0


def strength_report(
    model: LanguageModel,
    vector: Direction,
    request: Request,
    progress: Progress = silent,
) -> StrengthReport:
    """Choose a strength along `vector` on half of the windows; measure it on the others and on prompts."""
    run = _Run(model, vector, request, progress)
    spend, choice = run.choose()
    price = run.price(spend, choice) if choice.reachable else _Price()
    changed = changed_at_zero(model, vector.steering, request, progress)
    spots, mass, apart = run.on_prompts(choice)
    continuations, is_same = run.write(choice)
    return StrengthReport(
        vector=vector,
        choice=choice,
        **price._asdict(),
        held_out_tokens=sum(len(row) - 1 for row in run.held_out),
        spots=spots,
        prompt_mass=mass,
        inseparability=apart,
        continuations=continuations,
        differs_at_zero=changed
        or (None if is_same else "the text continued from the first prompt"),
    )


class _Price(NamedTuple):
    """What a strength costs on other text, and with other prompts; as it is where none was found."""

    held_out: np.ndarray = np.full(len(KINDS), np.nan)
    held_out_error: np.ndarray = np.full(len(KINDS), np.nan)
    around: np.ndarray | None = None
    efficiency: float = math.nan
    on_target: float = math.nan
    spread: Spread | None = None
    guarantee: Guarantee | None = None


@dataclass(frozen=True)
class _Run:
    """The measurements that a report is made of."""

    model: LanguageModel
    vector: Direction
    request: Request
    progress: Progress

    @property
    def held_out(self) -> Sequence[Sequence[int]]:
        """Every second window."""
        return self.request.windows[1::2]

    @property
    def prompts(self) -> Sequence[Sequence[int]]:
        """The contexts after which the target's mass is measured."""
        return self.request.prompts[: self.request.measured]

    def spend_on(self, windows: Sequence[Sequence[int]], stage: str) -> TextSpend:
        """What steering spends on these windows."""
        how = {"length": self.request.length, "target": self.request.target}
        show = partial(self.progress, stage=stage)
        return TextSpend(self.model, windows, self.vector.steering, **how, progress=show)

    def choose(self) -> tuple[TextSpend, ModelStrength]:
        """The strength, and the spending on what it was chosen on."""
        request = self.request
        spend = self.spend_on(request.windows[::2], "choosing")
        choice = choose_strength(
            spend,
            budget=request.budget,
            kind=request.kind,
            hidden_norm=self.vector.hidden_norm,
            furthest=request.furthest,
            digits=request.digits,
        )
        return spend, choice

    def price(self, spend: TextSpend, choice: ModelStrength) -> _Price:
        """What the strength costs on the windows held out, or else on those that it was chosen on."""
        other = self.spend_on(self.held_out, "measuring") if self.held_out else spend
        spread, guarantee = self.over_prompts(choice, spend, other)
        around = other.at([share * choice.alpha for share in AROUND])
        spent = around[AROUND.index(1.0)]
        price = _Price(
            around=around,
            efficiency=other.efficiency(choice.alpha),
            on_target=other.target_price(choice.alpha) / spent[KINDS.index("forward_kl")],
            spread=spread,
            guarantee=guarantee,
        )
        if not self.held_out:
            return price
        error = other.standard_error(choice.alpha)
        return price._replace(held_out=spent, held_out_error=error)

    def over_prompts(
        self, choice: ModelStrength, spend: TextSpend, measured_on: TextSpend
    ) -> tuple[Spread | None, Guarantee | None]:
        """What other prompts for the vector would have given, where it can be told."""
        request, states = self.request, self.vector.states
        if states is None or min(states.counts) < 2 or not request.resamples or not choice.alpha:
            return None, None
        mass = None
        if request.target is not None:
            mass = MeanMass(self.model, self.prompts, spend.steering, request.target)
        how = {"resamples": request.resamples, "seed": request.seed}
        show = partial(self.progress, stage="halving the prompts")
        halves = {"halves": request.halves, "progress": show}
        spread = measure_spread(choice, states, spend, measured_on, mass, **how, **halves)
        if isinstance(states, StatesAtOnce):  # several blocks: the residual site has no guarantee
            return spread, None
        return spread, find_guarantee(choice, states, spend, **how)

    def on_prompts(
        self, choice: ModelStrength
    ) -> tuple[SweetSpots | None, PromptMass | None, np.ndarray | None]:
        """The sweet spots of the prompts, the target's mass after them, and how separable v is there."""
        if self.request.target is None:
            return None, None, None
        after = self.model, self.prompts, self.vector.steering
        target = self.request.target
        reach = _REACH * (choice.alpha if choice.reachable else 0.5 / choice.scale)
        spots = sweet_spots(
            *after,
            target,
            np.sort(np.linspace(reach / _GRID, reach, _GRID)),
            tolerance=self.request.tolerance,
            progress=partial(self.progress, stage="sweet spots"),
        )
        alpha = choice.alpha if choice.reachable else None
        beyond = [share for share in AROUND if share > 1]
        mass = measure_prompt_mass(*after, target, alpha, beyond)
        return spots, mass, inseparability(*after, target)

    def write(self, choice: ModelStrength) -> tuple[list[Continuation], bool]:
        """Texts after the first prompts; and whether those at 0 begin as the unsteered model's do."""
        request, a = self.request, choice.alpha
        if not request.samples:
            return [], True
        return write_continuations(
            self.model,
            request.prompts[: request.samples],
            self.vector.steering,
            [0.0, a / 2, a, 2 * a] if choice.reachable else [0.0],
            count=request.new_tokens,
            ends=request.ends,
            temperature=request.temperature,
            seed=request.seed,
            progress=partial(self.progress, stage="writing"),
        )
