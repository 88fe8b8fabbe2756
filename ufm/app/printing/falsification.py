"""Prints what became of a claim without a hypothesis, and the map of all such pairs."""

from collections import Counter
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_STYLE = {"needed": "green", "not needed": "cyan", "not found": "bold red"}


def print_falsification(result: Any, console: Console) -> None:
    """The counterexample in rationals, what it contradicts, and the balls; or why there is none."""
    lines = [f"{result.claim} without {result.without}: {result.outcome}"]
    if result.counterexample is not None:
        lines += [f"  {key}: {_text(value)}" for key, value in result.counterexample.items()]
        lines.append(f"claimed: {result.text}")
        lines += [f"  {name} in {_ball(low, high)}" for name, low, high in result.values]
    if result.reason:
        lines.append(f"  {result.reason}")
    if result.theorems:
        lines.append(f"  proved in theorems/coq/Statements.v: {', '.join(result.theorems)}")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def print_map(results: list[Any], console: Console) -> None:
    """One line a pair, then a line that adds up."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "without", "is", "because"):
        table.add_column(name, no_wrap=name != "because")
    for result in results:
        style = _STYLE[result.outcome]
        row = (result.claim, result.without, f"[{style}]{result.outcome}[/]", escape(_why(result)))
        table.add_row(*row)
    console.print(table)
    counts = Counter(result.outcome for result in results)
    parts = [f"{counts[name]} {name}" for name in _STYLE if counts[name]]
    console.print(f"{len(results)} pairs: {', '.join(parts)}.", highlight=False)


def _why(result: Any) -> str:
    if result.counterexample is None:
        return (
            f"{result.reason} ({', '.join(result.theorems)})" if result.theorems else result.reason
        )
    found = result.counterexample
    if "in_concept" in found:
        a, b = " ".join(found["in_concept"]), " ".join(found["off_concept"])
        sets = f"P {found['positive']} N {found['negative']}"
        rest = [k for k in ("norm_ratio", "rate", "factor", "data") if k in found]
        what = "; ".join([f"a = {a}, b = {b}, {sets}", *(f"{k} {_text(found[k])}" for k in rest)])
    else:
        what = ", ".join(f"{k} {_text(v)}" for k, v in found.items())
    values = ", ".join(f"{name} = {float(low):.5g}" for name, low, _ in result.values)
    return f"{what}: {values}"


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _ball(low: Fraction, high: Fraction) -> str:
    """An interval in decimals, with as many digits as its ends share and a few more."""
    middle, half = (low + high) / 2, (high - low) / 2
    if not half:
        return f"[{float(low):.17g}]"
    return f"[{float(middle):.17g} ± {float(half):.1e}]"
