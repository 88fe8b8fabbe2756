"""Means, masses and costs along any number of strengths, from the moments about a few anchors."""

import math
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from .._checks import Numbers, finite, needs_float64
from .._progress import Progress, silent
from ..numerics.arc_moments import Angles, Arc, along_arc
from ..numerics.log_ratio import log_ratio, weighted_remainder
from ..numerics.plain_sums import PlainSums, PlainWeights, plain_sums
from ..numerics.tilted_moments import Anchor, anchor_at, evaluate, series, slopes
from ..tilt.divergences import checked_weights
from ..tilt.norm_circle import NormCircle
from ..tilt.tilt import ExponentialTilt
from .sweep import Steered, strength_row

# Up to so many strengths plain sums are faster than the moments about an anchor, where they are exact enough.
_FEW_PLAIN = 64
# Fewer are evaluated one by one with pivots: the moments take as long as several of them.
_FEW = 16
_FARTHEST = 1e300  # strengths in units of 1/R: beyond, nothing changes that a float could show


class Aggregates(NamedTuple):
    """What a tilt does as a whole at A strengths; m contexts, C concepts, in nats.

    - `log_partition` K_j(α) [A, m] = log Σ p_j e^{αM}; `mean` K' and `variance` K'' [A, m]. Of a `NormCircle`
      with logits l_α: log Σ p_j e^{l_α - l_0}, and mean and variance of ∂l_α/∂α under p_{j,α}.
    - `entropy` [A, m] of p_{j,α}; `forward_kl` KL(p_j||p_{j,α}) [A, m].
    - `concept_masses` F_C(α) [A, m, C].
    - `cross_entropy_increase` ΔCE [A] = Σ_j π_j KL(p_j||p_{j,α}); NaN where no weights were given.
    """

    log_partition: Float[Array, "strengths contexts"]
    mean: Float[Array, "strengths contexts"]
    variance: Float[Array, "strengths contexts"]
    entropy: Float[Array, "strengths contexts"]
    forward_kl: Float[Array, "strengths contexts"]
    concept_masses: Float[Array, "strengths contexts concepts"]
    cross_entropy_increase: Float[Array, " strengths"]


class Along(NamedTuple):
    """One context's distribution at A strengths.

    K(α) is `log_weight` + α `log_odds` + `excess`, of which the first two may be large: the log weight and
    the M of a token that the others are counted from. All arrays are [A].
    """

    log_weight: np.ndarray
    log_odds: np.ndarray
    excess: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    forward_kl: np.ndarray

    def log_partition(self, alphas: np.ndarray) -> np.ndarray:
        """K = log Σ_z w(z) e^{αM(z)} at each α, nats."""
        return (self.log_weight + alphas * self.log_odds) + self.excess

    def share_of(self, whole: "Along", alphas: np.ndarray) -> np.ndarray:
        """e^{K - K of `whole`}, at most 1; the large parts of both are compared first."""
        large = (self.log_weight - whole.log_weight) + alphas * (self.log_odds - whole.log_odds)
        return np.exp(np.minimum(large + (self.excess - whole.excess), 0.0))


