"""The measurements of a study: each made once, whichever figures read it, and kept in a folder of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

from ufm._progress import Progress, silent

from ..checkpoint.load import read_json
from ..concepts.concept import CONCEPTS
from ..decoder.steering import Steering
from ..judge.presence import JudgedPresence, judged_presence
from ..laws.log_odds import LARGE, Agreement, measure_agreement
from ..measure.token_curves import Curves, sweep_curves
from ..steering.vector import SteeringVector
from .costs import Costs, measure_costs
from .directions import Directions
from .measurement import Measurement
from .study import Study
from .task import TaskScores, sweep_task

Result: TypeAlias = "Curves | tuple[Curves, ...] | Costs | Agreement | JudgedPresence | TaskScores"
_Kind = TypeVar("_Kind")


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
        return self._made(Curves, self.of_curves(concept, layer, variant))

    def runs(self, concept: str, layer: int) -> tuple[Curves, ...]:
        """The same curves of the same tokens, for P and N drawn anew."""
        found = self.make(Measurement("runs", concept, layer))
        assert isinstance(found, tuple)
        return found

    def costs(self, concept: str, layer: int) -> Costs:
        """The cross-entropy on the text."""
        return self._made(Costs, Measurement("cost", concept, layer))

    def agreement(self, concept: str) -> Agreement:
        """How the log-odds rank the tokens that dominate, block by block."""
        return self._made(Agreement, Measurement("log-odds", concept, self.study.layers[-1]))

    def presence(self, concept: str, layer: int) -> JudgedPresence:
        """What the judge found in texts."""
        return self._made(JudgedPresence, Measurement("presence", concept, layer))

    def task(self, concept: str) -> TaskScores:
        """What the questions of the task scored."""
        return self._made(TaskScores, Measurement("task", concept, self.study.middle))

    def _made(self, kind: type[_Kind], measurement: Measurement) -> _Kind:
        found = self.make(measurement)
        assert isinstance(found, kind)
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
        vector = self.vector(measurement.concept, measurement.layer)
        return measure_costs(self.study, vector, self._places(measurement), progress)

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
