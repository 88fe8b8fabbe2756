"""The page of findings: where the paper is false or loose, from `theorems.FINDINGS`."""

from collections.abc import Iterator

from claim_evidence import FINDING_COQ, FINDING_FIGURES
from coq_page import statement
from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import theorems


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


def _write_page(app: Sphinx) -> None:
    write_page(app, "findings", list(_findings()))


def _findings() -> Iterator[str]:
    yield "(findings)=\n# Findings"
    yield (
        "\nWhere {cite:t}`taimeskhanov2026` is false or loose: what it says and where, in our "
        "words, and a counterexample that `ufm verify` computes anew. The notebook "
        '<a href="../notebooks/where_the_paper_is_wrong.html">Where the paper is wrong</a> takes '
        "them one by one.\n"
    )
    for finding in theorems.FINDINGS:
        yield f"(finding-{finding.id})="
        yield f"## {finding.title}\n"
        yield f"`{finding.id}`, {finding.source}. {finding.text}\n"
        yield from _against(finding)
        yield "Counterexample:\n"
        yield from (f"- {name}: `{value}`" for name, value in finding.counterexample.items())
        yield ""
        yield from _proofs(finding.id)
        for name in FINDING_FIGURES.get(finding.id, ()):
            yield f"```{{image}} figures/{name}.svg\n:alt: {name}\n```\n"


def _against(finding: theorems.Finding) -> Iterator[str]:
    about = [s for s in theorems.STATEMENTS if s.source in finding.source]
    if about:
        yield "About " + ", ".join(f"{{ref}}`{s.title} <statement-{s.id}>`" for s in about) + ".\n"


def _proofs(finding: str) -> Iterator[str]:
    if finding not in FINDING_COQ:
        raise ExtensionError(f"{finding}: docs/_ext/claim_evidence.py names no Coq theorem for it")
    for name in FINDING_COQ[finding]:
        yield f"Coq, {{ref}}`{name} <coq-{name}>`:\n\n```coq\n{statement(name)}\n```\n"
