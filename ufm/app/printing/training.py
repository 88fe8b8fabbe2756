"""What a user sees while a toy model trains."""

import time

from rich.console import Console

from ufm._progress import Progress

from .lines import say

_LINES = 10  # where there is no terminal to draw a bar on


def training_progress(bar: Progress, console: Console) -> Progress:
    """Shows step, loss and time left on the bar, or in ten lines where `console` is no terminal."""
    begun = None

    def show(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        nonlocal begun
        begun = begun or time.monotonic()
        bar(done, total, f"training, {stage}")
        steps = total or 1
        if not console.is_terminal and done * _LINES // steps > (done - 1) * _LINES // steps:
            left = (time.monotonic() - begun) * (steps - done) / max(1, done - 1)
            say(console, f"step {done} of {steps}, {stage}, {left:.0f} s left")

    return show
