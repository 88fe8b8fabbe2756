"""Which definitions and theorems of the Coq files each one names."""

import re
from collections.abc import Iterable, Iterator, Mapping

from ._coq_source import ITEM, CoqItem

_WORD = re.compile(r"(?<![\w'])[A-Za-z_][\w']*")


def dependencies(files: Mapping[str, Iterable[CoqItem]]) -> dict[str, tuple[str, ...]]:
    """Which items above it each one names, itself or by way of what its sections declare; see `named`."""
    return {key: tuple(dict.fromkeys(words.values())) for key, words in named(files).items()}


def named(files: Mapping[str, Iterable[CoqItem]]) -> dict[str, dict[str, str]]:
    """Item → the words in it, or in what its sections declare, that name an item above it → that item.

    `files`: name of the file → its items, in the order in which they are compiled. Items are called
    "File.name" here. A name stands for the last item so called, unless a section declares it or the
    item binds it itself. Raises ValueError where a file has two items of one name.
    """
    owner: dict[str, str] = {}
    uses: dict[str, dict[str, str]] = {}
    for file, items in files.items():
        for item in items:
            key = f"{file}.{item.name}"
            if key in uses:
                raise ValueError(f"two items are called {key}")
            uses[key] = dict(_used(item, owner))
            owner |= dict.fromkeys((item.name, *_parts(item)), key)
    return uses


def _used(item: CoqItem, owner: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Words of an item with their `owner`, also those that it uses by way of what its sections declare."""
    local = {name: sentence for sentence in item.declared for name in _declared(sentence)}
    words = ITEM.sub("", item.statement, count=1)
    waiting = [*_free_words(words), *_free_words(item.proof)]
    # arguments without a type: "Lemma x f s :"
    untyped = re.match(r"[\w'\s]*(?=:)", re.sub(r"[({][^(){}]*[)}]", "", words))
    seen = {*_WORD.findall(untyped[0])} if untyped else set[str]()
    while waiting:
        word = waiting.pop(0)
        if word in seen:
            continue
        seen.add(word)
        if word in local:
            waiting += _WORD.findall(local[word])
        elif word in owner:
            yield word, owner[word]


def _parts(item: CoqItem) -> list[str]:
    """The constructors of an inductive type, the fields of a record."""
    text = _without_comments(item.statement)
    if item.kind == "Inductive":
        return re.findall(r"(?:\||:=)\s*([\w']+)", text)
    return re.findall(r"[{;]\s*([\w']+)\s*:", text) if item.kind == "Record" else []


def _declared(sentence: str) -> list[str]:
    """The names that a declaration of a section introduces."""
    keyword, _, rest = sentence.partition(" ")
    if keyword in ("Hypothesis", "Notation", "Let"):
        return _WORD.findall(rest)[:1]
    if keyword == "Section":
        return []
    groups = re.findall(r"[({]\s*([\w' ]+?)\s*:", rest) or [rest.partition(":")[0]]
    return [name for group in groups for name in _WORD.findall(group)]


# Where names are bound, by quantifier, function, argument or tactic; group 1 holds the names.
_BINDERS = (
    r"\b(?:forall|exists!?|fun)\s+([\w'\s]+?)\s*(?:,|=>|:)",
    r"[({]\s*((?:[\w']+\s+)*[\w']+)\s*:\s",
    r"\b(?:intros|as)\s+([\w'\s\[\]|]+)",
)


def _free_words(text: str) -> list[str]:
    """The names in a statement or proof, without those that it has bound before."""
    # "(x := …)" names an argument, or binds x for what follows
    text = re.sub(r"\([\w']+\s*:=", "(", _without_comments(text))
    bound: dict[str, int] = {}
    for group in (group for binder in _BINDERS for group in re.finditer(binder, text)):
        for name in _WORD.finditer(text, group.start(1), group.end(1)):
            bound[name[0]] = min(name.start(), bound.get(name[0], len(text)))
    return [
        word[0] for word in _WORD.finditer(text) if word.start() < bound.get(word[0], len(text))
    ]


def _without_comments(text: str) -> str:
    return re.sub(r"\(\*.*?\*\)", " ", text, flags=re.DOTALL)
