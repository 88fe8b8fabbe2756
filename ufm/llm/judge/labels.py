"""Texts that a person has labelled: whether each shows a concept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ufm._json import JSON
from ufm._text import parse_json, read_lines

from ..concepts.concept import CONCEPTS, Concept
from ..concepts.concept import concept as concept_named


@dataclass(frozen=True)
class Label:
    """A text, the concept that it was read for, and whether it shows it.

    `case`: what makes it easy or hard, in a word or two; empty where nobody said.
    """

    text: str
    concept: Concept
    shows: bool
    case: str = ""


def read_labels(path: str | Path) -> tuple[Label, ...]:
    """The labelled texts in a file of JSON lines.

    Each is `{"text": "…", "concept": "joy", "label": "yes"}`, or "no", and may have a "case" and, for a
    concept that the package does not know, the "question" that a judge is to answer. Empty lines are passed
    over. Raises `ValueError` with the line that is malformed, and for fewer than two texts of either label.

    >>> from ufm.llm import example_file, read_labels
    >>> labels = read_labels(example_file("judge_labels"))
    >>> print(len(labels), sum(label.shows for label in labels))
    60 30
    """
    found = tuple(
        _parse(line, f"{path}, line {number}")
        for number, line in enumerate(read_lines(Path(path)), 1)
        if line.strip()
    )
    for shows, name in ((True, "yes"), (False, "no")):
        count = sum(label.shows is shows for label in found)
        if count < 2:
            raise ValueError(
                f"{path} needs at least two texts labelled {name!r}, one of them to hold out; got {count}"
            )
    return found


def _parse(line: str, where: str) -> Label:
    try:
        entry = parse_json(line)
    except ValueError as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise ValueError(f"{where} must be a JSON object; got {line[:40]}")
    unknown = sorted(set(entry) - {"text", "concept", "label", "case", "question"})
    if unknown:
        raise ValueError(
            f"{where} has an unknown entry {unknown[0]!r}; known: case, concept, label, question, text"
        )
    if entry.get("label") not in ("yes", "no"):
        raise ValueError(f'{where}: label must be "yes" or "no"; got {entry.get("label")!r}')
    text, name, case = (_string(entry, key, where) for key in ("text", "concept", "case"))
    if not text.strip() or not name:
        missing = "concept" if text.strip() else "text"
        raise ValueError(f"{where}: {missing} must not be empty")
    return Label(text, _concept(entry, name, where), entry["label"] == "yes", case)


def _concept(entry: dict[str, JSON], name: str, where: str) -> Concept:
    question = _string(entry, "question", where)
    if question:
        return Concept(name, "", "", question)
    if name not in CONCEPTS:
        try:
            concept_named(name)
        except ValueError as error:
            raise ValueError(f"{where}: {error}; of another, give the question too") from error
    return CONCEPTS[name]


def _string(entry: dict[str, JSON], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{where}: {key} must be a string; got {value!r}")
    return value


def halves(labels: Sequence[Label]) -> tuple[list[int], list[int]]:
    """The places of one half to choose a threshold on, and of the other to report.

    Those labelled yes go to either by turns, and those labelled no.

    >>> from ufm.llm import example_file, read_labels
    >>> from ufm.llm.judge.labels import halves
    >>> print([len(half) for half in halves(read_labels(example_file("judge_labels")))])
    [30, 30]
    """
    seen: Counter[bool] = Counter()
    sides: tuple[list[int], list[int]] = ([], [])
    for place, label in enumerate(labels):
        sides[seen[label.shows] % 2].append(place)
        seen[label.shows] += 1
    return sides
