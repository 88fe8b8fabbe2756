"""What long work is at: a bar on a terminal; elsewhere, as in a file or a pipe, lines on standard error."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from ufm._progress import Progress, progress_bar, seconds_left

from .lines import in_words, say

# Seconds in which no line is printed: by then short work is over, and bad input is refused.
QUIET = 10.0
# Share of a stage from which on its time tells that of the rest, as it begins with compiling.
_TELLS = 0.1
_LONG = 10.0  # seconds left that are worth a line


@contextmanager
def told(description: str, errors: Console, *, is_whole: bool = False) -> Iterator[Progress]:
    """What long work calls to be shown: a bar on a terminal, elsewhere `StageLines`."""
    if errors.is_terminal:
        with progress_bar(description, errors) as bar:
            yield bar
    else:
        yield StageLines(errors, is_whole=is_whole, quiet=QUIET)


@contextmanager
def waiting(words: str, errors: Console) -> Iterator[None]:
    """What is waited for in this block: at once on a terminal, elsewhere in a line after `QUIET` seconds."""
    if errors.is_terminal:
        with errors.status(words):
            yield
        return
    timer = threading.Timer(QUIET, say, (errors, f"ufm: {words}"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class StageLines:
    """The `Progress` that prints a line as a stage begins, and one more once it can tell the time left.

    `is_whole`: the shares that it is told are of all the work, else of a stage. `quiet`: seconds in which it
    prints nothing. `clock`: in seconds.

    >>> from rich.console import Console
    >>> from ufm.app.printing.stages import StageLines
    >>> seconds = iter([0.0, 20.0, 40.0])
    >>> lines = StageLines(Console(), clock=lambda: next(seconds))
    >>> lines(0, 4, "choosing")
    ufm: choosing
    >>> lines(1, 4, "choosing")
    ufm: choosing: about 60 seconds of it left
    """

    def __init__(
        self,
        errors: Console,
        *,
        is_whole: bool = False,
        quiet: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.errors, self.quiet, self.clock = errors, quiet, clock
        self.of_what = "left in all" if is_whole else "of it left"
        self.tells = 0.0 if is_whole else _TELLS
        self.start = self.since = clock()
        self.before: int | float = 0
        self.stage, self.is_said, self.is_estimated = "", False, False

    def __call__(self, done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        """Print what is new."""
        now = self.clock()
        if done < self.before or (self.stage != stage and not done):
            self.since = now
        if self.stage != stage:
            self.stage, self.is_said, self.is_estimated = stage, False, False
        self.before = done
        if now - self.start < self.quiet:
            return
        share = min(done / total, 1.0) if total else 0.0
        is_enough = share >= self.tells
        left = seconds_left(now - self.since, share) if is_enough else None
        is_known = left is not None and left >= _LONG
        if self.is_estimated or (self.is_said and not is_known):
            return
        about = f": about {in_words(left)} {self.of_what}" if left is not None and is_known else ""
        say(self.errors, f"ufm: {stage or 'working'}{about}")
        self.is_said, self.is_estimated = True, is_known
