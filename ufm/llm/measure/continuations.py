"""Texts that a model writes after prompts, and the hidden states from which their tokens were drawn."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Array, Float, Int

from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.generate import generate_all

ROWS = 64  # texts that are written or read at once, at most


class Continuations:
    """Continuations of prompts, `samples` of each, in the order of the prompts."""

    def __init__(
        self,
        model: LanguageModel,
        prompts: Sequence[Sequence[int]],
        length: int,
        samples: int,
        ends: tuple[int, ...],
        seed: int,
        stream: int,
    ):
        if not prompts:
            raise ValueError("there is no prompt to go on from")
        if samples < 1:
            raise ValueError(f"samples must be at least 1; got {samples}")
        self.model, self.length, self.ends = model, length, ends
        self.rows = [list(map(int, row)) for row in prompts for _ in range(samples)]
        self.longest = max(map(len, self.rows))
        self.seeds = np.random.SeedSequence([seed, stream]).generate_state(len(self.rows)).tolist()

    def write(
        self, steering: Steering | None, alphas: np.ndarray, progress: Progress
    ) -> Int[np.ndarray, "texts A length"]:
        """The new tokens, -1 after an end of text."""
        size, made = max(1, ROWS // alphas.size), []
        for start in range(0, len(self.rows), size):
            some = slice(start, start + size)
            given = self.model, self.rows[some], steering, alphas
            how = {"count": self.length, "ends": self.ends, "temperature": 1.0}
            made.append(generate_all(*given, seeds=self.seeds[some], **how))
            progress(min(some.stop, len(self.rows)), len(self.rows))
        return np.concatenate(made)

    def states(
        self, made: Int[np.ndarray, "some length"], which: slice
    ) -> Iterator[Float[Array, "length d"]]:
        """The unsteered last hidden states from which the new tokens of some texts were drawn."""
        whole = [
            [*row, *np.maximum(new, 0)[:-1]]
            for row, new in zip(self.rows[which], made, strict=True)
        ]
        full = self.longest + self.length - 1
        ids = np.array([row + [0] * (full - len(row)) for row in whole])
        mask = np.arange(full) < np.array([len(row) for row in whole])[:, None]
        found = self.model.hidden_states(ids, self.model.blocks - 1, site="post-norm", mask=mask)
        for row, states in zip(self.rows[which], found, strict=True):
            yield states[len(row) - 1 : len(row) - 1 + self.length]
