"""Questions to a steered model at many strengths: the tasks of lm-evaluation-harness."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ufm._files import Arrays, digest
from ufm._progress import Progress

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.journal import Journal
from ..measure.token_curves import identity
from ..text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks.manager import TaskDict


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
        from lm_eval.evaluator import evaluate

        from ..harness.model import HarnessModel

        # the harness's decorators hide the signatures of both
        given = model, tokenizer, steering, alpha
        steered = HarnessModel(*given, batch_size="auto")  # pyright: ignore
        with _silence():
            found = evaluate(steered, self._loaded, bootstrap_iters=0)  # pyright: ignore
        assert found is not None
        by_task = found.get("samples", {})
        samples = [each for name in sorted(by_task) for each in by_task[name]]
        return np.array([float(x[x["metrics"][0]]) for x in samples])

    def require_known(self) -> None:
        """`ValueError` unless the harness knows a task of this name: asked before hours of other work."""
        known = self._manager
        if self.name not in (*known.all_tasks, *known.all_groups, *known.all_tags):
            raise ValueError(
                f"the harness knows no task {self.name!r}; name the folder of a task of yours with --include"
            )

    @cached_property
    def _manager(self) -> "TaskManager":
        from lm_eval.tasks import TaskManager

        with _silence():
            return TaskManager(include_path=None if self.include is None else str(self.include))

    @cached_property
    def _loaded(self) -> "TaskDict":
        """The task as the harness reads it."""
        self.require_known()
        with _silence():
            return self._manager.load([self.name])


@contextmanager
def _silence() -> Iterator[None]:
    """Without the bars and notes of the harness."""
    with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        yield


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
