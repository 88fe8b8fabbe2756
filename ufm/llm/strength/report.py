"""What one should know about a strength before it is used, block by block."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ufm._json import finite_or_null
from ufm._progress import Progress, silent

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.budgets import KINDS
from ..measure.separability import inseparability
from ..measure.sweet_spots import SweetSpots, sweet_spots
from ..measure.text_cost import TextSpend
from ..steering.prompt_states import PromptStates, StatesAtOnce
from ..text.loops import RULE
from ..text.tokenizer import pad
from .choose import ModelStrength, choose_strength
from .continuations import Continuation, write_continuations
from .direction import Direction
from .guarantee import Guarantee, find_guarantee
from .prompt_mass import MeanMass, PromptMass, measure_prompt_mass
from .spread import Spread, measure_spread

_FORWARD = KINDS.index("forward_kl")
# Strengths of the sweet spots' grid, out to four times the chosen one.
_GRID, _REACH = 16, 4.0
# Windows of the text that are compared with the unsteered model's.
_ZERO_WINDOWS = 2
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
      strength was found.
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

    def as_json(self, decode: Callable[[list[int]], str]) -> dict[str, object]:
        """The report as JSON data, with the texts that `decode` makes of tokens."""
        choice, vector, spots = self.choice, self.vector, self.spots
        data = {
            "layer": choice.layer,
            "site": choice.site,
            "alpha": choice.alpha,
            "bracket": choice.bracket,
            "relative": choice.relative,
            "relative_bracket": [x * choice.scale for x in choice.bracket],
            "vector_norm": vector.norm,
            "mean_hidden_norm": vector.mean_hidden_norm,
            "median_hidden_norm": vector.median_hidden_norm,
            "reachable": choice.reachable,
            "predicted": choice.predicted,
            "quadratic_alpha": choice.quadratic_alpha,
            "derivatives": dict(zip(KINDS, choice.derivatives.T, strict=True)),
            "spent": dict(zip(KINDS, choice.spent, strict=True)),
            "held_out": dict(zip(KINDS, self.held_out, strict=True)),
            "held_out_error": dict(zip(KINDS, self.held_out_error, strict=True)),
            "tokens": choice.tokens,
            "held_out_tokens": self.held_out_tokens,
            "efficiency": self.efficiency,
            "on_target": self.on_target,
            "spread": None if self.spread is None else self.spread.as_json(),
            "guarantee": None if self.guarantee is None else vars(self.guarantee),
            "unsteered_target_mass": choice.unsteered_target_mass,
            "prompt_target_mass": self._mean_mass(),
            "inseparability": self.inseparability,
            "around": None if self.around is None else self._around_json(self.around),
            "useful_windows": None if self.prompt_mass is None else self.prompt_mass.windows,
            "search": {
                "alphas": choice.scanned,
                "costs": choice.costs,
                "is_monotone": choice.is_monotone,
                "furthest": choice.furthest,
                "largest": choice.largest,
                "largest_alpha": choice.largest_alpha,
                "is_plateau": choice.is_plateau,
                "limit": choice.limit,
                "passes": choice.passes,
                "looked_at": choice.looked_at,
                "parabola_trusted_to": choice.trusted,
            },
            "sweet_spots": None if spots is None else _spots_json(spots, choice.alpha),
            "loop_rule": RULE,
            "continuations": [
                {
                    "alpha": text.alpha,
                    "prompt": text.prompt,
                    "text": decode(text.tokens),
                    "tokens": text.tokens,
                    "ended": text.ended,
                    **vars(text.loop),
                }
                for text in self.continuations
            ],
            "zero_is_unsteered": self.differs_at_zero is None,
            "differs_at_zero": self.differs_at_zero,
        }
        return finite_or_null(data)

    def _mean_mass(self) -> tuple[float, float] | None:
        """Mean F_T after the prompts at 0 and at the strength."""
        mass = self.prompt_mass
        if mass is None:
            return None
        after = mass.at(self.choice.alpha) if self.choice.reachable else math.nan
        return mass.at(0.0), after

    def _around_json(self, around: np.ndarray) -> list[dict[str, object]]:
        parabola, mass = self.choice.parabola(self.choice.kind), self.prompt_mass
        found: list[dict[str, object]] = []
        for share, spent in zip(AROUND, around, strict=True):
            alpha = share * self.choice.alpha
            found.append(
                {
                    "alpha": alpha,
                    "spent": dict(zip(KINDS, spent, strict=True)),
                    "parabola": parabola(alpha),
                    "prompt_target_mass": None if mass is None else mass.at(alpha),
                }
            )
        return found


def _spots_json(spots: SweetSpots, alpha: float) -> dict[str, object]:
    return {
        "tolerance": spots.tolerance,
        "grid": [spots.alphas[0], spots.alphas[-1], spots.alphas.size],
        "windows": spots.windows,
        "common": spots.common,
        "best_alpha": spots.best[0],
        "best_serves": spots.best[1],
        "chosen_serves": spots.serves(alpha),
    }


@dataclass(frozen=True)
class Request:
    """What `strength_report` looks at; the same for all blocks.

    `windows`: the text; every second one is held out. `prompts`: lists of tokens; the target's mass and
    sweet spots are of the first `measured` of them, continuations of the first `samples`, up to the
    first of the tokens `ends`. `digits`: as of `choose_strength`. `resamples`, `halves`: as of
    `measure_spread`; 0 resamples: no spread is measured.
    """

    budget: float
    windows: Sequence[Sequence[int]]
    prompts: Sequence[Sequence[int]]
    length: int
    kind: str = "cross_entropy"
    target: np.ndarray | None = None
    furthest: float = 256.0
    tolerance: float = 0.1
    digits: int | None = None
    measured: int = 8
    samples: int = 4
    new_tokens: int = 128
    ends: tuple[int, ...] = ()
    temperature: float = 0.0
    seed: int = 0
    resamples: int = 0
    halves: int = 0


def strength_report(
    model: LanguageModel,
    vector: Direction,
    request: Request,
    progress: Progress = silent,
) -> StrengthReport:
    """Choose a strength along `vector` on half of the windows; measure it on the others and on prompts."""
    steering = vector.steering

    def spend_on(windows: Sequence[Sequence[int]], stage: str) -> TextSpend:
        how = {"length": request.length, "target": request.target}
        return TextSpend(model, windows, steering, **how, progress=partial(progress, stage=stage))

    chosen_on, held_out = request.windows[::2], request.windows[1::2]
    spend = spend_on(chosen_on, "choosing")
    choice = choose_strength(
        spend,
        budget=request.budget,
        kind=request.kind,
        hidden_norm=vector.hidden_norm,
        furthest=request.furthest,
        digits=request.digits,
    )
    measured = error = np.full(len(KINDS), np.nan)
    around, efficiency, on_target, spread, guarantee = None, math.nan, math.nan, None, None
    if choice.reachable:
        other = spend_on(held_out, "measuring") if held_out else spend
        given = model, vector.states, choice, spend, other
        spread, guarantee = _over_prompts(*given, request, progress)
        around = other.at([share * choice.alpha for share in AROUND])
        efficiency = other.efficiency(choice.alpha)
        on_target = other.target_price(choice.alpha) / other.at([choice.alpha])[0, _FORWARD]
        if held_out:
            measured, error = around[AROUND.index(1.0)], other.standard_error(choice.alpha)
    changed = _changed_at_zero(model, steering, request, progress)
    spots, mass, apart = _on_prompts(model, steering, choice, request, progress)
    a, first = choice.alpha, request.prompts[: request.samples]
    continuations, is_same = write_continuations(
        model,
        first,
        steering,
        [0.0, a / 2, a, 2 * a] if choice.reachable else [0.0],
        count=request.new_tokens,
        ends=request.ends,
        temperature=request.temperature,
        seed=request.seed,
        progress=partial(progress, stage="writing"),
    )
    return StrengthReport(
        vector=vector,
        choice=choice,
        held_out=measured,
        held_out_error=error,
        held_out_tokens=sum(len(row) - 1 for row in held_out),
        around=around,
        efficiency=efficiency,
        on_target=on_target,
        spread=spread,
        guarantee=guarantee,
        spots=spots,
        prompt_mass=mass,
        inseparability=apart,
        continuations=continuations,
        differs_at_zero=changed
        or (None if is_same else "the text continued from the first prompt"),
    )


def _over_prompts(
    model: LanguageModel,
    states: PromptStates | StatesAtOnce | None,
    choice: ModelStrength,
    spend: TextSpend,
    measured_on: TextSpend,
    request: Request,
    progress: Progress,
) -> tuple[Spread | None, Guarantee | None]:
    """What other prompts for the vector would have given, where it can be told."""
    if states is None or min(states.counts) < 2 or not request.resamples or not choice.alpha:
        return None, None
    mass = None
    if request.target is not None:
        prompts = request.prompts[: request.measured]
        mass = MeanMass(model, prompts, spend.steering, request.target)
    how = {"resamples": request.resamples, "seed": request.seed}
    halves = {"halves": request.halves, "progress": partial(progress, stage="halving the prompts")}
    spread = measure_spread(choice, states, spend, measured_on, mass, **how, **halves)
    if isinstance(states, StatesAtOnce):  # of the residual site, where there is none
        return spread, None
    return spread, find_guarantee(choice, states, spend, **how)


def _changed_at_zero(
    model: LanguageModel, steering: Steering, request: Request, progress: Progress
) -> str | None:
    """The prompt or the window whose logits are not the unsteered model's, in words."""
    prompts = min(request.samples, len(request.prompts))
    rows = [list(row) for row in (*request.prompts[:prompts], *request.windows[:_ZERO_WINDOWS])]
    row = differs_at_zero(model, steering, rows, partial(progress, stage="checking α = 0"))
    if row is None:
        return None
    what = f"prompt {row}" if row < prompts else f"window {row - prompts} of the text"
    return f"the logits of {what}"


