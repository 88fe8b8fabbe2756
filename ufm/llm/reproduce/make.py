"""Runs the plan, or one machine's share of it, and judges what was measured."""

from dataclasses import dataclass
from pathlib import Path

from ufm import __version__
from ufm._json import JSON, finite_or_null
from ufm._progress import Progress

from ..measure.journal import Journal
from .directions import POOLING, measure_directions
from .experiment import Experiment, Finding
from .experiments import ELSEWHERE
from .laboratory import Laboratory
from .plan import Cost, Plan
from .study import Study


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of the experiments: their findings, by the experiment's name."""

    laboratory: Laboratory
    plan: Plan
    findings: dict[str, tuple[Finding, ...]]

    @property
    def study(self) -> Study:
        """What was reproduced."""
        return self.laboratory.study

    @property
    def fails(self) -> bool:
        """Whether some law fails."""
        return any(f.law.verdict == "fails" for found in self.findings.values() for f in found)

    @property
    def not_run(self) -> dict[str, str]:
        """What was not run, by experiment or figure, and why."""
        return self.plan.not_run | {f"Figure {name}": why for name, why in ELSEWHERE.items()}

    def as_json(self) -> dict[str, JSON]:
        """What reproduce.json holds: no times, no paths, so that equal runs give equal files."""
        study, experiments = self.study, self.plan.experiments
        source = study.model.source
        return finite_or_null(
            {
                "format": 1,
                "ufm": __version__,
                "model": {
                    **vars(source),
                    "caveat": source.caveat,
                    "dtype": str(study.model.dtype),
                    "blocks": study.model.blocks,
                    "dimension": study.model.dimension,
                    "vocabulary": study.model.vocabulary,
                },
                "scale": _plain(study),
                "blocks": list(study.layers),
                "pooling": POOLING,
                "concepts": {
                    sides.concept: self._concept(sides.concept) for sides in study.concepts
                },
                "contexts": list(study.contexts),
                "predicted_tokens": study.predicted,
                "experiments": {each.name: self._experiment(each) for each in experiments},
                "not_run": self.not_run,
            }
        )

    def _concept(self, concept: str) -> dict[str, object]:
        found = self.laboratory.directions[concept]
        (sides,) = (sides for sides in self.study.concepts if sides.concept == concept)
        return {
            "positive": len(sides.positive),
            "negative": {kind: len(rows) for kind, rows in sides.negative.items()},
            "main": found.main,
            "norms": {layer: v.norm for layer, v in found.by_negative[found.main].items()},
            "relative_norms": {
                layer: v.relative(1.0) for layer, v in found.by_negative[found.main].items()
            },
        }

    def _experiment(self, experiment: Experiment) -> dict[str, object]:
        return {
            "figures": experiment.figures,
            "law": experiment.law,
            "protocol": experiment.protocol,
            "here": experiment.here(self.study),
            "findings": [
                {"concept": found.concept, "block": found.layer, **found.law.as_json()}
                for found in self.findings[experiment.name]
            ],
        }


def _plain(study: Study) -> dict[str, object]:
    fields = vars(study.scale)
    return {key: vars(value) if hasattr(value, "steps") else value for key, value in fields.items()}


def open_laboratory(study: Study, directory: str | Path, progress: Progress) -> Laboratory:
    """The folder of a study's runs, with its steering vectors; another study's raises `ValueError`."""
    folder = Path(directory)
    Journal(folder, study.settings())
    given = study.model, study.concepts, study.layers, study.middle, study.scale.runs
    directions = measure_directions(*given, folder / "directions", progress)
    return Laboratory(study, directions, folder)


def run(laboratory: Laboratory, cost: Cost, progress: Progress) -> None:
    """Make the measurements whose `cost` is known; the bar goes by the time that they take."""
    before = 0.0
    for measurement, seconds in cost.seconds.items():

        def show(
            done: int | float,
            total: int | float | None = 1.0,
            stage: str = "",
            before: float = before,
            seconds: float = seconds,
            words: str = measurement.words,
        ) -> None:
            progress(before + seconds * min(done / (total or 1.0), 1.0), cost.total, words)

        show(0.0)
        laboratory.make(measurement, show)
        before += seconds


def judge(laboratory: Laboratory, plan: Plan) -> Reproduction:
    """The findings of all experiments, whose measurements are there."""
    findings = {each.name: tuple(each.findings(laboratory)) for each in plan.experiments}
    return Reproduction(laboratory, plan, findings)
