"""The strength that reaches a goal of presence, as lines and as JSON."""

from typing import TYPE_CHECKING

from rich.console import Console

from ufm._json import finite_or_null
from ufm.llm.measure.budgets import BUDGETS, KINDS

from .lines import name_blocks, paragraph, print_table, say
from .tables import figure, table

if TYPE_CHECKING:
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.strength.report import StrengthReport


def goals_json(goals: "list[GoalChoice]") -> dict[str, object]:
    """The goals as an entry of the report; nothing without one."""
    return {"goals": finite_or_null([goal.as_json() for goal in goals])} if goals else {}


def print_goals(
    goals: "list[GoalChoice]", reports: "list[StrengthReport]", console: Console
) -> None:
    """A line with the answer and a table of the scan, for each report."""
    for goal, report in zip(goals, reports, strict=True):
        judged, kind = goal.scan.judged, report.choice.kind
        say(console, "")
        paragraph(console, _answer(goal, name_blocks(report.choice.layer), kind))
        columns = ("α", "presence", "95%", "made to rise", BUDGETS[kind].name, "target mass")
        columns = (*columns, "ceiling", "perplexity", "loops")
        lines = table(*columns, right=columns)
        for k, alpha in enumerate(goal.scan.alphas):
            low, high = goal.scan.interval[k]
            rising = f"{goal.smoothed[k]:.2f}" if k < len(goal.smoothed) else "beyond"
            lines.add_row(
                figure(float(alpha)),
                f"{judged.presence[k]:.2f}",
                f"{low:.2f} to {high:.2f}",
                rising,
                figure(float(goal.scan.column(kind)[k])),
                figure(float(goal.scan.spent[k, KINDS.index("target_mass")])),
                figure(float(goal.scan.ceiling[k])),
                figure(float(judged.perplexity[k])),
                f"{judged.loops[k]:.0%}",
            )
        print_table(console, lines, is_wide=True)


def _answer(goal: "GoalChoice", where: str, kind: str) -> str:
    """Which strength, and what other texts say of it."""
    low, high = goal.interval
    judged = goal.scan.judged
    seen = f"{goal.presence:.2f} ({low:.2f} to {high:.2f}, 95%)"
    of = f"presence {goal.goal:g} of {judged.concept} by {judged.judge}, after {where}"
    if goal.verdict == "out of reach":
        return (
            f"GOAL OUT OF REACH: {of}: at α = {goal.within:.5g}, where the budget ends, it is {seen} in "
            f"{goal.texts} texts"
        )
    k = int(abs(goal.scan.alphas - goal.alpha).argmin())
    price = f"{goal.scan.column(kind)[k]:.3g} {BUDGETS[kind].unit}"
    words = {
        "reached": "reached",
        "undecided": "not told from it: judge more texts (--judged)",
        "missed": "MISSED: the choice was luck of its texts; judge more (--judged)",
    }
    return (
        f"goal {of}: use α = {goal.alpha:.5g} ({price} on held-out text): {seen} in {goal.texts} texts that "
        f"had no part in the choice, {words[goal.verdict]}"
    )
