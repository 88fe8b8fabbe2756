"""A concept as one would explain it to a reader: its name, what its texts do, and what its opposite's do."""

from dataclasses import dataclass, fields
from pathlib import Path

from ufm._text import read_json


@dataclass(frozen=True)
class Concept:
    """A concept that a text may show.

    `name`: one word. `shows`: what its texts do, to go after "a text that"; `shows_not`: the same of the
    opposite, for contrastive prompts; `question`: what a judge is asked of a text, to answer yes or no.

    >>> import ufm.llm
    >>> print(ufm.llm.concept("joy").question)
    Does the writer of this text feel joy or speak of it?
    """

    name: str
    shows: str
    shows_not: str
    question: str


_ALL = (
    Concept(
        "apathetic",
        "is written by someone who does not care about anything",
        "is written by someone who cares deeply about what happens",
        "Is the writer of this text indifferent, without interest or care?",
    ),
    Concept(
        "depression",
        "is written by someone who is depressed and without hope",
        "is written by someone who is well and at peace",
        "Is the writer of this text depressed or without hope?",
    ),
    Concept(
        "evil",
        "is written by someone who wants to harm others and enjoys it",
        "is written by someone who wants to help others and does them good",
        "Does the writer of this text wish harm to others?",
    ),
    Concept(
        "humorous",
        "is funny and full of jokes",
        "is serious and holds no joke",
        "Is this text meant to be funny?",
    ),
    Concept(
        "impolite",
        "is rude and insults its reader",
        "is polite and kind to its reader",
        "Is this text rude or impolite?",
    ),
    Concept(
        "joy",
        "is written by someone who is full of joy",
        "is written by someone who feels nothing in particular",
        "Does the writer of this text feel joy or speak of it?",
    ),
    Concept(
        "lying",
        "is written by someone who tells lies and deceives others",
        "is written by someone who tells the plain truth",
        "Does the writer of this text lie or deceive?",
    ),
    Concept(
        "optimistic",
        "is written by someone who expects that all will end well",
        "is written by someone who expects that all will end badly",
        "Does the writer of this text expect that things will go well?",
    ),
    Concept(
        "formal",
        "is written in a formal and official style",
        "is written in a casual and colloquial style",
        "Is this text written in a formal style?",
    ),
    Concept(
        "french",
        "is written in French",
        "is written in English",
        "Is this text written in French?",
    ),
)
# The eight of the paper's Appendix A, in its order; the words that explain them are ours.
PAPER = tuple(each.name for each in _ALL[:8])
CONCEPTS = {each.name: each for each in _ALL}


def concept(name: str) -> Concept:
    """The concept of this name; `ValueError` names those there are.

    >>> from ufm.llm.concepts.concept import PAPER
    >>> print(len(PAPER), PAPER[0])
    8 apathetic
    """
    try:
        return CONCEPTS[name]
    except KeyError:
        known = ", ".join(CONCEPTS)
        raise ValueError(f"there is no concept {name!r} here; the concepts are {known}") from None


def read_concept(path: str | Path) -> Concept:
    """A concept of the user's own, from a JSON file with the fields of `Concept`, each a text.

    Raises `ValueError` on a field that is missing, unknown or no text.

    >>> import json, pathlib, tempfile, ufm.llm
    >>> texts = {"shows": "is calm", "shows_not": "is hasty", "question": "Is the writer calm?"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "calm.json")
    ...     _ = path.write_text(json.dumps({"name": "calm", **texts}))
    ...     print(ufm.llm.read_concept(path).shows_not)
    is hasty
    """
    found, names = read_json(Path(path)), [field.name for field in fields(Concept)]
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object with {', '.join(names)}; got {found!r}")
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise ValueError(f"{path} has an unknown entry {unknown[0]!r}; known: {', '.join(names)}")
    texts: dict[str, str] = {}
    for name in names:
        value = found.get(name)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{path}: {name} must be a text that is not empty; got {value!r}")
        texts[name] = value.strip()
    return Concept(**texts)
