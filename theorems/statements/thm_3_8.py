"""Theorem 3.8: the cross-entropy grows quadratically near zero."""

import numpy as np

from .. import _controls, hypotheses
from .._evaluate import cross_entropy_increase
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound


def quadratic_coefficient(instance: Instance) -> float:
    """½ Σ_j π_j Var_j(M), in nats per unit of α²."""
    return 0.5 * instance.variance


def _quadratic(instance: Instance) -> Verdict:
    """|ΔCE/(½σ²α²) - 1| <= R|α| for R|α| = 10^-1 … 10^-8, both signs: so it tends to 0.

    The third cumulant is at most Rσ² in size, whence the quotient is within R|α|/3 (1 + R|α|) of 1.
    """
    steps = 10.0 ** -np.arange(1, 9)
    alphas = np.concatenate([steps, -steps]) * instance.unit
    increase = cross_entropy_increase(
        instance.tilt, alphas, instance.context_weights, instance.data_probs
    )
    expected = quadratic_coefficient(instance) * alphas**2
    error = np.abs(increase / expected - 1)
    return bound(
        np.abs(alphas) * instance.odds_range - error,
        instance.tolerance,
        "|ΔCE/(½σ²α²) - 1| against R|α|",
    )


STATEMENT = Statement(
    "thm-3.8",
    "Cross-entropy near zero",
    "Theorem 3.8",
    (
        Claim(
            "thm-3.8.quadratic",
            "quadratic",
            "ΔCE(α) = ½ Σ_j π_j Var_j(M) α² + o(α²).",
            "Theorem 3.8",
            (hypotheses.PERFECT_TRAINING, hypotheses.MOVING, hypotheses.EXPONENTIAL_PATH),
            _quadratic,
            ("rates", "tilts"),
            Control(
                "assumption-2",
                "the data do not follow the model's law: a linear term appears",
                _controls.unfinished_training,
            ),
        ),
    ),
)
