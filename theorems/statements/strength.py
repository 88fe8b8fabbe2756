"""The best strength under a cross-entropy budget."""

import numpy as np

import ufm

from ..hypotheses import EXPONENTIAL_PATH, IF_SEPARATED, PERFECT_TRAINING, SEPARATION
from ..judging import controls
from ..judging.claim import Claim, NotCertified, Statement
from ..judging.evaluate import laws_at
from ..judging.instance import Instance
from ..judging.padding import pad, pad_rows, pad_target
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project"
BUDGET = 0.1


def _budget(instance: Instance) -> Verdict:
    padded = pad(instance.tilt)
    weights = pad_rows(instance.context_weights, padded)
    mask = pad_target(instance.tilt, instance.target)
    choice = ufm.choose_strength(padded, weights, target=mask, budget=BUDGET)
    spent, mass = _measured(instance, choice.alpha)
    on_grid = instance.cross_entropy_by_definition
    on_target = np.exp(instance.curves.log_probs)[..., instance.target].sum(2)
    masses = on_target @ instance.context_weights
    within = on_grid <= BUDGET
    least = np.sqrt(8 * BUDGET) * instance.unit
    size = 1 + np.abs(instance.log_probs).max()
    return worst(
        identity((spent - BUDGET) / size, 4 * instance.tolerance, "ΔCE at the chosen strength"),
        bound(choice.alpha / least - 1, 4 * instance.tolerance, "α against √(8κ)/R"),
        bound(
            np.append((mass - masses)[within], 0.0),
            4 * instance.tolerance * size,
            "target mass against every strength of the grid within the budget",
        ),
        bound(
            np.append((choice.alpha - instance.alphas)[within] * instance.odds_range, 0.0),
            4 * instance.tolerance * size,
            "no larger strength of the grid is within the budget",
        ),
    )


def _measured(instance: Instance, alpha: float) -> tuple[float, float]:
    """ΔCE and the target mass at one strength, by definition."""
    log_p = laws_at(instance.tilt, np.array([alpha]))[0]
    change = (instance.probs * (instance.log_probs - log_p)).sum(axis=1)
    mass = np.exp(log_p)[:, instance.target].sum(axis=1)
    return float(change @ instance.context_weights), float(mass @ instance.context_weights)


STATEMENT = Statement(
    id="strength",
    title="Choice of strength",
    source=SOURCE,
    idea=r"""
        $\Delta\mathrm{CE}$ is strictly convex with value and slope 0 at 0, so on $[0, \infty)$ it
        increases to $+\infty$ and meets $\kappa > 0$ once. Strengths up to that root are those that
        the budget allows, negative ones aside, and the target mass increases with $\alpha$ (Theorem
        3.6): the root is best. Hoeffding's $\Delta\mathrm{CE} \le \alpha^2 R^2/8$ puts it at or
        beyond $\sqrt{8\kappa}/R$. The same intermediate value argument gives the one strength at
        which the target holds a given mass. The reverse divergence $\alpha K' - K$ increases as
        well, but only to $-\log p(M_{\mathrm{top}})$: larger budgets are never spent.
    """,
    claims=(
        Claim(
            id="strength.budget",
            title="budget",
            text="""Under ΔCE <= κ the largest target mass is reached at the positive root of ΔCE
                = κ, which is at least √(8κ)/R.""",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \kappa > 0 \text{ has one root } \alpha_\kappa > 0,
                \quad F_{j,T}(\alpha_\kappa) = \max_{\Delta\mathrm{CE}(\alpha) \le \kappa}
                F_{j,T}(\alpha), \quad \alpha_\kappa \ge \frac{\sqrt{8\kappa}}{R}; \quad
                F_{j,T}(\alpha) = \tau \in (0,1) \text{ has one root } \alpha_\tau, \text{ within
                budget iff } \Delta\mathrm{CE}(\alpha_\tau) \le \kappa"""
            + IF_SEPARATED,
            source=SOURCE,
            hypotheses=(SEPARATION, PERFECT_TRAINING, EXPONENTIAL_PATH),
            conclusion=_budget,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("price",),
            certificate=NotCertified("proved for all tilts; about a budget, not an instance"),
        ),
    ),
)
