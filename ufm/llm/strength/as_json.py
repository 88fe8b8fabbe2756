"""The report on a strength as JSON data."""

import math
from collections.abc import Callable

import numpy as np

from ufm._json import finite_or_null

from ..measure.budgets import KINDS
from ..measure.sweet_spots import SweetSpots
from ..text.loops import RULE
from .choice import ModelStrength
from .continuations import Continuation
from .prompt_mass import PromptMass
from .report import AROUND, StrengthReport


def report_as_json(report: StrengthReport, decode: Callable[[list[int]], str]) -> dict[str, object]:
    """The report as JSON data, with the texts that `decode` makes of tokens."""
    choice, vector, mass = report.choice, report.vector, report.prompt_mass
    data = {
        "layer": choice.layer,
        "site": choice.site,
        "alpha": choice.alpha,
        "bracket": choice.bracket,
        "relative": choice.relative,
        "relative_bracket": [x * choice.scale for x in choice.bracket],
        "vector_norm": vector.norm,
        "mean_hidden_norm": vector.mean_hidden_norm,
        "median_hidden_norm": vector.median_hidden_norm,
        "reachable": choice.reachable,
        "predicted": choice.predicted,
        "quadratic_alpha": choice.quadratic_alpha,
        "derivatives": _by_kind(choice.derivatives.T),
        "spent": _by_kind(choice.spent),
        "held_out": _by_kind(report.held_out),
        "held_out_error": _by_kind(report.held_out_error),
        "tokens": choice.tokens,
        "held_out_tokens": report.held_out_tokens,
        "efficiency": report.efficiency,
        "on_target": report.on_target,
        "spread": None if report.spread is None else report.spread.as_json(),
        "guarantee": None if report.guarantee is None else vars(report.guarantee),
        "unsteered_target_mass": choice.unsteered_target_mass,
        "prompt_target_mass": None if mass is None else _mean_mass(mass, choice),
        "inseparability": report.inseparability,
        "around": None if report.around is None else _around(report, report.around),
        "useful_windows": None if mass is None else mass.windows,
        "search": _search(choice),
        "sweet_spots": None if report.spots is None else _spots(report.spots, choice.alpha),
        "loop_rule": RULE,
        "continuations": [_text(text, decode) for text in report.continuations],
        "zero_is_unsteered": report.differs_at_zero is None,
        "differs_at_zero": report.differs_at_zero,
    }
    return finite_or_null(data)


def _by_kind(spent: np.ndarray) -> dict[str, object]:
    """What is spent [4, ...], by the kind of the budget."""
    return dict(zip(KINDS, spent, strict=True))


def _mean_mass(mass: PromptMass, choice: ModelStrength) -> tuple[float, float]:
    """Mean F_T after the prompts at 0 and at the strength."""
    return mass.at(0.0), mass.at(choice.alpha) if choice.reachable else math.nan


def _around(report: StrengthReport, around: np.ndarray) -> list[dict[str, object]]:
    choice, mass = report.choice, report.prompt_mass
    parabola, alphas = choice.parabola(choice.kind), [share * choice.alpha for share in AROUND]
    return [
        {
            "alpha": alpha,
            "spent": _by_kind(spent),
            "parabola": parabola(alpha),
            "prompt_target_mass": None if mass is None else mass.at(alpha),
        }
        for alpha, spent in zip(alphas, around, strict=True)
    ]


def _search(choice: ModelStrength) -> dict[str, object]:
    return {
        "alphas": choice.scanned,
        "costs": choice.costs,
        "is_monotone": choice.is_monotone,
        "furthest": choice.furthest,
        "largest": choice.largest,
        "largest_alpha": choice.largest_alpha,
        "is_plateau": choice.is_plateau,
        "limit": choice.limit,
        "passes": choice.passes,
        "looked_at": choice.looked_at,
        "parabola_trusted_to": choice.trusted,
    }


def _text(text: Continuation, decode: Callable[[list[int]], str]) -> dict[str, object]:
    return {
        "alpha": text.alpha,
        "prompt": text.prompt,
        "text": decode(text.tokens),
        "tokens": text.tokens,
        "ended": text.ended,
        **vars(text.loop),
    }


def _spots(spots: SweetSpots, alpha: float) -> dict[str, object]:
    return {
        "tolerance": spots.tolerance,
        "grid": [spots.alphas[0], spots.alphas[-1], spots.alphas.size],
        "windows": spots.windows,
        "common": spots.common,
        "best_alpha": spots.best[0],
        "best_serves": spots.best[1],
        "chosen_serves": spots.serves(alpha),
    }
