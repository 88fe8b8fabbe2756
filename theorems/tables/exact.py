"""An instance in exact rationals: read from JSON, checked, and handed to balls or to floats."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from ufm import ConceptDataset, ExponentialTilt
from ufm._json import JSON
from ufm.models.dataset_contexts import enumerate_contexts

from ..judging.instance import Instance
from . import exact_fields as read
from .exact_fields import Row

_RATES = ("in_concept", "off_concept", "token_concept", "contexts")
_TABLE = ("next_token_probs", "target")
_OPTIONAL = ("token_concept", "contexts", "target", "context_weights")
_NUMBERS = ("in_concept", "off_concept", "next_token_probs", "context_weights")


@dataclass(frozen=True, eq=False)
class ExactInstance:
    """Laws p(z|c_j) > 0 as fractions, with P, N and the target: all that a certificate is about.

    - `rows` [m][V]: p, each row summing to one exactly. `target` [V]: T, neither empty nor all.
    - `positive`, `negative`: indices of P and N, disjoint; M = mean_P log p - mean_N log p.
    - `weights` [m]: π. `token_concept` [V], `context_concept` [m]: None where not given.
    - `record`: the JSON object that it was read from.

    >>> from theorems.tables.exact import read_exact
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
    record: Mapping[str, JSON]

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
        p, n = set(self.positive), set(self.negative)
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

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what the instance is, whichever way its record writes it.

        It is taken of JSON in ASCII with sorted keys and without spaces: `rows`, `target`, `positive` and
        `negative` in order, `weights`, `token_concept` and `contexts` (null where not given), fractions in
        lowest terms.
        """
        content = {
            "rows": self.rows,
            "target": self.target,
            "positive": sorted(self.positive),
            "negative": sorted(self.negative),
            "weights": self.weights,
            "token_concept": self.token_concept,
            "contexts": self.context_concept,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def record_in_lowest_terms(self) -> dict[str, JSON]:
        """The record with its numbers in lowest terms, as certificates hold it."""
        return {k: _lowest(v) if k in _NUMBERS else v for k, v in self.record.items()}

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


def _lowest(value: JSON) -> JSON:
    """Numbers in lowest terms, in lists to any depth."""
    if isinstance(value, list | tuple):
        return [_lowest(item) for item in value]
    return str(Fraction(str(value)))


def exact_instance(record: Mapping[str, object]) -> Instance:
    """The instance in float64 that a record of exact rationals describes.

    Keys: `in_concept` and `off_concept` [V] (a and b, strings such as "3/5"), `token_concept` [V],
    `contexts` [m] (the concept of each), `positive`, `negative` (indices). Rates need not satisfy
    Assumption 1, but rows must sum to one, exactly.

    >>> from theorems import FINDINGS
    >>> from theorems.tables.exact import exact_instance
    >>> print(exact_instance(FINDINGS[0].counterexample).log_probs.shape)
    (4, 4)
    """
    return read_exact(record).to_instance()


def load_exact(path: Path) -> ExactInstance:
    """The instance in a JSON file, such as `{"in_concept": ["3/5", …], …}`.

    Raises `ValueError`, in one line that starts with the file's name, for anything that is wrong.
    """
    try:
        return read_exact(read.load_json(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_exact(record: object) -> ExactInstance:
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
    rows = read.table_rows(record) if is_table else read.rate_rows(record)
    m, vocabulary = len(rows), len(rows[0])
    source = "next_token_probs" if is_table else "in_concept or off_concept"
    for j, row in enumerate(rows):
        if sum(row) != 1:
            raise ValueError(f"row {j} sums to {read.shortened(sum(row))}, not 1: correct {source}")
        for z, value in enumerate(row):
            if value <= 0:
                raise ValueError(f"p(token {z}|context {j}) = 0 has no log-odds: correct {source}")
    sizes = {"token_concept": vocabulary, "contexts": m}
    given = {k: read.whole_numbers(record, k, sizes[k]) for k in sizes if k in record}
    tokens, contexts = given.get("token_concept"), given.get("contexts")
    positive, negative = (read.context_indices(record, key, m) for key in ("positive", "negative"))
    for j in positive:
        if j in negative:
            raise ValueError(f"positive and negative share context {j}: give it to one of them")
    target = read.target_mask(record, vocabulary, tokens, contexts, positive[0])
    weights = read.context_weights(record, m)
    return ExactInstance(rows, target, positive, negative, weights, tokens, contexts, record)
