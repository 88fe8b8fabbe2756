"""What the Coq files define and prove, what each item uses, and the links to where the site shows it."""

from collections.abc import Iterator, Sequence
from functools import cache

from docutils.nodes import make_id

import theorems
from theorems._coq_dependencies import named
from theorems._coq_source import CoqItem, read_items
from theorems.proofs import COQ, sources

# Kinds that state nothing: their status is their kind.
_UNSTATED = {"Ltac": "tactic"}


@cache
def items_by_file() -> dict[str, tuple[CoqItem, ...]]:
    """Name of the file without .v → its items; files in the order in which they are compiled."""
    files = [file for file in sources() if file.suffix == ".v"]
    read = {file.stem: read_items(file.read_text(encoding="utf-8")) for file in files}
    # the tuple of all theorems, whose axioms Coq prints, states nothing
    read["Statements"] = tuple(item for item in read["Statements"] if item.kind == "Theorem")
    return read


@cache
def items() -> dict[str, CoqItem]:
    """Item, as "File.name", with all that is known of it."""
    return {
        f"{file}.{item.name}": item for file, found in items_by_file().items() for item in found
    }


@cache
def names() -> dict[str, dict[str, str]]:
    """Item → the words in it that name another → which."""
    return named(items_by_file())


def names_around(file: str, preamble: str) -> dict[str, str]:
    """The words that name items in what the sections of a file declare, by the items that use it."""
    inside = [key for key, item in items().items() if item.preamble == preamble]
    return {w: k for key in inside if key.startswith(f"{file}.") for w, k in names()[key].items()}


def kind_of(key: str) -> str:
    """Definition, Lemma, Theorem, …"""
    return items()[key].kind


@cache
def uses() -> dict[str, tuple[str, ...]]:
    """Item → the items that it names."""
    return {key: tuple(dict.fromkeys(words.values())) for key, words in names().items()}


@cache
def used_by() -> dict[str, list[str]]:
    """Item → the items that name it."""
    users: dict[str, list[str]] = {name: [] for name in uses()}
    for name, used in uses().items():
        for other in used:
            users[other].append(name)
    return users


def status(item: CoqItem) -> str:
    """Its colour: "claim" for a theorem that proves a claim, "finding", "theorem", "lemma", "tactic", …"""
    if item.kind == "Theorem":
        findings = {name for finding in theorems.FINDINGS for name in finding.theorems}
        if item.name in findings:
            return "finding"
        return "claim" if {*item.claims} & {*theorems.CLAIMS} else "theorem"
    return "lemma" if item.kind == "Lemma" else _UNSTATED.get(item.kind, "definition")


def label(key: str) -> str:
    """What the site calls the place where it shows the item."""
    file, name = key.split(".")
    return f"coq-{name}" if file == "Statements" else f"coq-item-{file}-{name}"


def page_of(key: str) -> str:
    """The page of docs/_generated that shows the item: of theorems one a section, of the rest one a file."""
    file = key.split(".")[0]
    if file == "Statements":
        return f"coq_theorems/{items()[key].section}"
    return "coq_definitions" if file == "Definitions" else f"coq_files/{file}"


def address(key: str) -> str:
    """Where the site shows the item, from a page of docs/_generated."""
    return f"{page_of(key)}.html#{make_id(label(key))}"


def links(keys: Sequence[str]) -> str:
    """The items as links, in Markdown."""
    return ", ".join(f"{{ref}}`{key.split('.')[1]} <{label(key)}>`" for key in keys)


def used_and_users(key: str) -> Iterator[str]:
    """What an item uses and what uses it, folded away."""
    used, users = uses()[key], used_by()[key]
    if used or users:
        yield f"<details><summary>uses {len(used)}, used by {len(users)}</summary>\n"
        if used:
            yield f"Uses {links(used)}.\n"
        if users:
            yield f"Used by {links(users)}.\n"
        yield "</details>\n"


def first_comment(file: str) -> str:
    """What a file says of itself in its first lines."""
    text = (COQ / f"{file}.v").read_text(encoding="utf-8")
    return " ".join(text[2 : text.index("*)")].split()) if text.startswith("(*") else ""
