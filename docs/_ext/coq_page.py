"""The pages of Coq theorems: a list of them all, and a page for each section of theorems/coq/Statements.v."""

import re
from collections.abc import Iterator
from functools import cache

import coq_items
from coq_code import linked
from pages import write_page
from source_code import folded
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import theorems
from theorems._coq_source import CoqItem
from theorems.proofs import COQ

_SHORTEST_FOLDED = 5  # lines of a proof that is folded away


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


@cache
def theorems_of_coq() -> dict[str, CoqItem]:
    """Name → theorem, in the order of Statements.v."""
    return {item.name: item for item in coq_items.items_by_file()["Statements"]}


def statement(name: str, page: str) -> str:
    """The statement with what its section takes for granted, as Coq on a page of docs/_generated."""
    if name not in theorems_of_coq():
        raise ExtensionError(f"there is no theorem {name} in theorems/coq/Statements.v")
    theorem = theorems_of_coq()[name]
    names = coq_items.names_around("Statements", theorem.preamble) if theorem.preamble else {}
    code = "\n\n".join(part for part in (theorem.preamble, theorem.statement) if part)
    return linked(code, names | coq_items.names()[f"Statements.{name}"], page)


def _write_pages(app: Sphinx) -> None:
    write_page(app, "coq", list(_page()))
    for section, found in sections().items():
        write_page(app, f"coq_theorems/{section}", list(_section(section, found)))


@cache
def sections() -> dict[str, list[CoqItem]]:
    """Section of Statements.v, as the name of its page → its theorems."""
    found: dict[str, list[CoqItem]] = {}
    for theorem in theorems_of_coq().values():
        found.setdefault(theorem.section, []).append(theorem)
    return found


def _axioms() -> str:
    """Those that build.sh lets `Print Assumptions` print."""
    script = (COQ / "build.sh").read_text(encoding="utf-8")
    return ", ".join(f"`{'.'.join(name)}`" for name in re.findall(r"([A-Z]\w+)\\\.(\w+)", script))


def _page() -> Iterator[str]:
    yield "(coq)=\n# Coq: theorems and proofs\n"
    yield (
        f"The {len(theorems_of_coq())} theorems of `theorems/coq/Statements.v`, section by section. One "
        "reads their statements and {ref}`the definitions <coq-definitions>`, and trusts Coq for the rest. "
        "Each name in the code leads to its definition or statement, and above a theorem that proves a claim "
        "are the claim's own words. {ref}`The graph <coq-graph>` shows what rests on what.\n"
    )
    yield (
        "The theorems rest on these axioms of Coq's standard library, and on no other "
        f"(`theorems/coq/build.sh` checks that): {_axioms()}.\n"
    )
    yield ":::::{container} wide-table coq-sections\n\n| section | theorems |\n| --- | --- |"
    for section, found in sections().items():
        names = coq_items.links([f"Statements.{theorem.name}" for theorem in found])
        yield f"| {{ref}}`{found[0].heading} <coq-section-{section}>` | {names} |"
    yield ":::::\n\n```{toctree}\n:maxdepth: 1\n:hidden:\n"
    yield from (f"coq_theorems/{section}" for section in sections())
    yield "```"


def _section(section: str, found: list[CoqItem]) -> Iterator[str]:
    page, preamble = f"coq_theorems/{section}", ""
    yield f"(coq-section-{section})=\n# {found[0].heading}\n"
    yield (
        "A section of `theorems/coq/Statements.v`; {ref}`all of them <coq>`. Each name in the code leads to "
        "its definition or statement.\n"
    )
    for theorem in found:
        key = f"Statements.{theorem.name}"
        names = coq_items.names()[key]
        yield f"({coq_items.label(key)})=\n## `{theorem.name}`\n"
        proves = list(_proves(theorem))
        yield from proves
        if theorem.preamble != preamble:
            preamble = theorem.preamble
            if preamble:
                yield "From here on this is taken for granted:\n"
                yield linked(preamble, coq_items.names_around("Statements", preamble), page)
        is_folded = theorem.proof.count("\n") + 1 >= _SHORTEST_FOLDED
        # a note that says more than which claims they are, whose words are above
        note = theorem.note if ";" in theorem.note or not proves else ""
        parts = (note, theorem.statement, "" if is_folded else theorem.proof)
        yield linked("\n".join(part for part in parts if part), names, page)
        if is_folded:
            yield from folded(
                f"proof, {theorem.proof.count(chr(10)) + 1} lines",
                linked(theorem.proof, names, page),
            )
        yield from coq_items.used_and_users(key)


def _proves(theorem: CoqItem) -> Iterator[str]:
    """The claims that it proves and the findings that it is behind, in the words of the registry."""
    for name in theorem.claims:
        if name in theorems.CLAIMS:
            claim = theorems.CLAIMS[name]
            yield f"Proves {{ref}}`{name} <claim-{name}>`: {claim.text}\n"
    for finding in theorems.FINDINGS:
        if theorem.name in finding.theorems:
            title = finding.title.lower()
            yield f"Behind the finding {{ref}}`{title} <finding-{finding.id}>`: {finding.truth}\n"
