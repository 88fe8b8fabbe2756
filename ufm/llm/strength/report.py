"""All that is to be known of a strength before it is used, block by block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.sweet_spots import SweetSpots, sweet_spots
from ..measure.text_cost import KINDS, TextSpend
from ..steering.generate import generate
from ..steering.vector import SteeringVector
from ..text.loops import LoopVerdict, find_loop
from .choose import ModelStrength, choose_strength, differs_at_zero

# Strengths of the sweet spots' grid on either side of 0, out to four times the chosen one.
_GRID, _REACH = 40, 4.0
_ZERO_WINDOWS = 4

# stage, done, of how many
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Continuation:
    """What a strength makes of a prompt; `tokens` are the new ones, `prompt` its number."""

    alpha: float
    prompt: int
    tokens: list[int]
    loop: LoopVerdict


@dataclass(frozen=True, eq=False)
class StrengthReport:
    """A strength, its price on other text, whom it serves and how it sounds.

    - `choice`: on the windows it was chosen on. `held_out` [4] and `held_out_error` [4]: the spending
      at that strength on the others, in the order of `ufm.llm.KINDS`, and its standard error over
      windows; NaN if no strength was found. `held_out_tokens`: 0 if there was but one window,
      so that nothing was held out.
    - `spots`: sweet spots of the prompts, None without a target. `prompt_mass`: mean F_T after the
      prompts at 0 and at the strength.
    - `continuations`: of prompts at 0, α/2, α and 2α; at 0 alone if no strength was found.
    - `differs_at_zero`: what at α = 0 is not the unsteered model's, bit for bit; None if all is.
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


@dataclass(frozen=True)
class Request:
    """What `strength_report` is to look at; the same for all blocks.

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
    progress: Progress | None = None,
) -> StrengthReport:
    """Choose a strength along `vector` on half of the windows; measure it on all else."""
    say = progress or (lambda stage, done, of: None)
    steering = Steering.of(vector, positions="all")

    def spend_on(windows: Sequence[Sequence[int]], stage: str) -> TextSpend:
        return TextSpend(
            model,
            windows,
            steering,
            length=request.length,
            target=request.target,
            progress=lambda done, of: say(stage, done, of),
        )

    chosen_on, held_out = list(request.windows[::2]), list(request.windows[1::2])
    spend = spend_on(chosen_on, "choosing")
    choice = choose_strength(
        spend,
        budget=request.budget,
        kind=request.kind,
        hidden_norm=vector.mean_hidden_norm,
        furthest=request.furthest,
    )
    measured = error = np.full(len(KINDS), np.nan)
    if choice.reachable and held_out:
        other = spend_on(held_out, "measuring")
        measured, error = other.at([choice.alpha])[0], other.standard_error(choice.alpha)
    rows = [list(row) for row in (*request.prompts, *request.windows[:_ZERO_WINDOWS])]
    odd = differs_at_zero(model, steering, rows, lambda done, of: say("checking α = 0", done, of))
    spots, mass = _spots(model, steering, choice, request, say)
    continuations, same = _continue(model, steering, choice, request, say)
    return StrengthReport(
        vector=vector,
        choice=choice,
        held_out=measured,
        held_out_error=error,
        held_out_tokens=sum(len(row) - 1 for row in held_out),
        spots=spots,
        prompt_mass=mass,
        continuations=continuations,
        differs_at_zero=_odd(odd, len(request.prompts), same),
    )


def _odd(row: int | None, prompts: int, same: bool) -> str | None:
    if row is not None:
        what = f"prompt {row}" if row < prompts else f"window {row - prompts} of the text"
        return f"the logits of {what}"
    return None if same else "the text continued from the first prompt"


def _spots(
    model: LanguageModel,
    steering: Steering,
    choice: ModelStrength,
    request: Request,
    say: Progress,
) -> tuple[SweetSpots | None, tuple[float, float] | None]:
    if request.target is None:
        return None, None
    unit = abs(choice.alpha) if choice.reachable else 0.5 / choice.scale
    reach = _REACH * unit
    spots = sweet_spots(
        model,
        request.prompts,
        steering,
        request.target,
        np.linspace(-reach, reach, 2 * _GRID + 1),
        tolerance=request.tolerance,
        progress=lambda done, of: say("sweet spots", done, of),
    )
    found = [_mass(model, row, steering, choice, request.target) for row in request.prompts]
    before, after = np.mean(found, axis=0)
    return spots, (float(before), float(after))


def _mass(
    model: LanguageModel,
    row: Sequence[int],
    steering: Steering,
    choice: ModelStrength,
    target: np.ndarray,
) -> tuple[float, float]:
    both = [np.asarray(model.logits(row), np.float64)]
    if choice.reachable:
        both.append(np.asarray(model.logits(row, choice.alpha, steering), np.float64))
    p = [np.exp(x - x.max()) for x in both]
    shares = [float(x[target].sum() / x.sum()) for x in p]
    return shares[0], shares[1] if choice.reachable else float("nan")


def _continue(
    model: LanguageModel,
    steering: Steering,
    choice: ModelStrength,
    request: Request,
    say: Progress,
) -> tuple[list[Continuation], bool]:
    """Texts at 0, α/2, α, 2α, and whether the first prompt's at 0 is the unsteered model's."""
    a = choice.alpha
    alphas = [0.0, a / 2, a, 2 * a] if choice.reachable else [0.0]
    chosen = list(request.prompts[: request.samples])
    found, same = [], True

    def write(j: int, how: Steering | None, strengths: list[float]) -> np.ndarray:
        return generate(
            model,
            chosen[j],
            how,
            strengths,
            count=request.new_tokens,
            temperature=request.temperature,
            seed=request.seed + j,
        )

    for j in range(len(chosen)):
        made = write(j, steering, alphas)
        if j == 0:  # as many rows, so that the same programs run
            same = bool((made[0] == write(j, None, [0.0] * len(alphas))[0]).all())
        for alpha, tokens in zip(alphas, made.tolist(), strict=True):
            found.append(Continuation(alpha, j, tokens, find_loop(tokens)))
        say("writing", j + 1, len(chosen))
    return found, same
