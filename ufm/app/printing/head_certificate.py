"""Prints a certificate of a head behind a norm: claims, how each probability runs, and the two ends."""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from theorems.certificates.check.heads.certificate import THEOREMS
from ufm import __version__
from ufm._json import JSON

from .certificate import Record, claims_table, interval_text, list_text
from .lines import entry, paragraph, say
from .tables import coloured, counted, plural, table

if TYPE_CHECKING:
    from theorems.certificates.check.heads.certificate import ConfirmedHead

# More rows than this make a page that nobody reads: the file holds them.
_LARGEST_TABLE = 60
_ANY_WIDTH = 10_000  # columns; no table is so wide
_NOTE = (
    "ends: on which side of its plateau a probability ends, as α → ∞, and on which side of its start the "
    "plateau is. 1/α: log p(α) is log p(∞) plus this over α, to first order. For every α. "
    "α*: where the steered state, centred under LayerNorm, is shortest; w: how long it is there, in lengths "
    "of v."
)
_ENDS = {"minus": "-∞", "plus": "∞"}


def print_head_certificate(record: Record, sha256: str, console: Console) -> None:
    """Claims with their verdicts; the runs of the probabilities where they are few; both ends; the hash."""
    console.print(claims_table(record))
    console.print()
    _print_curves(record, console)
    say(console, f"SHA-256 of the instance: {sha256}")
    paragraph(console, counts({claim["id"]: claim["verdict"] for claim in record["claims"]}))


def print_confirmed_head(path: Path, confirmed: "ConfirmedHead", console: Console) -> None:
    """What a certificate was found to say: of which head, of each claim, and of each probability."""
    head = confirmed.head
    say(console, f"{path}: confirmed.")
    paragraph(
        console,
        f"certificate of a head, version {confirmed.version}, checked by ufm {__version__} with balls of "
        f"{confirmed.bits} bits",
    )
    paragraph(
        console,
        f"instance: V = {head.count} tokens, m = {plural(len(head.hidden), 'context')}, "
        f"d = {len(head.vector)}, {head.norm}, eps = {head.eps}",
    )
    say(console, f"SHA-256 of the instance: {head.sha256}")
    claims = table("claim", "verdict", "by", wraps=("by",))
    for name, verdict in confirmed.verdicts.items():
        words = "holds for every α" if verdict == "holds" else verdict
        claims.add_row(name, coloured(verdict, words), _by(name, confirmed.unmet[name]))
    console.print(claims)
    console.print()
    _print_curves(confirmed.record, console)
    paragraph(console, counts(confirmed.verdicts))


def confirmed_head_as_json(confirmed: "ConfirmedHead") -> dict[str, JSON]:
    """What the page says, for programs."""
    head = confirmed.head
    return {
        "accepted": True,
        "reason": None,
        "version": confirmed.version,
        "checked_by": f"ufm {__version__}",
        "bits": confirmed.bits,
        "instance": {
            "sha256": head.sha256,
            "tokens": head.count,
            "contexts": len(head.hidden),
            "width": len(head.vector),
            "norm": head.norm,
            "target": [z for z, flag in enumerate(head.target or ()) if flag],
            "positive": head.positive,
            "negative": head.negative,
        },
        "verdicts": confirmed.verdicts,
        "unmet": confirmed.unmet,
        "theorems": {name: list(cited) for name, cited in THEOREMS.items()},
        "undecided": confirmed.undecided,
        **{key: confirmed.record[key] for key in ("contexts", "limits", "plateau", "last_block")},
    }


def counts(verdicts: Mapping[str, str]) -> str:
    """How many claims hold, fail, are undecided or have hypotheses unmet, and what they rest on."""
    proved = sum(name in THEOREMS for name in verdicts)
    return (
        f"{plural(len(verdicts), 'claim')}, for every strength: {len(verdicts) - proved} by balls on all of "
        f"the half circle, {proved} by Coq theorems whose hypotheses are checked exactly: "
        f"{counted(verdicts.values())}."
    )


def _by(name: str, unmet: Sequence[str]) -> str:
    """What a verdict rests on."""
    if unmet:
        return f"unmet: {', '.join(unmet)}"
    return f"Coq: {', '.join(THEOREMS[name])}" if name in THEOREMS else "evaluation"


def _print_curves(record: Record, console: Console) -> None:
    contexts = record["contexts"]
    rows = sum(len(context["tokens"]) for context in contexts)
    if rows <= _LARGEST_TABLE:
        for j, context in enumerate(contexts):
            closest, width = float(Fraction(context["closest"])), interval_text(context["width"])
            say(console, f"context {j}: α* = {closest:.6g}, w = {width}")
            console.print(_runs(record["limits"], context, console))
            console.print()
        paragraph(console, _NOTE, style="dim")
    for name, end in _ENDS.items():
        entry(console, f"α → {end}: {_end(record, name)}")
    if record["last_block"] is not None:
        entry(console, _extremal(record["last_block"], record["limits"]))
    found = [curve for context in contexts for curve in context["tokens"]]
    most = max((len(curve["turns"]) for curve in found if curve is not None), default=0)
    is_open = sum(curve is None for curve in found)
    left = f", {is_open} undecided" if is_open else ""
    paragraph(console, f"probabilities: {len(found)}, of which the most turns are {most}{left}")


