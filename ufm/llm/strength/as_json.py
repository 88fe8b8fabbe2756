"""A report on a strength as JSON data."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..measure.sweet_spots import SweetSpots
from ..measure.text_cost import KINDS
from ..text.loops import RULE
from .report import StrengthReport


def as_json(report: StrengthReport, decode: Callable[[list[int]], str]) -> dict[str, Any]:
    """The report as JSON data; numbers that do not exist are null."""
    choice, vector = report.choice, report.vector
    return {
        "layer": choice.layer,
        "site": choice.site,
        "alpha": number(choice.alpha),
        "bracket": [number(x) for x in choice.bracket],
        "relative": number(choice.relative),
        "relative_bracket": [number(x * choice.scale) for x in choice.bracket],
        "vector_norm": vector.norm,
        "mean_hidden_norm": vector.mean_hidden_norm,
        "reachable": choice.reachable,
        "predicted": number(choice.predicted),
        "quadratic_alpha": number(choice.quadratic_alpha),
        "derivatives": {kind: _numbers(choice.derivatives[:, k]) for k, kind in enumerate(KINDS)},
        "spent": dict(zip(KINDS, _numbers(choice.spent), strict=True)),
        "held_out": dict(zip(KINDS, _numbers(report.held_out), strict=True)),
        "held_out_error": dict(zip(KINDS, _numbers(report.held_out_error), strict=True)),
        "tokens": choice.tokens,
        "held_out_tokens": report.held_out_tokens,
        "unsteered_target_mass": number(choice.unsteered_target_mass),
        "prompt_target_mass": report.prompt_mass and _numbers(report.prompt_mass),
        "search": {
            "alphas": choice.scanned.tolist(),
            "costs": choice.costs.tolist(),
            "is_monotone": choice.is_monotone,
            "furthest": choice.furthest,
            "largest": choice.largest,
            "largest_alpha": choice.largest_alpha,
            "is_plateau": choice.is_plateau,
            "limit": None if choice.limit is None else number(choice.limit),
            "passes": choice.passes,
        },
        "sweet_spots": None if report.spots is None else _spots_json(report.spots, choice.alpha),
        "loop_rule": RULE,
        "continuations": [
            {
                "alpha": text.alpha,
                "prompt": text.prompt,
                "text": decode(text.tokens),
                "tokens": text.tokens,
                "verdict": text.loop.verdict,
                "repeated": text.loop.repeated,
                "period": text.loop.period,
                "times": text.loop.times,
            }
            for text in report.continuations
        ],
        "zero_is_unsteered": report.differs_at_zero is None,
        "differs_at_zero": report.differs_at_zero,
    }


def _spots_json(spots: SweetSpots, alpha: float) -> dict[str, Any]:
    return {
        "tolerance": spots.tolerance,
        "grid": [float(spots.alphas[0]), float(spots.alphas[-1]), spots.alphas.size],
        "windows": [None if w is None else list(w) for w in spots.windows],
        "common": None if spots.common is None else list(spots.common),
        "best_alpha": spots.best[0],
        "best_serves": spots.best[1],
        "chosen_serves": serves(spots, alpha),
    }


def serves(spots: SweetSpots, alpha: float) -> int:
    """How many prompts' windows hold this strength."""
    return sum(w is not None and w[0] <= alpha <= w[1] for w in spots.windows)


def number(value: float) -> float | None:
    """The number, or None where it is none: JSON knows neither NaN nor ∞."""
    return float(value) if np.isfinite(value) else None


def _numbers(values: Any) -> list[float | None]:
    return [number(float(x)) for x in values]
