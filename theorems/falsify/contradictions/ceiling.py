"""Contradictions of the ceilings: interventions that cost more, and a path that is not the best."""

from fractions import Fraction

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ..steered import Steered
from .contradiction import POSITIVE, Contradiction

_HALVINGS = 12  # of the strength of a tilt that is to cost a little less than the path


def reverse_beyond(s: Steered) -> Contradiction | None:
    """The tilt by `excess`·1_T has more of the target than the ceiling at the price of the tilt by 1_T."""

    def masses(beta: Fraction) -> list[arb]:
        return [f * ball(beta).exp() / (1 - f + f * ball(beta).exp()) for f in _unsteered(s)]

    text = f"the ceiling at the price of the tilt by 1_T; that by {s.excess}·1_T, which costs more, has"
    return _exceeds(text, _mean(s, masses(Fraction(1))), _mean(s, masses(s.excess)))


def forward_beyond(s: Steered) -> Contradiction | None:
    """The f of μ = `excess` have more of the target than those of μ = 1."""

    def masses(mu: Fraction) -> list[arb]:
        roots = [(ball((1 - mu) ** 2) + 4 * ball(mu) * f).sqrt() for f in _unsteered(s)]
        return [(ball(mu - 1) + root) / ball(2 * mu) for root in roots]

    text = f"the ceiling at the price of μ = 1; the intervention of μ = {s.excess}, which costs more, has"
    return _exceeds(text, _mean(s, masses(Fraction(1))), _mean(s, masses(s.excess)))


def mean_beyond(s: Steered) -> Contradiction | None:
    """The tilt by `excess`·M has a larger Σπ E[M] than the tilt by M."""
    text = f"E[M] at α = 1 is the largest at its price; at α = {s.excess}, which costs more, it is"
    return _exceeds(text, _log_odds(s, ball(1)), _log_odds(s, ball(s.excess)))


def steered_less(s: Steered) -> Contradiction | None:
    """A tilt by M that costs less than steering has a larger Σπ E[M]."""
    straight = Steered(s.instance)
    for strength in POSITIVE:
        price, reached = _price(s, ball(strength)), _log_odds(s, ball(strength))
        low, high = Fraction(0), 4 * strength
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_cheap = _price(straight, ball(middle)) < price
            low, high = (middle, high) if is_cheap else (low, middle)
        if low and _log_odds(straight, ball(low)) > reached:
            text = f"E[M] steered by {strength} is the largest at its price; a tilt by {low}·M has"
            spent = ("its price", _price(straight, ball(low))), ("price steered", price)
            values = ("E[M] steered", reached), ("E[M] of the tilt", _log_odds(straight, ball(low)))
            return Contradiction(text, (*values, *spent))
    return None


def _exceeds(text: str, ceiling: arb, reached: arb) -> Contradiction | None:
    if reached > ceiling:
        return Contradiction(text, (("ceiling", ceiling), ("reached", reached)))
    return None


def _unsteered(s: Steered) -> list[arb]:
    """F_j = p_j(T)."""
    return [ball(sum((row[z] for z in s.target), Fraction(0))) for row in s.instance.rows]


def _mean(s: Steered, values: list[arb]) -> arb:
    """Σπ of one value a context."""
    return dot([ball(weight) for weight in s.instance.weights], values)


def _log_odds(s: Steered, alpha: arb) -> arb:
    """Σπ E_α[M]."""
    contexts = range(len(s.instance.rows))
    return _mean(s, [dot(s.law(j, alpha), s.log_odds) for j in contexts])


def _price(s: Steered, alpha: arb) -> arb:
    """Σπ KL(p_{j,α} || p_j)."""
    terms = []
    for j, logs in enumerate(s.logs):
        law = s.law(j, alpha)
        terms.append(dot(law, [p.log() - q for p, q in zip(law, logs, strict=True)]))
    return _mean(s, terms)
