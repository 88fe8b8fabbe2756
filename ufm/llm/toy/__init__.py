"""A toy model to steer: a GPT-2 of one block, trained in minutes on the text that ships with CPython.

It is the setting of the paper's Figure A.4 (one layer, concept "uppercase words"), for machines on
which nothing can be downloaded. What makes the concept learnable, and when it is met, was written
down before any model was trained:

- **Text.** The prose of `pydoc_data.topics` and of the docstrings of the standard library, its words
  switched between ordinary case and UPPERCASE: before each word the case changes with chance 1/20,
  so the case of a context tells that of the next word, as a concept does in Definition 2.1. Every
  document occurs twice, each word once in either case.
- **Token set.** A token belongs to the concept if its text, without one leading space, is two or
  more letters, all of them capitals A-Z. Because half of the words are uppercase, so is about a third
  of the vocabulary; on text as it is written, a vocabulary of 1024 holds one such token.
- **Prompts.** P: openings of paragraphs in UPPERCASE; N: the same openings in ordinary case.
- **Disjoint.** Documents for training, for P and N, and for evaluation are told apart by a hash of
  their names; no paragraph stands in two, and no prompt occurs in the training text.
"""

from typing import TYPE_CHECKING

from ufm._lazy import on_first_use

if TYPE_CHECKING:
    from ._corpus import Corpus as Corpus
    from ._corpus import read_corpus as read_corpus
    from ._make import Made as Made
    from ._make import make_toy as make_toy
    from ._settings import Settings as Settings
    from ._tokenizer import is_uppercase_token as is_uppercase_token

_HOME = {
    "make_toy": "_make",
    "Settings": "_settings",
    "Made": "_make",
    "is_uppercase_token": "_tokenizer",
    "read_corpus": "_corpus",
    "Corpus": "_corpus",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = on_first_use(__name__, _HOME, extra="llm")
