"""What long work is at: a bar on a terminal; elsewhere, as in a file or a pipe, lines on standard error."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median_low

from rich.console import Console

from ufm._progress import Progress, progress_bar, seconds_left

from .lines import in_words, say

# Seconds in which no line is printed: by then short work is over, and bad input is refused.
QUIET = 10.0
# Share of a stage from which on its last steps, so many, tell the time of the rest: it begins with compiling,
# and its first passes over a text, for derivatives and for several strengths at once, are the slowest.
_TELLS, _LAST = 0.4, 4
_LONG = 10.0  # seconds left that are worth a line


@contextmanager
def told(
    description: str,
    errors: Console,
    *,
    is_whole: bool = False,
    in_short: Callable[[str], str] = str,
) -> Iterator[Progress]:
    """What long work calls to be shown: a bar on a terminal, elsewhere `StageLines`."""
    if errors.is_terminal:
        with progress_bar(description, errors) as bar:
            yield bar
    else:
        yield StageLines(errors, is_whole=is_whole, quiet=QUIET, in_short=in_short)


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
    prints nothing. `clock`: in seconds. `in_short`: what a line calls a stage, where each step has a
    name of its own.

    >>> from rich.console import Console
    >>> from ufm.app.printing.stages import StageLines
    >>> seconds = iter([0.0, 20.0, 90.0, 160.0, 170.0, 180.0])
    >>> lines = StageLines(Console(), clock=lambda: next(seconds))
    >>> lines(0, 8, "choosing")
    ufm: choosing
    >>> for step in (1, 2, 3, 4):
    ...     lines(step, 8, "choosing")
    ufm: choosing: about 40 seconds of it left
    """

    def __init__(
        self,
        errors: Console,
        *,
        is_whole: bool = False,
        quiet: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        in_short: Callable[[str], str] = str,
    ):
        self.errors, self.quiet, self.clock, self.in_short = errors, quiet, clock, in_short
        self.is_whole = is_whole
        self.start = self.since = self.last = clock()
        self.before, self.paces = 0.0, list[float]()
        self.stage, self.is_said, self.is_estimated = "", False, False

    def __call__(self, done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        """Print what is new."""
        now, share = self.clock(), min(done / total, 1.0) if total else 0.0
        stage = self.in_short(stage)
        self._follow(now, share, stage)
        if now - self.start < self.quiet:
            return
        left = self._left(now, share)
        is_known = left is not None and left >= _LONG
        if self.is_estimated or (self.is_said and not is_known):
            return
        of_what = "left in all" if self.is_whole else "of it left"
        about = f": about {in_words(left)} {of_what}" if left is not None and is_known else ""
        say(self.errors, f"ufm: {stage or 'working'}{about}")
        self.is_said, self.is_estimated = True, is_known

    def _follow(self, now: float, share: float, stage: str) -> None:
        """Note how long the last step took, of a stage that goes on or begins."""
        is_new = self.stage != stage
        if share < self.before or (is_new and not share):
            self.since = now
        if is_new:
            self.stage, self.is_said, self.is_estimated = stage, False, False
        if is_new or share < self.before:
            self.before, self.paces = 0.0, []
        if share > self.before:
            self.paces.append((now - self.last) / (share - self.before))
        self.last, self.before = now, share

    def _left(self, now: float, share: float) -> float | None:
        """Seconds left, of a stage by its usual step: those that compile take many times as long."""
        if self.is_whole:
            return seconds_left(now - self.since, share)
        if share < _TELLS or len(self.paces) < _LAST:
            return None
        return median_low(self.paces[-_LAST:]) * (1 - share)