def sweep_aggregates(
    tilt: Steered,
    alphas: Numbers,
    *,
    concepts: Numbers | None = None,
    weights: Numbers | None = None,
    progress: Progress | None = None,
) -> Aggregates:
    """K, mean, variance, entropy, KL, concept masses and ΔCE of `tilt` at each α of `alphas` [A].

    `concepts` [C, V] are masks, one per concept (not empty; they may overlap); `weights` π [m] are the
    shares of the contexts. The work hardly grows with A: 36 moments about an anchor give the
    distribution at every strength within the anchor's radius, to rounding. Each concept is expanded on
    its own, so that a mass keeps its relative accuracy however small it is. Errors: 1e-12 relative for
    variance, entropy, KL (at every α) and masses, 1e-12 of the standard deviation for the mean, 1e-15 of
    |αM| + |log p| for K; where log p is some hundreds, a unit in the last place of log p as well. The scale
    of M and a constant added to it cost nothing. A p_α below 1e-308 counts for nothing in the moments.

    A `ufm.NormCircle` is taken as well, by 36 x 20 moments in two variables about a few angles. Its KL is
    exact to relative accuracy next to α = 0 and, like K and the masses, to some units in the last place of
    the logits further out; float32 is worked out in float64.

    In numpy on the host, in memory of a few times m V; not under `jit`. A tilt needs float64. `progress` is
    called with the share done.

    >>> import numpy as np, ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> found = ufm.sweep_aggregates(tilt, np.linspace(-1, 1, 10_001), weights=data.context_weights)
    >>> print(f"{found.cross_entropy_increase[-1]:.6f}")
    1.005832
    """
    points = _strengths_on_host(alphas, tilt)
    if isinstance(tilt, NormCircle):
        of_context, (m, vocabulary) = partial(_of_circle, tilt), tilt.across.shape
    else:
        needs_float64("sweep_aggregates", tilt.log_probs, tilt.log_odds)
        of_context, (m, vocabulary) = partial(_of_tilt, tilt), tilt.log_probs.shape
    masks, show = _checked_masks(concepts, vocabulary), progress or silent
    whole = np.empty((5, points.size, m))
    masses = np.empty((points.size, m, len(masks)))
    for j in range(m):
        whole[:, :, j], masses[:, j] = of_context(j, points, masks)
        show((j + 1) / m)
    increase = np.full(points.size, np.nan)
    if weights is not None:
        increase = whole[4] @ np.asarray(checked_weights(weights, m))
    # A compiled function hands them over in a tenth of the time, which shows for few strengths. For a new
    # shape it compiles for 10 ms, as jnp.asarray does; device_put compiles nothing.
    few = points.size <= _FEW_PLAIN
    handed = _handed(whole, masses, increase) if few else jax.device_put((*whole, masses, increase))
    return Aggregates._make(handed)


@jax.jit
def _handed(whole: Array, masses: Array, increase: Array) -> tuple[Array, ...]:
    return *whole, masses, increase


