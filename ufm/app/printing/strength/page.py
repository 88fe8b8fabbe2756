"""The pages of `ufm strength`: what was found, block by block."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ufm.llm.measure.budgets import BUDGETS, KINDS
from ufm.llm.text.examples import name_of

from ..goal import goal_answer, goal_tables
from ..lines import entry, print_columns
from ..tables import figure, table
from .answer import answer, around, spending, unreachable
from .grounds import inseparability, mass_after_prompts, other_prompts, search, sweet_spots
from .texts import texts

if TYPE_CHECKING:
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request
    from ufm.llm.text.tokenizer import Tokenizer


def print_strength(
    reports: "list[StrengthReport]",
    request: "Request",
    model: "LanguageModel",
    tokenizer: "Tokenizer",
    text: Path,
    console: Console,
    goals: "Sequence[GoalChoice]" = (),
) -> None:
    """The answer, what it was measured on, what it rests on; of several blocks, a section and a line each.

    Where a presence is the goal, its answer comes first, and what that rests on last.
    """
    _show(goal_answer(goals, reports, request.new_tokens), console)
    lead = "The budget ends at" if goals else "Use"
    measured_on = list(_measured_on(request, model, text))
    for i, report in enumerate(reports):
        if goals or i:
            console.print()
        below = () if i else measured_on
        _show(_section(report, request, tokenizer, console.width, lead, below), console)
    if len(reports) > 1:
        console.print()
        print_columns(console, _summary(reports, request))
    _show(goal_tables(goals, reports, tokenizer.decode(request.prompts[0]), console.width), console)


def _measured_on(request: "Request", model: "LanguageModel", text: Path) -> Iterator[str]:
    """The model, the budget, the text and the target."""
    unit = BUDGETS[request.kind].unit or "of the mass"
    yield f"{model.source.name}: {request.kind} budget {request.budget:g} {unit}"
    if model.source.caveat is not None:
        yield model.source.caveat
    yield (
        f"text {name_of(text)}: {len(request.windows)} windows of up to {request.length} tokens; v is added "
        "at every position, the new ones included"
    )
    if request.target is not None:
        yield f"target: {int(request.target.sum())} of {request.target.size} tokens"


def _show(parts: Iterator[str | Table], console: Console) -> None:
    """Print lines and tables."""
    for part in parts:
        if isinstance(part, str):
            entry(console, part)
        else:
            print_columns(console, part)


def _section(
    report: "StrengthReport",
    request: "Request",
    tokenizer: "Tokenizer",
    width: int,
    lead: str,
    measured_on: Sequence[str],
) -> Iterator[str | Table]:
    """What is said of one block: the answer, which begins with `lead`, then what it rests on."""
    choice = report.choice
    if choice.reachable:
        yield from answer(report, request, lead)
    else:
        yield unreachable(report)
    if measured_on:
        yield ""
        yield from measured_on
    yield ""
    if choice.reachable:
        yield spending(report, request)
        yield ""
        yield from around(report, request)
        yield ""
        yield from search(report)
        yield from other_prompts(report)
    yield from mass_after_prompts(report)
    if report.spots is not None:
        yield sweet_spots(report.spots, choice)
    if report.inseparability is not None:
        yield inseparability(report.inseparability)
    yield ""
    if report.continuations:
        yield from texts(report, request, tokenizer, width)
        yield ""
    if report.differs_at_zero is None:
        yield "α = 0 is the unsteered model, bit for bit"
    else:
        yield f"α = 0 is NOT the unsteered model: {report.differs_at_zero} differ"


def _summary(reports: "list[StrengthReport]", request: "Request") -> Table:
    """A line for each block; the target's mass and the loops only where they are known."""
    rows = [_in_short(report, request.kind) for report in reports]
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    blocks = table(*columns, right=columns)
    for row in rows:
        blocks.add_row(*(row[name] for name in columns))
    return blocks


def _in_short(report: "StrengthReport", kind: str) -> dict[str, str]:
    choice = report.choice
    here = report.texts_at(choice.alpha)
    return {
        "block": str(choice.layer),
        "α": figure(choice.alpha) if choice.reachable else "unreachable",
        "α|v|/|h|": figure(choice.relative) if choice.reachable else "",
        "held out": figure(report.held_out[KINDS.index(kind)]),
        "target mass": figure(report.held_out[KINDS.index("target_mass")]),
        "loop at α": f"{report.loops_at(choice.alpha)}/{len(here)}" if here else "",
    }
