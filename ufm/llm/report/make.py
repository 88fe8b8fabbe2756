"""A report on a model, in one run that can be resumed: vectors, sweeps, laws."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from ufm._progress import Progress, Stages, silent

from ..decoder.limits import only_head_follows
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..laws import hump, plateau, quadratic, tanh
from ..laws.bumps import bump_law, paper_protocol
from ..laws.circle import circle_shapes
from ..laws.hypotheses import no_limit, no_tilt, unmet_hypotheses
from ..laws.law import Law
from ..laws.log_odds import LARGE, Agreement, measure_agreement, measure_log_odds, odds_law
from ..measure.ceiling import CeilingCurve, ceiling_curve
from ..measure.cost_sweep import Cost, sweep_cost
from ..measure.slopes import Slopes, sweep_slopes
from ..measure.token_curves import Curves, sweep_curves
from ..steering.vector import SteeringVector, steering_vectors
from ..text.prompts import Prompt, encode_prompt
from ..text.tokenizer import Tokenizer
from ..text.windows import window_count, windows
from .expected import COST_STEPS, PAPER_PROMPTS, PAPER_STRENGTHS, expected_times
from .facts import name_tokens, report_facts, shown_tokens
from .request import Report, Request
from .strengths import in_multiples

# The paper's figures: its eight likeliest tokens, α in whole multiples of the vector as measured, not scaled.
_PAPER_TOP = 8
_TOKEN_BYTES = 4  # of a text in English, about
_PAPER_ALPHAS = np.linspace(-200, 200, PAPER_STRENGTHS)


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
    rows = _encode(model, tokenizer, request)
    stages = Stages(progress, expected_times(model.config, request, rows, _windows(model, request)))
    run = _Run(model, tokenizer, request, rows, Path(directory), stages)
    vectors = run.vectors()
    vector = next(v for v in vectors if v.layer == request.layer)
    asked = request
    alphas = in_multiples(model, vector, rows["contexts"], request.alphas, request.unit)
    request = replace(request, alphas=alphas, unit="vector")
    run = replace(run, request=request)
    curves, paper = run.curves(vector), run.paper(vector)
    limits, why_none = _limits(model, vector)
    slopes = run.slopes(vector, curves, limits)
    log_odds = measure_log_odds(model, rows["positive"], rows["negative"])
    # each block's own hidden states set its strength: the verdict depends on neither layer nor range
    agreement = run.agreement(vectors, log_odds, LARGE)
    cost, wide_cost, near_cost = run.costs(vector)
    margin = None if request.concept is None else _margin(log_odds, request.concept)
    is_last = only_head_follows(model, Steering.of(vector))
    has_final_norm = model.config.has_final_norm
    untilted = no_tilt(is_last, model.config.final_softcap is not None, has_final_norm)
    unlimited = no_limit(is_last, has_final_norm)
    bumps = bump_law(
        curves.tokens,
        curves.unsteered,
        curves.increase,
        slopes.slopes,
        alphas=curves.alphas,
        is_tilt=untilted is None,
        beside=(paper_protocol(paper),),
    )
    circle = circle_shapes(model, rows["contexts"], Steering.of(vector), curves.tokens)
    if circle is not None:
        bumps = replace(
            bumps,
            why=f"{bumps.why}; {circle.words}",
            evidence=bumps.evidence | {"circle": asdict(circle)},
        )
    mass, hump_of_mass = _concept_laws(curves)
    limit = _plateau_law(slopes, unlimited is None, why_none)
    found = (bumps, mass, cost, limit, odds_law(agreement, model.blocks), hump_of_mass)
    linear = cost.evidence.get("linear_share")
    unmet = unmet_hypotheses(
        untilted,
        unlimited,
        margin,
        linear if isinstance(linear, float) else None,
    )
    laws = tuple(law.under(unmet[law.id]) for law in found)
    ceiling = _ceiling(curves)
    shown = shown_tokens(log_odds, limits)
    tokens = {z for group in shown.values() for z in group} | set(map(int, curves.tokens.flat))
    names = {z: tokenizer.text(z) if z < tokenizer.vocabulary else "" for z in sorted(tokens)}
    share = vector.relative(float(np.abs(request.alphas).max()))
    facts = report_facts(model, vector, request, rows, share) | {
        "range": {
            "unit": asked.unit,
            "least": asked.alphas[0],
            "largest": asked.alphas[-1],
            "nats_at_ends": curves.forward_kl.mean(axis=0)[[0, -1]],
        },
        "separation_margin": margin,
        "ceiling": None if ceiling is None else ceiling.as_json(),
    }
    return Report(
        facts=facts | {"tokens": name_tokens(shown, names, log_odds)},
        laws=laws,
        curves=curves,
        slopes=slopes,
        agreement=agreement,
        names=names,
        contexts=request.contexts,
        concept=request.concept,
        wide_cost=wide_cost,
        near_cost=near_cost,
        ceiling=ceiling,
    )


def _concept_laws(curves: Curves) -> tuple[Law, Law]:
    """The tanh and the hump of the concept's mass."""
    if curves.concept_mass is None:
        why = "no concept given: name its tokens with --tokens"
        return tanh.STATEMENT.not_asked(why), hump.STATEMENT.not_asked(why)
    both = curves.alphas, curves.concept_mass
    return tanh.tanh_law(*both), hump.hump_law(*both)


