"""The concepts that a toy model can be trained with: what is done to words, and which tokens belong to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tokenizers

from ._corpus import Turn
from ._tokenizer import RULE, is_uppercase_token

_LETTERS = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r" ?[A-Za-z]{2,}")
_ORDINARY_WORD = re.compile(r" ?(?=[A-Za-z]{2})[A-Z]?[a-z]+")
# A token belongs to a form of "backwards" if this share of its occurrences do, and it has so many at least.
_SHARE, _LEAST = 0.9, 20


def spell_backwards(text: str) -> str:
    """A text with each run of letters reversed; other signs stay where they are.

    >>> spell_backwards("(don't, Guido)")
    "(nod't, odiuG)"
    """
    return _LETTERS.sub(lambda letters: letters[0][::-1], text)


@dataclass(frozen=True)
class ToyConcept:
    """A concept: its `name`, the `turn` of its words, and the `rule`, in words, that fixes its tokens."""

    name: str
    turn: Turn
    rule: str

    def sides(
        self, tokenizer: tokenizers.Tokenizer, texts: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The tokens [V] of the concept, and those of words that are not turned; some are neither.

        `texts` are those of the training, with no word turned.
        """
        names = [tokenizer.decode([z]) for z in range(tokenizer.get_vocab_size())]
        if self.name == "uppercase":
            ordinary = [_ORDINARY_WORD.fullmatch(text) is not None for text in names]
            return np.array([is_uppercase_token(text) for text in names]), np.array(ordinary)
        is_word = np.array([_WORD.fullmatch(text) is not None for text in names])
        as_it_is = _counts(tokenizer, texts)
        turned = _counts(tokenizer, [self.turn(text) for text in texts])
        total = turned + as_it_is
        is_word &= total >= _LEAST
        return is_word & (turned >= _SHARE * total), is_word & (as_it_is >= _SHARE * total)


def _counts(tokenizer: tokenizers.Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """How often each token occurs."""
    size = tokenizer.get_vocab_size()
    rows = (np.bincount(e.ids, minlength=size) for e in tokenizer.encode_batch(list(texts)))
    return np.sum(list(rows), axis=0)


CONCEPTS = {
    each.name: each
    for each in (
        ToyConcept("uppercase", str.upper, RULE),
        ToyConcept(
            "backwards",
            spell_backwards,
            "the token's text, without one leading space, is two or more letters, and it occurs at least "
            f"{_LEAST} times in the training text as it is and spelled backwards, of which {_SHARE:.0%} or "
            "more are in words spelled backwards",
        ),
    )
}
