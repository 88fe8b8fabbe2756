"""Questions to a steered model at many strengths: the tasks of lm-evaluation-harness."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ufm._files import Arrays, digest
from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.journal import Journal
from ..measure.token_curves import identity
from ..text.tokenizer import Tokenizer


@runtime_checkable
class Task(Protocol):
    """Questions to a steered model."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102

    def scores(
        self, model: LanguageModel, tokenizer: Tokenizer, steering: Steering, alpha: float
    ) -> Float[np.ndarray, " questions"]:
        """The score of each question at strength α."""
        ...


@dataclass(frozen=True)
class HarnessTask:
    """A task by its name in the harness, or in the YAML files of the folder `include`."""

    name: str
    include: Path | None = None

    @property
    def words(self) -> str:
        """What is asked, for a reader."""
        examples = "with its own examples in the prompt and its first metric"
        return f"{self.name} of lm-evaluation-harness, {examples}"

    def scores(
        self, model: LanguageModel, tokenizer: Tokenizer, steering: Steering, alpha: float
    ) -> Float[np.ndarray, " questions"]:
        """The score of each question at strength α, by the task's first metric."""
        import lm_eval
        from lm_eval.tasks import TaskManager

        from ..harness.model import HarnessModel

        manager = TaskManager(include_path=None if self.include is None else str(self.include))
        steered = HarnessModel(model, tokenizer, steering, alpha, batch_size="auto")
        found = lm_eval.simple_evaluate(
            steered, tasks=[self.name], task_manager=manager, bootstrap_iters=0, log_samples=True
        )
        assert found is not None
        samples = [x for name in sorted(found["samples"]) for x in found["samples"][name]]
        return np.array([float(x[x["metrics"][0]]) for x in samples])


@dataclass(frozen=True, eq=False)
class TaskScores:
    """`scores` [A, Q] of a task's questions at the strengths `alphas` [A]."""

    alphas: np.ndarray
    scores: np.ndarray


def sweep_task(
    model: LanguageModel,
    tokenizer: Tokenizer,
    task: Task,
    steering: Steering,
    alphas: np.ndarray,
    directory: Path,
    progress: Progress,
) -> TaskScores:
    """The scores of each question at each strength; a strength is a part in `directory`."""
    settings = {"kind": "task", "task": task.name, **identity(model, steering, alphas, 0)}
    journal = Journal(directory, settings)

    def score(k: int) -> Arrays:
        return {"scores": task.scores(model, tokenizer, steering, float(alphas[k]))}

    parts = {f"alpha-{k:06d}": {"alpha": float(a)} for k, a in enumerate(alphas)}
    found = journal.stacked(parts, score, progress)["scores"]
    journal.finish({"alphas": alphas, "scores": found}, {**settings, "scores": digest(found)})
    return TaskScores(alphas, found)
