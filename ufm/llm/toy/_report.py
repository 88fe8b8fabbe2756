"""What a user sees of the training of a toy model."""

import time
from pathlib import Path
from typing import Any

from ._make import Made
from ._train import Progress

_LINES = 10  # where there is no terminal to draw a bar on


def progress_on(bar: Any, console: Any, steps: int) -> Progress:
    """Shows steps, loss and time left on a rich bar, or ten lines where there is no terminal."""
    task = bar.add_task("reading Python's own text", total=steps)
    begun = None

    def show(step: int, total: int, loss: float) -> None:
        nonlocal begun
        begun = begun or time.monotonic()
        bar.update(task, completed=step, description=f"training, loss {loss:.2f}")
        if not console.is_terminal and step * _LINES // total > (step - 1) * _LINES // total:
            left = (time.monotonic() - begun) * (total - step) / max(1, step - 1)
            console.print(
                f"step {step} of {total}, loss {loss:.3f}, {left:.0f} s left",
                highlight=False,
                soft_wrap=True,
            )

    return show


def as_text(made: Made, out: Path) -> str:
    """A summary for the terminal."""
    return (
        f"loss {made.held_out_loss:.3f} nats a token on {made.held_out_tokens:,} held-out tokens, "
        f"{made.train_loss:.3f} on the last training batches\n"
        f"{made.parameters:,} parameters; {made.vocabulary:,} tokens, {made.concept_tokens:,} of them "
        f"uppercase words\n"
        f"wrote {out}\n"
    )
