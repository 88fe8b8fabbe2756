"""What a report says of the model, the steering and the tokens that it names."""

import numpy as np

from ufm import __version__
from ufm._visible import visible

from ..decoder.model import LanguageModel
from ..steering.vector import SteeringVector
from .request import Request

_NAMED = 10


def shown_tokens(log_odds: np.ndarray, limits: np.ndarray | None) -> dict[str, list[int]]:
    """The tokens of the page's table: the extremes of M, and those that win in the limits."""
    found = {
        "largest_log_odds": np.argsort(-log_odds, kind="stable")[:_NAMED],
        "least_log_odds": np.argsort(log_odds, kind="stable")[:_NAMED],
    }
    if limits is not None:
        found["limit_positive"] = np.argsort(-limits[1], kind="stable")[:_NAMED]
        found["limit_negative"] = np.argsort(-limits[0], kind="stable")[:_NAMED]
    return {key: [int(z) for z in group] for key, group in found.items()}


def name_tokens(
    shown: dict[str, list[int]], names: dict[int, str], log_odds: np.ndarray
) -> dict[str, list[dict[str, object]]]:
    """The tokens as report.json has them, with their log-odds."""

    def named(z: int) -> dict[str, object]:
        return {"token": z, "text": visible(names[z]), "log_odds": float(log_odds[z])}

    return {key: [named(z) for z in group] for key, group in shown.items()}


def report_facts(
    model: LanguageModel,
    vector: SteeringVector,
    request: Request,
    rows: dict[str, list[list[int]]],
) -> dict[str, object]:
    """The model, the steering and the request, as plain JSON: no times, no paths."""
    alphas, concept = request.alphas, request.concept
    share = vector.relative(float(np.abs(alphas).max()))
    return {
        "ufm": __version__,
        "model": {
            **vars(model.source),
            "caveat": model.source.caveat,
            "dtype": str(model.dtype),
            "blocks": model.blocks,
            "dimension": model.dimension,
            "vocabulary": model.vocabulary,
        },
        "steering": {key: value for key, value in vars(vector).items() if key != "values"},
        "strengths": {"least": alphas[0], "largest": alphas[-1], "steps": alphas.size}
        | {"largest_relative": share},
        "prompts": {name: len(group) for name, group in rows.items()},
        "concept_tokens": None if concept is None else int(concept.sum()),
        "top": request.top,
    }
