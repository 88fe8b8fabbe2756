"""How far long work has come: what it tells, and the bar that shows it on a terminal's standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_WIDTH = 28  # of the words beside a bar


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
        TimeRemainingColumn(),
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
