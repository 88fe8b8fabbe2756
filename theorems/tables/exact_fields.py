"""The fields of an exact instance in JSON: read, checked, and refused in one line."""

import re
from collections.abc import Mapping
from fractions import Fraction
from json import JSONDecoder
from pathlib import Path

from ufm._json import JSON

from .formats import parse_json

Row = tuple[Fraction, ...]
_NUMBER = re.compile(r"[0-9]{1,200}([/.][0-9]{1,200})?")


def load_json(path: Path) -> JSON:
    """A JSON file without NaN, repeated keys or other surprises."""

    def unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the key {name!r} is given twice; keep one")
        return dict(pairs)

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not a number; write exact rationals as strings")

    if not path.exists():
        raise ValueError("there is no such file")
    if path.is_dir():
        raise ValueError("this is a folder; name a JSON file")
    return parse_json(path, JSONDecoder(object_pairs_hook=unique, parse_constant=refuse))


def fraction(name: str, value: object) -> Fraction:
    """The non-negative rational that a string such as "3/5" or "0.25" writes."""
    if not isinstance(value, str):
        raise ValueError(f'{name} is {value!r}; write numbers as exact strings, such as "3/5"')
    if not _NUMBER.fullmatch(value):
        raise ValueError(f'{name} is {value[:40]!r}; write a positive rational, such as "3/5"')
    if "/" in value and not int(value.partition("/")[2]):
        raise ValueError(f"{name} is {value[:40]!r}, which divides by zero; correct it")
    return Fraction(value)


def signed(name: str, value: object) -> Fraction:
    """The rational that a string such as "-3/5" or "0.25" writes."""
    if isinstance(value, str) and value.startswith("-"):
        return -fraction(name, value[1:])
    return fraction(name, value)


def signed_row(record: Mapping[str, object], key: str, size: int | None = None) -> Row:
    """The rationals under a key, `size` of them if given, of any sign."""
    values = _list(record, key, size)
    return tuple(signed(f"{key}[{i}]", value) for i, value in enumerate(values))


def signed_rows(record: Mapping[str, object], key: str, size: int | None = None) -> tuple[Row, ...]:
    """The rows of rationals under a key, all of one length, or of `size`."""
    named = {f"{key}[{j}]": row for j, row in enumerate(_list(record, key))}
    found = []
    for name in named:
        found.append(signed_row(named, name, len(found[0]) if found else size))
    return tuple(found)


def shortened(value: Fraction | int) -> str:
    """The value as text; a long fraction in decimals."""
    text = str(value)
    return text if len(text) <= 60 else f"{float(value):.12g}"


def _list(record: Mapping[str, object], key: str, size: int | None = None) -> list[object]:
    values = record[key]
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"{key} is {str(values)[:40]}; give a list with an entry or more")
    if size is not None and len(values) != size:
        raise ValueError(f"{key} has {len(values)} entries; it needs {size}")
    return list(values)


def whole_numbers(
    record: Mapping[str, object], key: str, size: int | None = None
) -> tuple[int, ...]:
    """The whole numbers under a key, `size` of them if given."""
    found = []
    for i, value in enumerate(_list(record, key, size)):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**6:
            raise ValueError(f"{key}[{i}] is {str(value)[:40]}; give a whole number from 0")
        found.append(value)
    return tuple(found)


def context_indices(record: Mapping[str, object], key: str, contexts: int) -> tuple[int, ...]:
    """The set of contexts under a key: in range, without repeats."""
    values = whole_numbers(record, key)
    if max(values) >= contexts:
        raise ValueError(f"{key} holds context {max(values)}, outside 0..{contexts - 1}")
    if len(set(values)) < len(values):
        raise ValueError(f"{key} repeats a context: {list(values)[:20]}")
    return values


def rate_rows(record: Mapping[str, object]) -> tuple[Row, ...]:
    """The rows that the rates a and b make."""
    tokens = whole_numbers(record, "token_concept")
    a, b = (
        [fraction(f"{key}[{z}]", v) for z, v in enumerate(_list(record, key, len(tokens)))]
        for key in ("in_concept", "off_concept")
    )
    contexts = whole_numbers(record, "contexts")
    rows = {  # one tuple a concept: contexts of one concept share it
        k: tuple(a[z] if k == t else b[z] for z, t in enumerate(tokens)) for k in set(contexts)
    }
    return tuple(rows[k] for k in contexts)


def table_rows(record: Mapping[str, object]) -> tuple[Row, ...]:
    """The rows of `next_token_probs`."""
    rows = _list(record, "next_token_probs")
    first = rows[0]
    size = len(first) if isinstance(first, list) else None
    named = {f"next_token_probs[{j}]": row for j, row in enumerate(rows)}
    return tuple(
        tuple(fraction(f"{name}[{z}]", v) for z, v in enumerate(_list(named, name, size)))
        for name in named
    )


def target_mask(
    record: Mapping[str, object],
    vocabulary: int,
    tokens: tuple[int, ...] | None,
    contexts: tuple[int, ...] | None,
    first: int,
) -> tuple[bool, ...]:
    """T, as given or else the concept of the first context of P."""
    if "target" in record:
        given = _list(record, "target", vocabulary)
        target = tuple(flag for flag in given if isinstance(flag, bool))
        if len(target) < len(given):
            raise ValueError("target must hold true or false for each token")
    else:  # of rates, which give both; a table without target was refused before
        home = (contexts or ())[first]
        target = tuple(k == home for k in tokens or ())
    if all(target) or not any(target):
        raise ValueError(
            f"target must name some but not all of the {vocabulary} tokens; got {sum(target)}"
        )
    return target


def context_weights(record: Mapping[str, object], contexts: int) -> Row:
    """π, as given or else uniform."""
    if "context_weights" not in record:
        return (Fraction(1, contexts),) * contexts
    values = _list(record, "context_weights", contexts)
    weights = tuple(fraction(f"context_weights[{j}]", v) for j, v in enumerate(values))
    if sum(weights) != 1 or min(weights) <= 0:
        raise ValueError(
            f"context_weights must be positive and sum to 1; they sum to {shortened(sum(weights))}"
        )
    return weights
