"""Theorem 3.3: next-token probabilities rise, peak once and fall."""

import numpy as np

from .. import _controls, hypotheses
from .._instance import Instance
from .._shape import moves_as, turns_at
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound, strict, supported

SOURCE = "Theorem 3.3"


def _bump(instance: Instance) -> Verdict:
    peaks = instance.peaks
    interior = np.broadcast_to(~(instance.is_top | instance.is_bottom), peaks.shape)
    finite = bound(
        np.isfinite(peaks[interior]) - 1.0,
        instance.tolerance,
        "peaks of interior tokens are finite",
    )
    distance = peaks - instance.alphas[:, None, None]
    away = np.abs(distance) > 1e-6 * (np.abs(peaks) + instance.unit)
    direction = np.where(interior & away, np.sign(distance), 0.0)
    turns = turns_at(
        instance, np.where(interior, peaks, np.inf), "sign of the derivative beside each peak"
    )
    moves = moves_as(instance, direction, "rising before α(j,z), falling after it")
    return supported(turns, moves, finite)


def _peak_order(instance: Instance) -> Verdict:
    """Relative to |α| + |α'| + 1/R; +∞ beats everything but +∞."""
    late = instance.peaks[:, instance.target].min(axis=1)
    early = instance.peaks[:, ~instance.target].max(axis=1)
    both = np.isfinite(late) & np.isfinite(early)
    with np.errstate(invalid="ignore"):
        relative = (late - early) / (np.abs(late) + np.abs(early) + instance.unit)
    slack = np.where(both, relative, np.sign(np.where(late == early, 0.0, late > early) - 0.5))
    slack = np.where(~both & (late == early), 0.0, slack)
    return strict(slack, instance.tolerance, "first peak on the target against last peak off it")


def _monotone(instance: Instance) -> Verdict:
    rising = instance.is_top.astype(float) - instance.is_bottom
    shape = instance.curves.log_probs.shape
    if not rising.any():
        return bound([-1.0], instance.tolerance, "M is constant: every curve is flat")
    return moves_as(
        instance, np.broadcast_to(rising, shape), "Mtop rises and Mbot falls on the whole line"
    )


STATEMENT = Statement(
    "thm-3.3",
    "Next-token probabilities",
    SOURCE,
    (
        Claim(
            "thm-3.3.bump",
            "bump",
            "Each token outside Mtop and Mbot has one α(j,z): Δp rises strictly before it, falls strictly "
            "after.",
            SOURCE,
            (hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING, hypotheses.INTERIOR_TOKEN),
            _bump,
            ("rates", "tilts"),
            Control(
                "exponential-path", "steering before the final norm", _controls.before_the_norm
            ),
        ),
        Claim(
            "thm-3.3.peak-order",
            "peak order",
            "Off-target tokens peak first: α(j,z') < α(j,z) for z in T, z' not in T, counting ±∞.",
            SOURCE,
            (hypotheses.SEPARATION,),
            _peak_order,
            ("rates", "tilts"),
            Control(
                "separation", "a < b at one token of the target: δ < 0", _controls.smaller_rates
            ),
        ),
        Claim(
            "thm-3.3.monotone",
            "extremal tokens",
            "Δp is strictly increasing on R for z in Mtop and strictly decreasing for z in Mbot.",
            SOURCE,
            (hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            _monotone,
            ("rates", "tilts"),
            Control(
                "non-constant-log-odds",
                "P and N inside one concept: M is constant",
                _controls.negatives_in_target,
            ),
        ),
    ),
)
