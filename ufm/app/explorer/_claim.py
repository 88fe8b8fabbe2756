"""One claim as HTML: a line with its verdict, which unfolds to all that is known of it."""

import re
from collections.abc import Iterable
from functools import cache
from html import escape

import theorems
from theorems import Instance, Outcome
from theorems._coq_source import STATEMENTS, CoqItem, read_theorems
from theorems.falsify.map import MAP
from theorems.falsify.needed import Needed, NotNeeded
from theorems.judging.claim import Certified, Claim, Hypothesis, NotCertified
from theorems.proofs import PROVED_BY

from ..playground.served import SERVED
from ._refutation import Refutation
from ._verdicts import FALSE, NOTHING, TRUE, Row

# What a verdict is called: a sign, words, and the class of its colour.
WORDS = {
    "": ("…", "is judged", "waiting"),
    Outcome.HOLDS: ("✓", "holds", "holds"),
    Outcome.FAILS: ("✗", "fails", "problem"),
    Outcome.UNDECIDED: ("?", "undecided", "problem"),
    Outcome.UNMET: ("…", "lost a hypothesis", "unmet"),
    FALSE: ("✗", FALSE, "problem"),
    TRUE: ("○", TRUE, "unmet"),
    NOTHING: ("–", NOTHING, "unmet"),
}
_STATEMENTS = {claim.id: s for s in theorems.STATEMENTS for claim in s.claims}


def claim_item(row: Row) -> str:
    """The claim in a line, and under it its statement, worst place, hypotheses, control, proof, command."""
    claim = row.claim
    sign, words, kind = WORDS[row.anyway or row.verdict]
    needs = " ".join(_chip(hypothesis, row) for hypothesis in claim.hypotheses)
    why = row.seen or "; ".join(f"{name}: {reason}" for name, reason in row.lost.items())
    parts = (
        _formula(claim.formula),
        _refuted(row.refutation) if row.refutation else _compared(row),
        _hypotheses(row),
        _around(claim.id),
        _repeat(row),
    )
    return (
        f'<li><details class="claim" data-claim="{claim.id}" data-verdict="{row.verdict}" '
        f'data-anyway="{row.anyway}" data-kind="{kind}" data-room="{_room(claim)}"><summary>'
        f'<span class="verdict {kind}">{sign} {words}</span>'
        f'<span class="what"><b>{escape(_name(claim))}</b> {escape(claim.text)}</span>'
        f'<span class="needs">{needs}</span><span class="why">{escape(why)}</span></summary>'
        f'<div class="more">{"".join(parts)}</div></details></li>'
    )


def heading(text: str, level: int = 2) -> str:
    """A heading that marimo's floating outline, which would cover the page, does not list."""
    return f'<div class="heading" role="heading" aria-level="{level}">{escape(text)}</div>'


