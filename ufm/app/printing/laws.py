"""Prints what a report says of the laws, and where it lies."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_STYLE = {"holds": "green", "fails": "bold red", "undecided": "yellow"}


def print_laws(report: Any, directory: Path, console: Console) -> None:
    """One line a law, the reasons below, and the files."""
    # only this page needs it, and it has no weight; names of models may hold anything
    from ufm._visible import visible

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("law", "verdict", "measure", "number"):
        table.add_column(
            name, no_wrap=name != "law", justify="right" if name == "number" else "left"
        )
    for law in report.laws:
        number = "" if law.number is None else f"{law.number:.4g}"
        table.add_row(
            escape(visible(law.title)),
            f"[{_STYLE[law.verdict]}]{law.verdict}[/]",
            law.measure,
            number,
        )
    console.print(table)
    for law in report.laws:
        line = f"{law.id}: {visible(law.why)}"
        console.print(line, style="dim", soft_wrap=True, markup=False, highlight=False)
    where = visible(str(directory / "index.html"))
    console.print(f"report: {where}", soft_wrap=True, markup=False, highlight=False)