def _ceiling(curves: Curves) -> CeilingCurve | None:
    """The concept's mass against the most that any change could make of it; None without a concept."""
    if curves.concept_mass is None or curves.concept_derivatives is None:
        return None
    before = curves.concept_derivatives[:, 0]
    return ceiling_curve(curves.alphas, curves.forward_kl, curves.concept_mass, before)


def _plateau_law(slopes: Slopes, has_limit: bool, why_none: str) -> Law:
    if slopes.far_distance is not None:
        return plateau.plateau_law(slopes.far, slopes.far_distance)
    if not has_limit:
        return plateau.STATEMENT.judged("hypotheses unmet", None, "there is no such limit", {})
    return plateau.STATEMENT.not_asked(why_none)


def _margin(log_odds: np.ndarray, concept: np.ndarray) -> float:
    return float(log_odds[concept].min() - log_odds[~concept].max())


def _encode(
    model: LanguageModel, tokenizer: Tokenizer, request: Request
) -> dict[str, list[list[int]]]:
    """The prompts as tokens. A prompt that does not fit the model is refused now, not after the sweeps."""
    rows = {
        name: [
            encode_prompt(Prompt(text, where=f"prompt {j} of {name}"), tokenizer, model.config)
            for j, text in enumerate(getattr(request, name))
        ]
        for name in ("positive", "negative", "contexts")
    }
    if request.text is not None:
        next(windows(tokenizer, request.text, _length(model, request)))
    return rows


