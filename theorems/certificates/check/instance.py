"""The checker's own reading of an instance: its laws, and the exact order of M."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import NamedTuple

from flint import arb, ctx

from .._balls import log_odds
from .fields import JSON, groups, items, mapping, rational, require, same, shown, wholes
from .logarithms import sign_of_logs

_RATES = ("in_concept", "off_concept", "token_concept", "contexts", "positive", "negative")
_TABLE = ("next_token_probs", "target", "positive", "negative")
# Kind → its keys, and those that it may have besides.
KINDS = {
    "rates": (_RATES, ("target", "context_weights")),
    "a table": (_TABLE, ("token_concept", "contexts", "context_weights")),
}
# What a check takes: entries of the table, characters of a number, bits of a row's common denominator.
LARGEST_TABLE, LONGEST_NUMBER, LARGEST_DENOMINATOR = 10**6, 401, 2**16
# And terms in all sums over laws and levels: some minutes of work.
LARGEST_WORK = 10**8


@dataclass(frozen=True)
class Instance:
    """What a certificate is about.

    - `rows` [m][V]: p(z|c_j). `target` [V]: T. `positive`, `negative`: P and N. `weights` [m]: π.
    - `token_concept` [V], `context_concept` [m]: None where not given.
    """

    rows: list[list[Fraction]]
    target: list[bool]
    positive: list[int]
    negative: list[int]
    weights: list[Fraction]
    token_concept: list[int] | None
    context_concept: list[int] | None

    @property
    def unit(self) -> Fraction:
        """1/lcm(|P|, |N|): the whole numbers e_j times it are the shares in P less those in N."""
        p, n = len(self.positive), len(self.negative)
        return Fraction(gcd(p, n), p * n)

    @cached_property
    def exponents(self) -> list[int]:
        """The whole numbers e_j [m] of M(z) = unit · Σ_j e_j log p_j(z): |N| over the common factor in
        P, -|P| over it in N, 0 elsewhere.
        """
        p, n = len(self.positive), len(self.negative)
        both = {**dict.fromkeys(self.positive, n), **dict.fromkeys(self.negative, -p)}
        return [both.get(j, 0) // gcd(p, n) for j in range(len(self.rows))]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what the instance is, whichever way it is written: its table in lowest terms."""
        content = {
            "rows": [[str(p) for p in row] for row in self.rows],
            "target": self.target,
            "positive": sorted(self.positive),
            "negative": sorted(self.negative),
            "weights": [str(weight) for weight in self.weights],
            "token_concept": self.token_concept,
            "contexts": self.context_concept,
        }
        return digest(content)


def digest(content: JSON) -> str:
    """SHA-256 of JSON with its keys sorted, without spaces, in ASCII."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_instance(value: JSON) -> Instance:
    """The instance under the certificate's key `instance`: rates or a table, and nothing more."""
    fields = mapping(value, "instance")
    _require_keys(fields)
    tokens, contexts = (_concepts(fields, key) for key in ("token_concept", "contexts"))
    rows = _rows(fields, tokens, contexts)
    count, vocabulary = len(rows), len(rows[0])
    for given, size, key in ((tokens, vocabulary, "token_concept"), (contexts, count, "contexts")):
        is_whole = given is None or len(given) == size
        require(is_whole, f"{key} has {len(given or [])} entries; this instance needs {size}")
    for j, row in enumerate(rows):
        is_law = len(row) == vocabulary and _is_law(row, f"row {j}")
        require(is_law, f"row {j} is not a law with p > 0: {len(row)} entries that sum to 1")
    positive, negative = (wholes(fields[key], key) for key in ("positive", "negative"))
    require(bool(positive) and bool(negative), "P or N is empty")
    last = max(positive + negative)
    require(last < count, f"P or N is out of range: context {last} of {count}, numbered from 0")
    is_disjoint = len({*positive, *negative}) == len(positive) + len(negative)
    require(is_disjoint, "P and N repeat or share a context")
    target = _target(fields, tokens, contexts, positive[0])
    is_proper = len(target) == vocabulary and len(set(target)) == 2
    require(is_proper, "the target is empty, or all tokens, or of the wrong length")
    weights = [Fraction(1, count)] * count
    if "context_weights" in fields:
        weights = _numbers(fields["context_weights"], "context_weights")
    is_law = len(weights) == count and _is_law(weights, "context_weights")
    require(is_law, f"context_weights are not a law: {count} entries > 0 that sum to 1")
    return Instance(rows, target, positive, negative, weights, tokens, contexts)


