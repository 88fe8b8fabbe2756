"""The checker's own balls: signs of derivatives, limits, and ΔCE with its bounds."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from .._balls import balance, ball, tilted
from .instance import Laws, rational, require

Pair = tuple[Fraction, Fraction]
_PRECISIONS = (160, 320, 640, 1280, 2560)


def pair(entry: Any, where: str) -> Pair:
    """An interval of two exact fractions in order."""
    require(isinstance(entry, list) and len(entry) == 2, f"{where} is not a pair")
    low, high = (rational(end, where) for end in entry)
    require(low <= high, f"{where} is turned around")
    return low, high


def encloses(interval: Pair, value: Callable[[], arb], slack: Fraction, where: str) -> None:
    """Require that an interval holds a real number, given by balls, and is no wider than `slack`."""
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            x, low, high = value(), ball(interval[0]), ball(interval[1])
            if low <= x and x <= high:
                require(
                    interval[1] - interval[0] <= slack, f"{where} is wider than a certificate's"
                )
                return
            require(not (x < low) and not (x > high), f"{where} misses its value")
    require(False, f"{where} could not be confirmed")


class Curves:
    """Balls of one instance: `tokens` holds one token a level, `masses` [laws][K] are exact."""

    def __init__(self, laws: Laws, levels: Sequence[Sequence[int]]):
        self.laws, self.top = laws, len(levels) - 1
        self.tokens = [group[0] for group in levels]
        self.masses = [[sum((row[z] for z in g), Fraction(0)) for g in levels] for row in laws.kept]
        on = [[z for z in group if laws.target[z]] for group in levels]
        self.target = [[sum((row[z] for z in g), Fraction(0)) for g in on] for row in laws.kept]
        self._cache: dict[int, tuple[list[arb], list[list[arb]]]] = {}

    def at(self, precision: int) -> tuple[list[arb], list[list[arb]]]:
        """M [K] and p [laws][K] as balls; call it inside this working precision."""
        if precision not in self._cache:
            odds = self.laws.odds(self.tokens, precision)
            self._cache[precision] = odds, [[ball(p) for p in row] for row in self.masses]
        return self._cache[precision]

    def slope_sign(self, law: int, level: int, strength: Fraction) -> int:
        """The sign of dp_α/dα of a level at a strength; 0 where it is not certain."""
        for precision in _PRECISIONS:
            with ctx.workprec(precision):
                odds, masses = self.at(precision)
                value = balance(masses[law], odds, odds[level], ball(strength))
                if value < 0 or value > 0:
                    return 1 if value < 0 else -1
        return 0

    def rests_at_zero(self, law: int, level: int) -> bool:
        """Whether E_0[M] = M(level), exactly."""
        terms = []
        shares = zip(self.laws.kept, self.laws.kept_shares, strict=True)
        for row, share in shares:
            for k, z in enumerate(self.tokens):
                weight = self.masses[law][k] - (1 if k == level else 0)
                if share and weight:
                    terms.append((share * weight, row[z]))
        return self.laws.has_zero_sum(terms)

    def gap(self, high: int, low: int) -> arb:
        """M(high) - M(low) at the working precision."""
        odds, _ = self.at(ctx.prec)
        return odds[high] - odds[low]

    def increase(self, strength: Fraction) -> arb:
        """ΔCE = Σπ log Σ p e^{α(M - E M)}."""
        odds, masses = self.at(ctx.prec)
        total = arb(0)
        for weight, row in zip(self.laws.kept_weights, masses, strict=True):
            mean = sum((p * m for p, m in zip(row, odds, strict=True)), arb(0))
            total += ball(weight) * sum(tilted(row, odds, mean, ball(strength)), arb(0)).log()
        return total

    def variance(self) -> arb:
        """σ² = Σπ(E M² - (E M)²), with M counted from its middle."""
        odds, masses = self.at(ctx.prec)
        shifted = [m - (odds[0] + odds[-1]) / 2 for m in odds]
        total = arb(0)
        for weight, row in zip(self.laws.kept_weights, masses, strict=True):
            first = sum((p * m for p, m in zip(row, shifted, strict=True)), arb(0))
            second = sum((p * m * m for p, m in zip(row, shifted, strict=True)), arb(0))
            total += ball(weight) * (second - first * first)
        return total

    def target_falls(self, law: int, strength: Fraction) -> bool:
        """Whether E_α[M|T] < E_α[M|not T] for certain: Σ over pairs of p p' (M - M') e^{α(M + M')} < 0."""
        for precision in _PRECISIONS:
            with ctx.workprec(precision):
                odds, masses = self.at(precision)
                on = [ball(p) for p in self.target[law]]
                off = [p - q for p, q in zip(masses[law], on, strict=True)]
                weights = tilted(on, odds, odds[0], ball(strength))
                others = tilted(off, odds, odds[0], ball(strength))
                on_mean, off_mean = (
                    sum((w * m for w, m in zip(part, odds, strict=True)), arb(0))
                    for part in (weights, others)
                )
                value = on_mean * sum(others, arb(0)) - off_mean * sum(weights, arb(0))
                if value < 0 or value > 0:
                    return bool(value < 0)
        return False

    def bounds(self, strength: Fraction) -> set[str]:
        """The bounds on ΔCE that are certain at one strength."""
        found: set[str] = set()
        for precision in _PRECISIONS:
            with ctx.workprec(precision):
                found |= self._bounds(strength)
            if len(found) == 4:
                break
        return found

    def _bounds(self, strength: Fraction) -> set[str]:
        odds, masses = self.at(ctx.prec)
        increase, size = self.increase(strength), ball(abs(strength))
        spread = odds[-1] - odds[0]
        y, variance = size * spread, self.variance()
        end, beside = (self.top, self.top - 1) if strength > 0 else (0, 1)
        two_point, line, tail, merged = arb(0), arb(0), arb(0), arb(0)
        for c, row in enumerate(masses):
            weight, p = ball(self.laws.kept_weights[c]), row[end]
            mean = sum((q * m for q, m in zip(row, odds, strict=True)), arb(0))
            own = sum((q * (m - mean) * (m - mean) for q, m in zip(row, odds, strict=True)), arb(0))
            b = abs(odds[end] - mean)
            share = own / (b * b + own)
            law = (1 - share) * (-size * own / b).exp() + share * (size * b).exp()
            two_point += weight * law.log()
            line += weight * (size * b + p.log())
            tail += weight * (1 / p - 1)
            merged += weight * self._binary(c, strength)
        tail *= (-size * abs(odds[end] - odds[beside])).exp()
        scale = variance / (spread * spread)
        rest = increase - line
        is_pair = self.top == 1
        # each of the two levels is the target or the rest: merging loses nothing
        is_merged = is_pair and all(
            q in (0, p) for q, p in zip(self.target[0], self.masses[0], strict=True)
        )
        checks = {
            "ce.upper-bounds": bool(increase < y * y / 8)
            and bool(increase < scale * (y.exp() - 1 - y))
            and (is_pair or bool(increase < two_point)),
            "ce.lower-bounds": bool(increase > scale * ((-y).exp() - 1 + y))
            and (is_merged or bool(increase > merged)),
            "ce.remainder": bool(
                abs(increase - variance * size * size / 2) < y * y * y / (36 * arb(3).sqrt())
            ),
            "ce.asymptote": bool(rest > 0) and bool(rest < tail),
        }
        return {name for name, is_certain in checks.items() if is_certain}

    def _binary(self, law: int, strength: Fraction) -> arb:
        """kl(F_T(0) || F_T(α)) of one law."""
        odds, masses = self.at(ctx.prec)
        start = ball(sum(self.target[law], Fraction(0)))
        on = [ball(p) for p in self.target[law]]
        whole = sum(tilted(masses[law], odds, odds[0], ball(strength)), arb(0))
        now = sum(tilted(on, odds, odds[0], ball(strength)), arb(0)) / whole
        return start * (start.log() - now.log()) + (1 - start) * (
            (1 - start).log() - (1 - now).log()
        )
