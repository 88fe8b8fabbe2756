"""What one should know about a strength before it is used, block by block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ufm._json import finite_or_null
from ufm._progress import Progress, silent

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.budgets import KINDS
from ..measure.sweet_spots import SweetSpots, sweet_spots
from ..measure.text_cost import TextSpend
from ..steering.generate import generate
from ..steering.vector import SteeringVector
from ..text.loops import RULE, LoopVerdict, find_loop
from ..text.tokenizer import pad
from .choose import ModelStrength, choose_strength

# Strengths of the sweet spots' grid on either side of 0, out to four times the chosen one.
_GRID, _REACH = 40, 4.0
_ZERO_WINDOWS = 4


@dataclass(frozen=True, eq=False)
class Continuation:
    """What a strength makes of a prompt; `tokens` are the new ones, `prompt` its number."""

    alpha: float
    prompt: int
    tokens: list[int]
    loop: LoopVerdict


@dataclass(frozen=True, eq=False)
class StrengthReport:
    """A strength, its price on other text, which prompts it serves and how it sounds.

    - `choice`: on the windows it was chosen on. `held_out` [4] and `held_out_error` [4]: the spending
      at that strength on the others, in the order of `ufm.llm.KINDS`, and its standard error over
      windows; NaN if no strength was found. `held_out_tokens`: 0 if there was but one window,
      so that nothing was held out.
    - `spots`: sweet spots of the prompts, None without a target. `prompt_mass`: mean F_T after the
      prompts at 0 and at the strength.
    - `continuations`: texts that go on from the prompts at 0, α/2, α and 2α, or at 0 alone if no
      strength was found.
    - `differs_at_zero`: what differs at α = 0 from the unsteered model's, bit for bit; None if nothing.
    """

    vector: SteeringVector
    choice: ModelStrength
    held_out: np.ndarray
    held_out_error: np.ndarray
    held_out_tokens: int
    spots: SweetSpots | None
    prompt_mass: tuple[float, float] | None
    continuations: list[Continuation]
    differs_at_zero: str | None

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
            "unsteered_target_mass": choice.unsteered_target_mass,
            "prompt_target_mass": self.prompt_mass,
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
            },
            "sweet_spots": None if spots is None else _spots_json(spots, choice.alpha),
            "loop_rule": RULE,
            "continuations": [
                {
                    "alpha": text.alpha,
                    "prompt": text.prompt,
                    "text": decode(text.tokens),
                    "tokens": text.tokens,
                    **vars(text.loop),
                }
                for text in self.continuations
            ],
            "zero_is_unsteered": self.differs_at_zero is None,
            "differs_at_zero": self.differs_at_zero,
        }
        return finite_or_null(data)


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

    `windows`: the text; every second one is held out. `prompts`: lists of tokens.
    """

    budget: float
    windows: Sequence[Sequence[int]]
    prompts: Sequence[Sequence[int]]
    length: int
    kind: str = "cross_entropy"
    target: np.ndarray | None = None
    furthest: float = 256.0
    tolerance: float = 0.1
    samples: int = 4
    new_tokens: int = 48
    temperature: float = 0.0
    seed: int = 0


def strength_report(
    model: LanguageModel,
    vector: SteeringVector,
    request: Request,
    progress: Progress = silent,
) -> StrengthReport:
    """Choose a strength along `vector` on half of the windows; measure it on the others and on prompts."""
    steering = Steering.of(vector, positions="all")

    def spend_on(windows: Sequence[Sequence[int]], stage: str) -> TextSpend:
        how = {"length": request.length, "target": request.target}
        return TextSpend(model, windows, steering, **how, progress=partial(progress, stage=stage))

    chosen_on, held_out = request.windows[::2], request.windows[1::2]
    choice = choose_strength(
        spend_on(chosen_on, "choosing"),
        budget=request.budget,
        kind=request.kind,
        hidden_norm=vector.hidden_norm,
        furthest=request.furthest,
    )
    measured = error = np.full(len(KINDS), np.nan)
    if choice.reachable and held_out:
        other = spend_on(held_out, "measuring")
        measured, error = other.at([choice.alpha])[0], other.standard_error(choice.alpha)
    changed = _changed_at_zero(model, steering, request, progress)
    spots, mass = _on_prompts(model, steering, choice, request, progress)
    continuations, is_same = _continue(model, steering, choice, request, progress)
    return StrengthReport(
        vector=vector,
        choice=choice,
        held_out=measured,
        held_out_error=error,
        held_out_tokens=sum(len(row) - 1 for row in held_out),
        spots=spots,
        prompt_mass=mass,
        continuations=continuations,
        differs_at_zero=changed
        or (None if is_same else "the text continued from the first prompt"),
    )


def _changed_at_zero(
    model: LanguageModel, steering: Steering, request: Request, progress: Progress
) -> str | None:
    """The prompt or the window whose logits are not the unsteered model's, in words."""
    prompts = len(request.prompts)
    rows = [list(row) for row in (*request.prompts, *request.windows[:_ZERO_WINDOWS])]
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
) -> tuple[SweetSpots | None, tuple[float, float] | None]:
    """The sweet spots of the prompts, and the target's mean mass after them at 0 and at the strength."""
    if request.target is None:
        return None, None
    reach = _REACH * (abs(choice.alpha) if choice.reachable else 0.5 / choice.scale)
    spots = sweet_spots(
        model,
        request.prompts,
        steering,
        request.target,
        np.linspace(-reach, reach, 2 * _GRID + 1),
        tolerance=request.tolerance,
        progress=partial(progress, stage="sweet spots"),
    )

    def mean_mass(alpha: float, steering: Steering | None) -> float:
        found = [model.logits(row, alpha, steering) for row in request.prompts]
        p = [np.exp(x - x.max()) for x in np.asarray(found, np.float64)]
        return float(np.mean([x[request.target].sum() / x.sum() for x in p]))

    after = mean_mass(choice.alpha, steering) if choice.reachable else float("nan")
    return spots, (mean_mass(0.0, None), after)


def _continue(
    model: LanguageModel,
    steering: Steering,
    choice: ModelStrength,
    request: Request,
    progress: Progress,
) -> tuple[list[Continuation], bool]:
    """Texts at 0, α/2, α, 2α, and whether the first prompt's at 0 is the unsteered model's."""
    a = choice.alpha
    alphas = [0.0, a / 2, a, 2 * a] if choice.reachable else [0.0]
    chosen = request.prompts[: request.samples]
    found, is_same = [], True

    write = partial(generate, count=request.new_tokens, temperature=request.temperature)
    for j, row in enumerate(chosen):
        seed = request.seed + j
        made = write(model, row, steering, alphas, seed=seed)
        if j == 0:  # as many rows, so that the same programs run
            unsteered = write(model, row, None, [0.0] * len(alphas), seed=seed)
            is_same = bool((made[0] == unsteered[0]).all())
        for alpha, tokens in zip(alphas, made.tolist(), strict=True):
            found.append(Continuation(alpha, j, tokens, find_loop(tokens)))
        progress(j + 1, len(chosen), "writing")
    return found, is_same
