"""A report on a model, in one run that can be resumed: vectors, sweeps, laws."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ufm._progress import Progress, Stages, silent

from ..decoder.model import LanguageModel
from ..measure.ceiling import CeilingCurve, ceiling_curve
from ..measure.token_curves import Curves
from ..text.tokenizer import Tokenizer
from .expected import expected_times
from .facts import name_tokens, report_facts, shown_tokens
from .measure import Run
from .request import Report, Request
from .rows import count_windows, encode_prompts
from .strengths import in_multiples
from .verdicts import judge_laws


def make_report(
    model: LanguageModel,
    tokenizer: Tokenizer,
    request: Request,
    directory: str | Path,
    progress: Progress = silent,
) -> Report:
    """Run it all; the sweeps are kept under `directory`, and a run that was killed goes on.

    Raises `ValueError` where the request does not fit the model, or `directory` holds another run.
    """
    rows = encode_prompts(model, tokenizer, request)
    times = expected_times(model.config, request, rows, count_windows(model, request))
    run = Run(model, tokenizer, request, rows, Path(directory), Stages(progress, times))
    vectors = run.vectors()
    vector = next(v for v in vectors if v.layer == request.layer)
    alphas = in_multiples(model, vector, rows["contexts"], request.alphas, request.unit)
    run = replace(run, request=replace(request, alphas=alphas, unit="vector"))
    found = run.measure(vectors, vector)
    margin = None if request.concept is None else _margin(found.log_odds, request.concept)
    laws, ceiling = judge_laws(model, rows, found, margin), _ceiling(found.curves)
    shown = shown_tokens(found.log_odds, found.limits)
    names = _names(tokenizer, shown, found.curves)
    facts = {
        **report_facts(model, vector, run.request, rows),
        "range": _range(request, found.curves),
        "separation_margin": margin,
        "ceiling": None if ceiling is None else ceiling.as_json(),
        "tokens": name_tokens(shown, names, found.log_odds),
    }
    return Report(
        facts=facts,
        laws=laws,
        curves=found.curves,
        slopes=found.slopes,
        agreement=found.agreement,
        names=names,
        contexts=request.contexts,
        concept=request.concept,
        wide_cost=found.wide_cost,
        near_cost=found.near_cost,
        ceiling=ceiling,
    )


def _margin(log_odds: np.ndarray, concept: np.ndarray) -> float:
    """By how much the least M of the concept's tokens exceeds the largest of all others, in nats."""
    return float(log_odds[concept].min() - log_odds[~concept].max())


def _names(tokenizer: Tokenizer, shown: dict[str, list[int]], curves: Curves) -> dict[int, str]:
    """The texts of the tokens that are shown, by number."""
    tokens = {z for group in shown.values() for z in group} | set(map(int, curves.tokens.flat))
    return {z: tokenizer.text(z) if z < tokenizer.vocabulary else "" for z in sorted(tokens)}


def _range(asked: Request, curves: Curves) -> dict[str, object]:
    """The strengths as they were asked for, and what their ends do."""
    return {
        "unit": asked.unit,
        "least": asked.alphas[0],
        "largest": asked.alphas[-1],
        "nats_at_ends": curves.forward_kl.mean(axis=0)[[0, -1]],
    }


def _ceiling(curves: Curves) -> CeilingCurve | None:
    """The concept's mass against the most that any change could make of it; None without a concept."""
    if curves.concept_mass is None or curves.concept_derivatives is None:
        return None
    before = curves.concept_derivatives[:, 0]
    return ceiling_curve(curves.alphas, curves.forward_kl, curves.concept_mass, before)