def _require_keys(fields: Mapping[str, JSON]) -> None:
    kind = "a table" if "next_token_probs" in fields else "rates"
    needed, optional = KINDS[kind]
    for key in needed:
        require(key in fields, f"instance lacks {key}: {kind} has {', '.join(needed)}")
    for key in fields:
        is_known = key in needed or key in optional
        known = ", ".join((*needed, *optional))
        require(is_known, f"instance has the key {shown(key)}: {kind} has {known} and no other")


def _is_law(values: Sequence[Fraction], where: str) -> bool:
    common = 1
    for value in values:
        common = lcm(common, value.denominator)
        is_short = common.bit_length() <= LARGEST_DENOMINATOR
        require(is_short, f"{where} has a common denominator of over {LARGEST_DENOMINATOR} bits")
    return sum(values) == 1 and min(values) > 0


def _concepts(fields: Mapping[str, JSON], key: str) -> list[int] | None:
    return wholes(fields[key], key) if key in fields else None


def _rows(
    fields: Mapping[str, JSON], tokens: list[int] | None, contexts: list[int] | None
) -> list[list[Fraction]]:
    """p(z|c_j) [m][V]: a table, or a(z) where token and context are of one concept and else b(z)."""
    if tokens is None or contexts is None or "next_token_probs" in fields:
        table = items(fields["next_token_probs"], "next_token_probs")
        rows = [_numbers(row, f"next_token_probs[{j}]") for j, row in enumerate(table)]
        _require_size(sum(map(len, rows)))
        require(bool(rows) and bool(rows[0]), "next_token_probs is empty")
        return rows
    a, b = (_numbers(fields[key], key) for key in ("in_concept", "off_concept"))
    sizes = f"in_concept, off_concept, token_concept: {len(a)}, {len(b)}, {len(tokens)} entries"
    require(len(a) == len(b) == len(tokens), f"{sizes} differ in length")
    require(bool(tokens) and bool(contexts), "token_concept or contexts is empty")
    _require_size(len(tokens) * len(contexts))
    rates = list(zip(a, b, tokens, strict=True))
    return [[own if kind == k else other for own, other, kind in rates] for k in contexts]


def _require_size(entries: int) -> None:
    is_small = entries <= LARGEST_TABLE
    require(is_small, f"m·V = {entries} entries are more than a check takes, {LARGEST_TABLE}")


def _target(
    fields: Mapping[str, JSON], tokens: list[int] | None, contexts: list[int] | None, first: int
) -> list[bool]:
    """T [V]: as given, or else the concept of the first context of P."""
    if tokens is None or contexts is None or "target" in fields:
        flags = items(fields["target"], "target")
        found = [flag for flag in flags if isinstance(flag, bool)]
        require(len(found) == len(flags), "target does not hold true or false")
        return found
    return [kind == contexts[first] for kind in tokens]


def _numbers(value: JSON, where: str) -> list[Fraction]:
    return [rational(x, f"{where}[{i}]", LONGEST_NUMBER) for i, x in enumerate(items(value, where))]


