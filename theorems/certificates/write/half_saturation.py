"""The strength at which the target holds half of the mass, bracketed in each law."""

from fractions import Fraction

from flint import arb, ctx

from ufm._json import JSON

from .._balls import ball, tilted
from .dyadic import texts
from .evidence import Evidence
from .roots import NARROW, root, sign_at


def half_saturation(evidence: Evidence) -> list[JSON]:
    """Brackets by law, ["0", "0"] for a half at 0 exactly; None where the target is not separated."""
    is_separated = evidence.low > evidence.high
    return [_half(evidence, c) if is_separated else None for c in range(len(evidence.peaks))]


def _half(evidence: Evidence, row: int) -> JSON:
    masses, target = evidence.levels.rows[row], evidence.instance.target
    if 2 * sum(p for p, flag in zip(masses, target, strict=True) if flag) == 1:
        return ["0", "0"]

    def excess(alpha: Fraction) -> arb:
        """The weight of T less that of all other tokens, which has the sign of F_T(α) - 1/2."""
        curve, at = evidence.curve(ctx.prec), ball(alpha)
        origin = curve.log_odds[evidence.low]
        every = tilted(curve.rows[row].masses, curve.log_odds, origin, at)
        on = tilted(curve.on_target[row], curve.log_odds, origin, at)
        return 2 * sum(on, arb(0)) - sum(every, arb(0))

    # away from 0, towards where T holds more or less
    direction = -sign_at(excess, Fraction(0))
    unit = evidence.cross_entropy.unit
    found = root(
        lambda distance: direction * excess(direction * distance),
        Fraction(0),
        unit,
        lambda low, high: high - low <= (low + unit / 2) * NARROW,
    )
    return texts(found) if direction > 0 else [str(-end) for end in reversed(found)]
