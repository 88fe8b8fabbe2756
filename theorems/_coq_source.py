"""The Coq files: what they define and prove, and which claims a theorem proves.

Needs the standard library alone, so that it also runs as a script beside the proofs:
`python3 theorems/_coq_source.py claims` prints a line for each claim and theorem,
`python3 theorems/_coq_source.py page` prints Statements.v without its proofs.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

STATEMENTS = Path(__file__).parent / "coq" / "Statements.v"

# A comment, or a sentence of Coq: it ends with a full stop before a space.
_PART = re.compile(r"\(\*.*?\*\)|\S.*?\.(?=\s|\Z)", re.DOTALL)
_HEADING = re.compile(r"\(\* (?:=+|-+) (.*?) (?:=+|-+) \*\)", re.DOTALL)
ITEM = re.compile(r"(Definition|Fixpoint|Inductive|Record|Ltac|Lemma|Theorem)\s+([\w']+)")
_PROVED = ("Lemma", "Theorem")
_DECLARATIONS = (
    "Section ",
    "Context ",
    "Variable ",
    "Variables ",
    "Hypothesis ",
    "Notation ",
    "Let ",
)


class CoqItem(NamedTuple):
    """A definition, tactic, lemma or theorem as written: its source, and where it is.

    - `kind`: "Definition", "Fixpoint", "Inductive", "Record", "Ltac", "Lemma" or "Theorem".
    - `claims`: the ids in the comment above it, `(* claim: ID, ID; note *)`; `note` is that comment, and
      `comment` any other that is directly above it.
    - `proof`: empty for what has none.
    - `line`: of its first word, counted from 1; `heading`: the last one above it.
    - `declared`: what the sections around it declare, sentence by sentence.
    """

    kind: str
    name: str
    claims: tuple[str, ...]
    note: str
    statement: str
    proof: str
    line: int
    heading: str
    declared: tuple[str, ...]
    comment: str

    @property
    def section(self) -> str:
        """Its heading as the name of a file: the page of the site that shows it, of Statements.v."""
        return re.sub(r"[^a-z0-9]+", "-", self.heading.lower()).strip("-")

    @property
    def preamble(self) -> str:
        """What the sections around it declare; empty outside of sections."""
        return "\n".join(self.declared)


def read_theorems(text: str) -> tuple[CoqItem, ...]:
    """The theorems in their order. Raises ValueError on one without Proof or Qed."""
    return tuple(item for item in read_items(text) if item.kind == "Theorem")


def read_items(text: str) -> tuple[CoqItem, ...]:
    """All that a file defines or proves, in its order. Raises ValueError on a proof without Qed."""
    reader = _Reader(text)
    for part in _PART.finditer(text):
        reader.read(part)
    return reader.finish()


class _Reader:
    """Takes the sentences and comments of a file in turn, and keeps the `items` that have ended.

    What is around the next item: the last `heading`, the `note` and `comment` above it, what the `sections`
    declare. Of the item that is being read: its `kind` ("" between items), the comment `above` it, and where
    it and its `proof` start. `end` is that of the last sentence.
    """

    def __init__(self, text: str):
        self.text = text
        self.items: list[CoqItem] = []
        self.heading = self.note = self.comment = self.above = self.kind = ""
        self.sections: list[list[str]] = [[]]
        self.start = self.end = 0
        self.proof: int | None = None

    def read(self, part: re.Match[str]) -> None:
        """The next sentence or comment."""
        words, opened = part[0], ITEM.match(part[0])
        if self.kind in _PROVED:
            if opened or (words == "Qed." and self.proof is None):
                self._refuse()
            if words == "Qed.":
                self._close(part.end())
        elif self.kind and (opened or words.startswith((*_DECLARATIONS, "End ", "(*"))):
            self._close(self.end)
        if opened:
            self.kind, self.start, self.above = opened[1], part.start(), self.comment
        elif words == "Proof.":
            self.proof = part.start()
        else:
            self._look_around(words)
        if not words.startswith("(*"):
            self.end = part.end()

    def finish(self) -> tuple[CoqItem, ...]:
        """The items, when the file has ended."""
        if self.kind in _PROVED:
            self._refuse()
        if self.kind:
            self._close(self.end)
        return tuple(self.items)

    def _look_around(self, words: str) -> None:
        """A heading, a note or other comment, or what opens, fills or closes a section."""
        is_plain = words.startswith("(*") and not words.startswith(("(* claim:", "(* ==", "(* --"))
        self.comment = words if is_plain else ""
        if title := _HEADING.fullmatch(words):
            self.heading = " ".join(title[1].split())
        elif words.startswith("(* claim:"):
            self.note = words
        elif words.startswith("Section "):
            self.sections.append([words])
        elif words.startswith(_DECLARATIONS):
            self.sections[-1].append(words)
        elif words.startswith("End "):
            self.sections.pop()

    def _close(self, stop: int) -> None:
        """The item that is being read ends at `stop`."""
        middle = stop if self.proof is None else self.proof
        item = CoqItem(
            kind=self.kind,
            name=_named(self.text[self.start :]),
            claims=_claims(self.note),
            note=self.note,
            statement=self.text[self.start : middle].rstrip(),
            proof=self.text[middle:stop],
            line=self.text.count("\n", 0, self.start) + 1,
            heading=self.heading,
            declared=tuple(sentence for section in self.sections for sentence in section),
            comment=self.above,
        )
        self.items.append(item)
        self.kind, self.proof, self.note, self.comment = "", None, "", ""

    def _refuse(self) -> NoReturn:
        first = self.text[self.start :].splitlines()[0]
        raise ValueError(f"a theorem without Proof or Qed: {first}")


def _named(text: str) -> str:
    opened = ITEM.match(text)
    assert opened is not None
    return opened[2]


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
