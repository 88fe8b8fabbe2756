"""An instance in exact rationals: read from JSON, checked, and handed to balls or to floats."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ufm import ConceptDataset, ExponentialTilt
from ufm._dataset import enumerate_contexts

from ._instance import Instance

Row = tuple[Fraction, ...]
_NUMBER = re.compile(r"[0-9]{1,200}([/.][0-9]{1,200})?")
_RATES = ("in_concept", "off_concept", "token_concept", "contexts")
_TABLE = ("next_token_probs", "target")
_OPTIONAL = ("token_concept", "contexts", "target", "context_weights")


@dataclass(frozen=True, eq=False)
class ExactInstance:
    """Laws p(z|c_j) > 0 as fractions, with P, N and the target: all that a certificate is about.

    - `rows` [m][V]: p, each row summing to one exactly. `target` [V]: T, neither empty nor all.
    - `positive`, `negative`: indices of P and N, disjoint; M = mean_P log p - mean_N log p.
    - `weights` [m]: π. `token_concept` [V], `context_concept` [m]: None where not given.
    - `record`: the JSON object that it was read from.

    >>> from theorems.exact import read_exact
    >>> rates = {"in_concept": ["9/10", "9/10"], "off_concept": ["1/10", "1/10"]}
    >>> steering = {"token_concept": [0, 1], "contexts": [0, 1], "positive": [0], "negative": [1]}
    >>> print(*read_exact({**rates, **steering}).rows[1])
    1/10 9/10
    """

    rows: tuple[Row, ...]
    target: tuple[bool, ...]
    positive: tuple[int, ...]
    negative: tuple[int, ...]
    weights: Row
    token_concept: tuple[int, ...] | None
    context_concept: tuple[int, ...] | None
    record: Mapping[str, Any]

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """Contexts grouped by equal rows, in order of first appearance: they share all curves."""
        groups: dict[Row, list[int]] = {}
        for j, row in enumerate(self.rows):
            groups.setdefault(row, []).append(j)
        return tuple(tuple(group) for group in groups.values())

    @cached_property
    def shares(self) -> Row:
        """The weight of the row of each class in M: its share in P less its share in N."""
        p, n = self.positive, self.negative
        return tuple(
            Fraction(sum(j in p for j in group), len(p))
            - Fraction(sum(j in n for j in group), len(n))
            for group in self.classes
        )

    @cached_property
    def concepts(self) -> dict[int, tuple[int, ...]]:
        """The tokens of each concept; empty where concepts are not given."""
        groups: dict[int, list[int]] = {}
        for z, k in enumerate(self.token_concept or ()):
            groups.setdefault(k, []).append(z)
        return {k: tuple(groups[k]) for k in sorted(groups)}

    def to_instance(self) -> Instance:
        """The same instance in float64. Needs concepts of tokens and contexts, else `ValueError`."""
        if self.token_concept is None or self.context_concept is None:
            raise ValueError("token_concept and contexts are not given: add them to the record")
        tokens, contexts = list(self.token_concept), list(self.context_concept)
        count = max(contexts.count(k) for k in contexts)
        words = enumerate_contexts(np.array(tokens), count, length=max(3, count))[1]
        seen: dict[int, int] = {}
        chosen = []
        for k in contexts:
            seen[k] = seen.get(k, -1) + 1
            chosen.append(words[sorted(set(tokens)).index(k) * count + seen[k]])
        rows = np.array([[float(v) for v in row] for row in self.rows])
        weights = np.array([float(w) for w in self.weights])
        table = ConceptDataset(rows, tokens, contexts, weights, chosen)
        tilt = ExponentialTilt.from_dataset(table, list(self.positive), list(self.negative))
        arrays = (np.array(self.target), np.array(tokens), np.array(contexts), weights)
        return Instance(tilt, *arrays, self.positive, self.negative)


def exact_instance(record: Mapping[str, Any]) -> Instance:
    """The instance in float64 that a record of exact rationals describes.

    Keys: `in_concept` and `off_concept` [V] (a and b, strings such as "3/5"), `token_concept` [V],
    `contexts` [m] (the concept of each), `positive`, `negative` (indices). Rates need not satisfy
    Assumption 1, but rows must sum to one, exactly.

    >>> from theorems import FINDINGS
    >>> from theorems.exact import exact_instance
    >>> print(exact_instance(FINDINGS[0].counterexample).log_probs.shape)
    (4, 4)
    """
    return read_exact(record).to_instance()


def load_exact(path: Path) -> ExactInstance:
    """The instance in a JSON file, such as `{"in_concept": ["3/5", …], …}`.

    Raises `ValueError`, in one line that starts with the file's name, for anything that is wrong.
    """
    try:
        return read_exact(load_json(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def load_json(path: Path) -> Any:
    """A JSON file without NaN, repeated keys or other surprises."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the key {name!r} stands twice; keep one")
        return dict(pairs)

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not a number; write exact rationals as strings")

    if not path.exists():
        raise ValueError("there is no such file")
    if path.is_dir():
        raise ValueError("this is a folder; name a JSON file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{place}: {error.msg}; correct the JSON there") from None
    except RecursionError:
        raise ValueError("nested too deeply; give one JSON object") from None


