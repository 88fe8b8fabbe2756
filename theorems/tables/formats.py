"""The three file formats of a next-token table, each to and from raw, unchecked fields."""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import numpy as np

from ufm._files import write_whole
from ufm._json import JSON
from ufm._text import parse_json as of_text

from .table import FIELDS, Table

Fields = Mapping[str, object]
Number = TypeVar("Number", int, float)

_CSV_HEAD = ["context", "concept", "weight", "set"]
_CSV_SETS = ("positive", "negative", "-")


def read_fields(file: Path) -> Fields:
    """The fields in a .json, .npz or .csv file: numbers, texts and lists of them.

    Raises `ValueError`, in one line, on another suffix and on a file that is not of its format, and
    `OSError` on one that cannot be opened.
    """
    is_empty = (
        file.stat().st_size == 0
    )  # first: that there is no such file says more than its suffix
    read, _ = _format(file)
    if is_empty:
        raise ValueError("the file is empty; write a table into it")
    try:
        return read(file)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; save the file as UTF-8") from None


def write_fields(file: Path, table: Table) -> None:
    """Write a checked table, whole or not at all; CSV has no place for `about`.

    Raises `ValueError` on another suffix and `OSError` on a file that cannot be written.
    """
    _, as_bytes = _format(file)
    write_whole(file, as_bytes(table))


def parse_json(file: Path, decoder: json.JSONDecoder | None = None) -> JSON:
    """The JSON in a file. Raises `ValueError`, in one line, with the place of what is wrong."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; save the file as UTF-8") from None
    return of_text(text, decoder)


def _read_json(file: Path) -> Fields:
    fields = parse_json(file)
    if not isinstance(fields, dict):
        raise ValueError(
            f"the file holds a {type(fields).__name__}; give one JSON object of fields"
        )
    return fields


def _as_json(table: Table) -> bytes:
    lines = []
    for name, value in _fields_of(table).items():
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        text = json.dumps(plain, ensure_ascii=False)
        if name == "next_token_probs":  # one line per context
            text = "[\n    " + text[1:-1].replace("], [", "],\n    [") + "\n  ]"
        lines.append(f"  {json.dumps(name)}: {text}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _read_npz(file: Path) -> Fields:
    if not zipfile.is_zipfile(file):
        raise ValueError("the file is not an .npz archive; write it with numpy.savez")
    fields = {}
    with np.load(file, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                fields[name] = archive[name].tolist()
            except (ValueError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
                reason = str(error).partition("\n")[0]
                raise ValueError(f"{name}: {reason}; save plain arrays with numpy.savez") from None
    return fields


def _as_npz(table: Table) -> bytes:
    arrays = {name: np.asarray(value) for name, value in _fields_of(table).items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()


def _fields_of(table: Table) -> dict[str, np.ndarray | tuple | str]:
    """What the file says of itself first, then the table."""
    fields = asdict(table)
    return {"about": table.about} | {name: fields[name] for name in FIELDS}


def _read_csv(file: Path) -> Fields:
    head, concepts, *body = _csv_rows(file)
    names = head.cells[4:]
    fields: dict[str, object] = {"tokens": names, "token_concept": concepts.numbers(int, 4)}
    if body and body[0].cells[:4] == ["target", "", "", ""]:
        flags = body.pop(0).numbers(int, 4)
        fields["target"] = [bool(flag) if flag in (0, 1) else flag for flag in flags]
    if not body:
        raise ValueError("the file has no context; give one row per context")
    for row in body:
        if row.cells[3] not in _CSV_SETS:
            raise ValueError(
                f"line {row.line}: set is {row.cells[3]!r}; use one of {', '.join(_CSV_SETS)}"
            )
    fields["contexts"] = [row.cells[0] for row in body]
    fields["context_concept"] = [row.numbers(int, 1, 2)[0] for row in body]
    if any(row.cells[2] for row in body):
        fields["context_weights"] = [row.numbers(float, 2, 3)[0] for row in body]
    fields["next_token_probs"] = [row.numbers(float, 4) for row in body]
    for name in ("positive", "negative"):
        fields[name] = [j for j, row in enumerate(body) if row.cells[3] == name]
    return fields


class _Row:
    """The cells of one line of a CSV file, under the names of the header."""

    def __init__(self, line: int, cells: list[str], head: list[str]):
        self.line, self.cells, self.head = line, cells, head

    def numbers(self, kind: type[Number], start: int, stop: int | None = None) -> list[Number]:
        numbers = []
        for name, cell in list(zip(self.head, self.cells, strict=True))[start:stop]:
            try:
                numbers.append(kind(cell))
            except ValueError:
                noun = "whole number" if kind is int else "number"
                raise ValueError(
                    f"line {self.line}, column {name!r}: {cell!r} is not a {noun}; give one"
                ) from None
        return numbers


def _csv_rows(file: Path) -> list[_Row]:
    """Header, concept row and the rest: all of one width, blank lines left out."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            lines = [(reader.line_num, cells) for cells in reader if any(cells)]
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}; correct the CSV there") from None
    head = lines[0][1] if lines else []
    if head[:4] != _CSV_HEAD or len(head) == 4:
        raise ValueError(f"line 1: the header must be {','.join(_CSV_HEAD)},<token>,<token>,…")
    for line, cells in lines:
        if len(cells) != len(head):
            raise ValueError(
                f"line {line}: {len(cells)} cells under a header of {len(head)}; give one each"
            )
    if len(lines) == 1 or lines[1][1][:4] != ["concept", "", "", ""]:
        raise ValueError("line 2: must be concept,,,,… with the concept number of each token")
    return [_Row(line, cells, head) for line, cells in lines]


def _as_csv(table: Table) -> bytes:
    set_of = dict.fromkeys(table.positive, "positive") | dict.fromkeys(table.negative, "negative")
    columns = (
        table.contexts,
        table.context_concept.tolist(),
        table.context_weights.tolist(),
        [set_of.get(j, "-") for j in range(len(table.contexts))],
    )
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*_CSV_HEAD, *table.tokens])
    writer.writerow(["concept", "", "", "", *table.token_concept.tolist()])
    writer.writerow(["target", "", "", "", *map(int, table.target)])
    for *start, row in zip(*columns, table.next_token_probs.tolist(), strict=True):
        writer.writerow([*start, *row])
    return stream.getvalue().encode()


def _format(file: Path) -> tuple[Callable[[Path], Fields], Callable[[Table], bytes]]:
    formats = {
        ".json": (_read_json, _as_json),
        ".npz": (_read_npz, _as_npz),
        ".csv": (_read_csv, _as_csv),
    }
    found = formats.get(file.suffix.lower())
    if found is None:
        raise ValueError(f"unknown suffix {file.suffix!r}; name the file .json, .npz or .csv")
    return found
