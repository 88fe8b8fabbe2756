"""A toy model to steer: a GPT-2 of few blocks, trained in minutes on the text that ships with CPython.

It is after the paper's Figure A.4 (a GPT of one layer and 0.009 billion parameters, trained on
fineweb; concept "uppercase words"), smaller and on other text, for machines on which nothing can be
downloaded. What makes the concept learnable, and when it is met, was written down before any model
was trained:

- **Text.** The prose of `pydoc_data.topics` and of the docstrings of the standard library, its words
  switched between ordinary case and UPPERCASE: before each word the case changes with chance 1/20,
  so the case of the words so far tells that of the next, as a concept does in Definition 2.1. Every
  document occurs twice, each word once in either case.
- **Token set.** A token belongs to the concept if its text, without one leading space, is two or
  more letters, all of them capitals A-Z. Because half of the words are uppercase, so is about a third
  of the vocabulary; on text as it is written, a vocabulary of 1024 holds one such token.
- **Prompts.** P: openings of paragraphs in UPPERCASE; N: the same openings in ordinary case.
- **A second concept**, of words spelled drawkcab, in the same text and with the same chance. A token
  belongs to it if its text, without one leading space, is two or more letters, and it occurs at least 20
  times in the training text, read once as it is and once backwards, nine times in ten or more
  backwards. Letters alone do not tell it, as they tell UPPERCASE: "no" is "on" backwards, and such
  tokens belong to neither.
- **Disjoint.** Documents for training, for P and N, and for evaluation are told apart by a hash of
  their names; no paragraph is in two of them, and no prompt occurs in the training text.
"""

from ufm._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__, extra="llm")
