"""The page of Coq theorems, and each theorem's statement, read from theorems/coq/Statements.v."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from theorems.proofs import COQ


@dataclass(frozen=True)
class Theorem:
    """A theorem: its comment, statement and proof, the line it is on, its heading, what is in force."""

    name: str
    note: str
    statement: str
    proof: str
    line: int
    heading: str
    preamble: str


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


@cache
def theorems_of_coq() -> dict[str, Theorem]:
    """Name → theorem, in the order of Statements.v."""
    found: dict[str, Theorem] = {}
    heading, preamble, note, block = "", [], "", []
    text = (COQ / "Statements.v").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if title := re.match(r"\(\* =+ (.*?) =+ \*\)", line):
            heading = title[1]
        elif line.startswith("(* claim:"):
            note = line
        elif line.startswith("End "):
            preamble = []
        elif line.startswith(("Section ", "Context ", "Variables ", "Hypothesis ", "Notation ")):
            preamble = [*preamble, line]
        elif line.startswith("  (") and preamble and not block:
            preamble = [*preamble, line]  # a declaration that runs on
        elif line.startswith("Theorem ") or block:
            block.append((number, line))
            if line.endswith("Qed."):
                theorem = _theorem(block, note, heading, "\n".join(preamble))
                found[theorem.name], block, note = theorem, [], ""
    if block or not found:
        raise ExtensionError("theorems/coq/Statements.v: a theorem without Qed, or none at all")
    return found


def _theorem(block: list[tuple[int, str]], note: str, heading: str, preamble: str) -> Theorem:
    lines = [line for _, line in block]
    start = next(i for i, line in enumerate(lines) if line.startswith("Proof."))
    name = re.match(r"Theorem (\w+)", lines[0])
    assert name
    return Theorem(
        name[1],
        note,
        "\n".join(lines[:start]),
        "\n".join(lines[start:]),
        block[0][0],
        heading,
        preamble,
    )


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


def _page() -> Iterator[str]:
    yield "(coq)=\n# Coq: theorems and proofs\n"
    yield (
        "`theorems/coq/Statements.v`, theorem by theorem: one reads these statements and "
        "{ref}`the definitions <coq-definitions>`, and trusts Coq for the rest. They rest on Coq's "
        "four axioms for classical real numbers and on no other (`theorems/coq/build.sh` checks that). "
        "Where a section declares variables or hypotheses, they stand before its first theorem. "
        "Proofs that end in `exact` lie in the other files of that folder.\n"
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
