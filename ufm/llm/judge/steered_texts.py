"""Texts that a steered model writes after prompts, at many strengths; kept, so that a killed run goes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ufm._files import Arrays, digest
from ufm._json import JSON
from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.journal import Journal
from ..measure.token_curves import identity
from ..steering.generate import NOTHING, generate_all
from ..steering.strengths import check_strengths
from ..text.tokenizer import Tokenizer
from .fluency import nats

_ROWS = 64  # texts that are written at once, about


@dataclass(frozen=True)
class Sampling:
    """How texts are drawn; the defaults are those of the paper's code.

    `length`: new tokens of a text, at most. `samples`: texts after each prompt.
    """

    length: int = 100
    samples: int = 32
    temperature: float = 0.9
    top_k: int | None = 50
    top_p: float = 0.95
    seed: int = 0


@dataclass(frozen=True, eq=False)
class SteeredTexts:
    """What a steered model wrote after m prompts at A strengths, s texts each.

    - `alphas` [A]. `tokens` [m, A, s, L]: new tokens, -1 after the end. `nats` [m, A, s]: -log of each text's
      probability under the unsteered model.
    - `texts` [m][A][s]: as strings, without end tokens and blanks at the ends.
    """

    alphas: np.ndarray
    tokens: Int[np.ndarray, "m A s L"]
    nats: Float[np.ndarray, "m A s"]
    texts: list[list[list[str]]]

    def rows(self, a: int) -> list[list[int]]:
        """The tokens of all texts at the strength number `a`, without what follows the end."""
        flat = self.tokens[:, a].reshape(-1, self.tokens.shape[-1])
        return [row[row != NOTHING].tolist() for row in flat]


def write_texts(
    model: LanguageModel,
    tokenizer: Tokenizer,
    contexts: Sequence[str],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    sampling: Sampling,
    directory: Path | None,
    progress: Progress,
) -> tuple[SteeredTexts, dict[str, JSON]]:
    """The texts, and what they depend on. With a directory its parts are kept there.

    Row j of every strength is drawn from the same random numbers. A part is all texts of some prompts at one
    strength.
    """
    strengths = check_strengths(alphas, model, steering)
    if not contexts:
        raise ValueError("there is no context: give at least one prompt to go on from")
    if sampling.samples < 1:
        raise ValueError(f"samples must be at least 1; got {sampling.samples}")
    prompts = [tokenizer.encode(text) for text in contexts]
    m, s = len(prompts), sampling.samples
    seeds = np.random.SeedSequence(sampling.seed).generate_state(m * s).reshape(m, s)
    settings: dict[str, JSON] = {
        "kind": "steered texts",
        **identity(model, steering, strengths, 0),
        "prompts": digest(prompts),
        **vars(sampling),
    }
    journal = None if directory is None else Journal(directory, settings)

    def make(a: int, some: slice) -> Arrays:
        rows = [row for row in prompts[some] for _ in range(s)]
        drawn = seeds[some].ravel().tolist()
        given = model, rows, steering, strengths[a : a + 1], sampling, drawn, tokenizer.ends
        tokens, spent = draw_texts(*given)
        return {"tokens": tokens.reshape(-1, s, sampling.length), "nats": spent.reshape(-1, s)}

    found = by_parts(journal, strengths.size, groups(m, s), make, progress, "writing")
    texts = [
        [[plain_text(tokenizer, row) for row in at] for at in of_prompt]
        for of_prompt in found["tokens"]
    ]
    return SteeredTexts(strengths, found["tokens"], found["nats"], texts), settings


def draw_texts(
    model: LanguageModel,
    rows: Sequence[Sequence[int]],
    steering: Steering,
    strength: Float[np.ndarray, " 1"],
    sampling: Sampling,
    seeds: Sequence[int],
    ends: Sequence[int],
) -> tuple[Int[np.ndarray, "texts L"], Float[np.ndarray, " texts"]]:
    """A text after each row, and what it costs under the unsteered model."""
    tokens = generate_all(
        model,
        rows,
        steering,
        strength,
        count=sampling.length,
        seeds=seeds,
        ends=ends,
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
    )[:, 0]
    return tokens, nats(model, rows, [row[row != NOTHING].tolist() for row in tokens])


def groups(prompts: int, samples: int) -> list[slice]:
    """Which prompts are worked on at once: as many as have about 64 texts together."""
    size = max(1, _ROWS // samples)
    return [slice(start, min(start + size, prompts)) for start in range(0, prompts, size)]


def by_parts(
    journal: Journal | None,
    strengths: int,
    some: Sequence[slice],
    make: Callable[[int, slice], Arrays],
    progress: Progress,
    stage: str,
) -> Arrays:
    """Arrays [m, A, …] from `make(a, prompts)`, which has those prompts in its first axis."""
    columns = []
    for a in range(strengths):
        column = []
        for g, each in enumerate(some):
            name, about = (
                f"{stage}-{a:04d}-{g:04d}",
                {"strength": a, "prompts": [each.start, each.stop]},
            )
            column.append(_kept(journal, name, about, lambda a=a, each=each: make(a, each)))
            progress(a * len(some) + g + 1, strengths * len(some), stage)
        columns.append({key: np.concatenate([part[key] for part in column]) for key in column[0]})
    return {key: np.stack([column[key] for column in columns], axis=1) for key in columns[0]}


def _kept(
    journal: Journal | None, name: str, about: Mapping[str, JSON], make: Callable[[], Arrays]
) -> Arrays:
    return make() if journal is None else journal.part(name, make, about)


def plain_text(tokenizer: Tokenizer, row: Int[np.ndarray, " L"]) -> str:
    """A text as a judge reads it."""
    ends = set(tokenizer.ends)
    return tokenizer.text_after([z for z in row.tolist() if z != NOTHING and z not in ends]).strip()
