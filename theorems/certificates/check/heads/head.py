"""The checker's own reading of a head behind a norm, and its lines h + αv in rationals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, cmp_to_key
from itertools import groupby, pairwise
from typing import NamedTuple

from flint import arb, fmpz

from ..._balls import ball
from ..fields import JSON, items, mapping, rational, require, shown, wholes
from ..instance import digest
from ..precision import decide, sign

_NEEDED = ("head", "gain", "norm", "eps", "hidden", "vector")
_OPTIONAL = ("bias", "target", "context_weights", "positive", "negative")
# What a check takes: characters of a number, entries of the head or of the states, and V² m.
LONGEST_NUMBER, LARGEST_HEAD, LARGEST_WORK = 402, 10**5, 10**6


# P and Q of a number P + Q√r.
Exponent = tuple[Fraction, Fraction]


class Line(NamedTuple):
    """One context: |h + αv|² + d·eps = α²|v|² + 2α `product` + `square`, and `logits` W(γ ⊙ h) [V]."""

    product: Fraction
    square: Fraction
    logits: list[Fraction]


@dataclass(frozen=True)
class Head:
    """What a certificate is about: W [V][d], γ, β, the norm, eps, h [m][d], v, π [m] and T [V] or None.

    `positive`, `negative`: P and N, the means of whose states differ by v; empty where not given.
    """

    rows: list[list[Fraction]]
    gain: list[Fraction]
    bias: list[Fraction]
    norm: str
    eps: Fraction
    hidden: list[list[Fraction]]
    vector: list[Fraction]
    weights: list[Fraction]
    target: list[bool] | None
    positive: list[int]
    negative: list[int]

    @property
    def count(self) -> int:
        """V."""
        return len(self.rows)

    @cached_property
    def length(self) -> Fraction:
        """|v|², of v as the norm sees it."""
        v = self._seen(self.vector)
        return _dot(v, v)

    @cached_property
    def along(self) -> list[Fraction]:
        """W(γ ⊙ v) [V]."""
        return self._logits(self._seen(self.vector))

    @cached_property
    def offset(self) -> list[Fraction]:
        """c = Wβ [V]."""
        return [_dot(row, self.bias) for row in self.rows]

    @cached_property
    def lines(self) -> list[Line]:
        """One a context."""
        v = self._seen(self.vector)
        found: list[Line] = []
        for state in self.hidden:
            h = self._seen(state)
            square = _dot(h, h) + len(h) * self.eps
            found.append(Line(_dot(h, v), square, self._logits(h)))
        return found

    def closest(self, context: int) -> Fraction:
        """α*, at which |h + αv| is least."""
        return -self.lines[context].product / self.length

    def radius(self, context: int) -> Fraction:
        """ρ², the least |h + αv|² + d·eps, by Pythagoras."""
        line = self.lines[context]
        return line.square - line.product**2 / self.length

    def across(self, context: int) -> list[Fraction]:
        """W(γ ⊙ (h + α* v)) [V]."""
        shift = self.closest(context)
        pairs = zip(self.lines[context].logits, self.along, strict=True)
        return [x + shift * y for x, y in pairs]

    @cached_property
    def end_orders(self) -> dict[int, list[list[int]]]:
        """At -1 and 1 the tokens by c ± b upwards, those that tie in one group: exactly."""
        return {end: self._end_order(end) for end in (-1, 1)}

    def _end_order(self, end: int) -> list[list[int]]:
        def compare(y: int, z: int) -> int:
            return self._compare(y, z, end)

        key = cmp_to_key(compare)
        ordered = sorted(range(self.count), key=key)
        return [sorted(group) for _, group in groupby(ordered, key=key)]

    def exponent(self, z: int, end: int) -> Exponent:
        """c ± b as P + Q√r: with Q = 0 where √r is rational, so that equal numbers have equal parts."""
        square = len(self.vector) / self.length
        over, under = fmpz(square.numerator), fmpz(square.denominator)
        if not (over.is_square() and under.is_square()):
            return self.offset[z], end * self.along[z]
        root = Fraction(int(over.isqrt()), int(under.isqrt()))
        return self.offset[z] + end * root * self.along[z], Fraction(0)

    def _compare(self, y: int, z: int, end: int) -> int:
        """The sign of P + Q√(d/|v|²): 0 where the squares are equal and the signs are not, else by balls."""
        plain = self.offset[y] - self.offset[z]
        rooted = end * (self.along[y] - self.along[z])
        square = len(self.vector) / self.length
        if plain**2 == rooted**2 * square and plain * rooted <= 0:
            return 0

        def side(bits: int) -> int | None:
            return sign(ball(plain) + ball(rooted) * ball(square).sqrt())

        found = decide(side)
        require(found is not None, f"tokens {y} and {z} are not told apart in the limit")
        return found or 0

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what the instance is, in lowest terms, whichever way it is written."""
        content: dict[str, JSON] = {
            "head": [_texts(row) for row in self.rows],
            "gain": _texts(self.gain),
            "bias": _texts(self.bias),
            "norm": self.norm,
            "eps": str(self.eps),
            "hidden": [_texts(row) for row in self.hidden],
            "vector": _texts(self.vector),
            "context_weights": _texts(self.weights),
            "target": self.target,
            "positive": sorted(self.positive),
            "negative": sorted(self.negative),
        }
        return digest(content)

    def _seen(self, x: Sequence[Fraction]) -> list[Fraction]:
        """What LayerNorm leaves of a state: x less its mean."""
        if self.norm == "rmsnorm":
            return list(x)
        mean = sum(x, Fraction(0)) / len(x)
        return [value - mean for value in x]

    def _logits(self, x: Sequence[Fraction]) -> list[Fraction]:
        return [
            sum((w * g * value for w, g, value in zip(row, self.gain, x, strict=True)), Fraction(0))
            for row in self.rows
        ]


