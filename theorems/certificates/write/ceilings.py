"""The most mass that any intervention can give the target: the best ones, by what they share."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb

from .._balls import ball

Pairs = Sequence[tuple[Fraction, Fraction]]


def all_of_it(pairs: Pairs) -> arb:
    """-Σπ log F, the reverse divergence that puts all mass there, over pairs (π, F)."""
    return -_mean(pairs, lambda held: held.log())


def reverse_mass(pairs: Pairs, odds: Fraction) -> arb:
    """Σπ f with the odds of f `odds` times those of F: the tilts by the target's indicator."""
    return _mean(pairs, lambda held: held * ball(odds) / _grown(held, odds))


def reverse_price(pairs: Pairs, odds: Fraction) -> arb:
    """Σπ kl(f || F), which is Σπ(f log `odds` - log(1 - F + F `odds`))."""
    log = ball(odds).log()
    return _mean(
        pairs,
        lambda held: held * ball(odds) / _grown(held, odds) * log - _grown(held, odds).log(),
    )


def forward_mass(pairs: Pairs, multiplier: Fraction) -> arb:
    """Σπ f with f - F = μ f (1 - f), μ the `multiplier`."""
    return _mean(pairs, lambda held: _forward(held, multiplier))


def forward_price(pairs: Pairs, multiplier: Fraction) -> arb:
    """Σπ kl(F || f), where (1 - F)/(1 - f) = 1 + μ f."""

    def price(held: arb) -> arb:
        mass = _forward(held, multiplier)
        growth = 1 + ball(multiplier) * mass
        return held * (held / mass).log() + (1 - held) * growth.log()

    return _mean(pairs, price)


def _grown(held: arb, odds: Fraction) -> arb:
    return 1 + held * ball(odds - 1)


def _forward(held: arb, multiplier: Fraction) -> arb:
    """The root of μ f² + (1 - μ) f = F in (0, 1), in the form that cancels nothing."""
    rest = ball(1 - multiplier)
    root = (rest * rest + 4 * ball(multiplier) * held).sqrt()
    return (root - rest) / (2 * ball(multiplier)) if multiplier > 1 else 2 * held / (root + rest)


def _mean(pairs: Pairs, value: Callable[[arb], arb]) -> arb:
    """Σπ of a function of F."""
    return sum((ball(weight) * value(ball(held)) for weight, held in pairs), arb(0))
