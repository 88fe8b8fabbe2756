"""Prints a certificate: a line for each claim, then what was enclosed; and what a check confirmed."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from theorems.certificates.check import evidence
from theorems.certificates.check.claims import THEOREMS
from ufm import __version__
from ufm._json import JSON

from .lines import paragraph, say
from .tables import coloured, counted, plural, table

if TYPE_CHECKING:
    from theorems.certificates.check.certificate import Confirmed
    from theorems.certificates.check.instance import Instance

# A claim with a hypothesis unmet says nothing; its conclusion may be true or false here all the same.
_HERE = {"holds": "true", "fails": "false"}
_BY = (
    "evaluation: on this instance, exactly or in balls. Coq: a theorem of theorems/coq/Statements.v about "
    "all distributions, whose hypotheses are checked exactly on this instance."
)
# Claims that hold for every budget κ.
_OF_BUDGETS = ("strength.budget", "ceiling.reverse-kl", "ceiling.forward-kl")
# Claims about M alone.
_OF_LOG_ODDS = ("lemma-b4.sign", "sign-separation.pairs")
_DIVERGENCES = {"cross_entropy": "ΔCE", "reverse_kl": "reverse KL"}
# More peaks than this make a page that nobody reads: the file holds them.
_LARGEST_TABLE = 60

Record = Mapping[str, Any]  # a certificate as JSON, nested to any depth


def print_certificate(record: Record, sha256: str, console: Console) -> None:
    """Claims with their verdicts; peaks where they are few; σ², the sweet spot; the instance's hash."""
    console.print(claims_table(record))
    laws, levels = record["laws"], record["levels"]
    console.print()
    if len(laws) * len(levels) <= _LARGEST_TABLE:
        console.print(_peaks(record))
        console.print()
    paragraph(
        console,
        f"{plural(sum(map(len, levels)), 'token')} at {plural(len(levels), 'value')} of M, "
        f"{plural(sum(map(len, laws)), 'context')} of {plural(len(laws), 'distribution')}, "
        f"{record['precision']} bits",
    )
    variance = number_text(record["cross_entropy"]["variance"][0])
    margins = {"R": "range", "δ": "least"}
    shown = (f"{name} = {interval_text(record['margins'][key])}" for name, key in margins.items())
    paragraph(
        console, f"{', '.join(shown)}, σ² = {variance}, {_common(record['common_sweet_spot'])}"
    )
    console.print(_budgets(record["budgets"]))
    say(console, f"SHA-256 of the instance: {sha256}")
    paragraph(console, counts({claim["id"]: claim["verdict"] for claim in record["claims"]}))


def claims_table(record: Record) -> Table:
    """A line a claim: its verdict, what becomes of its conclusion here, and the hypotheses unmet."""
    claims = table("claim", "verdict", "conclusion", "unmet", wraps=("conclusion", "unmet"))
    for claim in record["claims"]:
        shown = "" if claim["verdict"] == claim["conclusion"] else escape(conclusion_text(claim))
        verdict = coloured(claim["verdict"])
        claims.add_row(claim["id"], verdict, shown, ", ".join(claim["unmet"]))
    return claims


def print_confirmed(path: Path, confirmed: "Confirmed", console: Console) -> None:
    """What a certificate was found to say: of which instance, and of each claim in words."""
    say(console, f"{path}: confirmed.")
    paragraph(
        console,
        f"certificate of version {confirmed.version}, checked by ufm {__version__} with balls of up to "
        f"{confirmed.bits} bits",
    )
    paragraph(console, _instance(confirmed.instance))
    say(console, f"SHA-256 of the instance: {confirmed.instance.sha256}")
    claims = table("claim", "verdict", "by", wraps=("by",))
    for name, verdict in confirmed.verdicts.items():
        by = _by(name, verdict, confirmed.unmet[name])
        claims.add_row(name, coloured(verdict, _in_words(name, verdict)), by)
    console.print(claims)
    if confirmed.budgets:
        console.print(_budgets(confirmed.budgets))
    paragraph(console, _BY, style="dim")
    paragraph(console, counts(confirmed.verdicts))


def _in_words(name: str, verdict: str) -> str:
    if verdict != "holds" or name in _OF_LOG_ODDS:
        return verdict
    return f"holds for every {'κ' if name in _OF_BUDGETS else 'α'}"