@dataclass(frozen=True)
class Laws:
    """The different laws of an instance, with the exponents and weights of all their contexts.

    `rows` [C][V], `exponents` [C], `weights` [C]; `of_context` [m]: the number of each context's law.
    """

    instance: Instance
    rows: list[list[Fraction]]
    exponents: list[int]
    weights: list[Fraction]
    of_context: list[int]

    @property
    def shares(self) -> list[Fraction]:
        """w_c [C] of M(z) = Σ_c w_c log p_c(z)."""
        unit = self.instance.unit
        return [unit * e for e in self.exponents]

    def log_odds(self, tokens: Sequence[int]) -> list[arb]:
        """M of some tokens, in balls of the working precision."""
        return log_odds([[row[z] for z in tokens] for row in self.rows], self.shares)

    def order(self, y: int, z: int) -> int:
        """The sign of M(y) - M(z), exactly."""
        pairs = zip(self.rows, self.exponents, strict=True)
        return sign_of_logs([(e, row[y] / row[z]) for row, e in pairs])

    def sign(self, z: int) -> int:
        """The sign of M(z), exactly."""
        return sign_of_logs([(e, r[z]) for r, e in zip(self.rows, self.exponents, strict=True)])


def read_laws(instance: Instance, value: JSON) -> Laws:
    """The contexts grouped by equal rows, in order, as the certificate must have them."""
    by_row: dict[tuple[Fraction, ...], list[int]] = {}
    for j, row in enumerate(instance.rows):
        by_row.setdefault(tuple(row), []).append(j)
    found = list(by_row.values())
    require(same(value, found), f"laws are not the contexts grouped by equal rows: {shown(found)}")
    exponents = instance.exponents
    return Laws(
        instance,
        [instance.rows[group[0]] for group in found],
        [sum(exponents[j] for j in group) for group in found],
        [sum((instance.weights[j] for j in group), Fraction(0)) for group in found],
        _numbers_of(found),
    )


class Levels(NamedTuple):
    """Tokens grouped by equal M, upwards.

    - `tokens` [K]: those of each level, Mbot first. `of_token` [V]: the level of each token.
    - `low`, `high`: the lowest level of the target, the highest off it; δ > 0 iff low > high.
    """

    tokens: list[list[int]]
    of_token: list[int]
    low: int
    high: int

    @property
    def top(self) -> int:
        """The level of Mtop; 0 where M is constant."""
        return len(self.tokens) - 1

    @property
    def first(self) -> list[int]:
        """One token a level."""
        return [group[0] for group in self.tokens]


def read_levels(laws: Laws, value: JSON) -> Levels:
    """The tokens grouped as the certificate says, if they tie within groups and rise between them."""
    target = laws.instance.target
    tokens = groups(value, len(target), "levels")
    count, size = len(laws.rows), len(tokens)
    work = count * size**2 + count**2 * len(target)
    terms = f"C K² + C² V = {work} terms, of C = {count} laws and K = {size} levels,"
    require(work <= LARGEST_WORK, f"{terms} are more than a check takes, {LARGEST_WORK}")
    for group in tokens:
        require(group == sorted(group), f"the tokens {shown(group)} of a level are not in order")
        for z in group[1:]:
            require(laws.order(group[0], z) == 0, f"tokens {group[0]} and {z} do not tie in M")
    first = [group[0] for group in tokens]
    with ctx.workprec(256):
        values = laws.log_odds(first)
    for k in range(1, len(first)):
        is_above = values[k - 1] < values[k] or laws.order(first[k - 1], first[k]) < 0
        require(is_above, f"level {k - 1} is not below level {k}")
    of_token = _numbers_of(tokens)
    on = [k for k, flag in zip(of_token, target, strict=True) if flag]
    off = [k for k, flag in zip(of_token, target, strict=True) if not flag]
    return Levels(tokens, of_token, min(on), max(off))


def _numbers_of(found: list[list[int]]) -> list[int]:
    """The number of the group that holds 0, 1, …"""
    number = {member: k for k, group in enumerate(found) for member in group}
    return [number[member] for member in range(len(number))]
