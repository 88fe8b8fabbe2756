"""The page of Coq theorems, and each theorem's statement, read from theorems/coq/Statements.v."""

import re
from collections.abc import Iterator
from functools import cache

from coq_items import items_by_file, used_and_users
from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from theorems._coq_source import CoqItem
from theorems.proofs import COQ


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


@cache
def theorems_of_coq() -> dict[str, CoqItem]:
    """Name → theorem, in the order of Statements.v."""
    return {item.name: item for item in items_by_file()["Statements"] if item.kind == "Theorem"}


def statement(name: str) -> str:
    """The statement with what its section takes for granted, as Coq."""
    if name not in theorems_of_coq():
        raise ExtensionError(f"there is no theorem {name} in theorems/coq/Statements.v")
    theorem = theorems_of_coq()[name]
    return "\n\n".join(part for part in (theorem.preamble, theorem.statement) if part)


def _write_page(app: Sphinx) -> None:
    write_page(app, "coq", list(_page()))
    definitions = (COQ / "Definitions.v").read_text(encoding="utf-8").rstrip()
    lines = ["(coq-definitions)=\n# Coq: definitions\n"]
    lines += ["`theorems/coq/Definitions.v`: every notion that {ref}`the theorems <coq>` use.\n"]
    lines += [f"```coq\n{definitions}\n```"]
    write_page(app, "coq_definitions", lines)


def _axioms() -> str:
    """Those that build.sh lets `Print Assumptions` print."""
    script = (COQ / "build.sh").read_text(encoding="utf-8")
    return ", ".join(f"`{'.'.join(name)}`" for name in re.findall(r"([A-Z]\w+)\\\.(\w+)", script))


def _page() -> Iterator[str]:
    yield "(coq)=\n# Coq: theorems and proofs\n"
    yield (
        "`theorems/coq/Statements.v`, theorem by theorem: one reads these statements and "
        "{ref}`the definitions <coq-definitions>`, and trusts Coq for the rest. They rest on these axioms of "
        f"Coq's standard library, and on no other (`theorems/coq/build.sh` checks that): {_axioms()}. "
        "Where a section declares variables or hypotheses, the page shows them before its first theorem. "
        "Proofs that end in `exact` use a lemma of the other files of that folder; "
        "{ref}`the graph <coq-graph>` shows what rests on what.\n"
    )
    heading = preamble = ""
    for theorem in theorems_of_coq().values():
        if theorem.heading != heading:
            heading = theorem.heading
            yield f"## {heading}\n"
        if theorem.preamble != preamble:
            preamble = theorem.preamble
            if preamble:
                yield f"```coq\n{preamble}\n```\n"
        yield f"(coq-{theorem.name})="
        yield f"`{theorem.name}`, line {theorem.line}\n"
        code = "\n".join(part for part in (theorem.note, theorem.statement, theorem.proof) if part)
        yield f"```coq\n{code}\n```\n"
        yield from used_and_users(f"Statements.{theorem.name}")
