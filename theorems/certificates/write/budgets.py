"""What a budget in nats buys along the vector, and what any intervention can buy with it."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from flint import arb, ctx

from ufm._json import JSON

from .._balls import ball
from . import ceilings
from .cross_entropy import CrossEntropy
from .dyadic import texts
from .evidence import Evidence
from .roots import NARROW, Curve, between, root, sign_at
from .sets import on_target

# In nats. The theorems speak of every budget; at these a certificate has numbers.
BUDGETS = (Fraction(1, 100), Fraction(1, 10), Fraction(1))
# Where the search begins, in units of 1/R, and of a multiplier that changes nothing.
_STEP = Fraction(1, 4)


def budgets(evidence: Evidence) -> list[dict[str, JSON]]:
    """At each budget, of either divergence: the strength that spends it and the ceiling, and what these buy.

    None is a strength that is not there, since M is constant, or the reverse divergence never so large;
    a mass where the target is not separated; a multiplier where the budget pays for all mass.
    """
    return [
        {
            "budget": str(budget),
            "cross_entropy": _cross_entropy(evidence, budget),
            "reverse_kl": _reverse(evidence, budget),
        }
        for budget in BUDGETS
    ]


def _cross_entropy(evidence: Evidence, budget: Fraction) -> dict[str, JSON]:
    pairs = _pairs(evidence, on_target(evidence.instance))
    bought: Mapping[str, JSON] = {"strength": None, "mass": None}
    if evidence.count > 1:
        bought = _bought(evidence, budget, CrossEntropy.increase, _masses(evidence))
    price, mass = partial(ceilings.forward_price, pairs), partial(ceilings.forward_mass, pairs)
    return {**bought, **_spent(budget, price, {"ceiling": mass}, "multiplier", Fraction(0), _STEP)}


def _reverse(evidence: Evidence, budget: Fraction) -> dict[str, JSON]:
    pairs = _pairs(evidence, on_target(evidence.instance))
    top = _pairs(evidence, evidence.levels.tokens[-1])
    bought: Mapping[str, JSON] = {"strength": None, "mass": None, "lift": None}
    if sign_at(lambda k: ceilings.all_of_it(top) - ball(k), budget) > 0:
        values = {**_masses(evidence), "lift": CrossEntropy.lift}
        bought = _bought(evidence, budget, CrossEntropy.reverse, values)
    ceiling: Mapping[str, JSON] = {"multiplier": None, "ceiling": ["1", "1"]}
    if sign_at(lambda k: ceilings.all_of_it(pairs) - ball(k), budget) > 0:
        price, mass = partial(ceilings.reverse_price, pairs), partial(ceilings.reverse_mass, pairs)
        ceiling = _spent(budget, price, {"ceiling": mass}, "multiplier", Fraction(1), _STEP)
    return {**bought, **ceiling}


Mean = Callable[[CrossEntropy, arb], arb]


def _masses(evidence: Evidence) -> dict[str, Mean | None]:
    """The mass of the target, where it grows with α."""
    return {"mass": CrossEntropy.target_mass if evidence.low > evidence.high else None}


def _bought(
    evidence: Evidence, budget: Fraction, price: Mean, values: Mapping[str, Mean | None]
) -> dict[str, JSON]:
    """The α > 0 at which steering costs a budget, and what it buys there."""

    def curve(mean: Mean) -> Curve:
        return lambda alpha: mean(evidence.curve(ctx.prec), ball(alpha))

    curves = {name: mean and curve(mean) for name, mean in values.items()}
    step = evidence.cross_entropy.unit * _STEP
    return _spent(budget, curve(price), curves, "strength", Fraction(0), step)


def _spent(
    budget: Fraction,
    price: Curve,
    values: Mapping[str, Curve | None],
    name: str,
    start: Fraction,
    step: Fraction,
) -> dict[str, JSON]:
    """A bracket of where a price is the budget, called `name`, and what else is between its ends."""

    def is_narrow(low: Fraction, high: Fraction) -> bool:
        return high - low <= high * NARROW and all(
            value is None or between(value, low, high) for value in values.values()
        )

    found = root(lambda at: price(at) - ball(budget), start, step, is_narrow)
    shown = {key: value and between(value, found.low, found.high) for key, value in values.items()}
    return {name: texts(found), **{key: ends and texts(ends) for key, ends in shown.items()}}


def _pairs(evidence: Evidence, tokens: Sequence[int]) -> ceilings.Pairs:
    """(π, F(0)) of a set of tokens, by law."""
    instance = evidence.instance
    return [
        (
            sum((instance.weights[j] for j in group), Fraction(0)),
            sum((row[z] for z in tokens), Fraction(0)),
        )
        for group, row in zip(instance.classes, evidence.levels.rows, strict=True)
    ]
