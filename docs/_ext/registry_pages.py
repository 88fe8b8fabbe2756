"""The pages of statements and findings, written from the registry of the package `theorems`."""

from collections.abc import Iterator

from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import theorems
from theorems import symbolic
from theorems.proofs import PROVED_BY, UNPROVED


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


def _write_pages(app: Sphinx) -> None:
    write_page(app, "statements", list(_statements()))
    write_page(app, "findings", list(_findings()))


def _statements() -> Iterator[str]:
    yield "(statements)=\n# Statements"
    yield (
        "\nEach statement is split into claims. A claim names its hypotheses, is checked by a "
        "function of its own, and has a control: an instance without one hypothesis, on which that "
        "function must not say *holds*. Sources are places in {cite:t}`taimeskhanov2026`.\n"
    )
    for statement in theorems.STATEMENTS:
        yield f"## {statement.title}\n"
        yield f"`{statement.id}`, {statement.source}.\n"
        for claim in statement.claims:
            yield from _claim(claim)


def _claim(claim: theorems.Claim) -> Iterator[str]:
    formula = symbolic.latex(claim.id)
    if not formula:
        raise ExtensionError(f"claim {claim.id}: theorems.symbolic.latex gives no formula")
    yield f"(claim-{claim.id})="
    yield f"::::{{prf:property}} {claim.title}"
    yield ":nonumber:\n"
    yield f"`{claim.id}`: {claim.text}\n"
    yield f"$$\n{formula}\n$$\n"
    yield "Hypotheses:\n" if claim.hypotheses else "Hypotheses: none.\n"
    yield from (f"- `{hypothesis.id}`: {hypothesis.text}" for hypothesis in claim.hypotheses)
    yield f"\nControl, without `{claim.control.dropped}`: {claim.control.text}\n"
    yield f"Source: {claim.source}. {_proof(claim.id)}"
    yield "::::\n"


def _proof(claim: str) -> str:
    if claim in UNPROVED:
        return f"Not proved in Coq: {UNPROVED[claim]}."
    return (
        f"Proved in `theorems/coq/Statements.v`: {', '.join(f'`{t}`' for t in PROVED_BY[claim])}."
    )


def _findings() -> Iterator[str]:
    yield "(findings)=\n# Findings"
    yield (
        "\nWhere {cite:t}`taimeskhanov2026` is false or loose: what it says and where, in our "
        "words, and a counterexample that `ufm verify` computes anew.\n"
    )
    for finding in theorems.FINDINGS:
        yield f"(finding-{finding.id})="
        yield f"## {finding.title}\n"
        yield f"`{finding.id}`, {finding.source}. {finding.text}\n"
        yield "Counterexample:\n"
        yield from (f"- {name}: `{value}`" for name, value in finding.counterexample.items())
        yield ""
