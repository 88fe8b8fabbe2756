"""Prints what a report says of the laws, and where it lies."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from ufm._visible import visible

from .lines import say
from .tables import coloured, figure, table

if TYPE_CHECKING:
    from ufm.llm.report.request import Report


def print_laws(report: "Report", directory: Path, console: Console) -> None:
    """One line a law, the reasons below, and the files."""
    laws = table("law", "verdict", "measure", "number", right=("number",), wraps=("law",))
    for law in report.laws:
        title, number = escape(visible(law.title)), figure(law.number, ".4g")
        laws.add_row(title, coloured(law.verdict), law.measure, number)
    console.print(laws)
    for law in report.laws:
        say(console, f"{law.id}: {law.why}", style="dim")
    model = report.facts["model"]
    if isinstance(model, dict) and model["caveat"]:
        say(console, f"{model['name']}: {model['caveat']}")
    say(console, f"report: {directory / 'index.html'}")
