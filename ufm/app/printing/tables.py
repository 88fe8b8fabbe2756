"""Tables as every command prints them, and the words in them: verdicts in their colours, numbers."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table
from rich.text import Text

# Tallies list the outcomes in this order.
_STYLES = {
    "holds": "green",
    "holds under a hypothesis": "green",
    "holds in part": "yellow",
    "fails": "bold red",
    "undecided": "yellow",
    "hypotheses unmet": "dim",
    "needed": "green",
    "needed only for separation": "green",
    "not known": "yellow",
    "not needed": "cyan",
    "vacuous": "dim",
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

# How a count of them is said: of one, of several.
_VERBS = {
    "holds": ("holds", "hold"),
    "fails": ("fails", "fail"),
    "undecided": ("is undecided", "are undecided"),
    "hypotheses unmet": ("has unmet hypotheses", "have unmet hypotheses"),
    "needed": ("is needed", "are needed"),
    "needed only for separation": (
        "is needed only for separation",
        "are needed only for separation",
    ),
    "not known": ("is not known", "are not known"),
    "not needed": ("is not needed", "are not needed"),
    "vacuous": ("is vacuous without it", "are vacuous without it"),
    "not found": ("is without a counterexample", "are without a counterexample"),
}

_BETWEEN = 2  # columns between columns
# Texts side by side take so many columns together at most; a longer one is cut to so many signs.
_WIDEST, _LONGEST = 160, 360

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
    2 hold, 1 fails
    >>> print(counted(["holds", "hypotheses unmet"]))
    1 holds, 1 has unmet hypotheses
    """
    counts = Counter(verdicts)
    return ", ".join(
        f"{counts[name]} {one if counts[name] == 1 else several}"
        for name, (one, several) in _VERBS.items()
        if counts[name]
    )


def plural(count: int, one: str, several: str = "") -> str:
    """The count with its noun.

    >>> from ufm.app.printing.tables import plural
    >>> print(plural(1, "claim"), plural(2, "claim"))
    1 claim 2 claims
    """
    return f"{count} {one if count == 1 else several or f'{one}s'}"


def fitting(
    rows: Sequence[Mapping[str, str]],
    width: int,
    first: Sequence[str],
    right: Collection[str] = (),
    wraps: Collection[str] = (),
) -> Table:
    """A table of the columns that fit `width`: those named `first` always, then the others by their order.

    `rows`: content by name of the column, all of the same names, in the order in which they are shown.
    """
    names = [*first, *(name for name in rows[0] if name not in first)]
    kept, used = set(first), -_BETWEEN
    for name in names:
        used += _BETWEEN + max(
            map(cell_len, [name, *(str(Text.from_markup(r[name])) for r in rows)])
        )
        if used > width and name not in first:
            break
        kept.add(name)
    shown = [name for name in rows[0] if name in kept]
    made = table(*shown, right=right, wraps=wraps)
    for row in rows:
        made.add_row(*(row[name] for name in shown))
    return made


def shortened(text: str) -> str:
    """The beginning of a text that is too long to be shown beside others, and a sign that it was cut."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"


def side_by_side(names: Sequence[str], rows: Iterable[Sequence[Text]], width: int) -> Table:
    """Texts beside each other in columns of one width, in which they break into lines.

    A line that ends in a text, shown as \\n, ends in the table too: it parts no word.
    """
    each = (min(width, _WIDEST) - _BETWEEN * (len(names) - 1)) // len(names)
    made = Table(box=None, pad_edge=False, padding=(0, _BETWEEN, 0, 0), header_style="bold")
    for name in names:
        made.add_column(name, width=each, overflow="fold")
    for row in rows:
        made.add_row(*map(_broken_at_ends, row))
    return made


def _broken_at_ends(cell: Text) -> Text:
    r"""The text with a new line after each run of \n that `visible` shows, but not after a doubled backslash.

    >>> from rich.text import Text
    >>> from ufm.app.printing.tables import _broken_at_ends
    >>> print(_broken_at_ends(Text(r"Joy.\n\nI've; C:\\new")))
    Joy.\n\n
    I've; C:\\new
    """
    parts = re.findall(r"\\\\|(?:\\n)+|.", cell.plain)
    lines = "".join(f"{part}\n" if part.startswith("\\n") else part for part in parts)
    return Text(lines.rstrip("\n"), style=cell.style)


def figure(value: float | None, form: str = ".6g") -> str:
    """The number in that format; nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:{form}}"
