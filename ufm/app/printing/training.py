"""What a user sees while a toy model trains."""

import time
from collections.abc import Callable

from rich.console import Console

from ufm._progress import Progress

from .lines import say

_LINES = 10  # where there is no terminal to draw a bar on


def training_progress(bar: Progress, console: Console) -> Callable[[int, int, float], None]:
    """Shows step, loss and time left on the bar, or in ten lines where `console` is no terminal."""
    begun = None

    def show(step: int, steps: int, loss: float) -> None:
        nonlocal begun
        begun = begun or time.monotonic()
        bar(step, steps, f"training, loss {loss:.2f}")
        if not console.is_terminal and step * _LINES // steps > (step - 1) * _LINES // steps:
            left = (time.monotonic() - begun) * (steps - step) / max(1, step - 1)
            say(console, f"step {step} of {steps}, loss {loss:.3f}, {left:.0f} s left")

    return show
