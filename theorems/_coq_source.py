"""The theorems of coq/Statements.v, with the claims that the comment above each of them names.

Needs the standard library alone, so that it also runs as a script beside the proofs:
`python3 theorems/_coq_source.py claims` prints a line for each claim and theorem,
`python3 theorems/_coq_source.py page` prints Statements.v without its proofs.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

STATEMENTS = Path(__file__).parent / "coq" / "Statements.v"

# A comment, or a sentence of Coq: it ends with a full stop before a space.
_PART = re.compile(r"\(\*.*?\*\)|\S.*?\.(?=\s|\Z)", re.DOTALL)
_HEADING = re.compile(r"\(\* =+ (.*?) =+ \*\)")
_DECLARATIONS = ("Section ", "Context ", "Variables ", "Hypothesis ", "Notation ")


class CoqTheorem(NamedTuple):
    """A theorem as written: its source, and where it is.

    - `claims`: the ids in the comment above it, `(* claim: ID, ID; note *)`; `note` is that comment.
    - `preamble`: what the section around it declares; empty outside of sections.
    - `line`: of its first word, counted from 1; `heading`: the last one above it.
    """

    name: str
    claims: tuple[str, ...]
    note: str
    statement: str
    proof: str
    line: int
    heading: str
    preamble: str


def read_theorems(text: str) -> tuple[CoqTheorem, ...]:
    """The theorems in their order. Raises ValueError on one without Proof or Qed."""
    found: list[CoqTheorem] = []
    heading, note = "", ""
    declared: list[str] = []
    start = proof = None
    for part in _PART.finditer(text):
        words = part[0]
        if title := _HEADING.fullmatch(words):
            heading = title[1]
        elif words.startswith("(* claim:"):
            note = words
        elif words.startswith(_DECLARATIONS):
            declared.append(words)
        elif words.startswith("End "):
            declared = []
        elif words.startswith("Theorem "):
            if start is not None:
                break
            start = part.start()
        elif words == "Proof.":
            proof = part.start()
        elif words == "Qed." and start is not None and proof is not None:
            found.append(
                CoqTheorem(
                    text[start:].split(maxsplit=2)[1].rstrip(":"),
                    _claims(note),
                    note,
                    text[start:proof].rstrip(),
                    text[proof : part.end()],
                    text.count("\n", 0, start) + 1,
                    heading,
                    "\n".join(declared),
                )
            )
            start, proof, note = None, None, ""
    if start is not None:
        raise ValueError(f"a theorem without Proof or Qed: {text[start:].splitlines()[0]}")
    return tuple(found)


def _claims(note: str) -> tuple[str, ...]:
    named = re.match(r"\(\* claim: ([^;*]*)", note)
    return tuple(name.strip() for name in named[1].split(",")) if named else ()


def _main(command: str) -> None:
    text = STATEMENTS.read_text(encoding="utf-8")
    theorems = read_theorems(text)
    if command == "claims":
        print(*sorted(f"{claim}\t{t.name}" for t in theorems for claim in t.claims), sep="\n")
    elif command == "page":
        for theorem in theorems:
            text = text.replace(f"{theorem.proof}\n", "", 1)
        print(text, end="")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    _main(sys.argv[1] if len(sys.argv) == 2 else "")
