"""The measurements of a study: each made once, whichever figures read it, and kept in a folder of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import numpy as np

from ufm._progress import Progress, silent

from ..checkpoint.load import read_json
from ..concepts.concept import CONCEPTS
from ..decoder.steering import Steering
from ..judge.presence import JudgedPresence, judged_presence
from ..laws.log_odds import LARGE, Agreement, measure_agreement
from ..laws.plateau import plateau_limits
from ..laws.quadratic import NATS
from ..measure.cost_sweep import Cost, sweep_cost
from ..measure.token_curves import Curves, sweep_curves
from ..steering.vector import SteeringVector
from .directions import Directions
from .study import Study
from .task import TaskScores, sweep_task

KINDS = ("curves", "runs", "log-odds", "cost", "presence", "task")
# Of the strength at which the parabola costs 0.05 nats: where the law looks, and what its picture shows.
NEAR = np.array([-1.5, -1.0, -0.5, -1 / 8, -1 / 16, 0.0, 1 / 16, 1 / 8, 0.5, 1.0, 1.5], np.float64)
EXACT = 6  # strengths that take as long as the exact derivatives
_FILES = 256  # at most, for the windows of a text


@dataclass(frozen=True)
class Measurement:
    """One measurement: of what `kind`, of which concept, after which block, and in which `variant`."""

    kind: str
    concept: str
    layer: int
    variant: str = "main"

    @property
    def folder(self) -> str:
        """Where it is kept; a name of a concept is no path."""
        return "-".join([self.kind, quote(self.concept, safe=""), self.variant, str(self.layer)])

    @property
    def words(self) -> str:
        """For a progress bar."""
        return f"{self.concept}, block {self.layer}: {self.kind}"

    def sequences(self, study: Study) -> int:
        """How many sequences run at how many strengths, multiplied: the work, but for their lengths."""
        scale = study.scale
        if self.kind == "cost":
            return len(study.windows) * (scale.cost.steps + 1 + NEAR.size + EXACT)
        if self.kind == "log-odds":
            return 2 * len(study.rows) * len(study.layers)
        if self.kind == "task":
            return scale.task.steps + 1
        if self.kind == "presence":
            return (scale.presence.steps + 1) * len(study.rows) * scale.samples
        times = scale.runs if self.kind == "runs" else 1
        return times * len(study.rows) * (scale.tokens.steps + 1)


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


Result: TypeAlias = "Curves | tuple[Curves, ...] | Costs | Agreement | JudgedPresence | TaskScores"


class Laboratory:
    """Makes the measurements of a study, or reads them; `directory` holds a folder for each."""

    def __init__(self, study: Study, directions: Mapping[str, Directions], directory: str | Path):
        self.study, self.directions = study, directions
        self.directory = Path(directory)
        self._found: dict[Measurement, Result] = {}

    def vector(self, concept: str, layer: int, negative: str | None = None) -> SteeringVector:
        """v of a concept after a block, with the main N or another."""
        found = self.directions[concept]
        return found.by_negative[negative or found.main][layer]

    def is_done(self, measurement: Measurement) -> bool:
        """Whether all its parts are there."""
        if measurement.kind == "presence":
            found = self._places(measurement)[0].glob("answers-*/results.json")
            judge = self.study.judge
            return judge is not None and judge.name in [read_json(path)["judge"] for path in found]
        return all((place / "results.json").exists() for place in self._places(measurement))

    def make(self, measurement: Measurement, progress: Progress = silent) -> Result:
        """The measurement: made, or read where it is there; an interrupted one goes on."""
        if measurement not in self._found:
            make = {
                "curves": self._curves,
                "runs": self._runs,
                "cost": self._costs,
                "log-odds": self._agreement,
                "presence": self._presence,
                "task": self._task,
            }[measurement.kind]
            self._found[measurement] = make(measurement, progress)
        return self._found[measurement]

    def curves(self, concept: str, layer: int, variant: str = "main") -> Curves:
        """The curves of the next tokens after the contexts."""
        found = self.make(self.of_curves(concept, layer, variant))
        assert isinstance(found, Curves)
        return found

    def runs(self, concept: str, layer: int) -> tuple[Curves, ...]:
        """The same curves of the same tokens, for P and N drawn anew."""
        found = self.make(Measurement("runs", concept, layer))
        assert isinstance(found, tuple)
        return found

    def costs(self, concept: str, layer: int) -> Costs:
        """The cross-entropy on the text."""
        found = self.make(Measurement("cost", concept, layer))
        assert isinstance(found, Costs)
        return found

    def agreement(self, concept: str) -> Agreement:
        """How the log-odds rank the tokens that dominate, block by block."""
        found = self.make(Measurement("log-odds", concept, self.study.layers[-1]))
        assert isinstance(found, Agreement)
        return found

    def presence(self, concept: str, layer: int) -> JudgedPresence:
        """What the judge found in texts."""
        found = self.make(Measurement("presence", concept, layer))
        assert isinstance(found, JudgedPresence)
        return found

    def task(self, concept: str) -> TaskScores:
        """What the questions of the task scored."""
        found = self.make(Measurement("task", concept, self.study.middle))
        assert isinstance(found, TaskScores)
        return found

    def of_curves(self, concept: str, layer: int, variant: str) -> Measurement:
        """The measurement of curves in a variant, which is the main one where nothing differs."""
        scale = self.study.scale
        is_main = (variant == "normalised" and scale.normalised == scale.tokens) or (
            variant == "contrastive" and self.directions[concept].main == "contrastive"
        )
        return Measurement("curves", concept, layer, "main" if is_main else variant)

    def _places(self, measurement: Measurement) -> list[Path]:
        place = self.directory / measurement.folder
        if measurement.kind == "cost":
            return [place / part for part in ("exact", "near", "wide")]
        if measurement.kind == "runs":
            return [place / str(k) for k in range(self.study.scale.runs)]
        return [place]

    def _curves(self, measurement: Measurement, progress: Progress) -> Curves:
        study, variant = self.study, measurement.variant
        negative = "contrastive" if variant == "contrastive" else None
        vector = self.vector(measurement.concept, measurement.layer, negative)
        wide = study.scale.normalised if variant == "normalised" else study.scale.tokens
        return sweep_curves(
            study.model,
            study.rows,
            Steering.of(vector, "last" if variant == "last" else "all"),
            wide.alphas(vector),
            self._places(measurement)[0],
            top=study.scale.followed,
            order=0,
            progress=progress,
        )

    def _runs(self, measurement: Measurement, progress: Progress) -> tuple[Curves, ...]:
        concept, layer = measurement.concept, measurement.layer
        main = self.curves(concept, layer)
        found, places = [], self._places(measurement)
        for k, (vector, place) in enumerate(
            zip(self.directions[concept].runs, places, strict=True)
        ):

            def show(
                done: int | float, total: int | float | None = 1.0, stage: str = "", k: int = k
            ) -> None:
                progress(k + done / (total or 1), len(places), stage)

            found.append(
                sweep_curves(
                    self.study.model,
                    self.study.rows,
                    Steering.of(vector),
                    main.alphas,
                    place,
                    tokens=main.tokens,
                    order=0,
                    progress=show,
                )
            )
        return tuple(found)

    def _costs(self, measurement: Measurement, progress: Progress) -> Costs:
        study = self.study
        vector = self.vector(measurement.concept, measurement.layer)
        places = self._places(measurement)
        wide_alphas = study.scale.cost.alphas(vector)
        steps = np.cumsum([EXACT, NEAR.size, wide_alphas.size])

        def show(
            k: int, done: int | float, total: int | float | None = None, stage: str = ""
        ) -> None:
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
        limits, why = self._limits(vector, float(exact.derivatives[0]))
        return Costs(exact, near, wide, limits, why)

    def _limits(
        self, vector: SteeringVector, unsteered: float
    ) -> tuple[tuple[float, float] | None, str]:
        """ΔCE at α = -∞ and ∞, where the next token's distribution is the same after any text."""
        try:
            found = plateau_limits(self.study.model, Steering.of(vector))
        except ValueError as error:
            return None, str(error)
        following = np.concatenate([row[1:] for row in self.study.windows])
        tiny = np.finfo(np.float64).tiny
        with np.errstate(divide="ignore"):
            loss = -np.log(np.maximum(found.astype(np.float64), tiny))[:, following].mean(axis=1)
        return (float(loss[0] - unsteered), float(loss[1] - unsteered)), ""

    def _presence(self, measurement: Measurement, progress: Progress) -> JudgedPresence:
        study, scale = self.study, self.study.scale
        vector = self.vector(measurement.concept, measurement.layer)
        assert study.judge is not None

        def show(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
            share = done / (total or 1.0)
            progress(share * 0.9 if stage == "writing" else 0.9 + share / 10, 1.0, stage)

        return judged_presence(
            study.model,
            study.tokenizer,
            study.judge,
            CONCEPTS[measurement.concept],
            study.contexts,
            Steering.of(vector),
            scale.presence.alphas(vector),
            length=scale.text_length,
            samples=scale.samples,
            directory=self._places(measurement)[0],
            progress=show,
        )

    def _task(self, measurement: Measurement, progress: Progress) -> TaskScores:
        study = self.study
        vector = self.vector(measurement.concept, measurement.layer)
        assert study.task is not None
        given = study.model, study.tokenizer, study.task, Steering.of(vector)
        alphas, place = study.scale.task.alphas(vector), self._places(measurement)[0]
        return sweep_task(*given, alphas, place, progress)

    def _agreement(self, measurement: Measurement, progress: Progress) -> Agreement:
        study, found = self.study, self.directions[measurement.concept]
        vectors = [self.vector(measurement.concept, layer) for layer in study.layers]
        return measure_agreement(
            study.model,
            found.log_odds,
            study.rows,
            vectors,
            LARGE,
            self._places(measurement)[0],
            progress=progress,
        )
