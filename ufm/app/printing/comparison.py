"""What budgets buy along several directions, as a table and as JSON."""

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from ufm._json import finite_or_null
from ufm.llm.measure.budgets import BUDGETS, KINDS

from .lines import name_blocks, paragraph, print_columns, say
from .tables import table

if TYPE_CHECKING:
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.strength.compare import Bought


def comparison_json(
    found: "list[Bought]", model: "LanguageModel", kind: str, held_out: int
) -> dict[str, object]:
    """The comparison, and on what it was measured."""
    data = {
        "model": model.source.name,
        "caveat": model.source.caveat,
        "kind": kind,
        "held_out_tokens": held_out,
        "directions": [one.as_json() for one in found],
    }
    return finite_or_null(data)


def print_comparison(
    found: "list[Bought]", model: "LanguageModel", kind: str, held_out: int, console: Console
) -> None:
    """A line for each direction, a table for each budget."""
    say(console, f"{model.source.name}: what a budget of {BUDGETS[kind].name} buys")
    if model.source.caveat is not None:
        paragraph(console, model.source.caveat)
    for budget in dict.fromkeys(one.budget for one in found):
        some = [one for one in found if one.budget == budget]
        say(console, "")
        say(console, f"budget {budget:g} {BUDGETS[kind].unit}")
        print_columns(console, _table(some, kind))
    say(console, "")
    paragraph(
        console,
        f"measured on {held_out} held-out tokens; in brackets 95% of draws of their windows with "
        "replacement, the prompts of the vectors as they are; against the mean: the mass a nat over that of "
        "the difference of means after the same blocks, on the same windows; efficiency: the mass gained "
        "on the text over the most that any change at the same KL(p0||pα) could gain",
    )


def _table(found: "list[Bought]", kind: str):
    columns = ("direction", "α|v|/|h|", "held out", "mass +1e-4", "efficiency", "against the mean")
    columns = (*columns, "mass after prompts")
    lines = table(*columns, right=columns[1:])
    means = {one.layer: one for one in found if one.method == "mean"}
    for one in found:
        name = f"{name_blocks(one.layer)}, {one.method}"
        if not one.reachable:
            lines.add_row(name, "unreachable")
            continue
        base = means.get(one.layer)
        lines.add_row(
            name,
            f"{one.relative:.3f}",
            f"{one.spent[KINDS.index(kind)]:.3f}",
            _with_interval(one.gains * 1e4, "{:.2f}"),
            _with_interval(one.efficiencies * 100, "{:.2f}") + " %",
            "" if base is None or base is one else _with_interval(one.against(base), "{:.2f}"),
            "{:.2e} → {:.2e}".format(*one.after_prompts),
        )
    return lines


def _with_interval(values: np.ndarray, form: str) -> str:
    """The first value, and what the middle of the others lies in."""
    from ufm.llm.strength.compare import interval

    shown = form.format(values[0])
    if len(values) < 2:
        return shown
    return f"{shown} [{', '.join(form.format(end) for end in interval(values))}]"
