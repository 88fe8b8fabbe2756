"""Lines on a terminal as they are: no markup, no control characters, no colours of rich's own."""

import textwrap

from rich.console import Console
from rich.table import Table

from ufm._visible import visible

from .tables import plural

_ANY = 10_000  # columns; no table is so wide


def say(console: Console, line: str, style: str = "") -> None:
    """Print one line; text of models and files in it cannot act on the terminal."""
    console.print(visible(line), style=style, soft_wrap=True, markup=False, highlight=False)


def paragraph(console: Console, text: str, style: str = "") -> None:
    """Print text; a terminal gets lines that break between words, a file or a pipe one line."""
    on_one_line = not console.is_terminal
    console.print(visible(text), style=style, soft_wrap=on_one_line, markup=False, highlight=False)


def entry(console: Console, text: str) -> None:
    """Print an entry of a list; on a terminal the lines after its first are indented."""
    wrapped = textwrap.wrap(text, console.width, subsequent_indent="    ", break_on_hyphens=False)
    for line in wrapped if console.is_terminal else [text]:
        paragraph(console, line)


def readable_width() -> int:
    """Columns for text that breaks into lines: the terminal's, but from 80 to 140."""
    return min(max(Console().width, 80), 140)


def print_table(console: Console, table: Table, is_wide: bool) -> None:
    """Print a table, to the console's width or, if `is_wide`, to its own."""
    columns = console.width
    if is_wide:
        console.width = _ANY
    console.print(table)
    console.width = columns


def in_words(seconds: float) -> str:
    """A time in the unit that fits it.

    >>> from ufm.app.printing.lines import in_words
    >>> print(in_words(1.2), in_words(200.0), in_words(9000.0), sep="; ")
    1 second; 3 minutes; 2.5 hours
    """
    if seconds < 90:
        return plural(max(1, round(seconds)), "second")
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def name_blocks(layer: int | tuple[int, ...]) -> str:
    """The block or blocks in words.

    >>> from ufm.app.printing.lines import name_blocks
    >>> print(name_blocks(15), name_blocks((10, 15, 20)), sep="; ")
    block 15; blocks 10, 15 and 20
    """
    if not isinstance(layer, tuple) or len(layer) == 1:
        return f"block {layer[0] if isinstance(layer, tuple) else layer}"
    return f"blocks {', '.join(map(str, layer[:-1]))} and {layer[-1]}"
