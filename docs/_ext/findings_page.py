"""The page of findings about the paper's first version, from `theorems.FINDINGS`."""

from collections import Counter
from collections.abc import Iterator

import jax
from coq_page import statement
from pages import picture, write_page
from source_code import folded
from sphinx.application import Sphinx

import theorems
from theorems.findings import Confirmation, Severity
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
        "\nWhat we say about the first version (v1) of {cite:t}`taimeskhanov2026`, arXiv:2602.02712v1: "
        f"{len(theorems.FINDINGS)} findings, {_count()}. "
        "The paper's theorems themselves are proved here, under the hypotheses that their pages list. "
        "Its own words are quoted with their place, and beside what is true it is said how they can be read "
        "so that little or nothing is left of the finding. Each finding has an exact counterexample "
        "(or, for an addition, an example), which "
        "`ufm verify` computes anew; it is listed below with the keys of "
        "{doc}`ufm certify </certificates>`. The notebook "
        "{doc}`Where the paper is loose, and an addition <notebooks/what_the_paper_says>` takes them one by "
        "one.\n"
    )
    confirmed = {finding.id: finding.confirm() for finding in theorems.FINDINGS}
    additions = [f for f in theorems.FINDINGS if f.severity is Severity.ADDITION]
    findings = [f for f in theorems.FINDINGS if f not in additions]
    yield from _table(findings)
    yield "The last finding is an addition: there the paper is right, and more can be said.\n"
    yield from _table(additions)
    for finding in findings + additions:
        yield from _section(finding, confirmed[finding.id])


def _table(findings: list[theorems.Finding]) -> Iterator[str]:
    yield ":::::{container} wide-table findings-table\n"  # on a phone: title, place and severity
    yield "| finding | severity | the paper says (v1) | what is true |\n| --- | --- | --- | --- |"
    for finding in findings:
        title = f"{{ref}}`{finding.title} <finding-{finding.id}>`<br>{finding.source}"
        says, truth = (cell.replace("|", "\\|") for cell in (finding.says, finding.truth))
        yield f"| {title} | {finding.severity} | {says} | {truth} |"
    yield "\n:::::\n"


def _section(finding: theorems.Finding, confirmed: Confirmation) -> Iterator[str]:
    yield f"(finding-{finding.id})="
    yield f"## {finding.title}\n"
    yield f"`{finding.id}`, {finding.severity}; {finding.source}.\n"
    yield f"**The paper's words.** “{finding.quote}”\n"
    yield f"**In ours.** {finding.says}\n"
    yield f"**What is true.** {finding.truth}\n"
    if "ε0" in finding.truth:
        yield "{ref}`Remark 3.4 <claim-remark-3.4.positive-peaks>` has the equation of ε0.\n"
    yield f"**A charitable reading.** {finding.charitable_reading}\n"
    yield from _against(finding)
    yield f"**The instance.** {finding.witness}. Recomputed: {confirmed.numbers}.\n"
    keys = [f"- {name}: {_plain(value)}" for name, value in finding.counterexample.items()]
    as_read = "As `ufm certify` reads it, which counts from 0:"
    yield from folded("The instance in fractions", "\n".join([f"{as_read}\n", *keys, ""]))
    yield from folded("Proof in Coq", "\n".join(_proofs(finding)))
    for name in finding.figures:
        yield f"{picture(f'figures/{name}', name)}\n"


def _count() -> str:
    """How many findings there are of each severity, in words."""
    counts = Counter(finding.severity for finding in theorems.FINDINGS)
    return ", ".join(f"{severity} ({counts[severity]})" for severity in Severity)


def _against(finding: theorems.Finding) -> Iterator[str]:
    about = [s for s in theorems.STATEMENTS if finding.is_about(s)]
    if about:
        yield "About " + ", ".join(f"{{ref}}`{s.title} <statement-{s.id}>`" for s in about) + ".\n"


def _plain(value: JSON) -> str:
    """Rationals and numbers without quotes or brackets."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"`{text}`"


def _proofs(finding: theorems.Finding) -> Iterator[str]:
    for name in finding.theorems:
        yield f"Coq, {{ref}}`{name} <coq-{name}>`:\n\n{statement(name, 'findings')}"
