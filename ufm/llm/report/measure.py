"""The measurements of a report, each of which goes on where it was stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..laws import plateau, quadratic
from ..laws.law import Law
from ..laws.log_odds import LARGE, Agreement, measure_agreement, measure_log_odds
from ..measure.cost_sweep import Cost, sweep_cost
from ..measure.slopes import Slopes, sweep_slopes
from ..measure.token_curves import Curves, sweep_curves
from ..steering.vector import SteeringVector, steering_vectors
from ..text.tokenizer import Tokenizer
from ..text.windows import window_count, windows
from .expected import COST_STEPS, PAPER_PROMPTS, PAPER_STRENGTHS
from .request import Request
from .rows import window_length

# The paper's figures: its eight likeliest tokens, α in whole multiples of the vector as measured, not scaled.
_PAPER_TOP = 8
_PAPER_ALPHAS = np.linspace(-200, 200, PAPER_STRENGTHS)


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured along the vector of one block.

    `paper`: the curves of the paper's figures. `limits` [2, V]: those of Proposition 4.1, or None and why
    there are none. `cost`: the law of the cross-entropy, with ΔCE over the whole range and near 0.
    """

    vector: SteeringVector
    curves: Curves
    paper: Curves
    limits: np.ndarray | None
    why_no_limits: str
    slopes: Slopes
    log_odds: np.ndarray
    agreement: Agreement
    cost: Law
    wide_cost: Cost | None
    near_cost: Cost | None


@dataclass(frozen=True)
class Run:
    """Measures a model under a request; `rows` are the prompts as tokens."""

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

    def measure(self, vectors: tuple[SteeringVector, ...], vector: SteeringVector) -> Measured:
        """All that is measured along `vector`, one of those after each block."""
        curves, paper = self.curves(vector), self.paper(vector)
        limits, why_none = _limits(self.model, vector)
        slopes = self.slopes(vector, curves, limits)
        log_odds = measure_log_odds(self.model, self.rows["positive"], self.rows["negative"])
        agreement = self.agreement(vectors, log_odds)
        cost = self.costs(vector)
        return Measured(vector, curves, paper, limits, why_none, slopes, log_odds, agreement, *cost)

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

    def agreement(self, vectors: tuple[SteeringVector, ...], log_odds: np.ndarray) -> Agreement:
        """How the log-odds rank the tokens that dominate, block by block.

        Each block's own hidden states set its strength: the verdict depends on neither layer nor range.
        """
        return measure_agreement(
            self.model,
            log_odds,
            self.rows["contexts"],
            vectors,
            LARGE,
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
        length = window_length(self.model, self.request)
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
