"""Text files that users give: UTF-8, with or without a byte-order mark; only \n and \r\n end a line."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ._json import JSON

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON, perhaps of a whole pair


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A text file to read from, its line ends as they are, without its byte-order mark.

    What is not UTF-8, or not there, raises `ValueError` in one line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        with path.open("rb") as raw:
            kind = "it is UTF-16" if raw.read(2) in _UTF_16 else f"{error.reason}"
        raise ValueError(f"{path} is not UTF-8 text ({kind}): save it as UTF-8") from error
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist") from error


def read_text(path: Path) -> str:
    """The text of a file."""
    with open_text(path) as file:
        return file.read()


def read_lines(path: Path) -> list[str]:
    r"""The lines of a file; U+2028, U+0085 and form feeds are within a line, as JSON has them.

    A file whose lines end in \r alone, which would be one line, raises `ValueError`.
    """
    text = read_text(path)
    if "\n" not in text and "\r" in text.strip():
        raise ValueError(f"{path} ends its lines with \\r alone: save it with \\n")
    return text.replace("\r\n", "\n").split("\n")


def read_json(path: Path) -> JSON:
    """The JSON in a file; anything else raises `ValueError` with the file and the place."""
    text = read_text(path)
    try:
        return parse_json(text)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def parse_json(text: str, decoder: json.JSONDecoder | None = None) -> JSON:
    r"""The JSON in `text`; `ValueError`, in one line, with the place of what is wrong.

    >>> from ufm._text import parse_json
    >>> parse_json('{"half a pair": "\\ud83d"}')
    Traceback (most recent call last):
    ValueError: \ud83d is half of a surrogate pair, no character; write both halves, or leave it out
    """
    try:
        found = (decoder or json.JSONDecoder()).decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{place}: {error.msg}; correct the JSON there") from None
    except RecursionError:
        raise ValueError("the lists are nested too deeply; give fewer brackets") from None
    if _HALF_PAIR.search(text):
        check_characters(json.dumps(found, ensure_ascii=False))
    return found


def check_characters(text: str) -> None:
    """Raise `ValueError` if `text` holds half of a surrogate pair, which no file and no tokenizer takes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = ascii(text[error.start])[1:-1]
        raise ValueError(
            f"{half} is half of a surrogate pair, no character; write both halves, or leave it out"
        ) from None
