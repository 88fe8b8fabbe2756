"""One claim as HTML: a line with its verdict, which unfolds to all that is known of it."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape

import theorems
from theorems import Instance, Outcome
from theorems._coq_source import STATEMENTS, CoqItem, read_theorems
from theorems.falsify.map import MAP
from theorems.falsify.needed import Needed, NotKnown, NotNeeded
from theorems.judging.claim import Certified, Claim, Hypothesis, NotCertified
from theorems.proofs import PROVED_BY
from ufm._broken_formula import broken

from ..playground.served import SERVED
from ._mathematics import set_words
from ._measured import measured
from ._refutation import Refutation, picture
from ._scene import Scene
from ._verdicts import APART, FALSE, NOTHING, TRUE, Row

# What a verdict is called: a sign, words, and the class of its colour.
WORDS = {
    "": ("…", "being judged", "waiting"),
    Outcome.HOLDS: ("✓", "holds", "holds"),
    Outcome.FAILS: ("✗", "fails", "problem"),
    Outcome.UNDECIDED: ("?", "undecided", "problem"),
    Outcome.UNMET: ("…", "lost a hypothesis", "unmet"),
    FALSE: ("✗", FALSE, "problem"),
    TRUE: ("○", TRUE, "unmet"),
    NOTHING: ("–", NOTHING, "unmet"),
    APART: ("–", APART, "unmet"),
}
_STATEMENTS = {claim.id: s for s in theorems.STATEMENTS for claim in s.claims}


def claim_item(row: Row, scene: Scene) -> str:
    """The claim in a line, and under it its statement, worst place, hypotheses, control, proof, command."""
    claim = row.claim
    sign, words, kind = WORDS[row.word]
    needs = " ".join(_chip(hypothesis, row) for hypothesis in claim.hypotheses)
    lost = "; ".join(f"{name}: {reason}" for name, reason in row.lost.items())
    why = lost if row.is_apart else row.seen or lost
    parts = (
        _formula(claim.formula),
        _apart(row),
        _refuted(row.refutation) if row.refutation else _compared(row, scene),
        heading("What it needs", 3),
        needed(claim.hypotheses, row.lost, scene, claim.id),
        _repeat(row, scene.data is not None),
        _around(claim.id, scene.data is not None),
    )
    return (
        f'<li><details class="claim" id="claim-{claim.id}" data-claim="{claim.id}" '
        f'data-verdict="{row.verdict}" '
        f'data-anyway="{row.anyway}" data-kind="{kind}" data-room="{_room(claim)}"><summary>'
        f'<span class="verdict {kind}">{sign} {words}</span>'
        f'<span class="what"><b>{escape(name_of(claim))}.</b> {set_words(claim.text)}</span>'
        f'<span class="why">{set_words(why)}</span><span class="needs">{needs}</span></summary>'
        f'<div class="more">{"".join(parts)}</div></details></li>'
    )


def needed(
    hypotheses: Iterable[Hypothesis[Instance]],
    lost: Mapping[str, str],
    scene: Scene,
    claim: str = "",
) -> str:
    """Each hypothesis as it is defined, whether it is met, and by which numbers."""

    def said(hypothesis: Hypothesis[Instance]) -> str:
        text = set_words(hypothesis.text)
        if hypothesis.id in lost:
            text += f"<br><em>Here: {set_words(lost[hypothesis.id])}</em>"
        elif number := measured(hypothesis.id, scene):
            text += f'<br><span class="here">Here: {set_words(number)}</span>'
        entry = MAP.get((claim, hypothesis.id))
        if isinstance(entry, NotNeeded):
            word = "Vacuous without it" if entry.is_vacuous else "Not needed"
            text += f"<br>{word}: {set_words(entry.reason)}."
        if isinstance(entry, NotKnown):
            text += f"<br>Whether it is needed is not known: {set_words(entry.reason)}."
        return text

    return terms((_chip_of(h.id, h.id in lost), said(h)) for h in hypotheses)


def heading(text: str, level: int = 2) -> str:
    """A heading that marimo's floating outline, which would cover the page, does not list."""
    return f'<div class="heading" role="heading" aria-level="{level}">{escape(text)}</div>'


