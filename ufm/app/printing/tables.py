"""Tables as every command prints them, and the words in them: verdicts in their colours, numbers."""

import math
from collections import Counter
from collections.abc import Collection, Iterable

from rich.markup import escape
from rich.table import Table

# In the order in which they are counted.
_STYLES = {
    "holds": "green",
    "fails": "bold red",
    "undecided": "yellow",
    "hypotheses unmet": "dim",
    "needed": "green",
    "not needed": "cyan",
    "not found": "bold red",
    "proved": "green",
    "refused": "bold red",
    "not run": "dim",
    "none": "dim",
    "found": "green",
    "NOT FOUND": "bold red",
    "confirmed": "green",
    "NOT CONFIRMED": "bold red",
}

_WORST_FIRST = ("fails", "undecided", "hypotheses unmet", "holds")


def table(*columns: str, right: Collection[str] = (), wraps: Collection[str] = ()) -> Table:
    """An empty table without lines; columns of numbers go to the `right`, only those in `wraps` break."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        justify = "right" if name in right else "left"
        made.add_column(name, justify=justify, no_wrap=name not in wraps)
    return made


def coloured(verdict: str, shown: str | None = None) -> str:
    """`verdict`, or the words `shown` in its place, in the verdict's colour, as markup of rich."""
    words = escape(verdict if shown is None else shown)
    return f"[{_STYLES[verdict]}]{words}[/]" if verdict in _STYLES else words


def worst(verdicts: Collection[str]) -> str:
    """The verdict that a summary takes its colour from: "fails" first, "holds" last.

    >>> from ufm.app.printing.tables import worst
    >>> print(worst(["holds", "undecided", "absent"]))
    undecided
    """
    return next((name for name in _WORST_FIRST if name in verdicts), "")


def counted(verdicts: Iterable[str]) -> str:
    """How often each verdict occurs, in words.

    >>> from ufm.app.printing.tables import counted
    >>> print(counted(["fails", "holds", "holds"]))
    2 holds, 1 fails
    """
    counts = Counter(verdicts)
    return ", ".join(f"{counts[name]} {name}" for name in _STYLES if counts[name])


def figure(value: float | None, form: str = ".6g") -> str:
    """The number in that format; nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:{form}}"
