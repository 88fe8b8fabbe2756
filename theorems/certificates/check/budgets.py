"""What budgets in nats buy, confirmed: along the vector, and by the best intervention; half saturation."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from flint import arb

from .._balls import ball, tilted
from .curves import Balls, Curves, confirm, dot, increase, total
from .fields import JSON, Interval, interval, items, record, require, same
from .precision import decide, sign

# In nats.
BUDGETS = tuple(map(Fraction, ("1/100", "1/10", "1")))
# How narrow brackets are, and what follows from them, beside their own size.
NARROW = Fraction(1, 2**18)

# A number at an exact argument, by balls of so many bits, which must be the working precision.
Curve = Callable[[int, Fraction], arb]


def confirm_budgets(curves: Curves, value: JSON) -> None:
    """Check the strength that spends each budget, the ceiling of all interventions, and what they buy."""
    entries = items(value, "budgets")
    require(len(entries) == len(BUDGETS), f"budgets needs {len(BUDGETS)} entries")
    for i, (entry, budget) in enumerate(zip(entries, BUDGETS, strict=True)):
        where = f"budgets[{i}]"
        given = record(entry, ("budget", "cross_entropy", "reverse_kl"), where)
        require(same(given["budget"], str(budget)), f"{where} is not of {budget} nats")
        _confirm_cross_entropy(curves, given["cross_entropy"], budget, f"{where}.cross_entropy")
        _confirm_reverse(curves, given["reverse_kl"], budget, f"{where}.reverse_kl")


def confirm_half_saturation(curves: Curves, value: JSON, unit: Fraction) -> None:
    """Check a bracket of the strength at which the target holds half, in each law, if δ > 0."""
    entries, levels = items(value, "half_saturation"), curves.levels
    require(len(entries) == len(curves.masses), "half_saturation needs one entry a law")
    for law, entry in enumerate(entries):
        where = f"half_saturation[{law}]"
        if levels.low <= levels.high:
            require(entry is None, f"{where}: the target is not separated")
            continue
        ends = interval(entry, where)
        is_half = 2 * sum(curves.target[law]) == 1
        require(
            (ends == (0, 0)) is is_half,
            f"{where} is 0 where T holds half unsteered, and only there",
        )
        if not is_half:
            size = max(abs(ends.low), abs(ends.high)) + unit
            require(ends.high - ends.low <= size * NARROW, f"{where} is wider than a certificate's")
            sides = [_half_side(curves, law, end) for end in ends]
            require(sides == [-1, 1], f"{where}: the target does not pass one half there")


def _half_side(curves: Curves, law: int, strength: Fraction) -> int | None:
    """The sign of F_T(α) - 1/2."""

    def side(bits: int) -> int | None:
        log_odds, found = curves.at(bits).log_odds, curves.at(bits).laws[law]
        at, middle = ball(strength), log_odds[curves.levels.high]
        rest = [p - q for p, q in zip(found.masses, found.target, strict=True)]
        return sign(
            total(tilted(found.target, log_odds, middle, at))
            - total(tilted(rest, log_odds, middle, at))
        )

    return decide(side)


# One budget and one divergence.


def _confirm_cross_entropy(curves: Curves, value: JSON, budget: Fraction, where: str) -> None:
    entry = record(value, ("strength", "mass", "multiplier", "ceiling"), where)
    if curves.levels.top:
        _confirm_steering(curves, entry, budget, increase, ("mass",), where)
    else:
        _require_none(entry, ("strength", "mass"), where)
    price, mass = (
        partial(curve, _held(curves, curves.target)) for curve in (forward_price, forward_mass)
    )
    _confirm_ceiling(entry, budget, price, mass, 0, where)


def _confirm_reverse(curves: Curves, value: JSON, budget: Fraction, where: str) -> None:
    entry = record(value, ("strength", "mass", "lift", "multiplier", "ceiling"), where)
    if _is_less(budget, _held(curves, [row[-1:] for row in curves.masses])):
        _confirm_steering(curves, entry, budget, reverse, ("mass", "lift"), where)
    else:
        _require_none(entry, ("strength", "mass", "lift"), where)
    pairs = _held(curves, curves.target)
    if _is_less(budget, pairs):
        _confirm_ceiling(
            entry, budget, partial(reverse_price, pairs), partial(reverse_mass, pairs), 1, where
        )
    else:
        is_all = same([entry["multiplier"], entry["ceiling"]], [None, ["1", "1"]])
        require(is_all, f"{where}: this budget pays for all of the mass: the ceiling is 1")


def _require_none(entry: dict[str, JSON], names: Sequence[str], where: str) -> None:
    for name in names:
        require(entry[name] is None, f"{where}.{name}: no strength costs this budget")


def _confirm_steering(
    curves: Curves,
    entry: dict[str, JSON],
    budget: Fraction,
    price: Callable[[Balls, Fraction], arb],
    names: Sequence[str],
    where: str,
) -> None:
    """Check the α > 0 at which steering costs a budget, and what it buys: both grow with α."""
    spent = interval(entry["strength"], f"{where}.strength")
    _confirm_root(
        spent, budget, lambda bits, at: price(curves.at(bits), at), 0, f"{where}.strength"
    )
    for name in names:
        if name == "mass" and curves.levels.low <= curves.levels.high:
            require(entry[name] is None, f"{where}.{name}: the target is not separated")
            continue
        worth = {"mass": target_mass, "lift": lift}[name]
        _confirm_between(
            entry[name],
            spent,
            lambda bits, at, worth=worth: worth(curves.at(bits), at),
            f"{where}.{name}",
        )


def _confirm_ceiling(
    entry: dict[str, JSON],
    budget: Fraction,
    price: Callable[[Fraction], arb],
    mass: Callable[[Fraction], arb],
    least: int,
    where: str,
) -> None:
    """Check the multiplier at which the best interventions cost a budget, and the mass that they have."""
    spent = interval(entry["multiplier"], f"{where}.multiplier")
    _confirm_root(spent, budget, lambda bits, at: price(at), least, f"{where}.multiplier")
    _confirm_between(entry["ceiling"], spent, lambda bits, at: mass(at), f"{where}.ceiling")


def _confirm_root(ends: Interval, budget: Fraction, price: Curve, least: int, where: str) -> None:
    """Check that a price, which grows from `least` on, passes a budget between two ends."""
    is_narrow = least <= ends.low and ends.high - ends.low <= ends.high * NARROW
    require(is_narrow, f"{where} is below {least}, or wider than a certificate's")
    for at, expected in zip(ends, (-1, 1), strict=True):
        side = decide(lambda bits, at=at: sign(price(bits, at) - ball(budget)))
        require(side == expected, f"{where}: the price does not pass {budget} nats there")


def _confirm_between(value: JSON, spent: Interval, curve: Curve, where: str) -> None:
    """Check an interval of all that a curve that grows is between two arguments."""
    ends = interval(value, where)
    for at in spent:
        confirm(ends, lambda bits, at=at: curve(bits, at), ends.high * NARROW, where)


# Along the vector.


def reverse(balls: Balls, strength: Fraction) -> arb:
    """Σπ KL(p_α || p) = Σπ(E_α[log p_α/p])."""
    found, alpha = arb(0), ball(strength)
    for law in balls.laws:
        weights = tilted(law.masses, balls.log_odds, balls.log_odds[0], alpha)
        ratios = [alpha * (m - balls.log_odds[0]) for m in balls.log_odds]
        whole = total(weights)
        found += law.weight * (dot(weights, ratios) / whole - whole.log())
    return found


def lift(balls: Balls, strength: Fraction) -> arb:
    """Σπ(E_α[M] - E_0[M])."""
    found = arb(0)
    for law in balls.laws:
        weights = tilted(law.masses, balls.log_odds, balls.log_odds[-1], ball(strength))
        found += law.weight * (dot(weights, balls.log_odds) / total(weights) - law.mean)
    return found


def target_mass(balls: Balls, strength: Fraction) -> arb:
    """Σπ F_T(α)."""
    found = arb(0)
    for law in balls.laws:
        on, every = (
            total(tilted(masses, balls.log_odds, balls.log_odds[-1], ball(strength)))
            for masses in (law.target, law.masses)
        )
        found += law.weight * on / every
    return found


# The best of all interventions, over pairs (π, F) of the laws: `theorems/coq/Ceiling.v`.

Pairs = Sequence[tuple[Fraction, Fraction]]


def _held(curves: Curves, rows: Sequence[Sequence[Fraction]]) -> Pairs:
    return [(w, sum(row, Fraction(0))) for w, row in zip(curves.laws.weights, rows, strict=True)]


def _is_less(budget: Fraction, pairs: Pairs) -> bool:
    """Whether a budget is less than -Σπ log F, the price of all of the mass."""
    return (
        decide(
            lambda bits: sign(
                -total(ball(w) * ball(held).log() for w, held in pairs) - ball(budget)
            )
        )
        == 1
    )


def _kl(x: arb, y: arb) -> arb:
    return x * (x / y).log() + (1 - x) * ((1 - x) / (1 - y)).log()


def _raised(held: Fraction, odds: Fraction) -> arb:
    """The mass of `odds` times the odds of F."""
    return ball(held * odds / (1 - held + held * odds))


def reverse_mass(pairs: Pairs, odds: Fraction) -> arb:
    """Σπ f of the tilts by the indicator of T."""
    return total(ball(w) * _raised(held, odds) for w, held in pairs)


def reverse_price(pairs: Pairs, odds: Fraction) -> arb:
    """Σπ kl(f || F)."""
    return total(ball(w) * _kl(_raised(held, odds), ball(held)) for w, held in pairs)


def _best(held: Fraction, multiplier: Fraction) -> arb:
    """f = (μ - 1 + √((1 - μ)² + 4μF)) / 2μ."""
    under = (1 - multiplier) ** 2 + 4 * multiplier * held
    return (ball(multiplier - 1) + ball(under).sqrt()) / ball(2 * multiplier)


def forward_mass(pairs: Pairs, multiplier: Fraction) -> arb:
    """Σπ f of those that keep p given T and given not T."""
    return total(ball(w) * _best(held, multiplier) for w, held in pairs)


def forward_price(pairs: Pairs, multiplier: Fraction) -> arb:
    """Σπ kl(F || f)."""
    return total(ball(w) * _kl(ball(held), _best(held, multiplier)) for w, held in pairs)
