"""Questions to a steered model, such as MMLU, at many strengths: Figure A.6."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ufm import plots
from ufm.plots.style import prepared

from ..laws.law import Law, Statement
from .experiment import Finding
from .laboratory import Laboratory
from .measurement import Measurement
from .panels import BESIDE, grid
from .study import Study
from .task import TaskScores

STATEMENT = Statement(
    "task",
    "Steering costs accuracy on a task, on both sides",
    "share of questions lost at the better of the range's two ends: it holds if at both ends more "
    "questions are lost than "
    "won, by two standard errors of the difference question by question; it fails if at one end "
    "more are won by as much",
)


@dataclass(frozen=True)
class TaskAccuracy:
    """Accuracy on a task at the middle block."""

    name: str = "task"
    figures: tuple[str, ...] = ("A.6",)
    title: str = "Accuracy on a task"
    says: str = "“increasing α inevitably degrades model performance”"
    law: str = "none: Theorem 3.8 is of the cross-entropy"
    protocol: str = (
        "Figure A.6: evil, gemma-3-4b-it, α in [-10, 10]; MMLU by DeepEval, for which “random guessing "
        "yields 25%”. From the code alone: high school computer science, 5 shots, greedy answers of 8 "
        "tokens in the chat template, 200 strengths."
    )

    def here(self, study: Study) -> str:
        """What this run does."""
        assert study.task is not None
        return f"{study.task.words}; {study.scale.task.words}; the middle block."

    def why_not(self, study: Study) -> str | None:
        """A task is needed."""
        if study.task is None:
            return (
                "no task was named: --task python asks about Python's own manual, and --task mmlu what the "
                "extra [harness] knows"
            )
        return None

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """One for each concept."""
        study = laboratory.study
        return [Measurement("task", sides.concept, study.middle) for sides in study.concepts]

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """Whether both ends lose."""
        study = laboratory.study
        return [
            Finding(sides.concept, study.middle, task_law(laboratory.task(sides.concept)))
            for sides in study.concepts
        ]

    def draw(self, laboratory: Laboratory) -> Figure:
        """Mean score with two standard errors, a panel for each concept."""
        study = laboratory.study
        figure, axes = grid(1, len(study.concepts))
        for sides, panel in zip(study.concepts, axes[0], strict=True):
            found = laboratory.task(sides.concept)
            mean = found.scores.mean(axis=1)
            error = 2 * found.scores.std(axis=1) / np.sqrt(found.scores.shape[1])
            prepared(panel, "mean score", found.alphas)
            blue = plots.PALETTE[0]
            panel.fill_between(
                found.alphas, mean - error, mean + error, color=blue, alpha=0.2, lw=0
            )
            panel.plot(found.alphas, mean, color=blue, label="± 2 standard errors")
            panel.set_xlabel("α (multiples of v)")
            panel.set_title(f"{sides.concept}, block {study.middle}", loc="left", fontsize="small")
        axes[0][-1].legend(**BESIDE)
        return figure


def task_law(found: TaskScores) -> Law:
    """Whether both ends of the range lose questions.

    >>> import numpy as np
    >>> from ufm.llm.reproduce.task import TaskScores
    >>> from ufm.llm.reproduce.task_experiment import task_law
    >>> right = np.array([[0, 0, 0, 0, 1], [1, 1, 1, 0, 1], [0, 0, 0, 0, 1.0]]).repeat(8, axis=1)
    >>> law = task_law(TaskScores(np.array([-1.0, 0.0, 1.0]), right))
    >>> print(law.verdict, law.number)
    holds 0.6
    """
    middle = int(np.abs(found.alphas).argmin())
    lost = found.scores[middle] - found.scores[[0, -1]]
    mean = lost.mean(axis=1)
    twice = 2 * lost.std(axis=1, ddof=1) / np.sqrt(lost.shape[1]) if lost.shape[1] > 1 else np.inf
    is_lost, is_won = mean > twice, mean < -twice
    verdict = "fails" if is_won.any() else "holds" if is_lost.all() else "undecided"
    unsteered = float(found.scores[middle].mean())
    ends = found.scores[[0, -1]].mean(axis=1)
    why = f"{lost.shape[1]} questions: {unsteered:.3g} unsteered, {ends[0]:.3g} and {ends[1]:.3g} at the ends"
    evidence: dict[str, object] = {"alphas": found.alphas, "mean": found.scores.mean(axis=1)}
    return STATEMENT.judged(verdict, float(mean.min()), why, evidence)
