"""Judging that curves rise or fall: by the derivative at each strength, and by the curve in between."""

import numpy as np

from .instance import Instance, log_masses
from .maxima import beside
from .verdict import Verdict, bound, identity, strict, supported


def moves_as(instance: Instance, direction: np.ndarray, evidence: str) -> Verdict:
    """Whether p_{j,α}(z) moves strictly in `direction` [A, m, V] (+1, -1; 0: not judged) on the grid.

    Strictness comes from d log p_α(z)/dα, the derivative of the curve itself, relative to the terms it
    is a difference of; points where those terms underflow are left out. The log-odds of the token, in
    which a strict slope stays visible next to certainty, must not contradict it between any two
    neighbouring strengths.
    """
    curves = instance.curves
    resolved = (direction != 0) & (curves.scale > 1e-280 * instance.odds_range)
    # a token alone at the top keeps all its digits; elsewhere rounding of M(z) - E_α[M] counts
    slack = (direction * curves.slope)[resolved] / curves.scale[resolved]
    with np.errstate(divide="ignore"):
        off = np.log(-np.expm1(np.minimum(curves.log_probs, 0.0)))
    return supported(
        strict(slack, instance.tolerance, f"sign of the derivative: {evidence}"),
        _between(instance, curves.log_probs - off, direction, f"log-odds: {evidence}"),
    )


def mass_moves(instance: Instance, mask: np.ndarray, sign: int, named: str) -> Verdict:
    """Whether the mass of the tokens `mask` moves strictly in the direction `sign`, in log-odds.

    The slope of logit F_C, by the derivative of the curve, must have the sign wherever that of a tilt by
    M would stand out from rounding, E_α[M|C] - E_α[M|not C]: a stretch on which the mass stays as it
    is does not pass. Between neighbouring strengths the log-odds must not contradict it.
    """
    on, off = log_masses(instance.curves.log_probs, mask)
    slope, expected = mass_slope(instance, mask)
    seen = np.abs(expected) > 8 * instance.tolerance * instance.odds_range
    direction = np.full(on.shape, sign)
    return supported(
        strict(
            sign * slope[seen] * instance.unit,
            instance.tolerance,
            f"slope of logit F over R, {named}",
        ),
        _between(instance, on - off, direction, f"logit F, {named}"),
    )


def mass_slope(instance: Instance, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """d logit F_C/dα by the derivative of the curves, and E_α[M|C] - E_α[M|not C], each [A, m]."""
    curves = instance.curves
    slope, expected = np.zeros(curves.forward_kl.shape), np.zeros(curves.forward_kl.shape)
    for part, side in ((mask, 1), (~mask, -1)):
        log_p = curves.log_probs[..., part]
        weight = np.exp(log_p - np.logaddexp.reduce(log_p, axis=2, keepdims=True))
        slope += side * (weight * curves.slope[..., part]).sum(axis=2)
        expected += side * (weight @ instance.odds[part])
    return slope, expected


def straight_path(instance: Instance, evidence: str) -> Verdict:
    """Whether the log-odds of the path grow in α at the rates of M, on the whole grid, within rounding."""
    return bound(1 - instance.bend(instance.alphas, instance.curves.log_probs), 0.0, evidence)


def turns_at(instance: Instance, peaks: np.ndarray, evidence: str) -> tuple[Verdict, ...]:
    """Whether each curve rises just before its peak [m, V] and falls just after it, where that is finite.

    No verdict where all slopes beside the peaks underflow, because one token has all the mass there.
    """
    sureness, is_seen = beside(instance, peaks)
    return (strict(sureness[is_seen], instance.tolerance, evidence),) if is_seen.any() else ()


def peaks_are_maxima(instance: Instance) -> Verdict:
    """Whether the library's peaks are where the curves themselves have their maxima."""
    peaks, found = instance.peaks, instance.maxima
    with np.errstate(invalid="ignore"):
        error = (peaks - found) / (np.abs(found) + instance.unit)
    error = np.where(peaks == found, 0.0, np.where(np.isinf(error) | np.isnan(error), 1.0, error))
    return identity(error, 1e-7, "the library's peaks against the maxima of the curves")


def _between(
    instance: Instance, log_odds: np.ndarray, direction: np.ndarray, evidence: str
) -> Verdict:
    """Whether `log_odds` [A, …] does not move against `direction` from one strength to the next."""
    allowed = instance.rounding(instance.alphas)
    allowed = (allowed[1:] + allowed[:-1]).reshape(-1, *[1] * (log_odds.ndim - 1))
    both = (direction[1:] == direction[:-1]) & (direction[1:] != 0)
    both &= np.isfinite(log_odds[1:]) | np.isfinite(log_odds[:-1])
    with np.errstate(invalid="ignore"):  # log-odds that are infinite on both sides are left out
        slack = direction[1:] * np.diff(log_odds, axis=0) / allowed
    return bound(slack[both], 1.0, evidence)