def _of_tilt(
    tilt: ExponentialTilt, j: int, points: np.ndarray, masks: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """K, mean, variance, entropy and KL of context j, each [A], and the masses [A, C]."""
    row, log_odds = np.asarray(tilt.log_probs)[j], np.asarray(tilt.log_odds)
    ready = tilt.plain_weights[j] if points.size <= _FEW_PLAIN else None
    curves = along(points, log_odds, row, ready)
    masses = np.empty((points.size, len(masks)))
    for k, mask in enumerate(masks):
        masses[:, k] = along(points, log_odds[mask], row[mask]).share_of(curves, points)
    total = curves.log_partition(points)
    return (total, curves.mean, curves.variance, curves.entropy, curves.forward_kl), masses


def _of_circle(
    circle: NormCircle, j: int, points: np.ndarray, masks: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """As `_of_tilt`."""
    arrays = circle.across[j], circle.along, circle.offset
    arc = Arc(*(np.asarray(array, np.float64) for array in arrays))
    points = points.astype(np.float64)
    angles = Angles(points, float(circle.closest[j]), float(circle.width[j]))
    sums = along_arc(arc, angles)
    masses = np.empty((points.size, len(masks)))
    for k, mask in enumerate(masks):
        part = along_arc(Arc(*(array[mask] for array in arc)), angles)
        masses[:, k] = np.exp(np.minimum(part.log_total - sums.log_total, 0.0))
    rate = angles.width / angles.radii / angles.radii  # dt/dα
    return (
        (
            sums.log_rise,
            rate * sums.mean,
            rate * rate * sums.variance,
            sums.entropy,
            sums.forward_kl,
        ),
        masses,
    )


def _strengths_on_host(alphas: Numbers, tilt: Steered) -> np.ndarray:
    if isinstance(tilt, NormCircle) or not isinstance(alphas, np.ndarray) or alphas.ndim != 1:
        return np.asarray(strength_row(alphas, tilt))
    if alphas.dtype == tilt.log_odds.dtype == np.float64:
        finite("alphas", alphas)  # JAX need not see them
        return alphas
    return np.asarray(strength_row(alphas, tilt))


def _checked_masks(concepts: Numbers | None, vocabulary: int) -> np.ndarray:
    if concepts is None:
        return np.zeros((0, vocabulary), bool)
    masks = np.asarray(concepts)
    if masks.dtype != np.bool_ or masks.ndim != 2 or masks.shape[1] != vocabulary:
        raise ValueError(
            f"concepts must be boolean masks of shape (C, {vocabulary}); "
            f"got dtype {masks.dtype}, shape {masks.shape}"
        )
    for k in np.flatnonzero(~masks.any(axis=1)):
        raise ValueError(f"concepts[{k}] names no token")
    return masks


def along(
    alphas: np.ndarray,
    log_odds: np.ndarray,
    log_weights: np.ndarray,
    ready: PlainWeights | None = None,
) -> Along:
    """The distribution ∝ e^{log_weights + αM} at every α of `alphas` [A], in any order.

    `ready` are its weights, where they were kept.
    """
    plain: list[PlainSums | None] = [None]
    if 0 < alphas.size <= _FEW_PLAIN:
        plain = plain_sums(alphas, ready or PlainWeights(log_odds, log_weights))
    refused = [i for i, sums in enumerate(plain) if sums is None]
    if len(refused) == len(plain):
        return _exactly_along(alphas, log_odds, log_weights)
    found = np.array([(0.0, *(sums or [np.nan] * 6)) for sums in plain]).T
    if refused:
        found[:, refused] = _exactly_along(alphas[refused], log_odds, log_weights)
    return Along(*found)


def _exactly_along(alphas: np.ndarray, log_odds: np.ndarray, log_weights: np.ndarray) -> Along:
    """As `along`, at any strengths, however large or small."""
    # M in units of about its range, a power of two, so that squares of it neither over- nor underflow
    exponent = int(np.frexp(log_odds.max() / 2 - log_odds.min() / 2)[1])
    given, log_odds = log_odds, np.ldexp(log_odds, -exponent)
    with np.errstate(over="ignore"):
        in_units = np.clip(np.ldexp(alphas, exponent), -_FARTHEST, _FARTHEST)
    order = np.argsort(alphas, kind="stable")
    points, found = in_units[order], np.empty((6, alphas.size))
    origin = anchor_at(0.0, log_odds, log_weights, alone=points.size < _FEW)

    def reach(anchor: Anchor) -> float:
        """How far from it the anchor serves: not so near to 0 that its own KL(p||p_a) would cancel."""
        return anchor.radius if anchor is origin else min(anchor.radius, 0.5 * abs(anchor.alpha))

    def fill(anchor: Anchor, first: int, last: int) -> list[tuple[int, int]]:
        """Fill in the points of first..last-1 that the anchor serves; the ranges left on its sides."""
        ends = [anchor.alpha - reach(anchor), anchor.alpha + reach(anchor)]
        start = first + int(np.searchsorted(points[first:last], ends[0], side="left"))
        stop = first + int(np.searchsorted(points[first:last], ends[1], side="right"))
        if start < stop:
            served = points[start:stop]
            found[:, start:stop] = _about(anchor, origin, served, log_odds, log_weights)
        return [(first, start), (stop, last)]

    left = []
    if points.size < _FEW:
        for i, alpha in enumerate(points):
            found[:, i] = _alone(float(alpha), origin, log_odds, log_weights)
    else:
        left = fill(origin, 0, points.size)
    while left:
        first, last = left.pop()
        if first < last:
            middle = 0.5 * points[first] + 0.5 * points[last - 1]
            anchor = anchor_at(middle, log_odds, log_weights)
            if not np.any(np.abs(points[first:last] - middle) <= reach(anchor)):
                anchor = anchor_at(points[(first + last) // 2], log_odds, log_weights)
            left += fill(anchor, first, last)
    result = np.empty_like(found)
    result[:, order] = found
    pivot, excess, mean, variance, entropy, forward_kl = result
    mean, variance = np.ldexp(mean, exponent), np.ldexp(variance, 2 * exponent)
    r = pivot.astype(int)
    return Along(log_weights[r], given[r], excess, mean, variance, entropy, forward_kl)


def _alone(
    alpha: float, origin: Anchor, log_odds: np.ndarray, log_weights: np.ndarray
) -> tuple[float, ...]:
    """The pivot and the fields of `Along` from `excess` on, at one strength, by sums over the tokens.

    `origin` is the anchor at 0.
    """
    anchor = anchor_at(alpha, log_odds, log_weights, alone=True) if alpha else origin
    log_p = _log_probs(anchor, log_odds, log_weights)
    kl = _cost(anchor, origin, log_p, log_odds, log_weights)[0] if alpha else 0.0
    return (
        float(anchor.pivot),
        anchor.log_total,
        anchor.pivot_log_odds + anchor.excess,
        anchor.variance,
        -float(anchor.weights @ log_p),
        kl,
    )


def _log_probs(anchor: Anchor, log_odds: np.ndarray, log_weights: np.ndarray) -> np.ndarray:
    """The logarithms of the anchor's weights [n], which a float holds where the weights underflow."""
    r = anchor.pivot
    log_p = (log_weights - log_weights[r]) + anchor.alpha * (log_odds - log_odds[r])
    return log_p - anchor.log_total


def _about(
    anchor: Anchor,
    origin: Anchor,
    alphas: np.ndarray,
    log_odds: np.ndarray,
    log_weights: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """The same at `alphas`, which the anchor serves; `origin` is the anchor at 0."""
    r, h = anchor.pivot, alphas - anchor.alpha
    log_p = _log_probs(anchor, log_odds, log_weights)
    rho = min(anchor.radius, 1e300)
    z, surprise = series(anchor, rho, also=log_p)
    z[1] = 0.0 if anchor is origin else z[1]
    first_order = slopes(z)
    rows = np.stack([np.append(0.0, z[1:]), first_order, slopes(first_order), surprise])
    tau = h / rho if rho else h
    growth, dz, ddz, expected = evaluate(rows, tau)
    total, log_z = 1 + growth, np.log1p(growth)
    step = dz / total
    slope = step / rho if rho else np.zeros_like(step)
    kl = log_z
    if anchor is not origin:  # from KL(p||p_a) and its slope at the anchor on
        # (`rise` is exact: what rounding has left of E_a[y] = 0 in the series is not counted twice)
        at_anchor, rise = _cost(anchor, origin, log_p, log_odds, log_weights)
        kl = np.log1p(growth - z[1] * tau) + (at_anchor + h * rise)
    return (
        np.full(h.size, r),
        anchor.log_total + log_z + h * anchor.excess,
        anchor.pivot_log_odds + (anchor.excess + slope),
        (ddz / total - step * step) / rho / rho if rho else np.zeros_like(step),
        log_z - expected / total - tau * step,
        kl,
    )


def _cost(
    anchor: Anchor,
    origin: Anchor,
    log_p: np.ndarray,
    log_odds: np.ndarray,
    log_weights: np.ndarray,
) -> tuple[float, float]:
    """KL(p||p_a) and its slope E_a[M] - E_0[M], both to relative accuracy; `log_p` is log p_a."""
    r, r0 = anchor.pivot, origin.pivot
    parts = (
        log_weights[r] - log_weights[r0],
        anchor.log_total,
        -origin.log_total,
        anchor.alpha * ((log_odds[r] - origin.pivot_log_odds) - origin.excess),
    )
    rises = (anchor.pivot_log_odds - origin.pivot_log_odds, anchor.excess, -origin.excess)
    kl, rise = math.fsum(parts), math.fsum(rises)
    if all(abs(sum_) > 0.01 * max(map(abs, terms)) for sum_, terms in ((kl, parts), (rise, rises))):
        return kl, rise
    # They cancel, as where one token keeps nearly all the mass: by sums of positive terms, over all tokens.
    # KL(p||p_a) + KL(p_a||p) = a (E_a[M] - E_0[M]).
    before = ((log_weights - log_weights[r0]) - origin.log_total)[None, :]
    growth = (anchor.alpha * (log_odds - log_odds[r]))[None, :]
    is_pivot, after = np.arange(log_odds.size)[None, :] == r, log_p[None, :]
    with np.errstate(over="ignore", under="ignore"):
        move = log_ratio(before, growth, after + anchor.log_total, is_pivot, np)
        p, q = move.root_before, move.root_after
        kl = float(weighted_remainder(p, q, move.ratio, np).sum())
        back = float(weighted_remainder(q, p, -move.ratio, np).sum())
    return kl, (kl + back) / anchor.alpha
