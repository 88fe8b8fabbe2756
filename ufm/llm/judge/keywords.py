"""A rule of words as judge: the floor that a model must beat to be worth its time."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ufm._text import read_json

from ..concepts.concept import Concept
from ..text.examples import example_file


class KeywordJudge:
    """Answers yes where a word of the concept is in the text, as a whole word in any capitals; else no.

    `words`: of each concept, by its name; if not given, the 16 words of each of the package's concepts, which
    are its files joy_words, evil_words, ….

    >>> from ufm.llm import KeywordJudge, concept
    >>> texts = ["What joy!", "Joyce is late.", "I feel no joy."]
    >>> print(KeywordJudge().probabilities(texts, concept("joy")))
    [1. 0. 1.]
    """

    def __init__(self, words: Mapping[str, Sequence[str]] | None = None):
        self.words = words

    @property
    def name(self) -> str:
        """Says that it is a rule of words, and which words, if they are not the package's."""
        return "keywords" if self.words is None else f"keywords {dict(self.words)!r}"

    def probabilities(self, texts: Sequence[str], concept: Concept) -> Float[np.ndarray, " texts"]:
        """1 for each text that has one of the words, 0 for others."""
        words = _words(concept) if self.words is None else self.words.get(concept.name)
        if not words:
            raise ValueError(
                f"the rule of words has none for the concept {concept.name!r}: give it some"
            )
        rule = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
        return np.array([float(rule.search(text) is not None) for text in texts])


def _words(concept: Concept) -> list[str]:
    """The package's words of a concept; empty where it has none."""
    path = example_file(f"{concept.name}_words")
    return read_words(path) if path.is_file() else []


def read_words(path: Path) -> list[str]:
    """The words of a JSON file {"words": […]}; `ValueError` where it is none."""
    found = read_json(path)
    words = found.get("words") if isinstance(found, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f'{path} must hold {{"words": […]}}, a list of texts')
    return [word for word in words if isinstance(word, str)]
