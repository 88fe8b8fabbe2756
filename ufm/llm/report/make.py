"""Everything that is asked of a model, in one run that resumes: vectors, sweeps, laws."""

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..laws import plateau as _laws_plateau
from ..laws import quadratic as _laws_cost
from ..laws import tanh as _laws_tanh
from ..laws.bumps import bump_law
from ..laws.law import Law, not_asked
from ..laws.log_odds import measure_agreement, measure_log_odds, odds_law
from ..laws.plateau import far_strengths, plateau_law, plateau_limits
from ..laws.quadratic import cost_law, near_strengths
from ..laws.tanh import tanh_law
from ..measure.cost_sweep import Cost, sweep_cost
from ..measure.slopes import Slopes, sweep_slopes
from ..measure.token_curves import Curves, sweep_curves
from ..steering.vector import SteeringVector, steering_vectors
from ..text.tokenizer import Tokenizer
from ..text.windows import windows
from .facts import name_tokens, report_facts, shown_tokens
from .request import Progress, Report, Request

_COST_STEPS = 65


def make_report(
    model: LanguageModel,
    tokenizer: Tokenizer,
    request: Request,
    directory: str | Path,
    progress: Progress | None = None,
) -> Report:
    """Run it all; the sweeps are kept under `directory`, and a run that was killed goes on.

    Raises `ValueError` where the request does not fit the model, or `directory` holds another run.
    """
    show: Progress = progress or (lambda stage, done, of: None)
    runs = Path(directory)
    rows = _encode(model, tokenizer, request)
    show("steering vectors", 0, 1)
    vectors = _vectors(model, rows, request)
    vector = vectors[request.layer]
    show("steering vectors", 1, 1)
    curves, slopes, limits = _curves(model, rows["contexts"], vector, request, runs, show)
    odds = measure_log_odds(model, rows["positive"], rows["negative"])
    share = vector.relative(float(np.abs(request.alphas).max()))
    agreement = measure_agreement(
        model,
        odds,
        rows["contexts"],
        vectors,
        share,
        runs / "agreement",
        top=request.top,
        progress=partial(show, "blocks against log-odds"),
    )
    cost = _costs(model, tokenizer, vector, request, runs, show)
    laws = (
        bump_law(curves.tokens, curves.unsteered, curves.increase, slopes.slopes),
        _tanh(curves),
        cost[0],
        _plateau(slopes, limits),
        odds_law(agreement, model.blocks),
    )
    shown = shown_tokens(odds, limits if isinstance(limits, np.ndarray) else None)
    tokens = {z for group in shown.values() for z in group} | set(map(int, curves.tokens.flat))
    names = {z: tokenizer.text(z) if z < tokenizer.vocabulary else "" for z in sorted(tokens)}
    facts = report_facts(model, vector, request, rows, share)
    facts["tokens"] = name_tokens(shown, names, odds)
    return Report(facts, laws, curves, slopes, agreement, names, request.contexts, *cost[1:])


def _encode(
    model: LanguageModel, tokenizer: Tokenizer, request: Request
) -> dict[str, list[list[int]]]:
    """The prompts as tokens; what does not fit the model is said now, not after the sweeps."""
    rows = {
        name: [tokenizer.encode(text) for text in getattr(request, name)]
        for name in ("positive", "negative", "contexts")
    }
    for name, group in rows.items():
        for j, row in enumerate(group):
            if model.config.positions is not None and len(row) > model.config.positions:
                raise ValueError(
                    f"prompt {j} of {name} has {len(row)} tokens, more than the model's "
                    f"{model.config.positions} positions: shorten it"
                )
            if max(row) >= model.vocabulary:
                raise ValueError(
                    f"prompt {j} of {name} has token {max(row)}, the model has "
                    f"0..{model.vocabulary - 1}: the tokenizer is another model's"
                )
    if request.text is not None:
        next(windows(tokenizer, request.text, _length(model, request)))
    return rows


def _vectors(
    model: LanguageModel, rows: dict[str, list[list[int]]], request: Request
) -> tuple[SteeringVector, ...]:
    """The steering vector after each block."""
    return steering_vectors(
        model,
        rows["positive"],
        rows["negative"],
        pooling=request.pooling,
        positions=request.positions,
        normalise=request.normalise,
    )


def _curves(
    model: LanguageModel,
    contexts: list[list[int]],
    vector: SteeringVector,
    request: Request,
    runs: Path,
    show: Progress,
) -> tuple[Curves, Slopes, np.ndarray | str]:
    """Both sweeps, and the limits of Proposition 4.1 or why there are none."""
    steering = Steering.of(vector)
    curves = sweep_curves(
        model,
        contexts,
        steering,
        request.alphas,
        runs / "curves",
        concept=request.concept,
        top=request.top,
        order=0,
        progress=partial(show, "token curves"),
    )
    try:
        limits = plateau_limits(model, steering)
    except ValueError as error:
        limits = str(error)
    slopes = sweep_slopes(
        model,
        contexts,
        curves.tokens,
        steering,
        request.alphas,
        runs / "slopes",
        limits=limits if isinstance(limits, np.ndarray) else None,
        far=far_strengths(vector.mean_hidden_norm, vector.norm),
        progress=partial(show, "exact slopes, plateau"),
    )
    return curves, slopes, limits


def _length(model: LanguageModel, request: Request) -> int:
    return min(request.length, model.config.positions or request.length)


def _tanh(curves: Curves) -> Law:
    if curves.concept_mass is None:
        why = "no concept given: name its tokens with --tokens"
        return not_asked("tanh", _laws_tanh.TITLE, _laws_tanh.CRITERION, why)
    return tanh_law(curves.alphas, curves.concept_mass)


def _plateau(slopes: Slopes, limits: np.ndarray | str) -> Law:
    if slopes.far_distance is None:
        return not_asked("plateau", _laws_plateau.TITLE, _laws_plateau.CRITERION, str(limits))
    return plateau_law(slopes.far, slopes.far_distance)


def _costs(
    model: LanguageModel,
    tokenizer: Tokenizer,
    vector: SteeringVector,
    request: Request,
    runs: Path,
    show: Progress,
) -> tuple[Law, Cost | None, Cost | None]:
    """The law of the cross-entropy, ΔCE over the whole range, and ΔCE near 0."""
    id, title, criterion = "quadratic", _laws_cost.TITLE, _laws_cost.CRITERION
    if request.text is None:
        why = "no text given to measure the cross-entropy on: name one with --text"
        return not_asked(id, title, criterion, why), None, None
    length = _length(model, request)
    most = -(-request.text_tokens // length) if request.text_tokens else None
    steering = Steering.of(vector, positions="all")  # a text has no last position

    def sweep(name: str, alphas: Any, order: int) -> Cost:
        assert request.text is not None
        text = islice(windows(tokenizer, request.text, length), most)
        bar = partial(show, f"cross-entropy, {name}")
        return sweep_cost(
            model,
            text,
            steering,
            alphas,
            runs / f"cost-{name}",
            length=length,
            order=order,
            progress=lambda done, of: bar(done, most),
        )

    exact = sweep("exact", [0.0], 2)
    ends = float(request.alphas[0]), float(request.alphas[-1])
    wide = sweep("wide", np.linspace(*ends, min(request.alphas.size, _COST_STEPS)), 0)
    if exact.derivatives[2] == 0:
        return not_asked(id, title, criterion, "CE'' is exactly 0: nothing moves"), wide, None
    near = sweep("near", near_strengths(float(exact.derivatives[2])), 0)
    return cost_law(exact.derivatives, near.alphas, near.increase, exact.tokens), wide, near
