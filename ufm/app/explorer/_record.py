"""Instances in exact rationals, as `ufm certify` reads them: the paper's, random ones, the user's files."""

import json
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from theorems import FINDINGS
from theorems.tables.exact import ExactInstance, read_exact
from theorems.tables.exact_fields import load_json
from theorems.tables.exact_head import is_head
from theorems.tables.exact_table import exact_record
from theorems.tables.files import read_table
from theorems.tables.paper import PAPER
from ufm._json import JSON

from ._choice import Choice

Record = Mapping[str, JSON]
_KNOWN: dict[str, Record] = {**PAPER, **{found.id: found.counterexample for found in FINDINGS}}
# What holds an instance inside: a certificate, and what `ufm falsify --json` prints.
_HOLDERS = ("instance", "counterexample")


def record_of(choice: Choice) -> Record:
    """The instance that is chosen, before anything is broken. Raises `ValueError` where it is none."""
    if choice.own:
        return _record_in(".json", choice.own.encode())
    return _random(choice.seed) if choice.source == "random" else _KNOWN[choice.source]


def read_record(name: str, content: bytes) -> Record:
    """The instance in a file: a record or certificate (.json), or a table (.csv, .npz, .json).

    Raises `ValueError`, in one line that starts with the file's name.
    """
    try:
        record = _record_in(Path(name).suffix.lower(), content)
        read_with_concepts(record)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return record


def read_with_concepts(record: Record) -> ExactInstance:
    """The instance of a record, which claims about concepts need to be given in full, else `ValueError`."""
    exact = read_exact(record)
    if exact.token_concept is None or exact.context_concept is None:
        raise ValueError("token_concept and contexts are not given: add them to the record")
    return exact


def _record_in(suffix: str, content: bytes) -> Record:
    """The record in the content of a file of that suffix, not yet checked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"file{suffix}")
        path.write_bytes(content)
        try:
            record = load_json(path) if path.suffix == ".json" else {"context_concept": None}
            for holder in _HOLDERS:
                if isinstance(record, dict) and isinstance(record.get(holder), dict):
                    record = record[holder]
            if not isinstance(record, dict):
                raise ValueError(
                    "this is no JSON object; give an instance, a table or a certificate"
                )
            if is_head(record):
                raise ValueError(
                    "this is a head behind a norm, which `ufm certify` reads; give rates or a table"
                )
            return exact_record(read_table(path)) if "context_concept" in record else record
        except ValueError as error:
            raise ValueError(str(error).removeprefix(f"{path}: ")) from None


def json_text(record: Record) -> str:
    """The record as a JSON file, a line for each key."""
    lines = [f' "{key}": {json.dumps(value)}' for key, value in record.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def table_text(record: Record) -> str:
    """The instance as a next-token table in JSON, which `ufm verify --table` reads."""
    exact = read_exact(record)
    fields = {
        "next_token_probs": [[float(p) for p in row] for row in exact.rows],
        "token_concept": list(exact.token_concept or ()),
        "context_concept": list(exact.context_concept or ()),
        "context_weights": [float(weight) for weight in exact.weights],
        "positive": list(exact.positive),
        "negative": list(exact.negative),
        "target": list(exact.target),
    }
    return json_text(fields)


def _random(seed: int) -> Record:
    """Assumption 1 in full: b > 0 with Σ b = B < 1 and a = b + (1-B)u, whole numbers underneath."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, rng.integers(2, 5)).tolist()
    each = 1 if min(sizes) == 1 else 2  # a concept of one token makes one context
    total = Fraction(int(rng.integers(2, 60)), 100)
    weights = [Fraction(n) for n in rng.integers(1, 21, sum(sizes)).tolist()]
    b = [total * weight / sum(weights) for weight in weights]
    a: list[Fraction] = []
    for size in sizes:
        shares = [Fraction(n) for n in rng.integers(1, 21, size).tolist()]
        a += [b[len(a) + i] + (1 - total) * u / sum(shares) for i, u in enumerate(shares)]
    return {
        "in_concept": [str(p) for p in a],
        "off_concept": [str(p) for p in b],
        "token_concept": [k for k, size in enumerate(sizes) for _ in range(size)],
        "contexts": [k for k in range(len(sizes)) for _ in range(each)],
        "positive": list(range(each)),
        "negative": list(range(each, 2 * each)),
    }
