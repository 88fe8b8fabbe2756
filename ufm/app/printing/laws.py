"""Prints what a report says of the laws, and where it lies."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from ufm._visible import visible

from .lines import entry, paragraph, say
from .tables import coloured, figure, table

if TYPE_CHECKING:
    from ufm.llm.report.request import Report


def print_laws(report: "Report", directory: Path, console: Console) -> None:
    """One line a law, the reasons below, the two counts of bumps, and the files."""
    laws = table("law", "verdict", "measure", "number", right=("number",), wraps=("law",))
    for law in report.laws:
        title, number = escape(visible(law.title)), figure(law.number, ".4g")
        laws.add_row(title, coloured(law.verdict), law.measure, number)
    console.print(laws)
    for law in report.laws:
        entry(console, f"{law.id}: {law.why}", style="dim")
    _print_protocols(report, console)
    _print_ceiling(report, console)
    model = report.facts["model"]
    if isinstance(model, dict) and model["caveat"]:
        paragraph(console, f"{model['name']}: {model['caveat']}")
    say(console, f"report: {directory / 'index.html'}")


def _print_ceiling(report: "Report", console: Console) -> None:
    """What steering gets of what its price could buy, where it gets most and near a tenth of a nat."""
    found = report.ceiling
    if found is None:
        return
    near = found.at_price(0.1)
    places = {"most": found.best} if near is None else {"near 0.1 nats": near, "most": found.best}
    parts = [
        f"{where}, {found.efficiency[k]:.1%} at α = {found.alphas[k]:.4g} ({found.mass[k]:.3g} of at most "
        f"{found.ceiling[k]:.3g} for {found.price[k]:.3g} nats)"
        for where, k in places.items()
    ]
    entry(
        console,
        f"efficiency, the mass that steering gains over the most that any change at its KL(p0||pα) could: "
        f"{'; '.join(parts)}",
    )


def _print_protocols(report: "Report", console: Console) -> None:
    """How each protocol counts the shapes of curves, and how large the turns are that no bump has."""
    found = report.protocols
    names = [row.name for row in found]
    counts = table("curves that …", *names, right=names)
    counts.add_row("tokens of each prompt", *(row.tokens for row in found))
    counts.add_row("strengths", *(str(row.steps) for row in found))
    counts.add_row("from α", *(f"{row.least:.4g}" for row in found))
    counts.add_row("to α", *(f"{row.largest:.4g}" for row in found))
    for shape, words in _SHAPES.items():
        counts.add_row(words, *(str(row.shapes[shape]) for row in found))
    for k, words in enumerate(("extra turns, median", "… 90 % are below", "… largest")):
        counts.add_row(words, *(_at(row.extra_shares, k) for row in found))
    counts.add_row("… in probability", *(_at(row.extra_probabilities, 2) for row in found))
    console.print(counts)
    paragraph(
        console,
        "By eye a turn counts if it is more than 1 % of the curve's range. Extra turns: by how much dips and "
        "curves with several turns move the wrong way, as a share of the curve's range.",
        style="dim",
    )


_SHAPES = {
    "bump": "bump",
    "increasing": "rise",
    "decreasing": "fall",
    "dip": "dip",
    "several": "turn several times",
}


def _at(quantiles: tuple[float, ...], k: int) -> str:
    return f"{quantiles[k]:.2g}" if quantiles else ""
