"""What the playground shows of a report: curves of a few prompts and the cost, as one small JSON file."""

from collections.abc import Mapping

import numpy as np

from ufm._json import JSON, finite_or_null
from ufm._visible import visible

from .request import Report

FORMAT = "ufm recording 1"
_PROMPTS, _TOKENS, _OF_TARGET, _STRENGTHS = 8, 8, 3, 121
_DIGITS = 4


def recording(report: Report) -> dict[str, JSON]:
    """The first prompts' likeliest tokens, the target's mass and the price, over strength.

    - `alphas` [A], in multiples of the vector; `hidden_states`: what one of them is in usual hidden states.
    - `prompts`: for each its `text`, `tokens` (`text`, `in_target`, `probability` [A]), `target_mass` [A]
      (null without a concept) and `nats` [A], KL(p_0||p_α). The tokens are those that are likeliest anywhere,
      three of the target among them.
    - `cost`: ΔCE on the text in nats a token, at `alphas` of its own; null without a text.

    Numbers have four significant digits. At most 8 prompts, 8 tokens each, 121 strengths.
    """
    curves, facts = report.curves, report.facts
    kept = _spread(curves.alphas.size)
    steering, model = facts["steering"], facts["model"]
    assert isinstance(steering, Mapping)
    assert isinstance(model, Mapping)
    length = steering["median_hidden_norm"] or steering["mean_hidden_norm"]
    cost = report.wide_cost
    found = {
        "format": FORMAT,
        "ufm": facts["ufm"],
        "model": {key: model[key] for key in ("name", "caveat", "blocks", "vocabulary")},
        "steering": {key: steering[key] for key in ("layer", "site", "positive", "negative")},
        "hidden_states": _short(steering["norm"] / length),
        "target_tokens": facts["concept_tokens"],
        "alphas": _short(curves.alphas[kept]),
        "prompts": [_prompt(report, j, kept) for j in range(min(_PROMPTS, len(report.contexts)))],
        "cost": None
        if cost is None
        else {
            "alphas": _short(cost.alphas),
            "increase": _short(cost.increase),
            "tokens": cost.tokens,
        },
    }
    return finite_or_null(found)


def _prompt(report: Report, j: int, kept: np.ndarray) -> dict[str, object]:
    curves = report.curves
    tokens, columns = np.unique(curves.tokens[j], return_index=True)
    # an increase is a difference of float32: next to 0 the sum may be below it
    values = (curves.unsteered[j] + curves.increase[j])[np.ix_(kept, columns)].clip(min=0)
    likeliest = np.argsort(-values.max(axis=0), kind="stable")
    is_target = np.zeros(tokens.size, bool) if report.concept is None else report.concept[tokens]
    of_target = likeliest[is_target[likeliest]][:_OF_TARGET]
    others = likeliest[~is_target[likeliest]][: _TOKENS - of_target.size]
    mass = None if curves.concept_mass is None else _short(curves.concept_mass[j, kept])
    return {
        "text": visible(report.contexts[j]),
        "tokens": [
            {
                "text": visible(report.names[int(tokens[i])]),
                "in_target": bool(is_target[i]),
                "probability": _short(values[:, i]),
            }
            for i in (*of_target, *others)
        ],
        "target_mass": mass,
        "nats": _short(curves.forward_kl[j, kept]),
    }


def _spread(size: int) -> np.ndarray:
    """At most `_STRENGTHS` indices, evenly spread, both ends among them."""
    return np.unique(np.linspace(0, size - 1, min(size, _STRENGTHS)).round().astype(int))


def _short(values: np.ndarray | float) -> list[float] | float:
    """Rounded to four significant digits, zero below 1e-9: what a picture can show."""
    array = np.atleast_1d(np.asarray(values, float))
    rounded = [0.0 if abs(x) < 1e-9 else float(f"{x:.{_DIGITS}g}") for x in array]
    return rounded if np.ndim(values) else rounded[0]
