"""ΔCE on the text of a study, along one vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ufm._progress import Progress

from ..decoder.steering import Steering
from ..laws.plateau import plateau_limits
from ..laws.quadratic import NATS
from ..measure.cost_sweep import Cost, sweep_cost
from ..steering.vector import SteeringVector
from .study import Study

# Multiples of the strength at which the parabola costs 0.05 nats: the law and its picture look there.
NEAR = np.array([-1.5, -1.0, -0.5, -1 / 8, -1 / 16, 0.0, 1 / 16, 1 / 8, 0.5, 1.0, 1.5], np.float64)
EXACT = 6  # strengths that take as long as the exact derivatives
_FILES = 256  # the windows of a text go into so many files at most


@dataclass(frozen=True, eq=False)
class Costs:
    """ΔCE on the text, in nats a token: with exact derivatives at 0, near 0, and over the whole range.

    `limits`: ΔCE as α → -∞ and as α → +∞ (Proposition 4.1), exact; or `why_none`.
    """

    exact: Cost
    near: Cost
    wide: Cost
    limits: tuple[float, float] | None
    why_none: str = ""


def measure_costs(
    study: Study, vector: SteeringVector, places: Sequence[Path], progress: Progress
) -> Costs:
    """The costs at 0, near it and over the whole range, each kept in one of the three `places`."""
    wide_alphas = study.scale.cost.alphas(vector)
    steps = np.cumsum([EXACT, NEAR.size, wide_alphas.size])

    def show(k: int, done: int | float, total: int | float | None = None, stage: str = "") -> None:
        before = steps[k - 1] if k else 0
        progress(before + (steps[k] - before) * done / len(study.windows), int(steps[-1]))

    def cost(k: int, alphas: np.ndarray, order: int) -> Cost:
        return sweep_cost(
            study.model,
            study.windows,
            Steering.of(vector),
            alphas,
            places[k],
            length=max(map(len, study.windows)),
            order=order,
            windows_per_file=-(-len(study.windows) // _FILES),
            progress=partial(show, k),
        )

    exact = cost(0, np.zeros(1), 2)
    near = cost(1, NEAR * np.sqrt(2 * NATS / max(abs(exact.derivatives[2]), 1e-300)), 0)
    wide = cost(2, wide_alphas, 0)
    limits, why = _limits(study, vector, float(exact.derivatives[0]))
    return Costs(exact, near, wide, limits, why)


def _limits(
    study: Study, vector: SteeringVector, unsteered: float
) -> tuple[tuple[float, float] | None, str]:
    """ΔCE at α = -∞ and ∞, where the next token's distribution is the same after any text."""
    try:
        found = plateau_limits(study.model, Steering.of(vector))
    except ValueError as error:
        return None, str(error)
    following = np.concatenate([row[1:] for row in study.windows])
    tiny = np.finfo(np.float64).tiny
    with np.errstate(divide="ignore"):
        loss = -np.log(np.maximum(found.astype(np.float64), tiny))[:, following].mean(axis=1)
    return (float(loss[0] - unsteered), float(loss[1] - unsteered)), ""
