"""The best strength under a cross-entropy budget."""

from typing import NamedTuple

import numpy as np

import ufm
from ufm.tilt.strength import Budget

from ..hypotheses import EXPONENTIAL_PATH, IF_SEPARATED, PERFECT_TRAINING, SEPARATION
from ..judging import controls
from ..judging.claim import Certified, Claim, Statement
from ..judging.divergence import kullback_leibler
from ..judging.evaluate import laws_at
from ..judging.instance import Instance
from ..judging.padding import pad, pad_rows, pad_target
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project"
# Strengths in units of 1/R: what they cost are the budgets, what they give the target are the masses.
SPENT_AT = np.array([0.001, 0.03, 1.0, 10.0, 100.0])
HELD_AT = np.array([-1.0, 0.3, 1.0, 10.0])
BUDGET = 0.1  # nats, judged whatever the instance's own scale
LEAST_BUDGET = (
    1e-12  # of a smaller one, fewer than half of the digits are left in a difference of log p
)


class _Measured(NamedTuple):
    """At A strengths [A]: ΔCE in nats, its rounding error in units of the tolerance, the target mass."""

    cost: np.ndarray
    error: np.ndarray
    mass: np.ndarray


def _budget(instance: Instance) -> Verdict:
    """Every part in units of its rounding error, so that the tolerance of all is the instance's own."""
    budgets, masses = _budgets_and_masses(instance)
    spenders = np.array([_choose(instance, "cross_entropy", kappa) for kappa in budgets])
    is_float = np.isfinite(spenders)  # next to certainty a root may be beyond all floats
    budgets, spenders = budgets[is_float], spenders[is_float]
    holders = np.array([_choose(instance, "target_mass", tau) for tau in masses])
    at_spenders = _measured(instance, spenders)
    least = np.sqrt(8 * budgets) * instance.unit
    return worst(
        _equal((at_spenders.cost - budgets) / at_spenders.error, instance, "ΔCE at α_κ against κ"),
        _least(
            (spenders / least - 1) * budgets / at_spenders.error, instance, "α_κ against √(8κ)/R"
        ),
        *_nothing_better(instance, budgets, spenders, at_spenders),
        *_feasibility(instance, budgets, at_spenders, masses, holders),
    )


def _nothing_better(
    instance: Instance, budgets: np.ndarray, spenders: np.ndarray, at_spenders: _Measured
) -> tuple[Verdict, Verdict]:
    """No strength of the grid that a budget allows is larger or gives the target more."""
    grid = _summed(instance, instance.curves.log_probs)
    allowed = _surely_within(instance, grid, budgets)
    larger = (spenders[:, None] - instance.alphas) / spenders[:, None]
    more = at_spenders.mass[:, None] - grid.mass
    return (
        _least(larger[allowed], instance, "no larger strength of the grid is within the budget"),
        _least(
            more[allowed],
            instance,
            "target mass against every strength of the grid within the budget",
        ),
    )


def _feasibility(
    instance: Instance,
    budgets: np.ndarray,
    at_spenders: _Measured,
    masses: np.ndarray,
    holders: np.ndarray,
) -> tuple[Verdict, ...]:
    """τ is feasible under κ iff ΔCE(max(α_τ, 0)) <= κ; feasible: some α costs at most κ and gives τ.

    Where it is, max(α_τ, 0) is such an α, measured by definition. Where it is not, no strength of the
    grid is one, and the best one, α_κ, gives less.
    """
    reached = _measured(instance, holders).mass
    paid = _measured(instance, np.maximum(holders, 0.0))
    feasible = paid.cost <= budgets[:, None]
    grid = _summed(instance, instance.curves.log_probs)
    allowed = _surely_within(instance, grid, budgets)
    best_on_grid = np.where(allowed, grid.mass, 0.0).max(axis=1)[:, None]
    best = at_spenders.mass[:, None] - masses
    return (
        _equal(reached - masses, instance, "target mass at α_τ against τ"),
        _least(paid.mass - masses, instance, "target mass at max(α_τ, 0) against τ"),
        _least(
            (masses - best_on_grid)[~feasible],
            instance,
            "a mass that is not feasible against every strength of the grid within the budget",
        ),
        _least(
            np.where(feasible, best, -best),
            instance,
            "target mass at α_κ is at least τ iff ΔCE(max(α_τ, 0)) <= κ",
        ),
    )


