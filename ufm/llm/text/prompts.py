"""Prompts from files: JSON lines in the formats of the paper's code, or plain lines of text."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from ufm._json import JSON
from ufm._text import parse_json, read_lines

from ..decoder.config import Config
from .tokenizer import Tokenizer

KINDS = ("positive", "negative")


@dataclass(frozen=True)
class Prompt:
    """A text, the concept it belongs to and whether it is a positive or negative example of it.

    `where`: the file and the line that it comes from, for errors.
    """

    text: str
    concept: str | None = None
    kind: str | None = None
    where: str = field(default="", compare=False, repr=False)


def read_prompts(path: str | Path) -> tuple[Prompt, ...]:
    r"""The prompts in a file.

    A `.txt` file holds one prompt a line; lines end with \n or \r\n and nothing else. Any other file
    holds JSON lines, each either `{"concept": "joy", "kind": "positive", "text": "…"}` or
    `{"joy": ["…", "…"]}` (a list of contexts; those under "negative" belong to no concept). Empty lines
    are passed over. Raises `ValueError` with the number of the line that is malformed, and on a file
    without prompts.

    >>> from ufm.llm import example_file, read_prompts
    >>> found = read_prompts(example_file("joy"))
    >>> print(len(found), found[0].concept, found[0].kind)
    128 joy positive
    """
    path = Path(path)
    found: list[Prompt] = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        if path.suffix == ".txt":
            found.append(Prompt(line.strip(), where=where))
        else:
            found.extend(replace(prompt, where=where) for prompt in _parse(line, where))
    if not found:
        raise ValueError(f"{path} holds no prompt")
    return tuple(found)


def _parse(line: str, where: str) -> list[Prompt]:
    try:
        entry = parse_json(line)
    except ValueError as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(entry, dict) or not entry:
        raise ValueError(f"{where} must be a JSON object; got {_short(entry)}")
    if "text" not in entry:
        return _parse_contexts(entry, where)
    unknown = sorted(set(entry) - {"text", "concept", "kind"})
    if unknown:
        raise ValueError(f"{where} has an unknown entry {unknown[0]!r}; known: concept, kind, text")
    concept, kind = entry.get("concept"), entry.get("kind")
    if kind not in (None, *KINDS):
        raise ValueError(f'{where}: kind must be "positive" or "negative"; got {_short(kind)}')
    if concept is not None and not isinstance(concept, str):
        raise ValueError(f"{where}: concept must be a string; got {_short(concept)}")
    return [Prompt(_text(entry["text"], where), concept, kind)]


def _parse_contexts(entry: dict[str, JSON], where: str) -> list[Prompt]:
    found = []
    for name, texts in entry.items():
        if not isinstance(texts, list):
            raise ValueError(
                f'{where} must hold "text", or a concept with a list of texts; got {_short(entry)}'
            )
        for text in texts:
            concept, kind = (None, name) if name == "negative" else (name, "positive")
            found.append(Prompt(_text(text, where), concept, kind))
    return found


def _text(value: JSON, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: a text must be a string that is not empty; got {_short(value)}")
    return value


def _short(value: JSON) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def encode_prompt(prompt: Prompt, tokenizer: Tokenizer, config: Config) -> list[int]:
    """The tokens of a prompt, checked against the model.

    Raises `ValueError` with the prompt's place if it has no token, more than the model has positions, or
    one that the model does not know.
    """
    try:
        tokens = tokenizer.encode(prompt.text)
    except ValueError as error:
        raise ValueError(f"{prompt.where}: {error}") from error
    if config.positions is not None and len(tokens) > config.positions:
        raise ValueError(
            f"{prompt.where} has {len(tokens)} tokens, more than the model's {config.positions} positions: "
            "shorten it"
        )
    if max(tokens) >= config.vocabulary:
        raise ValueError(
            f"{prompt.where} has token {max(tokens)}, the model has 0..{config.vocabulary - 1}: the "
            "tokenizer is another model's"
        )
    return tokens


def split_prompts(
    prompts: tuple[Prompt, ...], concept: str, negative: str = "contrastive"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of P and N for a concept, from one collection of prompts.

    P: the positive examples of `concept`. N: its negative examples if `negative` is "contrastive",
    and the positive examples of all other concepts with the negative ones of none if "random". Raises
    `ValueError` where either is empty.

    >>> from ufm.llm import Prompt, split_prompts
    >>> joy, sad = Prompt("hooray", "joy", "positive"), Prompt("alas", "joy", "negative")
    >>> print(split_prompts((joy, sad), "joy"))
    (('hooray',), ('alas',))
    """
    if negative not in ("contrastive", "random"):
        raise ValueError(f'negative must be "contrastive" or "random"; got {negative!r}')
    p = tuple(x.text for x in prompts if x.concept == concept and x.kind != "negative")
    if negative == "contrastive":
        against = (x for x in prompts if x.concept == concept and x.kind == "negative")
    else:
        others = (x for x in prompts if x.concept != concept)
        against = (x for x in others if x.kind != "negative" or x.concept is None)
    n = tuple(x.text for x in against)
    for name, texts in (("positive", p), (f"{negative} negative", n)):
        if not texts:
            known = sorted({x.concept for x in prompts if x.concept})
            raise ValueError(
                f"no {name} prompt of concept {concept!r}; the concepts are {', '.join(known)}"
            )
    return p, n
