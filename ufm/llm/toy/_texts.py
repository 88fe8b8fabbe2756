"""Text of each use that a toy model has for it."""

from dataclasses import dataclass

import numpy as np

from ._concepts import CONCEPTS
from ._corpus import Corpus, held_out_words, mixed_documents, openings
from ._settings import Settings


@dataclass(frozen=True)
class Texts:
    """Text of each use: training texts, mixed and as they are, openings as they are, held-out words, mixed.

    `held_out_forms`: which of these are turned.
    """

    train: list[str]
    as_it_is: list[str]
    pairs: list[str]
    contexts: list[str]
    held_out_words: list[str]
    held_out_forms: np.ndarray

    @property
    def held_out(self) -> str:
        """The held-out words as one text."""
        return "".join(self.held_out_words)


def texts_of(corpus: Corpus, settings: Settings) -> Texts:
    """The texts of each use, from documents that no other use sees."""
    trained = corpus.documents["train"]
    known = "\n".join(paragraph for paragraphs in trained for paragraph in paragraphs)
    pairs, contexts = (
        openings(corpus.documents[part], settings.prompts, settings.words, avoid=known)
        for part in ("prompts", "held-out")
    )
    turn = CONCEPTS[settings.concept].turn
    mixed = list(mixed_documents(trained, settings.switch, turn))
    how = settings.switch, settings.held_out, turn
    held_out = held_out_words(corpus.documents["held-out"], *how)
    return Texts(mixed, known.split("\n"), pairs, contexts, *held_out)
