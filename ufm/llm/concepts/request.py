"""What an instruct model is asked, to write a text of a concept or its opposite: a template with fields."""

import re
from pathlib import Path

from ufm._text import read_text

from .concept import Concept

# Everyday subjects, so that the texts for and against a concept differ by it alone.
SUBJECTS = (
    *("breakfast", "the train to work", "a letter", "the weather", "the garden", "a phone call"),
    *(
        "the market",
        "a walk in the evening",
        "the kitchen",
        "a birthday",
        "an old friend",
        "the sea",
    ),
    *("a new job", "the school", "a long journey", "the neighbours", "a book", "the winter"),
    *(
        "a football match",
        "the doctor",
        "a house move",
        "the family",
        "a song",
        "the city at night",
    ),
    *(
        "a dog",
        "a lost key",
        "the holidays",
        "a photograph",
        "the exam",
        "a broken car",
        "the news",
    ),
    "a dinner with guests",
)
TEMPLATE = (
    "Write a short text about {subject}, in the first person, that {shows}. "
    "Answer with the text alone."
)
FIELDS = ("name", "shows", "subject")
_FIELD = re.compile(r"\{(\w+)\}")


def request(template: str, concept: Concept, number: int, *, is_for: bool = True) -> str:
    """What the model is asked for text `number` for the concept, or against it.

    `{name}` becomes the concept's name, or "the opposite of" it; `{shows}` what its texts do, or what those
    of its opposite do; `{subject}` one of `SUBJECTS` in turn.

    >>> from ufm.llm.concepts.concept import concept
    >>> from ufm.llm.concepts.request import request
    >>> print(request("Write about {subject}. The text {shows}.", concept("joy"), 0, is_for=False))
    Write about breakfast. The text is written by someone who feels nothing in particular.
    """
    values = {
        "name": concept.name if is_for else f"the opposite of {concept.name}",
        "shows": concept.shows if is_for else concept.shows_not,
        "subject": SUBJECTS[number % len(SUBJECTS)],
    }
    return _FIELD.sub(lambda field: values[field[1]], template)


def check_template(template: str) -> None:
    """Raise `ValueError` on a field that is unknown, or where nothing says what the text is to show."""
    found = _FIELD.findall(template)
    unknown = [field for field in found if field not in FIELDS]
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    if unknown:
        raise ValueError(f"the template has an unknown field {{{unknown[0]}}}; known are {known}")
    if not {"name", "shows"} & set(found):
        raise ValueError(
            "the template asks for the same with and without the concept: use {shows} or {name} in it"
        )


def read_template(path: str | Path) -> str:
    """A template from a text file."""
    text = read_text(Path(path)).strip()
    try:
        check_template(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return text
