"""Bars that show how far long work has come, on a terminal's standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def bar_on(console: Console) -> Progress:
    """A bar with the time gone and left where `console` is a terminal; nothing elsewhere."""
    return Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[float], None]]:
    """What the argument `progress` of sweeps and searches takes: a bar on standard error, with the time left.

    Nothing is shown where standard error is no terminal; the bar goes when the block ends.

    >>> import numpy as np, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> with ufm.progress_bar("sweep") as show:
    ...     found = ufm.sweep_aggregates(tilt, np.linspace(-4, 4, 1001), progress=show)
    >>> print(f"{found.mean[750, 4]:.6f}")
    3.544311
    """
    with bar_on(Console(stderr=True)) as bar:
        task = bar.add_task(description, total=1.0)
        yield lambda share: bar.update(task, completed=share)
