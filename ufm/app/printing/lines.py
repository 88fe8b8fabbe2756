"""Lines on a terminal as they are: no markup, no control characters, no colours of rich's own."""

from rich.console import Console

from ufm._visible import visible

from .streams import Output


def say(console: Console, line: str, style: str = "") -> None:
    """Print one line; text of models and files in it cannot act on the terminal."""
    console.print(visible(line), style=style, soft_wrap=True, markup=False, highlight=False)


def readable_width() -> int:
    """Columns for text that breaks into lines: the terminal's, but from 80 to 140."""
    return min(max(Console().width, 80), 140)


def wide_output(least: int) -> Console:
    """Standard output, taken to be `least` columns wide or more.

    In a narrower table columns would be cut short; lines that wrap still say everything.
    """
    return Output(width=max(Console().width, least))
