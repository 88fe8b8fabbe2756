"""Proposition B.1: where the next-token law goes at large strength, and how fast."""

import numpy as np

from .. import _controls, hypotheses
from .._evaluate import limits
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound, identity, worst

SOURCE = "Proposition B.1"


def limit_law(instance: Instance, sign: int) -> np.ndarray:
    """1[z in Mtop] p(z|c_j) / Σ_{Mtop} p(·|c_j) [m, V] for `sign` +1; Mbot for -1."""
    kept = instance.probs * (instance.is_top if sign > 0 else instance.is_bottom)
    mass = kept.sum(axis=1, keepdims=True)
    if (mass > 0).all():
        return kept / mass
    # all of Mtop below e^-745: take its heaviest token out first
    log_p = np.where(kept > 0, instance.log_probs, -np.inf)
    return np.exp(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True))


def _limit(instance: Instance, sign: int) -> Verdict:
    """The last strengths looked at are so large that the rest of the mass is below e^-40."""
    law = limit_law(instance, sign)
    ends = instance.curves.increase[[-1, -2]] if sign > 0 else instance.curves.increase[[0, 1]]
    reached = identity(
        ends[0] - (law - instance.probs),
        instance.tolerance + np.exp(-39),
        "Δp at the last strength",
    )
    library = identity(
        limits(instance.tilt)[sign] - law, instance.tolerance, "ExponentialTilt.limit"
    )
    return worst(reached, library)


def _rate(instance: Instance) -> Verdict:
    """Total variation against ((1-p)/p) e^{-|α| g}, p the mass and g the gap of the extremal tokens."""
    verdicts = []
    for sign, extremal in ((1, instance.is_top), (-1, instance.is_bottom)):
        gap = np.abs(instance.odds[extremal][0] - instance.odds[~extremal]).min()
        inside = np.logaddexp.reduce(instance.log_probs[:, extremal], axis=1)
        outside = np.logaddexp.reduce(instance.log_probs[:, ~extremal], axis=1)
        side = instance.alphas * sign > 0
        reach = np.minimum(outside - inside - np.abs(instance.alphas[side, None]) * gap, 1.0)
        law = np.exp(instance.curves.log_probs[side])
        variation = 0.5 * np.abs(law - limit_law(instance, sign)).sum(axis=2)
        verdicts.append(
            bound(
                np.exp(reach) - variation,
                instance.tolerance,
                f"total variation, α → {sign * np.inf}",
            )
        )
    return worst(*verdicts)


def _limit_claim(name: str, sign: int, text: str) -> Claim:
    return Claim(
        f"prop-b1.{name}",
        f"limit at {'+' if sign > 0 else '-'}∞",
        text,
        SOURCE,
        (hypotheses.EXPONENTIAL_PATH,),
        lambda instance: _limit(instance, sign),
        ("rates", "tilts"),
        Control("exponential-path", "steering before the final norm", _controls.before_the_norm),
    )


STATEMENT = Statement(
    "prop-b1",
    "Large-strength limits",
    SOURCE,
    (
        _limit_claim(
            "limit-plus", 1, "Δp(z|c_j, α) → 1[z in Mtop] p(z|c_j)/Σ_{Mtop} p - p(z|c_j) as α → +∞."
        ),
        _limit_claim(
            "limit-minus",
            -1,
            "Δp(z|c_j, α) → 1[z in Mbot] p(z|c_j)/Σ_{Mbot} p - p(z|c_j) as α → -∞.",
        ),
    ),
)

RATE = Statement(
    "limit",
    "Rate of the limits",
    "this project; extends Proposition B.1",
    (
        Claim(
            "limit.rate",
            "exponential rate",
            "The total variation between p_α and its limit is at most ((1-p)/p) e^{-|α|g}, with p the mass "
            "of Mtop (Mbot) and g the gap of M to the next value.",
            "this project; extends Proposition B.1",
            (hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            _rate,
            ("rates", "tilts"),
            Control(
                "exponential-path",
                "half the steering vector, after M was measured",
                lambda: _controls.rescaled_vector(0.5),
            ),
        ),
    ),
)