def differs_at_zero(
    model: LanguageModel, steering: Steering, rows: list[list[int]], progress: Progress = silent
) -> int | None:
    """The first of `rows` (lists of tokens) whose logits at α = 0 are not the unsteered model's.

    Compared bit for bit at every position; None if all are equal.
    """
    longest = max(map(len, rows))
    for k, row in enumerate(rows):
        tokens, mask = pad([row], longest)
        unsteered = np.asarray(model.all_logits(tokens, mask=mask))
        at_zero = np.asarray(model.all_logits(tokens, 0.0, steering, mask=mask))
        if unsteered[mask].tobytes() != at_zero[mask].tobytes():
            return k
        progress(k + 1, len(rows))
    return None


def _on_prompts(
    model: LanguageModel,
    steering: Steering,
    choice: ModelStrength,
    request: Request,
    progress: Progress,
) -> tuple[SweetSpots | None, PromptMass | None, np.ndarray | None]:
    """The sweet spots of the prompts, the target's mass after them, and how separable v is there."""
    if request.target is None:
        return None, None, None
    prompts = request.prompts[: request.measured]
    reach = _REACH * (choice.alpha if choice.reachable else 0.5 / choice.scale)
    spots = sweet_spots(
        model,
        prompts,
        steering,
        request.target,
        np.sort(np.linspace(reach / _GRID, reach, _GRID)),
        tolerance=request.tolerance,
        progress=partial(progress, stage="sweet spots"),
    )
    alpha = choice.alpha if choice.reachable else None
    beyond = [share for share in AROUND if share > 1]
    mass = measure_prompt_mass(model, prompts, steering, request.target, alpha, beyond)
    return spots, mass, inseparability(model, prompts, steering, request.target)
