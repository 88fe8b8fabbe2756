"""The checker's own reading of an instance: laws, exact order of M, hypotheses. Shares no code
with what writes certificates but the tilt formula.
"""

from fractions import Fraction
from math import gcd
from typing import Any

from flint import ctx, fmpz

from .._balls import ball, log_odds


class Refused(ValueError):
    """The certificate does not prove what it says: one line that says where."""


def require(condition: bool, reason: str) -> None:
    """Raise `Refused` unless the condition holds."""
    if not condition:
        raise Refused(reason)


def rational(text: Any, where: str) -> Fraction:
    """A fraction in lowest terms, as text; nothing else."""
    require(isinstance(text, str) and len(text) < 5000, f"{where} is not an exact fraction")
    sign, digits = text[:1] == "-", text.lstrip("-")
    over, slash, under = digits.partition("/")
    is_plain = all(part.isascii() and part.isdigit() for part in (over, under if slash else over))
    require(is_plain and int(under or 1) > 0, f"{where} = {text[:40]!r} is not an exact fraction")
    value = Fraction(-int(over) if sign else int(over), int(under or 1))
    require(str(value) == text, f"{where} = {text[:40]!r} is not in lowest terms")
    return value


class Laws:
    """An instance as the checker reads it.

    `rows` [m][V], `target`, `positive`, `negative`, `weights`, `token_concept` and `context_concept`
    (None where not given), `exponent` [m]: the whole number e_j of M(z) ∝ Σ_j e_j log p_j(z).
    """

    def __init__(self, record: Any):
        require(isinstance(record, dict), "instance is not an object")
        self.context_concept = record.get("contexts")
        self.token_concept = record.get("token_concept")
        if "next_token_probs" in record:
            self.rows = [[_number(v) for v in row] for row in record["next_token_probs"]]
        else:
            a, b = ([_number(v) for v in record[k]] for k in ("in_concept", "off_concept"))
            kinds = self.token_concept
            require(len(a) == len(b) == len(kinds), "in_concept and off_concept differ in length")
            self.rows = [
                [a[z] if kinds[z] == k else b[z] for z in range(len(a))] for k in record["contexts"]
            ]
        m, vocabulary = len(self.rows), len(self.rows[0])
        for j, row in enumerate(self.rows):
            is_law = len(row) == vocabulary and sum(row) == 1 and min(row) > 0
            require(is_law, f"row {j} of the instance is not a law with p > 0")
        self.positive, self.negative = record["positive"], record["negative"]
        both = [*self.positive, *self.negative]
        require(bool(self.positive) and bool(self.negative), "P or N is empty")
        require(all(type(j) is int and 0 <= j < m for j in both), "P or N is out of range")
        require(len(set(both)) == len(both), "P and N repeat or share a context")
        self.target = record.get("target")
        if self.target is None:
            kinds, home = self.token_concept, self.context_concept[self.positive[0]]
            self.target = [k == home for k in kinds]
        is_mask = all(type(flag) is bool for flag in self.target)
        is_proper = is_mask and len(self.target) == vocabulary and len(set(self.target)) == 2
        require(is_proper, "the target is empty, or all tokens, or of the wrong length")
        weights = record.get("context_weights", [f"1/{m}"] * m)
        self.weights = [_number(w) for w in weights]
        is_law = len(self.weights) == m and sum(self.weights) == 1 and min(self.weights) > 0
        require(is_law, "context_weights are not a law")
        p, n = len(self.positive), len(self.negative)
        shared = gcd(p, n)
        self.exponent = [0] * m
        for j in self.positive:
            self.exponent[j] += n // shared
        for j in self.negative:
            self.exponent[j] -= p // shared
        self.shares = [Fraction(e * shared, p * n) for e in self.exponent]

    def reduce(self, laws: list[list[int]]) -> None:
        """Keep one row a law, with the exponents and weights of all its contexts."""
        require(
            sorted(j for group in laws for j in group) == list(range(len(self.rows))),
            "laws do not partition the contexts",
        )
        for group in laws:
            same = all(self.rows[j] == self.rows[group[0]] for j in group)
            require(same, f"contexts {group} have different rows")
        self.law = [next(c for c, g in enumerate(laws) if j in g) for j in range(len(self.rows))]
        self.kept = [self.rows[group[0]] for group in laws]
        self.kept_shares = [sum((self.shares[j] for j in g), Fraction(0)) for g in laws]
        self.kept_exponent = [sum(self.exponent[j] for j in group) for group in laws]
        self.kept_weights = [sum(self.weights[j] for j in group) for group in laws]

    def odds(self, tokens: list[int], precision: int) -> list[Any]:
        """M in balls."""
        with ctx.workprec(precision):
            return log_odds([[row[z] for z in tokens] for row in self.kept], self.kept_shares)

    def sign(self, y: int, z: int | None = None) -> int:
        """The sign of M(y) - M(z), or of M(y): two products of whole numbers are compared."""
        over, under = fmpz(1), fmpz(1)
        for row, e in zip(self.kept, self.kept_exponent, strict=True):
            top, bottom = row[y].numerator, row[y].denominator
            if z is not None:
                top, bottom = top * row[z].denominator, bottom * row[z].numerator
            over *= fmpz(top if e > 0 else bottom) ** abs(e)
            under *= fmpz(bottom if e > 0 else top) ** abs(e)
        return (over > under) - (over < under)

    def has_zero_sum(self, terms: list[tuple[Fraction, Fraction]]) -> bool:
        """Whether Σ c log r = 0, by factoring every r into primes."""
        total: dict[int, Fraction] = {}
        for c, r in terms:
            for n, side in ((r.numerator, 1), (r.denominator, -1)):
                require(n.bit_length() <= 160, f"{n} is too long to be factored")
                for prime, power in fmpz(n).factor():
                    total[int(prime)] = total.get(int(prime), Fraction(0)) + c * side * power
        return not any(total.values())

    def unmet(self, level: list[int], top: int) -> set[str]:
        """The hypotheses that the instance does not meet, from the level of each token."""
        found = set()
        on = [k for k, flag in zip(level, self.target, strict=True) if flag]
        off = [k for k, flag in zip(level, self.target, strict=True) if not flag]
        if min(on) <= max(off):
            found.add("separation")
        if top == 0:
            found.add("non-constant-log-odds")
        if top < 2:
            found.add("interior-token")
        for indices in (self.positive, self.negative):
            if len({self.law[j] for j in indices}) > 1:
                found.add("one-law-each")
        if not self.interior(level, top):
            found.add("interior-concept")
        if not self.lowest(level):
            found.add("lowest-concept")
        if not self.contexts_off():
            found.add("context-off-target")
        return found | self._dataset_unmet()

    def parts(self) -> dict[int, list[int]]:
        """Concept → its tokens, of the concepts that miss the target."""
        if self.token_concept is None:
            return {}
        every = {
            k: [z for z, c in enumerate(self.token_concept) if c == k] for k in self.token_concept
        }
        return {k: z for k, z in sorted(every.items()) if not any(self.target[y] for y in z)}

    def interior(self, level: list[int], top: int) -> list[int]:
        """Concepts off the target without extremal tokens."""
        return [k for k, c in self.parts().items() if all(0 < level[z] < top for z in c)]

    def lowest(self, level: list[int]) -> list[int]:
        """Concepts off the target of which no token is above any other concept's."""
        found = []
        for k, tokens in self.parts().items():
            rest = [level[z] for z in range(len(level)) if z not in set(tokens)]
            if max(level[z] for z in tokens) <= min(rest):
                found.append(k)
        return found

    def contexts_off(self) -> list[int]:
        """Contexts of a concept that misses the target."""
        if self.token_concept is None or self.context_concept is None:
            return []
        own = {k for k, flag in zip(self.token_concept, self.target, strict=True) if flag}
        return [j for j, k in enumerate(self.context_concept) if k not in own]

    def _dataset_unmet(self) -> set[str]:
        """Of Assumption 1, where P and N lie, the γ/ω form, and ε < ε0."""
        laws = {"concept-laws", "small-epsilon"}
        if self.token_concept is None or self.context_concept is None:
            return {"assumption-1", "target-contexts", *laws}
        found = set()
        kinds = set(self.token_concept)
        on = {k for k, flag in zip(self.token_concept, self.target, strict=True) if flag}
        off = {k for k, flag in zip(self.token_concept, self.target, strict=True) if not flag}
        home = on.pop() if len(on) == 1 and not on & off else None
        balance = {k: Fraction(0) for k in kinds}
        for share, k in zip(self.shares, self.context_concept, strict=True):
            balance[k] = balance.get(k, Fraction(0)) + share
        if home is None or any((balance[k] > 0) is not (k == home) for k in kinds):
            found.add("target-contexts")
        a: dict[int, set[Fraction]] = {z: set() for z in range(len(self.target))}
        b: dict[int, set[Fraction]] = {z: set() for z in range(len(self.target))}
        for row, k in zip(self.rows, self.context_concept, strict=True):
            for z, value in enumerate(row):
                (a if self.token_concept[z] == k else b)[z].add(value)
        single = all(len(a[z]) <= 1 and len(b[z]) <= 1 for z in a)
        if not single or any(x <= y for z in a for x in a[z] for y in b[z]):
            return found | {"assumption-1", *laws}
        if not all(a[z] and b[z] for z in a) or home is None:
            return found | laws
        inside = {z: min(a[z]) for z in a}
        outside = {z: min(b[z]) for z in b}
        masses = {sum(outside[z] for z in a if self.token_concept[z] == k) for k in kinds}
        if len(masses) > 1:
            return found | laws
        tokens = [z for z in a if self.target[z]]
        epsilon = 1 - sum((inside[z] for z in tokens), Fraction(0))
        others = len(kinds) - 1
        ratio = min(inside[z] / outside[z] for z in tokens) * epsilon / (1 - epsilon) / others
        return found if _is_small(epsilon, ratio, others) else found | {"small-epsilon"}


def _is_small(epsilon: Fraction, ratio: Fraction, others: int) -> bool:
    """Whether (1 - ε/(G-1)) log((1-ε)(G-1)/ε) + log min(γ/ω) > 0 for certain."""
    if ratio >= 1:
        return epsilon * (others + 1) < others
    for precision in (200, 800, 3200):
        with ctx.workprec(precision):
            left = ball((1 - epsilon) * others / epsilon).log() * ball(1 - epsilon / others)
            total = left + ball(ratio).log()
            if total > 0 or total < 0:
                return bool(total > 0)
    return False


def _number(text: Any) -> Fraction:
    require(isinstance(text, str), f"the instance holds {text!r}, not an exact string")
    require(all(c in "0123456789./" for c in text), f"the instance holds {text[:40]!r}")
    return Fraction(text)
