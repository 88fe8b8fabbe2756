"""The page of findings: where the paper is false or loose, from `theorems.FINDINGS`."""

from collections.abc import Iterator

import jax
from coq_page import statement
from pages import write_page
from sphinx.application import Sphinx

import theorems
from ufm._json import JSON

jax.config.update("jax_enable_x64", True)  # the counterexamples are recomputed


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


def _write_page(app: Sphinx) -> None:
    write_page(app, "findings", list(_findings()))


def _findings() -> Iterator[str]:
    yield "(findings)=\n# Findings"
    yield (
        "\nWhere {cite:t}`taimeskhanov2026` is false or loose: what it says and where, in our "
        "words, and a counterexample, with the keys of {doc}`ufm certify </certificates>`, which "
        "`ufm verify` computes anew. The notebook "
        '<a href="../notebooks/where_the_paper_is_wrong.html">Where the paper is wrong</a> takes '
        "them one by one.\n"
    )
    for finding in theorems.FINDINGS:
        yield f"(finding-{finding.id})="
        yield f"## {finding.title}\n"
        yield f"`{finding.id}`, {finding.source}. {finding.text}\n"
        yield from _against(finding)
        yield "Counterexample:\n"
        yield from (f"- {name}: {_plain(value)}" for name, value in finding.counterexample.items())
        yield f"\nRecomputed: {finding.confirm().numbers}.\n"
        yield from _proofs(finding)
        for name in finding.figures:
            yield f"```{{image}} figures/{name}.svg\n:alt: {name}\n```\n"


def _against(finding: theorems.Finding) -> Iterator[str]:
    about = [s for s in theorems.STATEMENTS if s.source in finding.source]
    if about:
        yield "About " + ", ".join(f"{{ref}}`{s.title} <statement-{s.id}>`" for s in about) + ".\n"


def _plain(value: JSON) -> str:
    """Rationals and numbers without quotes or brackets."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"`{text}`"


def _proofs(finding: theorems.Finding) -> Iterator[str]:
    for name in finding.theorems:
        yield f"Coq, {{ref}}`{name} <coq-{name}>`:\n\n```coq\n{statement(name)}\n```\n"