def _budgets_and_masses(instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """The κ and the τ to judge: over decades, each within reach of this instance."""
    costs = _measured(instance, SPENT_AT * instance.unit).cost
    masses = _measured(instance, HELD_AT * instance.unit).mass
    inside = (masses > instance.tolerance) & (masses < 1 - instance.tolerance)
    return np.append(costs[costs > LEAST_BUDGET], BUDGET), masses[inside]


def _choose(instance: Instance, kind: Budget, budget: float) -> float:
    """The library's strength for the tilt of p by M, whatever path the instance itself is on."""
    padded = pad(instance.tilt)
    plain = ufm.ExponentialTilt(padded.log_probs, padded.log_odds)
    weights = pad_rows(instance.context_weights, padded)
    mask = pad_target(instance.tilt, instance.target)
    return ufm.choose_strength(plain, weights, target=mask, budget=budget, kind=kind).alpha


def _measured(instance: Instance, alphas: np.ndarray) -> _Measured:
    return _summed(instance, laws_at(instance.tilt, alphas) if alphas.size else _no_laws(instance))


def _no_laws(instance: Instance) -> np.ndarray:
    return np.empty((0, *instance.log_probs.shape))


def _summed(instance: Instance, log_p: np.ndarray) -> _Measured:
    """By definition, of log p_α [A, m, V].

    An error of t in log p_α/p changes this by at most t Σ π Σ |p_α - p| <= t min(2, √(2 ΔCE)) (Pinsker).
    """
    change = log_p - instance.log_probs
    cost = kullback_leibler(instance.log_probs, change) @ instance.context_weights
    mass = np.exp(log_p)[..., instance.target].sum(axis=2) @ instance.context_weights
    return _Measured(cost, np.minimum(2.0, np.sqrt(2 * cost)) + cost, mass)


def _surely_within(instance: Instance, grid: _Measured, budgets: np.ndarray) -> np.ndarray:
    """Which strengths of the grid each budget allows, beyond rounding [budgets, A]."""
    return grid.cost + 4 * instance.tolerance * grid.error <= budgets[:, None]


def _equal(errors: np.ndarray, instance: Instance, evidence: str) -> Verdict:
    return identity(np.append(errors, 0.0), 4 * instance.tolerance, evidence)


def _least(slack: np.ndarray, instance: Instance, evidence: str) -> Verdict:
    return bound(np.append(slack, 0.0), 4 * instance.tolerance, evidence)


STATEMENT = Statement(
    id="strength",
    title="Choice of strength",
    in_short="""under a budget κ the best strength is the positive root of ΔCE = κ, which is at
        least √(8κ)/R""",
    source=SOURCE,
    idea=r"""
        $\Delta\mathrm{CE}$ is strictly convex with value and slope 0 at 0, so on $[0, \infty)$ it
        increases to $+\infty$ and meets $\kappa > 0$ once. Strengths up to that root are those that
        the budget allows, negative ones aside, and the target mass increases with $\alpha$ (Theorem
        3.6): the root is best. Hoeffding's $\Delta\mathrm{CE} \le \alpha^2 R^2/8$ puts it at or
        beyond $\sqrt{8\kappa}/R$. The same intermediate value argument gives the one strength at
        which the target holds a given mass; a budget allows that mass iff it allows that strength,
        or the target holds as much unsteered. The reverse divergence $\alpha K' - K$ increases as
        well, but only to $-\log p(M_{\mathrm{top}})$: larger budgets are never spent.
    """,
    claims=(
        Claim(
            id="strength.budget",
            title="budget",
            text="""Under ΔCE <= κ the largest target mass is reached at the positive root of ΔCE
                = κ, which is at least √(8κ)/R. A target mass τ is reached at one α_τ, and some
                α within the budget gives at least τ if and only if ΔCE(max(α_τ, 0)) <= κ.""",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \kappa > 0 \text{ has one root } \alpha_\kappa > 0,
                \quad F_{j,T}(\alpha_\kappa) = \max_{\Delta\mathrm{CE}(\alpha) \le \kappa}
                F_{j,T}(\alpha), \quad \alpha_\kappa \ge \frac{\sqrt{8\kappa}}{R}; \quad
                F_{j,T}(\alpha) = \tau \in (0,1) \text{ has one root } \alpha_\tau, \text{ and }
                \exists \alpha : \Delta\mathrm{CE}(\alpha) \le \kappa,\ F_{j,T}(\alpha) \ge \tau
                \iff \Delta\mathrm{CE}(\max(\alpha_\tau, 0)) \le \kappa"""
            + IF_SEPARATED,
            source=SOURCE,
            hypotheses=(SEPARATION, PERFECT_TRAINING, EXPONENTIAL_PATH),
            conclusion=_budget,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("price",),
            certificate=Certified(
                "For every budget by the Coq theorems, whose hypothesis is checked exactly: the least M on "
                "the target exceeds the largest off it. At 1/100, 1/10 and 1 nat the strength and the mass "
                "of the target are enclosed."
            ),
        ),
    ),
)
