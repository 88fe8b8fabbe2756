"""The checker's own reading of an instance: its laws, and the exact order of M."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import NamedTuple

from flint import arb, ctx, fmpz

from .._balls import log_odds
from .fields import JSON, Refused, groups, items, mapping, require, wholes


@dataclass(frozen=True)
class Instance:
    """What a certificate is about.

    - `rows` [m][V]: p(z|c_j). `target` [V]: T. `positive`, `negative`: P and N. `weights` [m]: π.
    - `token_concept` [V], `context_concept` [m]: None where not given.
    - `exponents` [m]: whole numbers e_j with M(z) = unit · Σ_j e_j log p_j(z).
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

    @property
    def exponents(self) -> list[int]:
        """e_j [m]: |N| over the common factor in P, -|P| over it in N, 0 elsewhere."""
        p, n = len(self.positive), len(self.negative)
        both = {**dict.fromkeys(self.positive, n), **dict.fromkeys(self.negative, -p)}
        return [both.get(j, 0) // gcd(p, n) for j in range(len(self.rows))]


def read_instance(value: JSON) -> Instance:
    """The instance under the certificate's key `instance`."""
    fields = mapping(value, "instance")
    tokens, contexts = (_concepts(fields, key) for key in ("token_concept", "contexts"))
    rows = _rows(fields, tokens, contexts)
    count, vocabulary = len(rows), len(rows[0])
    for j, row in enumerate(rows):
        require(len(row) == vocabulary and _is_law(row), f"row {j} is not a law with p > 0")
    positive, negative = (wholes(fields.get(key), key) for key in ("positive", "negative"))
    require(bool(positive) and bool(negative), "P or N is empty")
    require(max(positive + negative) < count, "P or N is out of range")
    is_disjoint = len({*positive, *negative}) == len(positive) + len(negative)
    require(is_disjoint, "P and N repeat or share a context")
    target = _target(fields, tokens, contexts, positive[0])
    is_proper = len(target) == vocabulary and len(set(target)) == 2
    require(is_proper, "the target is empty, or all tokens, or of the wrong length")
    weights = [Fraction(1, count)] * count
    if "context_weights" in fields:
        weights = _numbers(fields["context_weights"], "context_weights")
    require(len(weights) == count and _is_law(weights), "context_weights are not a law")
    return Instance(rows, target, positive, negative, weights, tokens, contexts)


def _is_law(values: Sequence[Fraction]) -> bool:
    return sum(values) == 1 and min(values) > 0


def _concepts(fields: Mapping[str, JSON], key: str) -> list[int] | None:
    value = fields.get(key)
    return None if value is None else wholes(value, key)


def _rows(
    fields: Mapping[str, JSON], tokens: list[int] | None, contexts: list[int] | None
) -> list[list[Fraction]]:
    """p(z|c_j) [m][V]: a table, or a(z) where token and context are of one concept and else b(z)."""
    if "next_token_probs" in fields:
        table = items(fields["next_token_probs"], "next_token_probs")
        return [_numbers(row, "next_token_probs") for row in table]
    a, b = (_numbers(fields.get(key), key) for key in ("in_concept", "off_concept"))
    if tokens is None or contexts is None:
        raise Refused("rates need token_concept and contexts")
    require(len(a) == len(b) == len(tokens), "in_concept and off_concept differ in length")
    rates = list(zip(a, b, tokens, strict=True))
    return [[own if kind == k else other for own, other, kind in rates] for k in contexts]


def _target(
    fields: Mapping[str, JSON], tokens: list[int] | None, contexts: list[int] | None, first: int
) -> list[bool]:
    """T [V]: as given, or else the concept of the first context of P."""
    if fields.get("target") is not None:
        flags = items(fields["target"], "target")
        found = [flag for flag in flags if isinstance(flag, bool)]
        require(len(found) == len(flags), "target does not hold true or false")
        return found
    if tokens is None or contexts is None:
        raise Refused("there is no target")
    return [kind == contexts[first] for kind in tokens]


def _numbers(value: JSON, where: str) -> list[Fraction]:
    """Rationals in the notation of instances, "3/5" or "0.6"."""
    found: list[Fraction] = []
    for text in items(value, where):
        if not isinstance(text, str) or not all(c in "0123456789./" for c in text):
            raise Refused(f"{where} holds {str(text)[:40]!r}, not an exact number")
        found.append(Fraction(text))
    return found


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
        return [self.instance.unit * e for e in self.exponents]

    def log_odds(self, tokens: Sequence[int]) -> list[arb]:
        """M of some tokens, in balls of the working precision."""
        return log_odds([[row[z] for z in tokens] for row in self.rows], self.shares)

    def order(self, y: int, z: int) -> int:
        """The sign of M(y) - M(z), exactly."""
        pairs = zip(self.rows, self.exponents, strict=True)
        return sign_of_logs((e, row[y] / row[z]) for row, e in pairs)

    def sign(self, z: int) -> int:
        """The sign of M(z), exactly."""
        return sign_of_logs((e, row[z]) for row, e in zip(self.rows, self.exponents, strict=True))


def read_laws(instance: Instance, value: JSON) -> Laws:
    """The contexts grouped as the certificate says, if the rows of each group are equal."""
    found = groups(value, len(instance.rows), "laws")
    for group in found:
        same = all(instance.rows[j] == instance.rows[group[0]] for j in group)
        require(same, f"contexts {group} have different rows")
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
    for group in tokens:
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


def sign_of_logs(terms: Iterable[tuple[int, Fraction]]) -> int:
    """The sign of Σ e log r over pairs (e, r): two products of whole numbers are compared."""
    over, under = fmpz(1), fmpz(1)
    for e, r in terms:
        up, down = (r.numerator, r.denominator) if e > 0 else (r.denominator, r.numerator)
        over *= fmpz(up) ** abs(e)
        under *= fmpz(down) ** abs(e)
    return (over > under) - (over < under)


def is_zero_sum(terms: Iterable[tuple[Fraction, Fraction]]) -> bool:
    """Whether Σ c log r = 0 over pairs (c, r), by factoring every r into primes."""
    total: dict[int, Fraction] = {}
    for c, r in terms:
        for number, side in ((r.numerator, 1), (r.denominator, -1)):
            require(number.bit_length() <= 160, f"{number} is too long to be factored")
            for prime, power in fmpz(number).factor():
                total[int(prime)] = total.get(int(prime), Fraction(0)) + c * side * power
    return not any(total.values())
