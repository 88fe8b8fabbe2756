"""Prints what `ufm reproduce` will run and what it costs, and what became of the laws."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from .lines import entry, in_words, paragraph, say
from .tables import coloured, counted, figure, table, worst

if TYPE_CHECKING:
    from ufm.llm.reproduce.make import Reproduction
    from ufm.llm.reproduce.measurement import Measurement
    from ufm.llm.reproduce.plan import Cost, Plan, Share
    from ufm.llm.reproduce.study import Study

_KINDS = {
    "curves": "next-token curves",
    "runs": "… with P and N drawn anew",
    "cost": "cross-entropy on the text",
    "log-odds": "log-odds against what dominates",
    "presence": "texts, and what the judge says",
    "task": "a task of the harness",
}


def print_plan(
    plan: "Plan",
    mine: "Sequence[Measurement]",
    cost: "Cost",
    share: "Share",
    study: "Study",
    console: Console,
) -> None:
    """What there is to measure, what of it is done, how long the rest takes and in how much memory."""
    shown = table("to measure", "in all", "left", "minutes", right=("in all", "left", "minutes"))
    for kind, words in _KINDS.items():
        every = [m for m in mine if m.kind == kind]
        if every:
            left = [m for m in cost.seconds if m.kind == kind]
            minutes = figure(cost.of(kind) / 60, ".1f")
            shown.add_row(words, str(len(every)), str(len(left)), minutes)
    console.print(shown)
    blocks = ", ".join(map(str, study.layers))
    concepts = ", ".join(sides.concept for sides in study.concepts)
    paragraph(
        console,
        f"{concepts}; blocks {blocks} of 0 to {study.model.blocks - 1}; scale {study.scale.name}",
    )
    if share.count > 1:
        paragraph(
            console,
            f"share {share.number} of {share.count}: {len(mine)} of {len(plan.measurements)} measurements",
        )
    paragraph(
        console,
        f"{plan_in_short(cost)}: {cost.weights / 1e9:.2g} for the weights, up to {cost.batch / 1e9:.2g} for "
        "a batch (--memory)",
    )


def plan_in_short(cost: "Cost") -> str:
    """How long what is left takes, and in how much memory."""
    gigabytes = (cost.weights + cost.batch) / 1e9
    return (
        f"about {in_words(cost.total)} on this machine, compilation not counted; about {gigabytes:.2g} GB of "
        "memory"
    )


def print_time(cost: "Cost", seconds: float, console: Console) -> None:
    """How long the measurements took, against what was planned."""
    say(console, f"measured in {in_words(seconds)}; planned were {in_words(cost.total)}")


def print_reproduction(reproduction: "Reproduction", directory: Path, console: Console) -> None:
    """A line for each law: its verdicts over concepts and blocks, and its numbers; then what fails."""
    from ufm.llm.reproduce.verdicts import columns

    found = columns(reproduction)
    names = ("least", "median", "largest")
    shown = table("law", "figures", "verdicts", *names, right=names, wraps=("figures", "verdicts"))
    for column in found:
        numbers = column.numbers
        three = (numbers[0], median(numbers), numbers[-1]) if numbers else (None,) * 3
        verdicts = coloured(worst(column.verdicts), counted(column.verdicts))
        cells = (figure(number, ".2g") for number in three)
        shown.add_row(escape(column.words), column.figures, verdicts, *cells)
    console.print(shown)
    for column in found:
        fails = [f"{c} {b}" for (c, b), law in column.laws.items() if law.verdict == "fails"]
        if fails:
            entry(console, f"{column.words} fails: {', '.join(fails)}", style="dim")
    caveat = reproduction.study.model.source.caveat
    if caveat:
        paragraph(console, f"{reproduction.study.model.source.name}: {caveat}")
    say(console, f"page: {directory / 'index.html'}")