def _dot(x: Iterable[Fraction], y: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def _texts(values: Iterable[Fraction]) -> list[str]:
    return [str(value) for value in values]


def read_head(value: JSON) -> Head:
    """The head under the certificate's key `instance`, and nothing more."""
    fields = mapping(value, "instance")
    _require_keys(fields)
    require(fields["norm"] in ("rmsnorm", "layernorm"), f"norm is {shown(fields['norm'])}")
    rows, hidden = (_rows(fields[key], key) for key in ("head", "hidden"))
    d, count, contexts = len(rows[0]), len(rows), len(hidden)
    require(count > 1, "head has one token")
    size = max(count, contexts) * d
    require(size <= LARGEST_HEAD, f"{size} entries are more than a check takes, {LARGEST_HEAD}")
    work = count**2 * contexts
    require(work <= LARGEST_WORK, f"V² m = {work} is more than a check takes, {LARGEST_WORK}")
    gain, vector = (_row(fields[key], key) for key in ("gain", "vector"))
    bias = _row(fields["bias"], "bias") if "bias" in fields else [Fraction(0)] * d
    widths = {len(row) for row in (*rows, *hidden, gain, bias, vector)}
    require(widths == {d}, f"rows of {sorted(widths)} entries: all need those of the head's first")
    weights = [Fraction(1, contexts)] * contexts
    if "context_weights" in fields:
        weights = _row(fields["context_weights"], "context_weights")
    is_law = len(weights) == contexts and sum(weights) == 1 and min(weights) > 0
    require(is_law, f"context_weights are not a law: {contexts} entries > 0 that sum to 1")
    eps = rational(fields["eps"], "eps", LONGEST_NUMBER)
    require(eps >= 0, f"eps is {shown(fields['eps'])}, below 0")
    target = _target(fields["target"], count) if "target" in fields else None
    sets = _sets(fields, hidden, vector)
    head = Head(rows, gain, bias, str(fields["norm"]), eps, hidden, vector, weights, target, *sets)
    require(head.length > 0, "the norm sees nothing of the vector")
    for j in range(contexts):
        require(head.radius(j) > 0, f"hidden[{j}] is a multiple of the vector, and eps = 0")
    return head


def _require_keys(fields: Mapping[str, JSON]) -> None:
    for key in _NEEDED:
        require(key in fields, f"instance lacks {key}: a head has {', '.join(_NEEDED)}")
    known = (*_NEEDED, *_OPTIONAL)
    for key in fields:
        has = f"instance has the key {shown(key)}: a head has {', '.join(known)} and no other"
        require(key in known, has)


def _rows(value: JSON, where: str) -> list[list[Fraction]]:
    found = [_row(row, f"{where}[{j}]") for j, row in enumerate(items(value, where))]
    require(bool(found) and bool(found[0]), f"{where} is empty")
    require(
        all(len(x) == len(y) for x, y in pairwise(found)), f"the rows of {where} differ in length"
    )
    return found


def _row(value: JSON, where: str) -> list[Fraction]:
    return [rational(x, f"{where}[{i}]", LONGEST_NUMBER) for i, x in enumerate(items(value, where))]


def _target(value: JSON, count: int) -> list[bool]:
    given = items(value, "target")
    flags = [flag for flag in given if isinstance(flag, bool)]
    is_proper = len(flags) == len(given) == count and len({*flags}) == 2
    require(is_proper, "the target is empty, or all tokens, or of the wrong length")
    return flags


def _sets(
    fields: Mapping[str, JSON], hidden: Sequence[Sequence[Fraction]], vector: Sequence[Fraction]
) -> tuple[list[int], list[int]]:
    """P and N: both or neither, disjoint, and |P| |N| v = |N| Σ_P h - |P| Σ_N h."""
    if "positive" not in fields and "negative" not in fields:
        return [], []
    require("positive" in fields and "negative" in fields, "P or N is given alone")
    positive, negative = (wholes(fields[key], key) for key in ("positive", "negative"))
    p, n = len(positive), len(negative)
    require(p > 0 and n > 0, "P or N is empty")
    require(max(positive + negative) < len(hidden), "P or N is out of range")
    require(len({*positive, *negative}) == p + n, "P and N repeat or share a context")
    for i, value in enumerate(vector):
        on, off = (sum((hidden[j][i] for j in some), Fraction(0)) for some in (positive, negative))
        require(p * n * value == n * on - p * off, f"vector[{i}] is not the difference of means")
    return positive, negative


class Circle(NamedTuple):
    """The logits cos t · a + sin t · b + c of a context, in balls, each less its mean over the tokens."""

    across: list[arb]
    along: list[arb]
    offset: list[arb]
    width: arb


def circle_of(head: Head, context: int) -> Circle:
    """At the working precision."""
    d, radius = Fraction(len(head.vector)), head.radius(context)
    of_across, of_along = ball(d / radius).sqrt(), ball(d / head.length).sqrt()
    return Circle(
        [of_across * ball(x) for x in _less_mean(head.across(context))],
        [of_along * ball(x) for x in _less_mean(head.along)],
        [ball(x) for x in _less_mean(head.offset)],
        ball(radius).sqrt() / ball(head.length).sqrt(),
    )


def _less_mean(values: Sequence[Fraction]) -> list[Fraction]:
    mean = sum(values, Fraction(0)) / len(values)
    return [value - mean for value in values]
