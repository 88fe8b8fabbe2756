"""Judging that curves rise or fall: by the sign of the derivative, and by the curve itself."""

import numpy as np

from .evaluate import centred_at
from .instance import Instance
from .verdict import Verdict, bound, strict, supported


def moves_as(instance: Instance, direction: np.ndarray, evidence: str) -> Verdict:
    """Whether p_{j,α}(z) moves strictly in `direction` [A, m, V] (+1, -1; 0: not judged) on the grid.

    Strictness comes from d log p_α(z)/dα = M(z) - E_α[M], relative to the terms it is a difference of;
    points where those terms underflow are left out. The curve log p_α itself must not contradict it
    between any two neighbouring strengths.
    """
    curves = instance.curves
    resolved = (direction != 0) & (curves.scale > 1e-280 * instance.odds_range)
    # a token alone at the top keeps all its digits; elsewhere rounding of M(z) - E_α[M] counts
    slack = (direction * curves.centred)[resolved] / curves.scale[resolved]
    both = direction[1:] * (direction[1:] == direction[:-1])
    change = np.diff(curves.log_probs, axis=0)
    size = 1 + np.abs(curves.log_probs[1:]) + np.abs(curves.log_probs[:-1])
    return supported(
        strict(slack, instance.tolerance, f"sign of the derivative: {evidence}"),
        bound((both * change / size)[both != 0], instance.tolerance, f"curve: {evidence}"),
    )


def turns_at(instance: Instance, peaks: np.ndarray, evidence: str) -> Verdict:
    """Whether d log p_α(z)/dα is positive just before `peaks` [m, V] and negative just after.

    Looked at 3e-8, 1e-4 and 0.1 times (|α| + 1/R) away, for the tokens whose peak is finite; points where
    the terms of the derivative underflow are left out, as in `moves_as`.
    """
    is_finite = np.isfinite(peaks)
    centre = np.where(is_finite, peaks, 0.0)
    steps = np.array([-0.1, -1e-4, -3e-8, 3e-8, 1e-4, 0.1])[:, None, None]
    centred, scale = centred_at(instance.tilt, centre + steps * (np.abs(centre) + instance.unit))
    slack = -np.sign(steps) * centred / np.where(scale > 0, scale, 1.0)
    resolved = is_finite & (scale > 1e-280 * instance.odds_range)
    return strict(slack[resolved], instance.tolerance, evidence)
