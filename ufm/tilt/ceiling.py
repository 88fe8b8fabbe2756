"""The ceiling of any intervention: the most of a target that a price buys, and how near steering comes."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import ArrayLike

from .._checks import Numbers, finite, floating, needs_float64, token_set
from ..numerics.log_ratio import weighted_remainder
from ..numerics.roots import Floats, bracketed_root
from .divergences import checked_weights, forward_kl, reverse_kl
from .effects import concept_increase, concept_probability
from .strength import check_budget
from .tilt import ExponentialTilt

Price = Literal["cross_entropy", "reverse_kl"]
PRICES = ("cross_entropy", "reverse_kl")


class MassCeiling(NamedTuple):
    """The most that any intervention of a given price leaves the target, and how it is spread over contexts.

    - `mass`: Σπ f_j, which no intervention exceeds; `gain`: Σπ (f_j - F_j), without cancellation.
    - `masses` f_j [m]: the target's mass in each context, where the ceiling is attained.
    - `multiplier`: β of the reverse divergence (the tilt by β·1_T), μ of the cross-entropy (nats per unit of
      mass at the margin); +∞ where `saturated`.
    - `saturated`: whether more would buy nothing. Of the reverse divergence: κ >= -Σπ log F_j over the
      contexts with F_j > 0, which then have mass 1. No cross-entropy pays for mass 1: there it means that
      1 - f_j is below all floats.
    """

    mass: float
    gain: float
    masses: Floats
    multiplier: float
    saturated: bool


class _Spread(NamedTuple):
    """Of one multiplier, each [m]: f, 1 - f, log f/F, log (1-f)/(1-F), and f - F."""

    on: Floats
    off: Floats
    log_on: Floats
    log_off: Floats
    gain: Floats


class _Kind(NamedTuple):
    """How a divergence is spent: the masses at a multiplier, which side of it they are on, and its end.

    From the multiplier `end` on, all masses are 1 in floats.
    """

    spread: Callable[[Floats, Floats, float], _Spread]
    is_reverse: bool
    end: float


def mass_ceiling(
    target_mass: Numbers,
    weights: Numbers,
    budget: float | np.floating,
    kind: Price | str = "cross_entropy",
) -> MassCeiling:
    """The largest mean mass Σπ q_j(T) of the target under any q_j that costs at most `budget` nats.

    `target_mass` F_j [m] in [0, 1] is the target's unsteered mass, `weights` π [m] are the shares of the
    contexts. The q_j are any next-token distributions: steered, fine-tuned, prompted, filtered. `kind`:

    - "reverse_kl": Σπ KL(q_j||p_j) <= κ. Then f_j = σ(logit F_j + β) with Σπ kl(f_j||F_j) = κ, attained by
      the tilt by β·1_T alone.
    - "cross_entropy": Σπ KL(p_j||q_j) <= κ. Then f_j - F_j = μ f_j (1 - f_j) with Σπ kl(F_j||f_j) = κ,
      attained by the q_j that keep p_j given T and given not T: the strength of 1_T differs by context.

    kl is the divergence between two masses. Where F_j = 0 the two part: any mass on T has an infinite reverse
    divergence, so f_j = 0 at every κ; its cross-entropy is kl(0||f) = -log(1 - f), so f_j = 1 - 1/μ once
    μ > 1 (each unit of mass costs a nat or more), and in one context alone f = 1 - e^-κ.

    Worked out in float64 on the host; a positive mass below 1e-305 costs digits. Raises `ValueError` for
    a mass outside [0, 1], weights that are no shares, or a budget that is not positive and finite. Source:
    this project.

    >>> import ufm
    >>> print(f"{ufm.mass_ceiling([0.2, 0.5], [0.5, 0.5], 0.1).mass:.6f}")
    0.562196
    >>> print(f"{ufm.mass_ceiling([0.2, 0.5], [0.5, 0.5], 0.1, kind='reverse_kl').mass:.6f}")
    0.557511
    """
    finite("target_mass", masses := floating("target_mass", target_mass, 1))
    before = np.asarray(masses, np.float64)
    if not ((before >= 0) & (before <= 1)).all():
        j = int(np.argmin((before >= 0) & (before <= 1)))
        raise ValueError(f"target_mass must be in [0, 1]; got {before[j]} at {j}")
    budget = float(budget)
    check_budget(budget, kind, PRICES)
    pi = np.asarray(checked_weights(weights, before.size), np.float64)
    if kind == "cross_entropy" or before.all():
        return _ceiling(before, 1 - before, pi, budget, kind)
    # any mass where there was none is infinitely dear: the budget is for the other contexts
    some = before > 0
    found = _ceiling(before[some], 1 - before[some], pi[some], budget, kind)
    masses = np.zeros_like(before)
    masses[some] = found.masses
    return found._replace(mass=float(pi @ masses), masses=masses)


def efficiency(
    tilt: ExponentialTilt,
    weights: Numbers,
    target: Numbers,
    alpha: ArrayLike,
    kind: Price | str = "cross_entropy",
) -> float:
    """What steering at `alpha` buys of what its price could buy: Σπ(F_T(α) - F_T(0)) over the ceiling's gain.

    `weights` π [m] are the shares of the contexts, `target` is T, a boolean mask [V]. The price, in nats, is
    Σπ KL(p||p_α) of `kind` "cross_entropy" and Σπ KL(p_α||p) of "reverse_kl". At most 1; of the reverse
    divergence 1 iff M is constant on T and off T, at α > 0. As α → 0 from above it tends to the correlation
    Σπ Cov_j(M, 1_T) / √(Σπ Var_j(M) Σπ Var_j(1_T)) within contexts. Needs float64; raises `ValueError`
    where steering costs nothing.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.efficiency(tilt, data.context_weights, data.concept_tokens(0), 0.35):.6f}")
    0.794627
    """
    needs_float64("efficiency", tilt.log_probs, tilt.log_odds)
    mask = token_set(target, tilt.log_odds.size)
    check_budget(1.0, kind, PRICES)
    pi = np.asarray(checked_weights(weights, tilt.log_probs.shape[0]))
    divergence = reverse_kl if kind == "reverse_kl" else forward_kl
    price = float(pi @ np.asarray(divergence(tilt, alpha)))
    if price <= 0:
        raise ValueError(
            f"steering by alpha = {float(np.asarray(alpha))} costs nothing: take a strength other than 0, "
            "and an M that is not constant"
        )
    gained = float(pi @ np.asarray(concept_increase(tilt, alpha, mask))) * int(mask.sum())
    on = np.asarray(concept_probability(tilt, 0.0, mask))
    off = np.asarray(concept_probability(tilt, 0.0, ~mask))
    return gained / _ceiling(on, off, pi, price, kind).gain


def _ceiling(on: Floats, off: Floats, pi: Floats, budget: float, kind: str) -> MassCeiling:
    """The ceiling for masses F = `on` and 1 - F = `off` [m]."""
    spend = _KINDS[kind]

    def cost(multiplier: float) -> float:
        found = spend.spread(on, off, multiplier)
        return float(pi @ _divergence(on, off, found, is_reverse=spend.is_reverse))

    if cost(spend.end) <= budget:
        return MassCeiling(1.0, float(pi @ off), np.ones_like(on), math.inf, saturated=True)
    variance = float(pi @ (on * off))
    # as if the price were quadratic; at large ones the cross-entropy grows like a logarithm
    start = math.sqrt(2 * budget / variance) if variance > 0 else math.inf
    if start > 1:
        far = min(budget / float(pi @ off), 600.0)
        start = min(start, 600.0) if spend.is_reverse else math.exp(far)

    def excess(multiplier: float) -> float:
        return cost(min(multiplier, spend.end)) - budget

    low, high = (min(end, spend.end) for end in bracketed_root(excess, start))
    below, above = (spend.spread(on, off, end) for end in (low, high))
    # Where μ is next to 1 and F next to 0 the mass 1 - 1/μ hangs on the last digits of μ: between the two
    # ends of its bracket the price is a line.
    spare = budget - cost(low)
    share = min(max(spare / (cost(high) - cost(low)), 0.0), 1.0) if cost(high) > cost(low) else 1.0
    masses = below.on + share * (above.on - below.on)
    gain = float(pi @ (below.gain + share * (above.gain - below.gain)))
    return MassCeiling(float(pi @ masses), gain, masses, high, saturated=False)


def _tilted(on: Floats, off: Floats, beta: float) -> _Spread:
    """f = F / (F + (1-F) e^-β) and what goes with it: every sum is of positive terms, or of a log1p."""
    left = on + off * math.exp(-beta)
    change = off * math.expm1(-beta)
    is_far = change < -0.5
    log_on = -np.where(is_far, np.log(left), np.log1p(np.where(is_far, 0.0, change)))
    after = on / left
    rest = off * math.exp(-beta) / left
    if beta < 700:
        log_off = -np.log1p(on * math.expm1(beta))
    else:
        with np.errstate(divide="ignore"):  # a context that is certain of the target
            log_off = -np.logaddexp(np.log(off), np.log(on) + beta)
    return _Spread(after, rest, log_on, log_off, -after * change)


def _balanced(on: Floats, off: Floats, mu: float) -> _Spread:
    """The f with f - F = μ f (1 - f): a root of a quadratic, taken on the side where nothing cancels."""
    root = np.hypot(1 - mu, 2 * math.sqrt(mu) * np.sqrt(on))
    rest = 2 * off / (1 + mu + root)
    after = 2 * on / ((1 - mu) + root) if mu < 1 else ((mu - 1) + root) / (2 * mu)
    gain = after * (mu * rest)
    # without any mass before, the ratio is infinite, and counts for nothing in a divergence
    log_on = np.where(
        on > 0, np.log(np.where(on > 0, after, 1)) - np.log(np.where(on > 0, on, 1)), 1
    )
    near = np.log1p(np.where(log_on < 1, gain, 0.0) / np.where(log_on < 1, on, 1.0))
    return _Spread(after, rest, np.where(log_on < 1, near, log_on), -np.log1p(mu * after), gain)


_KINDS = {
    "cross_entropy": _Kind(_balanced, is_reverse=False, end=1e290),
    "reverse_kl": _Kind(_tilted, is_reverse=True, end=1500.0),
}


def _divergence(on: Floats, off: Floats, to: _Spread, *, is_reverse: bool) -> Floats:
    """kl(F||f), or kl(f||F), as a sum of two terms that are not negative [m]."""
    total = np.zeros_like(on)
    for before, after, ratio in ((on, to.on, to.log_on), (off, to.off, to.log_off)):
        first, second = np.sqrt(before), np.sqrt(after)
        ends = (second, first, -ratio) if is_reverse else (first, second, ratio)
        total += weighted_remainder(*ends, np)
    return total