def _windows(model: LanguageModel, request: Request) -> int:
    """About how many windows of the text are read."""
    if request.text is None:
        return 0
    whole = -(-request.text.stat().st_size // _TOKEN_BYTES)
    tokens = min(request.text_tokens or whole, whole)
    return window_count(tokens, _length(model, request)) or 0


def _length(model: LanguageModel, request: Request) -> int:
    """Tokens of a window of the text."""
    return min(request.length, model.config.longest or request.length)


@dataclass(frozen=True)
class _Run:
    """The measurements, each of which goes on where it was stopped; `rows` are the prompts as tokens."""

    model: LanguageModel
    tokenizer: Tokenizer
    request: Request
    rows: dict[str, list[list[int]]]
    directory: Path
    progress: Progress

    def vectors(self) -> tuple[SteeringVector, ...]:
        """The steering vector after each block."""
        self.progress(0, 1, "steering vectors")
        found = steering_vectors(
            self.model,
            self.rows["positive"],
            self.rows["negative"],
            pooling=self.request.pooling,
            positions=self.request.positions,
            normalise=self.request.normalise,
            site=self.request.site,
        )
        self.progress(1, 1, "steering vectors")
        return found

    def paper(self, vector: SteeringVector) -> Curves:
        """The curves that the paper's figures show, along the vector as measured, not scaled to length 1."""
        (measured,) = steering_vectors(
            self.model,
            self.rows["positive"],
            self.rows["negative"],
            [vector.layer],
            pooling=vector.pooling,
            positions=vector.positions,
            site=vector.site,
        )
        return sweep_curves(
            self.model,
            self.rows["contexts"][:PAPER_PROMPTS],
            Steering.of(vector),
            _PAPER_ALPHAS * (measured.norm / vector.norm),
            self.directory / "paper",
            top=_PAPER_TOP,
            order=0,
            progress=partial(self.progress, stage="the paper's curves"),
        )

    def curves(self, vector: SteeringVector) -> Curves:
        """The probabilities of the likeliest tokens, and the concept's mass."""
        return sweep_curves(
            self.model,
            self.rows["contexts"],
            Steering.of(vector),
            self.request.alphas,
            self.directory / "curves",
            concept=self.request.concept,
            top=self.request.top,
            order=0,
            progress=partial(self.progress, stage="token curves"),
        )

    def slopes(self, vector: SteeringVector, curves: Curves, limits: np.ndarray | None) -> Slopes:
        """The exact slopes of the curves' tokens, and the distances to the limits."""
        return sweep_slopes(
            self.model,
            self.rows["contexts"],
            curves.tokens,
            Steering.of(vector),
            self.request.alphas,
            self.directory / "slopes",
            limits=limits,
            far=plateau.far_strengths(vector.hidden_norm, vector.norm),
            progress=partial(self.progress, stage="exact slopes, plateau"),
        )

    def agreement(
        self, vectors: tuple[SteeringVector, ...], log_odds: np.ndarray, share: float
    ) -> Agreement:
        """How the log-odds rank the tokens that dominate, block by block."""
        return measure_agreement(
            self.model,
            log_odds,
            self.rows["contexts"],
            vectors,
            share,
            self.directory / "agreement",
            top=self.request.top,
            progress=partial(self.progress, stage="blocks against log-odds"),
        )

    def costs(self, vector: SteeringVector) -> tuple[Law, Cost | None, Cost | None]:
        """The law of the cross-entropy, ΔCE over the whole range, and ΔCE near 0."""
        statement, alphas = quadratic.STATEMENT, self.request.alphas
        if self.request.text is None:
            why = "no text given to measure the cross-entropy on: name one with --text"
            return statement.not_asked(why), None, None
        exact = self._cost("exact", vector, self.request.text, [0.0], 2)
        grid = np.linspace(float(alphas[0]), float(alphas[-1]), min(alphas.size, COST_STEPS))
        wide = self._cost("wide", vector, self.request.text, grid)
        if exact.derivatives[2] == 0:
            return statement.not_asked("CE'' is exactly 0: nothing moves"), wide, None
        grid = quadratic.near_strengths(float(exact.derivatives[2]))
        near = self._cost("near", vector, self.request.text, grid)
        law = quadratic.cost_law(exact.derivatives, near.alphas, near.increase, exact.tokens)
        return law, wide, near

    def _cost(
        self,
        name: str,
        vector: SteeringVector,
        text: Path,
        alphas: Sequence[float] | np.ndarray,
        order: int = 0,
    ) -> Cost:
        length = _length(self.model, self.request)
        most = window_count(self.request.text_tokens, length)

        def show(done: int | float, total: int | float | None = None, stage: str = "") -> None:
            self.progress(done, most, f"cross-entropy, {name}")

        return sweep_cost(
            self.model,
            islice(windows(self.tokenizer, text, length), most),
            Steering.of(vector, positions="all"),  # a text has no last position
            alphas,
            self.directory / f"cost-{name}",
            length=length,
            order=order,
            progress=show,
        )


def _limits(model: LanguageModel, vector: SteeringVector) -> tuple[np.ndarray | None, str]:
    """The limits of Proposition 4.1, or why there are none."""
    try:
        return plateau.plateau_limits(model, Steering.of(vector)), ""
    except ValueError as error:
        return None, str(error)
