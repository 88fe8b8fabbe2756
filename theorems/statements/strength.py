"""The best strength under a cross-entropy budget."""

import numpy as np

import ufm

from .. import _controls, hypotheses
from .._evaluate import laws_at
from .._instance import Instance
from .._padding import pad, pad_target
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound, identity, worst

SOURCE = "this project"
BUDGET = 0.1


def _budget(instance: Instance) -> Verdict:
    padded, m = pad(instance.tilt), len(instance.log_probs)
    weights = np.zeros(padded.log_probs.shape[0])
    weights[:m] = instance.context_weights
    mask = pad_target(instance.tilt, instance.target)
    choice = ufm.choose_strength(padded, weights, target=mask, budget=BUDGET)
    spent, mass = _measured(instance, choice.alpha)
    on_grid = instance.cross_entropy_by_definition
    masses = (
        np.exp(instance.curves.log_probs)[..., instance.target].sum(2) @ instance.context_weights
    )
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
    "strength",
    "Choice of strength",
    SOURCE,
    (
        Claim(
            "strength.budget",
            "budget",
            "Under ΔCE <= κ the largest target mass is reached at the positive root of ΔCE = κ, which is "
            "at least √(8κ)/R.",
            SOURCE,
            (hypotheses.SEPARATION, hypotheses.PERFECT_TRAINING, hypotheses.EXPONENTIAL_PATH),
            _budget,
            ("rates", "tilts"),
            Control(
                "exponential-path",
                "twice the steering vector, after M was measured",
                lambda: _controls.rescaled_vector(2.0),
            ),
        ),
    ),
)