def code(text: str) -> str:
    """Text as code."""
    return f"<code>{escape(text)}</code>"


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms, each with what is said of it; both as HTML."""
    return f"<dl>{''.join(f'<dt>{term}</dt><dd>{text}</dd>' for term, text in pairs)}</dl>"


def _name(claim: Claim[Instance]) -> str:
    statement = _STATEMENTS[claim.id]
    source = statement.source.split(",")[0]
    return f"{source if statement.is_of_paper else statement.title}: {claim.title}."


def _room(claim: Claim[Instance]) -> str:
    """Whose claim it is."""
    if claim.is_of_others:
        return "others"
    return "paper" if _STATEMENTS[claim.id].is_of_paper else "project"


def _chip(hypothesis: Hypothesis[Instance], row: Row) -> str:
    is_lost = hypothesis.id in row.lost
    sign, kind = ("✗", "no") if is_lost else ("✓", "yes")
    return f'<span class="chip {kind}">{sign} {hypothesis.id}</span>'


def _formula(tex: str) -> str:
    """A formula that marimo sets, with the KaTeX that it brings along."""
    return f'<marimo-tex class="arithmatex">||[{escape(tex)}||]</marimo-tex>'


def _refuted(found: Refutation) -> str:
    """The place where the claim is false, with numbers that are certain, and its picture."""
    numbers = terms((escape(name), value) for name, value in found.values)
    return (
        f'<div class="worst"><div><p>What the claim says: {escape(found.says)}.</p>{numbers}'
        f"<p>These numbers are certain, in balls of 192 bits.</p></div>{found.picture}</div>"
    )


def _compared(row: Row) -> str:
    """What was compared in floats, and how near its worst point was to failing."""
    if row.margin != row.margin:
        return ""
    margin = f"{row.margin + 0.0:.2e} from failing, where rounding may take {row.tolerance:.0e}"
    return f'<p class="worst">{escape(row.seen)}. The worst of these points is {margin}.</p>'


def _hypotheses(row: Row) -> str:
    """Each hypothesis as it is defined, and what it says of this instance."""

    def said(hypothesis: Hypothesis[Instance]) -> str:
        text = escape(hypothesis.text)
        if hypothesis.id in row.lost:
            text += f"<br><em>Here: {escape(row.lost[hypothesis.id])}</em>"
        entry = MAP.get((row.claim.id, hypothesis.id))
        return (
            f"{text}<br>Not needed: {escape(entry.reason)}."
            if isinstance(entry, NotNeeded)
            else text
        )

    return terms((_chip(h, row), said(h)) for h in row.claim.hypotheses)


@cache
def _around(name: str) -> str:
    """What does not depend on the instance: the control, how a certificate decides it, the Coq theorem."""
    claim = theorems.CLAIMS[name]
    control, certificate = claim.control, claim.certificate
    dropped = (
        f"Without {code(control.dropped)} ({escape(control.text)}) the check must say “fails”."
    )
    if isinstance(certificate, NotCertified):
        certain = f"No certificate: {escape(certificate.why)}."
    else:
        certain = f"<code>ufm certify</code> decides it for every α. {escape(certificate.how)}"
    proof = escape(claim.unproved)
    if not claim.unproved:
        item = _coq()[PROVED_BY[name][0]]
        proof = (
            f"<details><summary>{code(item.name)}, theorems/coq/Statements.v, line {item.line}</summary>"
            f"<pre>{escape(item.statement)}</pre></details>"
        )
    return terms(
        [("control", dropped), ("certificate", certain), ("Coq", proof), *_pages(claim.id)]
    )


def _pages(name: str) -> list[tuple[str, str]]:
    """The claim's own page, and that of its theorem, where the documentation is served."""
    if not SERVED.site:
        return []
    places = [("the claim", f"statements/{_STATEMENTS[name].id}.html", f"claim-{name}")]
    if name in PROVED_BY:
        places.append(("its Coq theorem", "coq.html", f"coq-{PROVED_BY[name][0]}"))
    links = (
        f'<a href="{SERVED.site}/_generated/{file}#{re.sub("[._]", "-", label)}" target="_blank" '
        f'rel="noopener">{words}</a>'
        for words, file, label in places
    )
    return [("in full", ", ".join(links))]


@cache
def _coq() -> dict[str, CoqItem]:
    return {item.name: item for item in read_theorems(STATEMENTS.read_text(encoding="utf-8"))}


def _repeat(row: Row) -> str:
    """What to type for the same verdict on the instance that the page downloads."""
    name = row.claim.id
    needed = "dataclasses, jax, numpy as np" if "assumption-2" in row.lost else "jax"
    lines = [
        f"import {needed}, theorems",
        "from pathlib import Path",
        "from theorems.tables.exact import load_exact",
        "jax.config.update('jax_enable_x64', True)",
        "instance = load_exact(Path('instance.json')).to_instance()",
    ]
    if "assumption-2" in row.lost:
        lines += [
            "data = 0.75 * instance.probs.mean(axis=0) + 0.25 * instance.target / instance.target.sum()",
            "data = np.tile(data, (len(instance.probs), 1))",
            "instance = dataclasses.replace(instance, data_probs=data)",
        ]
    called = f"theorems.check({name!r}, instance)"
    if row.anyway in (FALSE, TRUE):  # the check itself stops at the hypothesis
        called = f"theorems.CLAIMS[{name!r}].conclusion(instance)"
    lines.append(f"print({called})")
    shell = [
        f"ufm falsify {name} --without {h}"
        for h in row.lost
        if isinstance(MAP.get((name, h)), Needed)
    ]
    if isinstance(row.claim.certificate, Certified):
        shell.insert(0, "ufm certify instance.json")
    blocks = "".join(
        f"<pre>{escape(text)}</pre>" for text in map("\n".join, (lines, shell)) if text
    )
    return f"<p>To repeat it, with the instance that this page downloads:</p>{blocks}"
