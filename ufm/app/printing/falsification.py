"""Prints what became of a claim without a hypothesis, and the map of all such pairs."""

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from .lines import entry, paragraph, print_table
from .tables import coloured, counted, plural, table

if TYPE_CHECKING:
    from theorems.falsify import Falsification


_WIDE = 126  # columns that the map needs with its reasons

# What is said of a hypothesis that is needed, but that the paper's own setting brings with it.
_FOLLOWS = {
    "separation": "In the paper's setting (Assumption 1, P in T, N off it) separation follows from Lemma B.4."
}


def print_falsification(result: "Falsification", console: Console) -> None:
    """The counterexample in rationals, what it contradicts, and the balls; or why there is none."""
    lines = [f"{result.claim} without {result.without}: {result.outcome}"]
    if result.reason:
        lines.append(f"  {result.reason}")
    if result.theorems:
        proved = "of this is proved" if result.outcome == "not known" else "proved"
        lines.append(f"  {proved} in theorems/coq/Statements.v: {', '.join(result.theorems)}")
    if result.counterexample is not None:
        lines.append(f"Found: {result.found}.")
        lines += [f"  {key}: {_entry(key, value)}" for key, value in result.counterexample.items()]
        lines.append(f"the claim says: {result.text}")
        lines += [f"  {name} in {_ball(low, high)}" for name, low, high in result.values]
        if result.also_broken:
            lines.append(f"also broken by it: {', '.join(result.also_broken)}")
        if result.without in _FOLLOWS:
            lines.append(_FOLLOWS[result.without])
    for line in lines:
        entry(console, line)


def print_certificate_entry(
    result: "Falsification", record: Mapping[str, Any], out: Path, console: Console
) -> None:
    """Which entry of the certificate of a counterexample contradicts the claim; its own may rightly hold."""
    own = next((c for c in record["claims"] if c["id"] == result.claim), None)
    if own is None:
        said = f"no entry is about {result.claim}, which is not certified"
    elif own["conclusion"] == "fails":
        said = f"the entry {result.claim} contradicts it, with the conclusion “fails”"
    elif own["conclusion"] == "holds":
        brackets = filter(None, (_bracket(name, record) for name, _, _ in result.values))
        against = ", ".join(brackets) or "no entry of it, but the balls above"
        said = (
            f"the entry {result.claim} rightly says “holds”: the claim itself keeps to {result.without}. "
            f"What contradicts the wider claim is {against}"
        )
    else:
        said = f"the entry {result.claim} leaves the conclusion open; the balls above contradict it"
    paragraph(console, f"In {out} {said}.")


def _bracket(name: str, record: Mapping[str, Any]) -> str:
    """Where a certificate has the bracket of a peak; empty for what is no peak."""
    named = re.fullmatch(r"α\((\d+),(\d+)\)", name)
    if named is None:
        return ""
    context, token = map(int, named.groups())
    law = next(c for c, group in enumerate(record["laws"]) if context in group)
    level = next(k for k, group in enumerate(record["levels"]) if token in group)
    return f"peaks[{law}][{level}], the bracket of {name}"


def print_map(results: "list[Falsification]", console: Console, is_wide: bool = False) -> None:
    """The hypotheses of each claim by the answer, then a line that adds up.

    The reasons too, where there is room or if `is_wide`: then hypotheses of one answer share a line only if
    they share the reason.
    """
    has_room = is_wide or console.width >= _WIDE
    rows: dict[tuple[str, ...], list[str]] = {}
    for result in results:
        why = [escape(_why(result))] * has_room
        row = (result.claim, coloured(result.outcome), *why)
        rows.setdefault(row, []).append(result.without)
    shown = table("claim", "without", "is", *["because"] * has_room, wraps=("without", "because"))
    for (claim, *answer), without in rows.items():
        shown.add_row(claim, ", ".join(without), *answer)
    print_table(console, shown, is_wide)
    if not has_room:
        paragraph(console, "--wide adds the counterexample or the reason of each.", style="dim")
    counts = counted(result.outcome for result in results)
    paragraph(console, f"{plural(len(results), 'pair')} of claim and hypothesis: {counts}.")


def _why(result: "Falsification") -> str:
    if result.counterexample is None:
        return (
            f"{result.reason} ({', '.join(result.theorems)})" if result.theorems else result.reason
        )
    found = result.counterexample
    if "in_concept" in found:
        a, b = _text(found["in_concept"]), _text(found["off_concept"])
        sets = f"P {found['positive']} N {found['negative']}"
        rest = [k for k in ("norm_ratio", "rate", "factor", "data") if k in found]
        what = "; ".join([f"a = {a}, b = {b}, {sets}", *(f"{k} {_text(found[k])}" for k in rest)])
    else:
        what = ", ".join(f"{k} {_entry(k, v)}" for k, v in found.items())
    values = ", ".join(f"{name} = {float(low):.5g}" for name, low, _ in result.values)
    return f"{what}: {values}"


def _entry(key: str, value: object) -> str:
    """The value under a key; the tokens of the target by number, which are a mask [V] in the record."""
    if key == "target" and isinstance(value, list | tuple):
        return f"tokens {_text([token for token, is_in in enumerate(value) if is_in])}"
    return _text(value)


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _ball(low: Fraction, high: Fraction) -> str:
    """An interval in decimals, with as many digits as its ends share and a few more."""
    middle, half = (low + high) / 2, (high - low) / 2
    if not half:
        return f"[{float(low):.17g}]"
    return f"[{float(middle):.17g} ± {float(half):.1e}]"
