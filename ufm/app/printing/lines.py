"""Lines on a terminal as they are: no markup, no control characters, no colours of rich's own."""

import re
from collections.abc import Sequence
from copy import copy

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from ufm._visible import visible

from .tables import plural

_ANY = 10_000  # columns; no table is so wide


def say(console: Console, line: str, style: str = "") -> None:
    """Print one line; text of models and files in it cannot act on the terminal."""
    _print(console, visible(line), style)


def paragraph(console: Console, text: str, style: str = "", hanging: int = 0) -> None:
    """Print text in lines of whole words, as wide as the console, be it a terminal, a file or a pipe.

    The lines after the first have `hanging` more blanks before them than the first.
    """
    for line in broken(visible(text), console.width, hanging):
        _print(console, line, style)


def _print(console: Console, line: str, style: str) -> None:
    console.print(line, style=style, soft_wrap=True, markup=False, highlight=False)


def entry(console: Console, text: str, style: str = "") -> None:
    """Print an entry of a list: the lines after its first are indented, so that the next entry is seen."""
    paragraph(console, text, style, hanging=2)


def broken(text: str, width: int, hanging: int = 0) -> list[str]:
    """The text in lines of at most `width` columns; only a word that is longer makes a longer line.

    A number stays with what it is the value of: "α = 21.2", "0.12 ± 0.01" and "4 → 9" are words here.

    >>> from ufm.app.printing.lines import broken
    >>> broken("  a strength: what it costs", 14, hanging=2)
    ['  a strength:', '    what it', '    costs']
    >>> broken("the strength α = 21.2", 17)
    ['the strength', 'α = 21.2']
    """
    indent = " " * (len(text) - len(text.lstrip(" ")) + hanging)
    lines = [""]
    for word in re.findall(" *[^ ]+(?: [=±→] [^ ]+)*", text):
        if lines[-1].strip() and cell_len(lines[-1] + word) > width:
            lines.append(indent + word.lstrip(" "))
        else:
            lines[-1] += word
    return lines


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


def print_columns(console: Console, table: Table) -> None:
    """Print a table with no word broken: the columns that do not fit the console go into a table below it.

    Each table begins with the first column.
    """
    parts, taken = [], [0]
    for k in range(1, len(table.columns)):
        if len(taken) > 1 and _wide(console, _some(table, [*taken, k])) > console.width:
            parts.append(taken)
            taken = [0]
        taken = [*taken, k]
    if not parts:
        print_table(console, table, is_wide=True)
        return
    for k, columns in enumerate([*parts, taken]):
        if k:
            say(console, "")
        print_table(console, _some(table, columns), is_wide=True)


def _some(table: Table, columns: Sequence[int]) -> Table:
    """These columns of the table."""
    kept = [table.columns[k] for k in columns]
    made = copy(table)
    made.columns, made.rows = [], []
    for column in kept:
        how = {name: getattr(column, name) for name in ("justify", "width", "no_wrap", "overflow")}
        made.add_column(column.header, **how)
    for cells in zip(*(column.cells for column in kept), strict=True):
        made.add_row(*cells)
    return made


def _wide(console: Console, table: Table) -> int:
    """How many columns of the screen the table takes where it has all the room."""
    room = console.options.update(max_width=_ANY)
    return Measurement.get(console, room, table).maximum


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
