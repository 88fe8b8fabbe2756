"""Prints a certificate: a line for each claim, then what was enclosed."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .lines import say
from .tables import coloured, counted, table

# A claim with a hypothesis unmet says nothing; its conclusion may be true or false here all the same.
_HERE = {"holds": "true", "fails": "false"}
# More peaks than this make a page that nobody reads: the file holds them.
_LARGEST_TABLE = 60

Record = Mapping[str, Any]  # a certificate as JSON, nested to any depth


def print_certificate(record: Record, console: Console) -> None:
    """Claims with their verdicts; peaks where they are few; limits, σ² and the sweet spot."""
    claims = table("claim", "verdict", "conclusion", "unmet", wraps=("conclusion", "unmet"))
    for claim in record["claims"]:
        shown = "" if claim["verdict"] == claim["conclusion"] else escape(_conclusion(claim))
        verdict = coloured(claim["verdict"])
        claims.add_row(claim["id"], verdict, shown, ", ".join(claim["unmet"]))
    console.print(claims)
    laws, levels = record["laws"], record["levels"]
    if len(laws) * len(levels) <= _LARGEST_TABLE:
        console.print(_peaks(record))
    say(
        console,
        f"{sum(map(len, levels))} tokens at {len(levels)} values of M, {sum(map(len, laws))} contexts "
        f"of {len(laws)} laws, {record['precision']} bits",
    )
    variance = _number(record["cross_entropy"]["variance"][0])
    say(console, f"σ² = {variance}, {_common(record['common_sweet_spot'])}")
    say(console, counts({claim["id"]: claim["verdict"] for claim in record["claims"]}))


def counts(verdicts: Mapping[str, str]) -> str:
    """How many claims hold, fail, are undecided or have hypotheses unmet, in one line."""
    return f"{len(verdicts)} claims for all α: {counted(verdicts.values())}."


def _conclusion(claim: Record) -> str:
    """What becomes of the conclusion on this instance, and where it was seen."""
    outcome = claim["conclusion"]
    words = f"{_HERE.get(outcome, outcome)} here" if claim["unmet"] else outcome
    witness = claim["witness"] or {}
    where = (f"{k} {_number(v) if k == 'strength' else v}" for k, v in witness.items())
    return f"{words} ({', '.join(where)})" if witness else words


def _peaks(record: Record) -> Table:
    title = "peak α(j,z) of tokens"
    contexts = [
        f"{'context' if len(group) == 1 else 'contexts'} {_list(group)}" for group in record["laws"]
    ]
    peaks = table(title, *contexts, right=contexts, wraps=(title, *contexts))
    for k, tokens in enumerate(record["levels"]):
        peaks.add_row(_list(tokens), *(_interval(row[k]) for row in record["peaks"]))
    return peaks


def _list(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:6]))
    return shown if len(numbers) <= 6 else f"{shown}, … ({len(numbers)})"


def _common(spot: list[str] | str | None) -> str:
    if spot is None or spot == "empty":
        return f"strengths in the sweet spot of every context: {'none' if spot else 'undecided'}"
    return f"in the sweet spot of every context: α in {_interval(spot)}"


def _interval(pair: list[str] | str | None) -> str:
    """A bracket by its middle where it is narrow, else by its ends."""
    if not isinstance(pair, list):
        return "undecided" if pair is None else pair
    low, high = (float(end) if "inf" in end else float(Fraction(end)) for end in pair)
    is_narrow = low == high or high - low < 1e-5 * (abs(low) + abs(high))
    return f"{low:.6g}" if is_narrow else f"({low:.6g}, {high:.6g})"


def _number(text: str) -> str:
    return f"{float(Fraction(text)):.6g}"
