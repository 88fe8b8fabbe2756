"""Contradictions of the claims about an estimate M̂ of M, here M + log f on T, f = 1001/1000."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from ...certificates._balls import ball
from ..steered import Steered
from .contradiction import STRENGTHS, Contradiction, places

FACTOR = Fraction(1001, 1000)


class _Law(NamedTuple):
    """A distribution p_α(z|c_j) and its estimate, and |α|η."""

    context: int
    strength: Fraction
    steered: list[arb]
    estimated: list[arb]
    error: arb


def _estimate(s: Steered) -> Steered:
    """The tilt by M̂, after any norm and at the rate 1, whatever the path of `s` is."""
    factor = tuple(FACTOR if flag else Fraction(1) for flag in s.instance.target)
    return Steered(s.instance, factor=factor, data=s.data)


def _error(alpha: arb) -> arb:
    """|α|η: the error of M̂ is log f on T and 0 off it."""
    return abs(alpha) * ball(FACTOR).log() / 2


def _laws(s: Steered) -> Iterator[_Law]:
    estimate = _estimate(s)
    for j, strength, alpha in places(s):
        yield _Law(j, strength, s.law(j, alpha), estimate.law(j, alpha), _error(alpha))


def log_probability(s: Steered) -> Contradiction | None:
    """A log-probability is off by more than 2|α|η."""
    for law in _laws(s):
        for z, (p, q) in enumerate(zip(law.steered, law.estimated, strict=True)):
            off = abs(q.log() - p.log())
            if off > 2 * law.error:
                where = f"token {z} in context {law.context} at α = {law.strength}"
                text = f"|log p̂ - log p| <= 2|α|η for {where}"
                return Contradiction(text, (("off by", off), ("bound", 2 * law.error)))
    return None


def total_variation(s: Steered) -> Contradiction | None:
    """A distribution is off by more than tanh(|α|η/2)."""
    for law in _laws(s):
        pairs = zip(law.steered, law.estimated, strict=True)
        off = sum((abs(q - p) for p, q in pairs), arb(0)) / 2
        bound = (law.error / 2).tanh()
        if off > bound:
            text = f"TV(p̂, p) <= tanh(|α|η/2) in context {law.context} at α = {law.strength}"
            return Contradiction(text, (("TV", off), ("bound", bound)))
    return None


def cost(s: Steered) -> Contradiction | None:
    """ΔCE is off by more than 2|α|η, so that a strength that leaves as much costs more than κ or less than
    κ - 4|α|η.
    """
    estimate = _estimate(s)
    for strength in STRENGTHS:
        alpha = ball(strength)
        estimated, true = estimate.increase(alpha), s.increase(alpha)
        if abs(estimated - true) > 2 * _error(alpha):
            text = f"|ΔĈE - ΔCE| <= 2|α|η at α = {strength}"
            values = (("ΔĈE", estimated), ("ΔCE", true), ("bound", 2 * _error(alpha)))
            return Contradiction(text, values)
    return None
