"""Prints a certificate: a line for each claim, then what was enclosed."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_STYLE = {"holds": "green", "fails": "bold red", "undecided": "yellow", "hypotheses unmet": "dim"}
# Of a conclusion whose claim has a hypothesis unmet: the claim stands, whatever becomes of it here.
_HERE = {"holds": "true", "fails": "false"}
# More peaks than this make a page that nobody reads: they stand in the file.
_LARGEST_TABLE = 60


def print_certificate(record: Mapping[str, Any], console: Console) -> None:
    """Claims with their verdicts; peaks where they are few; limits, σ² and the sweet spot."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "verdict", "conclusion", "unmet"):
        table.add_column(name, no_wrap=name in ("claim", "verdict"))
    for claim in record["claims"]:
        verdict, outcome = claim["verdict"], claim["conclusion"]
        where = claim["witness"] and ", ".join(
            f"{k} {_number(v) if k == 'strength' else v}" for k, v in claim["witness"].items()
        )
        words = f"{_HERE.get(outcome, outcome)} here" if claim["unmet"] else outcome
        shown = f"{words} ({where})" if where else words
        table.add_row(
            claim["id"],
            f"[{_STYLE[verdict]}]{verdict}[/]",
            "" if verdict == outcome else escape(shown),
            ", ".join(claim["unmet"]),
        )
    console.print(table)
    laws, levels = record["laws"], record["levels"]
    if len(laws) * len(levels) <= _LARGEST_TABLE:
        console.print(_peaks(record))
    variance = _number(record["cross_entropy"]["variance"][0])
    lines = [
        f"{sum(map(len, levels))} tokens at {len(levels)} values of M, {sum(map(len, laws))} contexts "
        f"of {len(laws)} laws, {record['precision']} bits",
        f"σ² = {variance}, {_common(record['common_sweet_spot'])}",
        counts({claim["id"]: claim["verdict"] for claim in record["claims"]}),
    ]
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def counts(verdicts: Mapping[str, str]) -> str:
    """How many claims hold, fail, are undecided or have hypotheses unmet, in one line."""
    found = Counter(verdicts.values())
    parts = [f"{found[name]} {name}" for name in _STYLE if found[name]]
    return f"{len(verdicts)} claims for all α: {', '.join(parts)}."


def _peaks(record: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("peak α(j,z) of tokens")
    for group in record["laws"]:
        word = "context" if len(group) == 1 else "contexts"
        table.add_column(f"{word} {_list(group)}", justify="right")
    for k, tokens in enumerate(record["levels"]):
        row = [_interval(peaks[k]) for peaks in record["peaks"]]
        table.add_row(_list(tokens), *row)
    return table


def _list(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:6]))
    return shown if len(numbers) <= 6 else f"{shown}, … ({len(numbers)})"


def _common(spot: Any) -> str:
    if spot is None or spot == "empty":
        return f"strengths in the sweet spot of every context: {'none' if spot else 'undecided'}"
    return f"in the sweet spot of every context: α in {_interval(spot)}"


def _interval(pair: Any) -> str:
    """A bracket by its middle where it is narrow, else by its ends."""
    if not isinstance(pair, list):
        return "undecided" if pair is None else str(pair)
    low, high = (float(end) if "inf" in end else float(Fraction(end)) for end in pair)
    is_narrow = low == high or high - low < 1e-5 * (abs(low) + abs(high))
    return f"{low:.6g}" if is_narrow else f"({low:.6g}, {high:.6g})"


def _number(text: str) -> str:
    return f"{float(Fraction(text)):.6g}"
