"""The strength that reaches a goal of presence, as lines and as JSON."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ufm._json import finite_or_null
from ufm._visible import visible
from ufm.llm.measure.budgets import BUDGETS, KINDS

from .lines import name_blocks
from .tables import figure, shortened, side_by_side, table

if TYPE_CHECKING:
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.strength.choose import ModelStrength
    from ufm.llm.strength.report import StrengthReport

_LEADS = {
    "reached": "GOAL REACHED: use",
    "undecided": "GOAL PERHAPS REACHED: use",
    "missed": "GOAL MISSED at",
}
_ADVICE = {
    "reached": "",
    "undecided": "; the interval goes across the goal: judge more texts (--judged)",
    "missed": "; the choice was luck of its texts: judge more (--judged), or allow more (--budget)",
}
_OF_WORDS = "keywords counts words; ufm judge keywords says how far to believe it"
# Where no strength was chosen, and the interval does not rule out that the budget is enough.
_OPEN = "; the interval reaches the goal, so judge more texts (--judged)"


def goals_json(goals: "Sequence[GoalChoice]") -> dict[str, object]:
    """The goals as an entry of the report; nothing without one."""
    return {"goals": finite_or_null([goal.as_json() for goal in goals])} if goals else {}


def goal_answer(
    goals: "Sequence[GoalChoice]", reports: "Sequence[StrengthReport]", length: int
) -> Iterator[str | Table]:
    """The line to act on; of several blocks that of the best, and one for each. Nothing without a goal.

    `length`: tokens of a text that was judged, at most.
    """
    from ufm.llm.efficacy.goal import best_of

    if not goals:
        return
    kind = reports[0].choice.kind
    best = best_of(goals, kind)
    yield _answer(goals[best], reports[best].choice, length)
    if goals[best].scan.judged.judge == "keywords":  # not with words of the user's own
        yield _OF_WORDS
    if len(goals) > 1:
        yield ""
        yield _blocks(goals, reports, kind)
    yield ""


def goal_tables(
    goals: "Sequence[GoalChoice]", reports: "Sequence[StrengthReport]", prompt: str, width: int
) -> Iterator[str | Table]:
    """For each block the scan that the choice rests on, and the first text after the first `prompt`.

    Nothing without a goal.
    """
    for goal, report in zip(goals, reports, strict=False):
        yield ""
        yield _scan(goal, report.choice.kind, name_blocks(report.choice.layer))
        yield ""
        yield f"texts as they were judged, the first of those after: {prompt}"
        yield _texts(goal, width)


def _answer(goal: "GoalChoice", choice: "ModelStrength", length: int) -> str:
    """Which strength, and what texts that had no part in the choice say of it."""
    judged, kind = goal.scan.judged, choice.kind
    low, high = goal.interval
    texts = f"{goal.texts} new texts of {length} tokens"
    seen = f"{goal.presence:.0%} ({low:.0%} to {high:.0%}, 95%) of {texts}"
    shows = f"show {judged.concept} by {judged.judge}"
    start = f"{judged.presence[0]:.0%} do unsteered"
    share = f"{goal.strength * choice.scale:.0%} of a usual hidden state"
    at = f"α = {goal.strength:.4g} after {name_blocks(choice.layer)} ({share})"
    if goal.verdict == "out of reach":
        budget = f"{choice.budget:g} {BUDGETS[kind].unit} ({kind})"
        return (
            f"GOAL {_verdict(goal).upper()} under the budget of {budget}: {seen} {shows} where it ends, at "
            f"{at}; {goal.goal:.0%} were wanted, {start}{_OPEN * goal.is_open}. {_beyond(goal, kind)}"
        )
    loss = float(goal.scan.column("cross_entropy")[goal.place])
    price = f"{goal.scan.column(kind)[goal.place]:.3g} {BUDGETS[kind].unit} of {BUDGETS[kind].name}"
    return (
        f"{_LEADS[goal.verdict]} {at}: {seen} {shows}, {goal.goal:.0%} were wanted, {start}; it costs "
        f"{price} on held-out text (perplexity {math.expm1(loss):+.0%}){_ADVICE[goal.verdict]}"
    )


def _verdict(goal: "GoalChoice") -> str:
    """The verdict in words, with the doubt that is left where no strength was chosen."""
    return f"perhaps {goal.verdict}" if goal.is_open else goal.verdict


def _beyond(goal: "GoalChoice", kind: str) -> str:
    """What the strengths beyond the budget would bring, and what to do."""
    scan, first = goal.scan, len(goal.smoothed)
    beyond = scan.judged.presence[first:]
    reaches = bool((beyond >= goal.goal).any())
    k = first + int((beyond >= goal.goal).argmax() if reaches else beyond.argmax())
    price, judged = float(scan.column(kind)[k]), scan.judged
    # a budget acts on the text that α is chosen on, which may pay more or less than the held-out text
    budget = price if goal.beyond is None else float(goal.beyond[k - first, KINDS.index(kind)])
    seen = (
        f"{judged.presence[k]:.0%} do at α = {scan.alphas[k]:.4g}, for {price:.3g} on held-out text"
    )
    spoilt = (
        f"perplexity of the texts {judged.perplexity[0]:.3g} → {judged.perplexity[k]:.3g}, "
        f"{judged.loops[k]:.0%} loop"
    )
    if reaches:
        more = f"read those texts, and if they will do take --budget {1.1 * budget:.3g}"
        return f"Beyond it {seen} ({spoilt}): {more}"
    is_rising = k == scan.alphas.size - 1
    more = (
        f"--budget {budget:.3g} looks twice as far, or try"
        if is_rising
        else "it falls again, so try"
    )
    return (
        f"Beyond it, up to twice that strength, at most {seen} ({spoilt}): {more} other blocks (--layers), "
        "other prompts or a lower goal"
    )


def _blocks(goals: "Sequence[GoalChoice]", reports: "Sequence[StrengthReport]", kind: str) -> Table:
    """A line for each block."""
    numbers = ("α", "α|v|/|h|", "presence", "95%", BUDGETS[kind].name, "perplexity", "loops")
    lines = table("after block", *numbers, "goal", right=numbers)
    for goal, report in zip(goals, reports, strict=True):
        checked, (low, high) = goal.checked, goal.interval
        lines.add_row(
            str(report.choice.layer),
            f"{goal.strength:.4g}",
            f"{goal.strength * report.choice.scale:.3f}",
            f"{goal.presence:.2f}",
            f"{low:.2f} to {high:.2f}",
            f"{goal.scan.column(kind)[goal.place]:.3g}",
            f"{checked.perplexity[0]:.3g}",
            f"{checked.loops[0]:.0%}",
            _verdict(goal),
        )
    return lines


def _scan(goal: "GoalChoice", kind: str, where: str) -> Table:
    """Presence, cost and fluency at each strength looked at; the target's mass, if there is a target."""
    judged, strengths = goal.scan.judged, range(goal.scan.alphas.size)
    low, high = goal.scan.interval.T
    fit = [f"{x:.2f}" for x in goal.smoothed]
    columns = {
        f"after\n{where}: α": [figure(float(a), ".5g") for a in goal.scan.alphas],
        "\npresence": [f"{x:.2f}" for x in judged.presence],
        "\n95%": [f"{low[k]:.2f} to {high[k]:.2f}" for k in strengths],
        "isotonic\nfit": [fit[k] if k < len(fit) else "beyond" for k in strengths],
        f"\n{BUDGETS[kind].name}": [figure(float(x), ".4g") for x in goal.scan.column(kind)],
        "target\nmass": [figure(float(x), ".4g") for x in goal.scan.column("target_mass")],
        "\nceiling": [figure(float(x), ".4g") for x in goal.scan.ceiling],
        "\nperplexity": [f"{x:.3g}" for x in judged.perplexity],
        "\nloops": [f"{x:.0%}" for x in judged.loops],
    }
    known = {name: cells for name, cells in columns.items() if any(cells)}
    lines = table(*known, right=known)
    for cells in zip(*known.values(), strict=True):
        lines.add_row(*cells)
    return lines


def _texts(goal: "GoalChoice", width: int) -> Table:
    """A text unsteered, at the strength of the answer, at the furthest; and what the judge said of each."""
    judged, last = goal.scan.judged, goal.scan.alphas.size - 1
    places = list(dict.fromkeys((0, goal.place, last)))
    names = [f"α = {goal.scan.alphas[k]:.5g}" for k in places]
    answers = ["yes" if judged.probabilities[0, k, 0] > 0.5 else "no" for k in places]
    first = [Text(f"{judged.concept}: {answer}", style="dim") for answer in answers]
    texts = [Text(shortened(visible(judged.texts[0][k][0]))) for k in places]
    return side_by_side(names, [first, texts], width)
