"""One page per statement, and a table of all claims, from the registry of the package `theorems`.

The build fails where a claim lacks its proof, its conclusion in a certificate, or its place in the map
of hypotheses.
"""

import inspect
import re
from collections.abc import Iterator, Mapping

import prose_math
from claim_sections import sections
from docutils import nodes
from pages import write_page
from results_page import findings_about
from source_code import folded
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import theorems
from theorems import suite
from theorems.judging.claim import NotCertified
from ufm._broken_formula import broken

# The paper's own words for its results; each has a box of its own.
_KINDS = {"Lemma", "Theorem", "Proposition", "Remark", "Assumption"}
_PARTS = ("figure", "hypotheses", "check", "control", "coq", "certificate")
# Sections that are folded away until they are asked for, and what is written on them.
_FOLDED = {
    "check": "How it is checked",
    "control": "The control that must fail",
    "coq": "Proof in Coq",
    "certificate": "Certificate",
}


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("families", Families)
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


class Families(SphinxDirective):
    """The families of random instances, in the words of `theorems.suite.draw`; the label is "families"."""

    def run(self) -> list[nodes.Node]:
        families = re.split(r"Families: |\n\n", inspect.getdoc(suite.draw) or "")[2]
        text = f"(families)=\nThe families: {families}\n"
        return self.parse_text_to_nodes(prose_math.with_formulas(text))


def _write_pages(app: Sphinx) -> None:
    write_page(app, "statements", list(_overview()))
    for statement in theorems.STATEMENTS:
        write_page(app, f"statements/{statement.id}", list(_page(statement)))


def _page(statement: theorems.Statement) -> Iterator[str]:
    yield f"---\ntocdepth: 2\n---\n(statement-{statement.id})=\n# {_heading(statement)}\n"
    # a search for "Theorem 3.3" finds an entry of the index before any text
    entry = statement.source.split(",")[0] if statement.is_of_paper else statement.title
    yield f"```{{index}} ! {entry}\n```\n"
    yield f"`{statement.id}`, {statement.source}. The letters are those of {{doc}}`notation </notation>`.\n"
    idea = re.sub(
        r"\$\$(.*?)\$\$", lambda m: f"$$\n{broken(m[1])}\n$$", statement.idea, flags=re.DOTALL
    )
    yield from folded("Proof idea", f"{idea}\n")
    if len(statement.claims) > 1:
        yield from _summary(statement)
    shown: dict[str, theorems.Claim] = {}  # figure → the claim that it is below
    for claim in statement.claims:
        yield from _claim(claim, shown)
        shown = dict.fromkeys(claim.figures, claim) | shown
    yield from _findings(statement)


def _summary(statement: theorems.Statement) -> Iterator[str]:
    """All parts of a statement at one sight: what each is checked under, and what was found about them."""
    yield ":::::{container} wide-table parts\n\n| part | checked under |\n| --- | --- |"
    for claim in statement.claims:
        title = f"{claim.title[0].upper()}{claim.title[1:]}"
        names = (f"`{hypothesis.id}`" for hypothesis in claim.hypotheses)
        details = f"{{ref}}`what they say <claim-{claim.id}-hypotheses>`"
        yield f"| {{ref}}`{title} <claim-{claim.id}>` | {', '.join(names)} ({details}) |"
    yield ":::::\n"
    about = [_linked(finding) for finding in findings_about(statement)]
    if about:
        yield f"Found about the text around it in the paper's first version: {'; '.join(about)}.\n"


def _linked(finding: theorems.Finding) -> str:
    return f"{{ref}}`{finding.title.lower()} <finding-{finding.id}>` ({finding.severity})"


def _findings(statement: theorems.Statement) -> Iterator[str]:
    about = findings_about(statement)
    if about:
        yield "## What the paper says differently\n"
        yield "In its first version (v1):\n"
    for finding in about:
        yield f"- {_linked(finding)}. {finding.truth} *A charitable reading:* {finding.charitable_reading}"


def _heading(statement: theorems.Statement) -> str:
    source = statement.source.split(",")[0]
    is_numbered = source.split()[0] in _KINDS
    return f"{source}: {statement.title.lower()}" if is_numbered else statement.title


def _claim(claim: theorems.Claim, shown: Mapping[str, theorems.Claim]) -> Iterator[str]:
    """In words, as a formula and a picture, its hypotheses; folded: check, control, proof, certificate."""
    yield f"(claim-{claim.id})=\n## {claim.title[0].upper()}{claim.title[1:]}\n"
    yield f"::::{{prf:{_kind(claim)}}} {claim.title}"
    yield f":nonumber:\n:label: box-{claim.id}\n"
    yield f"{claim.text}\n"
    yield f"$$\n{broken(claim.formula)}\n$$\n::::\n"
    text = sections(claim, shown)
    yield f"(claim-{claim.id}-figure)=\n{text['figure']}"
    yield f"(claim-{claim.id}-hypotheses)=\n### Hypotheses\n\n{text['hypotheses']}"
    for part, summary in _FOLDED.items():
        # the label is inside, where it has a paragraph to be the place of; a link to it unfolds the rest
        yield from folded(summary, f"(claim-{claim.id}-{part})=\n{text[part]}")
    is_elsewhere = claim.is_of_others or "arXiv" in claim.source
    names_the_paper = claim.source != "this project" and not is_elsewhere
    where = claim.source + " ({cite:t}`taimeskhanov2026`)" * names_the_paper
    yield f"This is the claim `{claim.id}`; source: {where}.\n"


def _kind(claim: theorems.Claim) -> str:
    """What its box is headed by: the paper's word where it has one, else whether it is proved."""
    word = claim.source.split()[0]
    if word in _KINDS:
        return word.lower()
    return "conjecture" if claim.unproved else "proposition"


def _overview() -> Iterator[str]:
    yield "(statements)=\n# Statements"
    yield (
        "\nThe results of {cite:t}`taimeskhanov2026`, what goes beyond them, and "
        "{ref}`claims of others <literature>` with the conditions under which they hold, each split into "
        "claims that are true or false of an instance. A claim names its hypotheses, is checked by a "
        "function of its own, and has a control: an instance without one hypothesis, on which that "
        "function must say *fails*. Sentences of the paper's first version that can be read to say more than "
        "is true are under {ref}`findings <findings>`, with a charitable reading.\n"
    )
    yield ":::::{container} wide-table\n\n| claim | says |\n| --- | --- |"
    for statement in theorems.STATEMENTS:
        for claim in statement.claims:
            links = (f"{{ref}}`{_word(p, claim)} <claim-{claim.id}-{p}>`" for p in _PARTS)
            text = claim.text.replace("|", "\\|")
            yield f"| {{ref}}`{claim.id} <claim-{claim.id}>` | {text}<br>{' · '.join(links)} |"
    yield ":::::\n\n```{toctree}\n:maxdepth: 1\n:hidden:\n"
    yield from (f"statements/{statement.id}" for statement in theorems.STATEMENTS)
    yield "```"


def _word(part: str, claim: theorems.Claim) -> str:
    is_missing = {
        "coq": bool(claim.unproved),
        "certificate": isinstance(claim.certificate, NotCertified),
    }
    return f"no {part}" if is_missing.get(part) else part
