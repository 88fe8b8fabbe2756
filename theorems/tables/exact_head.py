"""A head behind a norm in exact rationals: read from JSON, checked, and put on its half circle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from ufm._json import JSON

from . import exact_fields as read
from .exact_fields import Row

NORMS = ("rmsnorm", "layernorm")
_NEEDED = ("head", "gain", "norm", "eps", "hidden", "vector")
_SETS = ("positive", "negative")
_OPTIONAL = ("bias", "target", "context_weights", *_SETS)
# Entries of the head, and V² m, which the work of a certificate grows with.
LARGEST_HEAD, LARGEST_WORK = 10**5, 10**6


class Line(NamedTuple):
    """The states h + αv of one context, seen from the one that is closest to 0, at α*.

    - `closest`: α* = -h·v/|v|². `radius`: ρ² = |h + α* v|² + d·eps > 0.
    - `across` [V]: W(γ ⊙ (h + α* v)), which is a·ρ/√d.
    """

    closest: Fraction
    radius: Fraction
    across: Row


@dataclass(frozen=True, eq=False)
class ExactHead:
    """W, γ, β, a norm, states h_j and a vector v as fractions: logits W N_eps(h_j + αv) for every α.

    - `rows` [V][d]: W. `gain`, `bias` [d]: γ and β. `is_centred`: LayerNorm, else RMSNorm. `eps` >= 0.
    - `hidden` [m][d]: the states h_j. `vector` [d]: v, of which the norm sees something.
    - `weights` [m]: π. `target` [V]: T; None where not given.
    - `positive`, `negative`: the contexts of P and N, where v is the mean of h over P less that over N; empty
      where not given.
    - `record`: the JSON object that it was read from.

    >>> from theorems.tables.exact_head import read_exact_head
    >>> norm = {"gain": ["1", "1"], "norm": "rmsnorm", "eps": "0"}
    >>> states = {"hidden": [["1", "1"]], "vector": ["0", "2"]}
    >>> head = read_exact_head({"head": [["1", "0"], ["0", "3"]], **norm, **states})
    >>> print(head.lines[0].closest, *head.lines[0].across, *head.along)
    -1/2 1 0 0 6
    """

    rows: tuple[Row, ...]
    gain: Row
    bias: Row
    is_centred: bool
    eps: Fraction
    hidden: tuple[Row, ...]
    vector: Row
    weights: Row
    target: tuple[bool, ...] | None
    positive: tuple[int, ...]
    negative: tuple[int, ...]
    record: Mapping[str, JSON]

    @cached_property
    def seen_vector(self) -> Row:
        """v as the norm sees it: less its mean with LayerNorm."""
        return self._seen(self.vector)

    @cached_property
    def length(self) -> Fraction:
        """|v|² of the vector as the norm sees it."""
        return _dot(self.seen_vector, self.seen_vector)

    @cached_property
    def along(self) -> Row:
        """W(γ ⊙ v) [V], which is b·|v|/√d."""
        return self._logits(self.seen_vector)

    @cached_property
    def offset(self) -> Row:
        """c = Wβ [V]."""
        return tuple(_dot(row, self.bias) for row in self.rows)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """One line a context."""
        v, found = self.seen_vector, []
        for state in self.hidden:
            h = self._seen(state)
            closest = -_dot(h, v) / self.length
            rest = tuple(x + closest * y for x, y in zip(h, v, strict=True))
            radius = _dot(rest, rest) + len(v) * self.eps
            found.append(Line(closest, radius, self._logits(rest)))
        return tuple(found)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what the instance is, whichever way its record writes it.

        It is taken of JSON in ASCII with sorted keys and without spaces: `head`, `gain`, `bias` (zeros where
        not given), `norm`, `eps`, `hidden`, `vector`, `context_weights`, `target` (null where not given),
        `positive` and `negative` in order, fractions in lowest terms.
        """
        content = {
            "head": self.rows,
            "gain": self.gain,
            "bias": self.bias,
            "norm": self.record["norm"],
            "eps": self.eps,
            "hidden": self.hidden,
            "vector": self.vector,
            "context_weights": self.weights,
            "target": self.target,
            "positive": sorted(self.positive),
            "negative": sorted(self.negative),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def record_in_lowest_terms(self) -> dict[str, JSON]:
        """The record with its numbers in lowest terms, as certificates hold it."""
        kept = ("norm", "target", *_SETS)
        return {k: v if k in kept else _lowest(v) for k, v in self.record.items()}

    def _seen(self, x: Row) -> Row:
        mean = sum(x, Fraction(0)) / len(x) if self.is_centred else Fraction(0)
        return tuple(value - mean for value in x)

    def _logits(self, x: Row) -> Row:
        scaled = tuple(g * value for g, value in zip(self.gain, x, strict=True))
        return tuple(_dot(row, scaled) for row in self.rows)


def _dot(x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def _lowest(value: JSON) -> JSON:
    if isinstance(value, list | tuple):
        return [_lowest(item) for item in value]
    return str(Fraction(str(value)))


def is_head(record: object) -> bool:
    """Whether a record is meant as a head behind a norm, not as rates or a table."""
    return isinstance(record, Mapping) and "head" in record


def read_exact_head(record: object) -> ExactHead:
    """The head that a record describes: `head`, `gain`, `norm`, `eps`, `hidden` and `vector`, and optionally
    `bias`, `target`, `context_weights`, and `positive` with `negative`.

    Raises `ValueError`, in one line, for missing or unknown keys, numbers that are not exact strings, shapes
    that do not match, a vector that the norm does not see or that is not the difference of the means over P
    and N where these are given, and with eps = 0 a state that is a multiple of the vector, on whose line the
    norm is 0/0.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"the record is a {type(record).__name__}; give one JSON object")
    keys = ", ".join(_NEEDED)
    for key in _NEEDED:
        if key not in record:
            raise ValueError(f"{key} is missing; give {keys}")
    for key in record:
        if key not in (*_NEEDED, *_OPTIONAL):
            raise ValueError(
                f"there is no key {key!r}; give {keys}, or also {', '.join(_OPTIONAL)}"
            )
    norm = record["norm"]
    if norm not in NORMS:
        raise ValueError(f"norm is {str(norm)[:40]!r}; give {' or '.join(map(repr, NORMS))}")
    rows = read.signed_rows(record, "head")
    vocabulary, d = len(rows), len(rows[0])
    if vocabulary < 2:
        raise ValueError("head has one row; a distribution needs two tokens or more")
    hidden = read.signed_rows(record, "hidden", d)
    _require_small(vocabulary, d, len(hidden))
    gain, vector = (read.signed_row(record, key, d) for key in ("gain", "vector"))
    has_bias, has_target = "bias" in record, "target" in record
    positive, negative = _sets(record, hidden, vector)
    found = ExactHead(
        rows=rows,
        gain=gain,
        bias=read.signed_row(record, "bias", d) if has_bias else (Fraction(0),) * d,
        is_centred=norm == "layernorm",
        eps=read.fraction("eps", record["eps"]),
        hidden=hidden,
        vector=vector,
        weights=read.context_weights(record, len(hidden)),
        target=read.target_mask(record, vocabulary, None, None, 0) if has_target else None,
        positive=positive,
        negative=negative,
        record=record,
    )
    _require_moved(found)
    return found


def _sets(
    record: Mapping[str, object], hidden: Sequence[Row], vector: Row
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """P and N, whose states have means that differ by v; both empty where they are not given."""
    given = [key for key in _SETS if key in record]
    if not given:
        return (), ()
    if len(given) == 1:
        raise ValueError(f"{given[0]} is given alone; give both {' and '.join(_SETS)}, or neither")
    positive, negative = (read.context_indices(record, key, len(hidden)) for key in _SETS)
    for j in positive:
        if j in negative:
            raise ValueError(f"positive and negative share context {j}: give it to one of them")
    for i, value in enumerate(vector):
        on, off = (
            sum((hidden[j][i] for j in some), Fraction(0)) / len(some)
            for some in (positive, negative)
        )
        if on - off != value:
            raise ValueError(
                f"vector[{i}] is {read.shortened(value)}, and the means of hidden over positive and negative "
                f"differ by {read.shortened(on - off)}: correct it, or leave out positive and negative"
            )
    return positive, negative


def _require_small(vocabulary: int, d: int, contexts: int) -> None:
    entries, work = max(vocabulary, contexts) * d, vocabulary**2 * contexts
    if entries > LARGEST_HEAD:
        raise ValueError(
            f"head or hidden has {entries} entries; certificates take {LARGEST_HEAD}: keep fewer tokens, "
            "contexts or dimensions"
        )
    if work > LARGEST_WORK:
        raise ValueError(
            f"V² m = {work} for V = {vocabulary} tokens and m = {contexts} contexts; certificates take "
            f"{LARGEST_WORK}: keep fewer"
        )


def _require_moved(head: ExactHead) -> None:
    """Raise unless v ≠ 0 as the norm sees it, and no line passes through the norm's 0/0."""
    if head.length == 0:
        what = (
            "all its entries are equal, and LayerNorm"
            if head.is_centred
            else "it is 0, and the norm"
        )
        raise ValueError(f"vector does nothing: {what} does not see it; give another")
    for j, line in enumerate(head.lines):
        if line.radius == 0:
            raise ValueError(
                f"hidden[{j}] is a multiple of the vector as the norm sees it, and eps = 0: its logits jump "
                f"where the norm is 0/0, at α = {read.shortened(line.closest)}; give eps > 0 or leave it out"
            )
