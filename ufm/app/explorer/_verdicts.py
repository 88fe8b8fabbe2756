"""Every claim on the instance shown: its verdict, and what becomes of it where a hypothesis is unmet."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np

import theorems
from theorems import Instance, Outcome
from theorems.verify import verify_instance
from ufm._progress import Progress, silent

from ._settings import Settings, to_query

# Judged last: it trains a model, and compiles for every new size.
SLOW = "assumption-2.trained"


class Row(NamedTuple):
    """One claim: id, title, text; its verdict, and why.

    - `seen`: what was compared, or which hypothesis is unmet and by how much.
    - `margin`, `tolerance`: by how much the conclusion is true, or false here; NaN where it means nothing.
    - `anyway`: where a hypothesis is unmet, whether the conclusion is true here all the same:
      "false here", "true here all the same", or "means nothing here"; else "".
    """

    claim: str
    title: str
    text: str
    verdict: str
    seen: str
    margin: float
    tolerance: float
    anyway: str


def judge(instance: Instance, progress: Progress = silent) -> Iterator[list[Row]]:
    """The rows of all claims; first without the slow one, then with it.

    `progress` is called before each claim, whose id is its stage, and may raise to give up.
    """
    claims = sorted(theorems.CLAIMS.values(), key=lambda claim: claim.id == SLOW)
    rows: dict[str, Row] = {}
    for count, claim in enumerate(claims):
        if claim.id == SLOW:
            yield _sorted(rows)
        progress(count, len(claims), claim.id)
        rows[claim.id] = _row(claim, instance)
    yield _sorted(rows)


def _sorted(rows: dict[str, Row]) -> list[Row]:
    """What broke first, then what else has a hypothesis unmet; last what others claim."""

    def rank(row: Row) -> int:
        if theorems.CLAIMS[row.claim].is_of_others and row.verdict != Outcome.FAILS:
            return 6
        if not theorems.CLAIMS[row.claim].is_of_tilts:
            return 5
        if row.anyway == "false here":
            return 1
        order = (Outcome.FAILS, None, Outcome.UNDECIDED, Outcome.UNMET, Outcome.HOLDS)
        return order.index(Outcome(row.verdict))

    places = list(theorems.CLAIMS)
    return sorted(rows.values(), key=lambda row: (rank(row), places.index(row.claim)))


def _row(claim: theorems.Claim, instance: Instance) -> Row:
    statement = next(s for s in theorems.STATEMENTS if claim in s.claims)
    tally = verify_instance([replace(statement, claims=(claim,))], instance).tallies[claim.id]
    if tally.worst is not None:
        (_, margin, tolerance, seen), anyway = tally.worst, ""
    else:
        anyway, margin, tolerance, found = _anyway(claim, instance)
        seen = (
            f"{tally.reason}. {anyway.split()[0].title()} here: {found}" if found else tally.reason
        )
    verdict = str(tally.verdict)
    return Row(claim.id, claim.title, claim.text, verdict, seen, margin, tolerance, anyway)


def _anyway(claim: theorems.Claim, instance: Instance) -> tuple[str, float, float, str]:
    """What the conclusion says on an instance that meets not all hypotheses; margin, tolerance, evidence."""
    nothing = float("nan"), 0.0, ""
    if not claim.is_of_tilts or claim.id == SLOW:
        return "", *nothing  # about another object; would train for seconds
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome, margin, tolerance, seen = claim.conclusion(instance)
        except (ValueError, ArithmeticError, IndexError, KeyError):
            return "means nothing here", *nothing
    if outcome is Outcome.FAILS and margin == margin:
        return "false here", margin, tolerance, seen
    if outcome is Outcome.HOLDS:
        return "true here all the same", margin, tolerance, seen
    return "means nothing here", *nothing


def verdict_table(rows: list[Row], settings: Settings, is_final: bool = True) -> str:
    """The rows as an HTML table under a line that counts them; tokens by the names in the pictures."""
    of_others = [row for row in rows if theorems.CLAIMS[row.claim].is_of_others]
    own = [row for row in rows if row not in of_others]
    others = f" Of {len(of_others)} of others, with what they need: {_counted(of_others)}."
    more = "" if is_final else " Training a model for the last one …"
    seen = "what was seen, or which hypothesis is unmet"
    names = ("claim", "verdict", "what it says", seen, "margin")
    head = "".join(f"<th scope='col'>{name}</th>" for name in names)
    body = "".join(_table_row(row, settings) for row in rows)
    query = escape(urlencode(to_query(settings)))
    return (
        f'<p class="count" data-mark="count" data-query="{query}" '
        f'data-final="{str(is_final).lower()}">'
        f"<strong>{len(own)} claims: {_counted(own)}.</strong>{others if of_others else ''}{more}</p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="verdicts">'
        f"<table class='verdicts'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _counted(rows: list[Row]) -> str:
    """How often each verdict occurs."""
    count = {outcome: sum(row.verdict == outcome for row in rows) for outcome in Outcome}
    return ", ".join(f"{n} {outcome}" for outcome, n in count.items() if n)


def _table_row(row: Row, settings: Settings) -> str:
    kind = row.verdict.split()[0]
    anyway = f'<br><span class="anyway">{row.anyway}</span>' if row.anyway else ""
    margin = "" if row.margin != row.margin else f"{row.margin + 0.0:.1e} (± {row.tolerance:.0e})"
    return (
        f'<tr class="{kind}" data-claim="{row.claim}" data-verdict="{row.verdict}" '
        f'data-anyway="{row.anyway}"><td><code>{row.claim}</code></td>'
        f'<td><span class="verdict {kind}">{row.verdict}</span>{anyway}</td>'
        f"<td>{escape(row.text)}</td><td>{escape(_named(row.seen, settings))}</td>"
        f"<td>{margin}</td></tr>"
    )


def _named(seen: str, settings: Settings) -> str:
    """Evidence counts tokens, concepts and contexts from 0; the pictures call them a, C1 and 0: aaa."""
    names = {
        "token": settings.token_names,
        "concept": [f"C{k + 1}" for k in range(settings.concepts)],
        "context": [name.split(": ")[1] for name in settings.context_names],
    }

    def with_name(found: re.Match[str]) -> str:
        known, place = names[found[1]], int(found[2])
        return f"{found[0]} ({known[place]})" if place < len(known) else found[0]

    return re.sub(r"\b(token|concept|context) (\d+)\b", with_name, seen)
