"""The curves of an instance in balls: signs of derivatives, and ΔCE with its bounds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from .._balls import balance, ball, tilted
from .fields import JSON, Interval, interval, require
from .instance import Laws, Levels
from .logarithms import is_zero_sum
from .precision import PRECISIONS, decide, sign


class Law(NamedTuple):
    """One law in balls: p(level) [K], p(level and T) [K], E M, Var M, and its weight."""

    masses: list[arb]
    target: list[arb]
    mean: arb
    variance: arb
    weight: arb


class Balls(NamedTuple):
    """M [K] and the laws [C] at one precision."""

    log_odds: list[arb]
    laws: list[Law]

    def gap(self, high: int, low: int) -> arb:
        """M(high) - M(low) of two levels."""
        return self.log_odds[high] - self.log_odds[low]

    @property
    def range(self) -> arb:
        """R = max M - min M."""
        return self.gap(-1, 0)

    @property
    def variance(self) -> arb:
        """σ² = Σπ Var M."""
        return total(law.weight * law.variance for law in self.laws)


@dataclass(frozen=True)
class Curves:
    """One instance by levels of M: `masses` [C][K] and `target` [C][K], p(level) and p(level and T)."""

    laws: Laws
    levels: Levels
    masses: list[list[Fraction]]
    target: list[list[Fraction]]
    _known: dict[int, Balls] = field(default_factory=dict[int, Balls], repr=False)

    @property
    def bits(self) -> int:
        """The most bits that were asked for."""
        return max(self._known, default=0)

    def at(self, bits: int) -> Balls:
        """The balls of a precision, which must be the working one."""
        if bits not in self._known:
            log_odds = self.laws.log_odds(self.levels.first)
            columns = zip(self.masses, self.target, self.laws.weights, strict=True)
            self._known[bits] = Balls(log_odds, [_law(log_odds, *column) for column in columns])
        return self._known[bits]


def curves_of(laws: Laws, levels: Levels) -> Curves:
    """The masses of each level, exactly."""
    target = laws.instance.target
    on = [[z for z in group if target[z]] for group in levels.tokens]
    return Curves(laws, levels, masses_of(laws, levels.tokens), masses_of(laws, on))


def masses_of(laws: Laws, groups: Sequence[Sequence[int]]) -> list[list[Fraction]]:
    """The mass of each group of tokens, in each law."""
    return [[sum((row[z] for z in group), Fraction(0)) for group in groups] for row in laws.rows]


def _law(
    log_odds: list[arb], masses: list[Fraction], target: list[Fraction], weight: Fraction
) -> Law:
    p = [ball(mass) for mass in masses]
    mean = dot(p, log_odds)
    variance = dot(p, [(m - mean) * (m - mean) for m in log_odds])
    return Law(p, [ball(mass) for mass in target], mean, variance, ball(weight))


def total(values: Iterable[arb]) -> arb:
    """The sum of balls."""
    return sum(values, arb(0))


def dot(weights: Iterable[arb], values: Iterable[arb]) -> arb:
    """Σ w x."""
    return total(w * x for w, x in zip(weights, values, strict=True))


def confirm(interval: Interval, value: Callable[[int], arb], slack: Fraction, where: str) -> None:
    """Require that an interval holds a number, known by its balls, and is no wider than `slack`."""

    def is_inside(bits: int) -> bool | None:
        x, low, high = value(bits), ball(interval.low), ball(interval.high)
        require(not x < low and not x > high, f"{where} misses its value")
        return True if low <= x and x <= high else None

    is_confirmed = decide(is_inside) is True
    require(is_confirmed, f"{where} could not be confirmed with {PRECISIONS[-1]} bits")
    is_narrow = interval.high - interval.low <= slack
    require(is_narrow, f"{where} is wider than a certificate's; make it anew")


def confirm_number(
    value: JSON, number: Callable[[int], arb], is_zero: Callable[[], bool], where: str
) -> None:
    """Require an interval that holds a number and is narrow beside it; ["0", "0"] if it is 0 exactly."""
    ends = interval(value, where)
    if ends == (0, 0):
        # balls are quicker to see that it is not than whole numbers are
        is_seen = decide(lambda bits: sign(number(bits)), PRECISIONS[:1]) is not None
        require(not is_seen and is_zero(), f"{where} is 0, and its value is not")
    else:
        confirm(ends, number, max(abs(ends.low), abs(ends.high)) / 2**30, where)


# The shape of the curves.


def slope_sign(
    curves: Curves,
    law: int,
    level: int,
    strength: Fraction,
    precisions: Sequence[int] = PRECISIONS,
) -> int | None:
    """The sign of dp_α(level)/dα at a strength, if it is certain."""

    def side(bits: int) -> int | None:
        balls = curves.at(bits)
        origin, masses = balls.log_odds[level], balls.laws[law].masses
        return sign(-balance(masses, balls.log_odds, origin, ball(strength)))

    return decide(side, precisions)


def peaks_at_zero(curves: Curves, law: int, level: int) -> bool:
    """Whether E_0[M] = M(level), exactly."""
    return is_sum_zero(curves, [p - (k == level) for k, p in enumerate(curves.masses[law])])


def is_sum_zero(curves: Curves, weights: Sequence[Fraction]) -> bool:
    """Whether Σ_k w_k M(level k) = 0, exactly."""
    return is_zero_sum(
        (share * weight, row[z])
        for row, share in zip(curves.laws.rows, curves.laws.shares, strict=True)
        for weight, z in zip(weights, curves.levels.first, strict=True)
        if share * weight
    )


def target_falls(
    curves: Curves, law: int, strength: Fraction, precisions: Sequence[int] = PRECISIONS
) -> bool:
    """Whether E_α[M|T] < E_α[M|not T] for certain, which is where F_T falls."""

    def side(bits: int) -> int | None:
        log_odds, found = curves.at(bits).log_odds, curves.at(bits).laws[law]
        rest = [p - q for p, q in zip(found.masses, found.target, strict=True)]
        on = tilted(found.target, log_odds, log_odds[0], ball(strength))
        off = tilted(rest, log_odds, log_odds[0], ball(strength))
        # the difference of the means, times both normalisations
        return sign(dot(on, log_odds) * total(off) - dot(off, log_odds) * total(on))

    return decide(side, precisions) == -1


# ΔCE and its bounds at one strength α, with y = |α|R. Of each inequality: what must be less, than what.
# That they hold at every strength is proved in Coq of all laws (`claims.THEOREMS`); here they are seen to.

Inequality = tuple[arb, arb]


def increase(balls: Balls, strength: Fraction) -> arb:
    """ΔCE = Σπ log Σ p e^{α(M - E M)}."""
    alpha = ball(strength)
    return total(
        law.weight * total(tilted(law.masses, balls.log_odds, law.mean, alpha)).log()
        for law in balls.laws
    )


def upper_bounds(curves: Curves, balls: Balls, strength: Fraction) -> list[Inequality]:
    """ΔCE < y²/8, < σ²(e^y - 1 - y)/R², and < its value for the two-point laws of the same variances."""
    y, value = ball(abs(strength)) * balls.range, increase(balls, strength)
    bounds = [y * y / 8, balls.variance * (y.exp() - 1 - y) / (balls.range * balls.range)]
    if curves.levels.top > 1:  # laws of two levels are these two-point laws
        bounds.append(two_point(balls, strength))
    return [(value, bound) for bound in bounds]


def two_point(balls: Balls, strength: Fraction) -> arb:
    """Σπ log[(1-s) e^{-|α|Var/b} + s e^{|α|b}], s = Var/(b² + Var), b = |M_end - E M|."""
    size, end = ball(abs(strength)), balls.log_odds[-1 if strength > 0 else 0]
    found = arb(0)
    for law in balls.laws:
        b = abs(end - law.mean)
        share = law.variance / (b * b + law.variance)
        low, high = (-size * law.variance / b).exp(), (size * b).exp()
        found += law.weight * ((1 - share) * low + share * high).log()
    return found


def lower_bounds(curves: Curves, balls: Balls, strength: Fraction) -> list[Inequality]:
    """ΔCE > σ²(e^{-y} - 1 + y)/R², and > Σπ kl(F_T(0) || F_T(α))."""
    y, value = ball(abs(strength)) * balls.range, increase(balls, strength)
    bounds = [balls.variance * ((-y).exp() - 1 + y) / (balls.range * balls.range)]
    if not is_target_a_level(curves):  # where it is, to merge T and its rest loses nothing
        bounds.append(merged(balls, strength))
    return [(bound, value) for bound in bounds]


def is_target_a_level(curves: Curves) -> bool:
    """Whether M has two levels, and the target is one of them."""
    pairs = zip(curves.target[0], curves.masses[0], strict=True)
    return curves.levels.top == 1 and all(q in (0, p) for q, p in pairs)


def merged(balls: Balls, strength: Fraction) -> arb:
    """Σπ kl(F_T(0) || F_T(α))."""
    found = arb(0)
    for law in balls.laws:
        on, every = (
            total(tilted(masses, balls.log_odds, law.mean, ball(strength)))
            for masses in (law.target, law.masses)
        )
        start, now = total(law.target), on / every
        rise = start * (start / now).log() + (1 - start) * ((1 - start) / (1 - now)).log()
        found += law.weight * rise
    return found


def remainder(curves: Curves, balls: Balls, strength: Fraction) -> list[Inequality]:
    """|ΔCE - ½σ²α²| < y³/(36√3)."""
    alpha, y = ball(strength), ball(abs(strength)) * balls.range
    rest = increase(balls, strength) - balls.variance * alpha * alpha / 2
    return [(abs(rest), y * y * y / (36 * arb(3).sqrt()))]


def asymptote(curves: Curves, balls: Balls, strength: Fraction) -> list[Inequality]:
    """0 < ΔCE - Σπ(|α| |M_end - E M| + log p(end)) < Σπ((1-F)/F) e^{-|α|g}."""
    size, top = ball(abs(strength)), curves.levels.top
    end, beside = (top, top - 1) if strength > 0 else (0, 1)
    line, factor = arb(0), arb(0)
    for law in balls.laws:
        line += law.weight * (size * abs(balls.log_odds[end] - law.mean) + law.masses[end].log())
        factor += law.weight * (1 / law.masses[end] - 1)
    rest = increase(balls, strength) - line
    return [(arb(0), rest), (rest, factor * (-size * abs(balls.gap(end, beside))).exp())]


BOUNDS: dict[str, Callable[[Curves, Balls, Fraction], list[Inequality]]] = {
    "ce.upper-bounds": upper_bounds,
    "ce.lower-bounds": lower_bounds,
    "ce.remainder": remainder,
    "ce.asymptote": asymptote,
}


def confirm_bounds(curves: Curves, strengths: Sequence[Fraction]) -> None:
    """Require that no bound on ΔCE is broken at one of the strengths, as far as balls tell."""
    for name in BOUNDS:
        for strength in strengths:
            is_broken = _is_kept(curves, name, strength) is False
            require(not is_broken, f"{name} is broken at α = {strength}, against its proof in Coq")


def _is_kept(curves: Curves, name: str, strength: Fraction) -> bool | None:
    def answer(bits: int) -> bool | None:
        pairs = BOUNDS[name](curves, curves.at(bits), strength)
        if any(less > more for less, more in pairs):
            return False
        return True if all(less < more for less, more in pairs) else None

    return decide(answer)
