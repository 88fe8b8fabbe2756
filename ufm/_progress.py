"""How far long work has come: what it tells, and the bar that shows it on a terminal's standard error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

_WIDTH = 28  # of the words beside a bar
_SURE = 0.03  # share of the work from which on its time tells that of the rest


@runtime_checkable  # for the run-time type checker of the tests
class Progress(Protocol):
    """Long work calls this: `done` of `total` steps are behind it, in the stage that it names.

    Work of one stage leaves `stage` out; a share in [0, 1] needs no `total`; where the total is not
    known it is None.
    """

    def __call__(self, done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        """Show the state."""
        ...


def silent(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
    """The `Progress` of work that nobody watches."""


def seconds_left(elapsed: float, share: float) -> float | None:
    """Time left, if the rest goes as the first `share` of the work went; None where that is too little.

    >>> from ufm._progress import seconds_left
    >>> print(seconds_left(30.0, 0.25), seconds_left(1.0, 0.001))
    90.0 None
    """
    return elapsed * (1 - share) / share if share >= _SURE else None


class Stages:
    """The `Progress` of work in stages: it tells the share that is done of the whole, by the time of each.

    `times`: how long each stage takes, in any unit, in their order. A stage that was left out is over when
    a later one begins.

    >>> from ufm._progress import Stages
    >>> def tell(done, total=1.0, stage=""):
    ...     print(f"{done:.2f} of {total:.0f}, {stage}")
    >>> stages = Stages(tell, {"a": 1.0, "b": 3.0})
    >>> stages(1, 2, "a")
    0.12 of 1, a
    >>> stages(1, 3, "b")
    0.50 of 1, b
    """

    def __init__(self, tell: Progress, times: Mapping[str, float]):
        self.tell, self.times = tell, times
        names, ends = list(times), list(accumulate(times.values()))
        self.whole = ends[-1]
        self.starts = dict(zip(names, [0.0, *ends[:-1]], strict=True))

    def __call__(self, done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        """Tell the share of the whole; a stage without a total counts as one that begins."""
        within = min(done / total, 1.0) if total else 0.0
        self.tell((self.starts[stage] + within * self.times[stage]) / self.whole, 1.0, stage)


class _TimeLeft(ProgressColumn):
    """The time left by all that was done so far; rich goes by the last 30 seconds, which jump."""

    def render(self, task: Task) -> Text:
        left = None
        if task.total and task.elapsed is not None:
            left = seconds_left(task.elapsed, min(task.completed / task.total, 1.0))
        shown = "-:--" if left is None else f"{int(left) // 60}:{int(left) % 60:02d}"
        return Text(shown, style="progress.remaining")


@contextmanager
def progress_bar(description: str, console: Console | None = None) -> Iterator[Progress]:
    """What the argument `progress` of sweeps and searches takes: a bar on standard error, with the time left.

    The bar bears the name of the stage, if the work names one, and starts anew where less is done than
    before.
    Nothing is shown where standard error (or `console`) is no terminal; the bar goes when the block ends.

    >>> import numpy as np, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> with ufm.progress_bar("sweep") as show:
    ...     found = ufm.sweep_aggregates(tilt, np.linspace(-4, 4, 1001), progress=show)
    >>> print(f"{found.mean[750, 4]:.6f}")
    3.544311
    """
    console = console or Console(stderr=True)
    with Bar(
        TextColumn(f"{{task.description:<{_WIDTH}}}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        _TimeLeft(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(description, total=None)
        before: int | float = 0

        def show(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
            nonlocal before
            if done < before:
                bar.reset(task)  # another stage: its time left is its own
            before, words = done, stage or description
            bar.update(task, completed=done, total=total, description=words[:_WIDTH])

        yield show
