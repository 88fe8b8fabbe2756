"""`ufm laws`: the laws of several reports of `ufm llm`, side by side."""

import math
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..printing.json_output import print_json
from ..printing.laws_over_reports import Row, laws_table, read_report
from .bad_input import BadInput

_STYLE = {"fails": "bold red", "undecided": "yellow", "holds": "green"}


def laws(
    reports: tyro.conf.Positional[tuple[Path, ...]],
    /,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Put reports of ufm llm, of several seeds or models, into one table: mean ± spread, verdicts counted.

    Exit status 1: a law fails in one of them.

    Args:
        reports: Directories that ufm llm wrote.
        json: Print the table as JSON on standard output.
    """
    if not reports:
        raise BadInput("name at least one directory that ufm llm wrote")
    try:
        found = [read_report(path) for path in reports]
    except ValueError as error:
        raise BadInput(str(error)) from error
    rows = laws_table(found)
    if json:
        print_json({"reports": list(map(str, reports)), "rows": [row.as_json() for row in rows]})
    else:
        console = Console()
        console = console if console.is_terminal else Console(width=max(console.width, 120))
        console.print(_as_table(rows, len(reports)))
    return 1 if any("fails" in row.verdicts for row in rows) else 0


def _as_table(rows: list[Row], count: int) -> Table:
    # a file from elsewhere may hold anything
    from ufm._visible import visible

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("law", "measure", "mean", "± spread", "verdicts"):
        right = name in ("mean", "± spread")
        table.add_column(name, no_wrap=True, justify="right" if right else "left")
    for k in range(count):
        table.add_column(f"report {k}", no_wrap=True, justify="right")
    for row in rows:
        style = next((_STYLE[name] for name in _STYLE if name in row.verdicts), "")
        table.add_row(
            escape(visible(row.law)) if row.verdicts else "",
            escape(visible(row.measure)),
            _figure(row.mean),
            _figure(row.spread),
            f"[{style}]{row.judged}[/]" if style else row.judged,
            *(_figure(x) for x in row.numbers),
        )
    return table


def _figure(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.4g}"
