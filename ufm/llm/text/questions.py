"""Questions of several choices in MMLU's form: from a file, or made of the text that ships with CPython."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ufm._text import parse_json, read_lines

from .tokenizer import Tokenizer

LETTERS = "ABCD"
_LEAST, _MOST = 25, 45  # words of a passage
_SHOTS = 2


@dataclass(frozen=True)
class Question:
    """A question, its choices, and the place of the right one."""

    text: str
    choices: tuple[str, ...]
    answer: int

    @property
    def shown(self) -> str:
        """The question as MMLU words it, up to the letter that is asked for.

        >>> from ufm.llm.text.questions import Question
        >>> print(Question("Which is even?", ("3", "4"), 1).shown)
        Which is even?
        A. 3
        B. 4
        Answer:
        """
        lines = [f"{LETTERS[k]}. {choice}" for k, choice in enumerate(self.choices)]
        return "\n".join([self.text, *lines, "Answer:"])


def python_questions(count: int, seed: int = 0) -> tuple[Question, ...]:
    """Which topic of Python's own manual a passage of it is about, of four; the same on one Python.

    >>> from ufm.llm.text.questions import python_questions
    >>> made = python_questions(50)
    >>> print(len({question.text for question in made}), {len(question.choices) for question in made})
    50 {4}
    """
    from pydoc_data.topics import topics

    passages = {
        " ".join(passage.split()): name
        for name, text in sorted(topics.items())
        for passage in text.split("\n\n")
        if name.isalpha() and "::" not in passage and _LEAST <= len(passage.split()) <= _MOST
    }
    if len(passages) < count:
        raise ValueError(f"Python's manual holds {len(passages)} passages; asked for {count}")
    names, draw = sorted(set(passages.values())), np.random.default_rng(seed)
    made = []
    for place in draw.permutation(len(passages))[:count]:
        passage, name = list(passages.items())[place]
        others = [names[k] for k in draw.permutation(len(names)) if names[k] != name][:3]
        answer = int(draw.integers(4))
        choices = (*others[:answer], name, *others[answer:])
        made.append(Question(f"{passage}\nWhat is this passage about?", choices, answer))
    return tuple(made)


def read_questions(path: str | Path) -> tuple[Question, ...]:
    """Questions from JSON lines {"question": "…", "choices": ["…", …], "answer": 0}, as MMLU has them.

    Raises `ValueError` with the number of the line that is malformed.
    """
    found = []
    for number, line in enumerate(read_lines(Path(path)), 1):
        if line.strip():
            try:
                found.append(_question(parse_json(line)))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
    if len(found) <= _SHOTS:
        raise ValueError(f"{path} holds {len(found)} questions; {_SHOTS + 1} are needed at least")
    return tuple(found)


def _question(entry: object) -> Question:
    if not isinstance(entry, dict) or {"question", "choices", "answer"} - set(entry):
        raise ValueError('a question is {"question": "…", "choices": ["…", …], "answer": 0}')
    text, choices, answer = (entry[name] for name in ("question", "choices", "answer"))
    if not isinstance(text, str) or not isinstance(choices, list):
        raise ValueError("the question must be a text, and the choices a list of texts")
    known = [choice for choice in choices if isinstance(choice, str)]
    if not 2 <= len(known) == len(choices) <= len(LETTERS):
        raise ValueError(f"a question has 2 to {len(LETTERS)} choices, all texts; got {choices!r}")
    if type(answer) is not int or not 0 <= answer < len(known):
        raise ValueError(f"the answer must be from 0 to {len(known) - 1}; got {answer!r}")
    return Question(text, tuple(known), answer)


def as_rows(
    questions: Sequence[Question], tokenizer: Tokenizer
) -> tuple[list[list[int]], list[list[int]], list[int]]:
    """The tokens of each question but the first two, the letters after it, and the place of the right one.

    The first two come before every other, with their answers. Each letter must be one token.
    """
    shots = "".join(f"{q.shown} {LETTERS[q.answer]}\n\n" for q in questions[:_SHOTS])
    rows, letters = [], []
    for question in questions[_SHOTS:]:
        text = shots + question.shown
        row = tokenizer.encode(text)
        options = [tokenizer.encode(f"{text} {LETTERS[k]}") for k in range(len(question.choices))]
        known = {option[-1] for option in options}
        if any(option[:-1] != row for option in options) or len(known) < len(options):
            raise ValueError(
                f"{tokenizer.name} has no single token for each of the letters A, B, C, D"
            )
        rows.append(row)
        letters.append([option[-1] for option in options])
    return rows, letters, [question.answer for question in questions[_SHOTS:]]