def _runs(limits: Record, context: Record, console: Console) -> Table:
    """A line a token, and one for the target: its probability at both ends and at 0, and its turns.

    Where the turns of a token have no room beside each other, each has a line.
    """
    room = console.options.update(max_width=_ANY_WIDTH)
    shown = _runs_with(", ", limits, context)
    is_narrow = Measurement.get(console, room, shown).maximum > console.width
    return _runs_with(",\n", limits, context) if is_narrow else shown


def _runs_with(between: str, limits: Record, context: Record) -> Table:
    """The table, with this `between` the turns of a token."""
    right = ("p(-∞)", "p(0)", "p(∞)", "1/α")
    columns = ("token", "p(-∞)", "turns at α", "p(0)", "p(∞)", "1/α", "ends")
    shown = table(*columns, right=right, wraps=("ends",))
    width = float(Fraction(context["width"][1]))
    for z, curve in enumerate(context["tokens"]):
        masses = [
            p["probabilities"][z] for p in (limits["minus"], context["start"], limits["plus"])
        ]
        lead = interval_text(context["approach"]["plus"][z])
        shown.add_row(str(z), *_run(curve, masses, width, lead, between))
    if context["start"]["target"] is not None:
        masses = [p["target"] for p in (limits["minus"], context["start"], limits["plus"])]
        shown.add_row("target", *_run(context["target"], masses, width, "", between))
    return shown


def _run(
    curve: Record | None, masses: Sequence[list[str]], width: float, lead: str, between: str
) -> Iterator[str]:
    below, start, above = masses
    yield interval_text(below)
    yield _turns(curve, width, between)
    yield from (interval_text(start), interval_text(above), lead, _side(curve, start, above))


def _turns(curve: Record | None, width: float, between: str) -> str:
    """Peaks and dips by their α, or how a probability without one runs."""
    if curve is None:
        return "undecided"
    if not curve["turns"]:
        return str(curve["first"])
    kinds = cycle(("peak", "dip") if curve["first"] == "rises" else ("dip", "peak"))
    return between.join(
        f"{kind} {_strength(pair, width)}"
        for kind, pair in zip(kinds, curve["turns"], strict=False)
    )


def _strength(pair: Sequence[str], width: float) -> str:
    """The middle of a bracket, to the digits that the bracket has beside w or α."""
    low, high = (float(Fraction(end)) for end in pair)
    digits = 5 - math.floor(math.log10(max(abs(low), abs(high), width)))
    return f"{round((low + high) / 2, digits) + 0.0:.6g}"


def _side(curve: Record | None, start: Sequence[str], plateau: Sequence[str]) -> str:
    """The side of its plateau, from the direction after the last turn; and the plateau against the start."""
    if curve is None:
        return "undecided"
    if curve["first"] == "constant":
        return "constant"
    rises_last = (curve["first"] == "rises") is (len(curve["turns"]) % 2 == 0)
    (low, high), (first, last) = ([Fraction(end) for end in pair] for pair in (start, plateau))
    against = "above start" if first > high else "below start" if last < low else "at start"
    return f"{'below' if rises_last else 'above'} plateau, {against}"


def _end(record: Record, name: str) -> str:
    """Which tokens dominate at an end, by what log-odds, and where ΔCE levels off, from which side."""
    limit, plateau = record["limits"][name], record["plateau"][name]
    tokens = limit["dominating"]
    many = len(tokens) > 1
    who = (
        f"{'tokens' if many else 'token'} {list_text(tokens)} {'dominate' if many else 'dominates'}"
    )
    by = "" if limit["log_odds"] is None else f" by {interval_text(limit['log_odds'])} nats"
    low, high = (Fraction(end) for end in plateau["slope"])
    side = ", from above" if high < 0 else ", from below" if low > 0 else ""
    return f"{who}{by}; ΔCE tends to {interval_text(plateau['cross_entropy'])} nats{side}"


def _extremal(last_block: Record, limits: Record) -> str:
    """Where M is largest and smallest, whether these tokens dominate, and how far M is from W(γ ⊙ v)/r."""
    said = []
    for name, end in (("largest", "plus"), ("smallest", "minus")):
        tokens = last_block[name]
        if tokens is None:
            said.append(f"{name}: undecided")
            continue
        is_same = tokens == limits[end]["dominating"]
        which = f"which {'dominates' if is_same else 'does not dominate'} as α → {_ENDS[end]}"
        said.append(f"{name} at {list_text(tokens)}, {which}")
    most = max(Fraction(high) for _, high in last_block["bounds"])
    return f"M: {'; '.join(said)}; it is W(γ ⊙ v)/r and a constant to within {float(most):.3g}"