def read_exact(record: Any) -> ExactInstance:
    """The instance that a record describes: rates (`in_concept`, …), or `next_token_probs` and `target`.

    Raises `ValueError` for missing or unknown keys, numbers that are not exact strings, and laws that
    are not positive or do not sum to one.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"the record is a {type(record).__name__}; give one JSON object")
    is_table = "next_token_probs" in record
    needed = (*(_TABLE if is_table else _RATES), "positive", "negative")
    for key in needed:
        if key not in record:
            raise ValueError(f"{key} is missing; give {', '.join(needed)}")
    for key in record:
        if key not in (*needed, *_OPTIONAL):
            raise ValueError(f"there is no key {key!r}; give {', '.join(needed)}")
    rows = _table(record) if is_table else _rates(record)
    m, vocabulary = len(rows), len(rows[0])
    source = "next_token_probs" if is_table else "in_concept or off_concept"
    for j, row in enumerate(rows):
        if sum(row) != 1:
            raise ValueError(f"row {j} sums to {_short(sum(row))}, not 1: correct {source}")
        for z, value in enumerate(row):
            if value <= 0:
                raise ValueError(f"p(token {z}|context {j}) = 0 has no log-odds: correct {source}")
    tokens = _whole(record, "token_concept", vocabulary) if "token_concept" in record else None
    contexts = _whole(record, "contexts", m) if "contexts" in record else None
    positive, negative = (_indices(record, key, m) for key in ("positive", "negative"))
    for j in positive:
        if j in negative:
            raise ValueError(f"positive and negative share context {j}: give it to one of them")
    target = _target(record, vocabulary, tokens, contexts, positive[0])
    weights = _weights(record, m)
    return ExactInstance(rows, target, positive, negative, weights, tokens, contexts, record)


def fraction(name: str, value: Any) -> Fraction:
    """The non-negative rational that a string such as "3/5" or "0.25" writes."""
    if not isinstance(value, str):
        raise ValueError(f'{name} is {value!r}; write numbers as exact strings, such as "3/5"')
    if not _NUMBER.fullmatch(value):
        raise ValueError(f'{name} is {value[:40]!r}; write a positive rational, such as "3/5"')
    if "/" in value and not int(value.partition("/")[2]):
        raise ValueError(f"{name} is {value[:40]!r}, which divides by zero; correct it")
    return Fraction(value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{float(value):.12g}"


def _list(record: Mapping[str, Any], key: str, size: int | None = None) -> list[Any]:
    values = record[key]
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"{key} is {str(values)[:40]}; give a list with an entry or more")
    if size is not None and len(values) != size:
        raise ValueError(f"{key} has {len(values)} entries; it needs {size}")
    return list(values)


def _whole(record: Mapping[str, Any], key: str, size: int | None = None) -> tuple[int, ...]:
    values = _list(record, key, size)
    for i, value in enumerate(values):
        if type(value) is not int or not 0 <= value < 10**6:
            raise ValueError(f"{key}[{i}] is {str(value)[:40]}; give a whole number from 0")
    return tuple(values)


def _indices(record: Mapping[str, Any], key: str, contexts: int) -> tuple[int, ...]:
    values = _whole(record, key)
    if max(values) >= contexts:
        raise ValueError(f"{key} holds context {max(values)}, outside 0..{contexts - 1}")
    if len(set(values)) < len(values):
        raise ValueError(f"{key} repeats a context: {list(values)[:20]}")
    return values


def _rates(record: Mapping[str, Any]) -> tuple[Row, ...]:
    tokens = _whole(record, "token_concept")
    a, b = (
        [fraction(f"{key}[{z}]", v) for z, v in enumerate(_list(record, key, len(tokens)))]
        for key in ("in_concept", "off_concept")
    )
    rows = {}  # one tuple a concept: contexts of one concept share it
    for k in _whole(record, "contexts"):
        rows[k] = tuple(a[z] if k == t else b[z] for z, t in enumerate(tokens))
    return tuple(rows[k] for k in record["contexts"])


def _table(record: Mapping[str, Any]) -> tuple[Row, ...]:
    rows = _list(record, "next_token_probs")
    size = len(rows[0]) if isinstance(rows[0], list) else None
    named = {f"next_token_probs[{j}]": row for j, row in enumerate(rows)}
    return tuple(
        tuple(fraction(f"{name}[{z}]", v) for z, v in enumerate(_list(named, name, size)))
        for name in named
    )


def _target(
    record: Mapping[str, Any],
    vocabulary: int,
    tokens: tuple[int, ...] | None,
    contexts: tuple[int, ...] | None,
    first: int,
) -> tuple[bool, ...]:
    if "target" in record:
        target = tuple(_list(record, "target", vocabulary))
        if any(type(flag) is not bool for flag in target):
            raise ValueError("target must hold true or false for each token")
    else:  # of rates, which give both; a table without target was refused before
        home = (contexts or ())[first]
        target = tuple(k == home for k in tokens or ())
    if all(target) or not any(target):
        raise ValueError(
            f"target must name some but not all of the {vocabulary} tokens; got {sum(target)}"
        )
    return target


def _weights(record: Mapping[str, Any], contexts: int) -> Row:
    if "context_weights" not in record:
        return (Fraction(1, contexts),) * contexts
    values = _list(record, "context_weights", contexts)
    weights = tuple(fraction(f"context_weights[{j}]", v) for j, v in enumerate(values))
    if sum(weights) != 1 or min(weights) <= 0:
        raise ValueError(
            f"context_weights must be positive and sum to 1; they sum to {_short(sum(weights))}"
        )
    return weights
