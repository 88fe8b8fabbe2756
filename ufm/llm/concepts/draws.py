"""Texts that an author writes, drawn in batches of one size; kept, so that a killed run goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ufm._files import Arrays

from ..measure.journal import Journal
from ..steering.batches import at_once, while_writing
from ..steering.generate import NOTHING, generate_all
from .author import Author

_ROWS = 64  # texts that are written at once, at most
_TRIES = 3  # as many texts as are asked for are written at most, to find so many distinct ones
# A context has so many words and tokens at most; those of the paper's code have about 66 words.
_CONTEXT_WORDS, _CONTEXT_TOKENS = 64, 128
_STREAMS = {
    "positive": 0,
    "negative": 0,
    "random": 1,
    "contexts": 2,
}  # each draws numbers of its own


@dataclass(frozen=True)
class Sampling:
    """How texts are drawn: their new tokens at most, and what `generate` takes.

    `ends_count`: whether a text ends where the model ends it, or goes on to its full length.
    """

    length: int
    temperature: float
    top_k: int | None
    top_p: float
    seed: int
    ends_count: bool


class Draws:
    """Texts of one kind, written in batches of one size."""

    def __init__(
        self,
        author: Author,
        kind: str,
        number: int,
        sampling: Sampling,
        journal: Journal | None,
    ):
        if kind == "contexts":
            sampling = replace(sampling, length=min(sampling.length, _CONTEXT_TOKENS))
        self.author, self.kind, self.sampling, self.journal = author, kind, sampling, journal
        self.ends = author.tokenizer.ends if sampling.ends_count else ()
        needed = while_writing(author.model, len(author.prompt(0)), sampling.length)
        fit = at_once(author.model, needed, _ROWS)
        batches = -(-number // fit)
        self.size = -(-number // batches) if batches else 0  # batches are as even as can be
        self.most = _TRIES * batches
        entropy = np.random.SeedSequence([sampling.seed, _STREAMS[kind]])
        self.seeds = entropy.generate_state(self.most * self.size).tolist()

    def batches(self, progress: Callable[[float], None]) -> Iterator[list[str]]:
        """The texts of each batch; `progress` gets the share of the batch that is written."""
        for batch in range(self.most):
            about = {"kind": self.kind, "batch": batch, "texts": self.size}
            if self.journal is None:
                made = self._write(batch, progress)
            else:
                name = f"{self.kind}-{batch:06d}"
                made = self.journal.part(name, lambda: self._write(batch, progress), about)  # noqa: B023
            yield [self._text(row) for row in made["tokens"]]

    def _write(self, batch: int, progress: Callable[[float], None]) -> Arrays:
        numbers = range(batch * self.size, (batch + 1) * self.size)
        how = self.sampling
        made = generate_all(
            self.author.model,
            [self.author.prompt(k) for k in numbers],
            None,
            [0.0],
            count=how.length,
            seeds=[self.seeds[k] for k in numbers],
            ends=self.ends,
            temperature=how.temperature,
            top_k=how.top_k,
            top_p=how.top_p,
            progress=lambda done, total=1.0, stage="": progress(done / (total or 1)),
        )
        return {"tokens": made[:, 0]}

    def _text(self, tokens: np.ndarray) -> str:
        ids = [int(z) for z in tokens if z != NOTHING and z not in self.ends]
        text = self.author.tokenizer.inner.decode(ids, skip_special_tokens=True).strip()
        if self.kind != "contexts":
            return text
        was_cut = NOTHING not in tokens and tokens[-1] not in self.ends
        words = text.split()[: -1 if was_cut else None]
        # a context is to go on
        return " ".join(words[:_CONTEXT_WORDS]).rstrip(".,;:!?")