def confirmed_as_json(confirmed: "Confirmed") -> dict[str, JSON]:
    """What the page says, for programs."""
    instance = confirmed.instance
    return {
        "accepted": True,
        "reason": None,
        "version": confirmed.version,
        "checked_by": f"ufm {__version__}",
        "bits": confirmed.bits,
        "instance": {
            "sha256": instance.sha256,
            "tokens": len(instance.target),
            "contexts": len(instance.rows),
            "target": _target(instance),
            "positive": instance.positive,
            "negative": instance.negative,
        },
        "verdicts": confirmed.verdicts,
        "unmet": confirmed.unmet,
        "theorems": {n: list(THEOREMS[n]) for n in confirmed.verdicts if n in THEOREMS},
        "budgets": confirmed.budgets,
    }


def _instance(instance: "Instance") -> str:
    sets = {
        "target: tokens": _target(instance),
        "P: contexts": instance.positive,
        "N: contexts": instance.negative,
    }
    return (
        f"instance: V = {len(instance.target)} tokens, m = {len(instance.rows)} contexts; "
        + "; ".join(f"{name} {list_text(numbers)}" for name, numbers in sets.items())
    )


def _target(instance: "Instance") -> list[int]:
    return [z for z, flag in enumerate(instance.target) if flag]


def _by(name: str, verdict: str, unmet: list[str]) -> str:
    """What a verdict rests on."""
    if unmet:
        return f"unmet: {', '.join(unmet)}"
    if verdict == "undecided":
        return f"balls of {evidence.OPEN[-1]} bits leave it open"
    if name in THEOREMS and verdict == "holds":
        return f"Coq: {', '.join(THEOREMS[name])}"
    return "evaluation"


def counts(verdicts: Mapping[str, str]) -> str:
    """How many claims hold, fail, are undecided or have hypotheses unmet, and what they rest on."""
    proved = sum(name in THEOREMS for name in verdicts)
    return (
        f"{plural(len(verdicts), 'claim')}, for every strength or budget: {len(verdicts) - proved} by "
        f"evaluation, exactly or in balls, {proved} by Coq theorems whose hypotheses are checked exactly: "
        f"{counted(verdicts.values())}."
    )


def conclusion_text(claim: Record) -> str:
    """What becomes of the conclusion on this instance, and where it was seen."""
    outcome = claim["conclusion"]
    words = f"{_HERE.get(outcome, outcome)} here" if claim["unmet"] else outcome
    witness = claim["witness"] or {}
    where = (f"{k} {number_text(v) if k == 'strength' else v}" for k, v in witness.items())
    return f"{words} ({', '.join(where)})" if witness else words


def _peaks(record: Record) -> Table:
    title = "peak α(j,z) of tokens"
    contexts = [
        f"{'context' if len(group) == 1 else 'contexts'} {list_text(group)}"
        for group in record["laws"]
    ]
    peaks = table(title, *contexts, right=contexts, wraps=(title, *contexts))
    for k, tokens in enumerate(record["levels"]):
        peaks.add_row(list_text(tokens), *(interval_text(row[k]) for row in record["peaks"]))
    return peaks


def _budgets(budgets: Sequence[Record]) -> Table:
    """What each budget buys: the strength, the target's mass there, and the most of any intervention."""
    columns = ("price", "nats", "α", "mass of the target", "ceiling of any intervention")
    shown = table(*columns, right=columns[1:], wraps=columns)
    for budget in budgets:
        for name, words in _DIVERGENCES.items():
            bought = budget[name]
            mass = "" if bought["mass"] is None else interval_text(bought["mass"])
            strength = "none" if bought["strength"] is None else interval_text(bought["strength"])
            spent = number_text(budget["budget"])
            shown.add_row(words, spent, strength, mass, interval_text(bought["ceiling"]))
    return shown


def list_text(numbers: Sequence[int]) -> str:
    """Whole numbers, the first six of them."""
    shown = ", ".join(map(str, numbers[:6]))
    return shown if len(numbers) <= 6 else f"{shown}, … ({len(numbers)})"


def _common(spot: list[str] | str | None) -> str:
    if spot is None or spot == "empty":
        return f"strengths in the sweet spot of every context: {'none' if spot else 'undecided'}"
    return f"in the sweet spot of every context: α in {interval_text(spot)}"


def interval_text(pair: list[str] | str | None) -> str:
    """A bracket by its middle where it is narrow, else by its ends."""
    if not isinstance(pair, list):
        return "undecided" if pair is None else pair
    low, high = (float(end) if "inf" in end else float(Fraction(end)) for end in pair)
    is_narrow = low == high or high - low < 1e-5 * (abs(low) + abs(high))
    return f"{low:.6g}" if is_narrow else f"({low:.6g}, {high:.6g})"


def number_text(text: str) -> str:
    """An exact fraction in decimals; an infinity as it is."""
    return text if text.endswith("inf") else f"{float(Fraction(text)):.6g}"