def code(text: str) -> str:
    """Text as code."""
    return f"<code>{escape(text)}</code>"


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms, each with what is said of it; both as HTML."""
    return f"<dl>{''.join(f'<dt>{term}</dt><dd>{text}</dd>' for term, text in pairs)}</dl>"


def name_of(claim: Claim[Instance]) -> str:
    """The statement that it is of, and its title."""
    statement = _STATEMENTS[claim.id]
    source = statement.source.split(",")[0]
    if not statement.is_of_paper and claim.title in statement.title.lower():
        return statement.title
    return f"{source if statement.is_of_paper else statement.title}: {claim.title}"


def _room(claim: Claim[Instance]) -> str:
    """Whose claim it is."""
    if claim.is_of_others:
        return "others"
    return "paper" if _STATEMENTS[claim.id].is_of_paper else "project"


def _chip(hypothesis: Hypothesis[Instance], row: Row) -> str:
    return _chip_of(hypothesis.id, hypothesis.id in row.lost)


def _chip_of(name: str, is_lost: bool) -> str:
    sign, kind = ("✗", "no") if is_lost else ("✓", "yes")
    return f'<span class="chip {kind}">{sign} {name}</span>'


def _formula(tex: str) -> str:
    """A formula that marimo sets, with the KaTeX that it brings along."""
    return f'<marimo-tex class="arithmatex">||[{escape(broken(tex))}||]</marimo-tex>'


def _apart(row: Row) -> str:
    """That a claim is not about this instance, before what is so on it."""
    if not row.is_apart:
        return ""
    also = " What it says would be false here, as without its hypotheses it may." * (
        row.anyway == FALSE
    )
    return (
        f"<p>This instance lacks what the claim needs, so the claim says nothing of it.{also}</p>"
    )


def _refuted(found: Refutation) -> str:
    """The place where the claim is false, with numbers that are certain, and its picture."""
    numbers = terms((set_words(name), set_words(value)) for name, value in found.values)
    seen = found.found and f"<p><em>{set_words(found.found[0].upper() + found.found[1:])}.</em></p>"
    return (
        f'<div class="worst"><div><p>What the claim says: {set_words(found.says)}.</p>{seen}{numbers}'
        f"<p>These numbers are certain, in balls of 192 bits.</p></div>{found.picture}</div>"
    )


def _compared(row: Row, scene: Scene) -> str:
    """What was compared in floats, and how near its worst point was to failing; the tokens that it names."""
    if row.margin != row.margin:
        return ""
    room = f"where rounding may take {row.tolerance:.0e}"
    worst = f"is {row.margin + 0.0:.3g} from failing"
    if row.margin < 0:
        worst = f"fails by {-row.margin:.3g}"
    compared = (
        f"<p>What was compared: {set_words(row.seen)}. "
        f"The worst of these points {set_words(f'{worst}, {room}')}.</p>"
    )
    named = row.anyway == FALSE and "token" in row.seen
    return (
        f'<div class="worst"><div>{compared}</div>{picture(scene, row.seen) if named else ""}</div>'
    )


@cache
def _around(name: str, has_data: bool) -> str:
    """What does not depend on the instance: the control, how a certificate decides it, the Coq theorem.

    With `has_data` the data have a distribution of their own, which no certificate is about.
    """
    claim = theorems.CLAIMS[name]
    control, certificate = claim.control, claim.certificate
    dropped = (
        f"Without {code(control.dropped)} ({set_words(control.text)}) the check must say “fails”."
    )
    if isinstance(certificate, NotCertified):
        certain = f"No certificate: {set_words(certificate.why)}."
    elif has_data:
        certain = "None here: a certificate is about data that follow the model (Assumption 2)."
    else:
        certain = f"<code>ufm certify</code> decides it for every α. {set_words(certificate.how)}"
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
        first = _coq()[PROVED_BY[name][0]]
        places.append(
            ("its Coq theorem", f"coq_theorems/{first.section}.html", f"coq-{first.name}")
        )
    links = (
        f'<a href="{SERVED.site}/_generated/{file}#{re.sub("[._]", "-", label)}" target="_blank" '
        f'rel="noopener">{words}</a>'
        for words, file, label in places
    )
    return [("in full", ", ".join(links))]


@cache
def _coq() -> dict[str, CoqItem]:
    return {item.name: item for item in read_theorems(STATEMENTS.read_text(encoding="utf-8"))}


def _repeat(row: Row, has_data: bool) -> str:
    """What to type for the same verdict on the files that the page downloads.

    With `has_data` the data have a distribution of their own, which these files cannot say.
    """
    name = row.claim.id
    shell = []
    if not has_data:
        shell.append(f"ufm verify {name} --table table.json")
        if isinstance(row.claim.certificate, Certified):
            shell.append("ufm certify instance.json")
    shell += [
        f"ufm falsify {name} --without {h}"
        for h in row.lost
        if isinstance(MAP.get((name, h)), Needed)
    ]
    python = f"<details><summary>In Python</summary><pre>{escape(_python(row, has_data))}</pre></details>"
    lines = commands(shell) if shell else ""
    return f"{heading('Repeat it, with the files that this page downloads', 3)}{lines}{python}"


def commands(lines: Iterable[str]) -> str:
    """Lines for a shell, which a button copies where `ufm explore --verdicts` serves the page."""
    return f'<pre class="shell">{escape(chr(10).join(lines))}</pre>'


def _python(row: Row, has_data: bool) -> str:
    name = row.claim.id
    needs = "dataclasses, jax, numpy as np" if has_data else "jax"
    lines = [
        f"import {needs}, theorems",
        "from pathlib import Path",
        "from theorems.tables.exact import load_exact",
        "jax.config.update('jax_enable_x64', True)",
        "instance = load_exact(Path('instance.json')).to_instance()",
    ]
    if has_data:
        lines += [
            "data = 0.75 * instance.probs.mean(axis=0) + 0.25 * instance.target / instance.target.sum()",
            "data = np.tile(data, (len(instance.probs), 1))",
            "instance = dataclasses.replace(instance, data_probs=data)",
        ]
    called = f"theorems.check({name!r}, instance)"
    if row.anyway in (FALSE, TRUE):  # the check itself stops at the hypothesis
        called = f"theorems.CLAIMS[{name!r}].conclusion(instance)"
    return "\n".join([*lines, f"print({called})"])
