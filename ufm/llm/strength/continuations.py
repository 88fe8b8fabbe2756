"""Texts that go on from prompts at several strengths: how a strength sounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.generate import NOTHING, generate_all
from ..text.loops import LoopVerdict, find_loop

# First tokens of each continuation that are compared with the unsteered model's.
_ZERO_TOKENS = 16


@dataclass(frozen=True, eq=False)
class Continuation:
    """What a strength makes of a prompt; `tokens` are the new ones, `prompt` its number.

    `ended`: the model ended the text, with a token that is left out here.
    """

    alpha: float
    prompt: int
    tokens: list[int]
    ended: bool
    loop: LoopVerdict


def write_continuations(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float],
    *,
    count: int,
    ends: tuple[int, ...],
    temperature: float,
    seed: int,
    progress: Progress,
) -> tuple[list[Continuation], bool]:
    """Up to `count` tokens after each prompt at each strength, of which the first is 0.

    Prompt j is sampled with `seed` + j, and a text ends at the first of the tokens `ends`. Also says
    whether the texts at 0 begin as the unsteered model's do.
    """
    write = partial(
        generate_all,
        model,
        prompts,
        seeds=[seed + j for j in range(len(prompts))],
        ends=ends,
        temperature=temperature,
        room=count,
    )
    made = write(steering=steering, alphas=alphas, count=count, progress=progress)
    # both have as many rows and as much room, so that the same programs run
    few = min(_ZERO_TOKENS, count)
    unsteered = write(steering=None, alphas=[0.0] * len(alphas), count=few)
    found = [
        _continuation(alpha, j, row.tolist(), ends)
        for j, rows in enumerate(made)
        for alpha, row in zip(alphas, rows, strict=True)
    ]
    return found, bool((made[:, 0, :few] == unsteered[:, 0]).all())


def _continuation(alpha: float, prompt: int, row: list[int], ends: tuple[int, ...]) -> Continuation:
    tokens = [z for z in row if z != NOTHING and z not in ends]
    ended = len(tokens) < len(row)
    return Continuation(alpha, prompt, tokens, ended, find_loop(tokens, is_whole=ended))
