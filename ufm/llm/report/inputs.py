"""The files that a user gives: prompts for and against a concept, and the concept's tokens."""

import re
from pathlib import Path

import numpy as np

from ufm._text import read_json, read_lines
from ufm._visible import quoted

from ..text.prompts import Prompt, read_prompts
from ..text.tokenizer import Tokenizer


def read_sides(
    positive: str | Path, negative: str | Path, concept: str | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of P and N from two files: those of `prompt_sides`."""
    p, n = prompt_sides(positive, negative, concept)
    return tuple(x.text for x in p), tuple(x.text for x in n)


def prompt_sides(
    positive: str | Path, negative: str | Path, concept: str | None = None
) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
    """The prompts of P and N from two files (formats: `read_prompts`), which may be the same file.

    P: what `positive` does not mark "negative". N: what `negative` marks "negative", or all of it
    if it marks nothing so. `concept` keeps the prompts of that concept; a file of P with several
    concepts needs it.
    """
    p = [x for x in read_prompts(positive) if x.kind != "negative"]
    n = list(read_prompts(negative))
    known = sorted({x.concept for x in p if x.concept is not None})
    if concept is not None:
        if concept not in known:
            raise ValueError(
                f"{positive} has no positive prompt of concept {concept!r}; it has "
                f"{', '.join(known) or 'none'}"
            )
        p = [x for x in p if x.concept == concept]
    elif len(known) > 1:
        raise ValueError(f"{positive} holds the concepts {', '.join(known)}: name one")
    target = concept or (known[0] if known else None)
    marked = [x for x in n if x.kind == "negative" and x.concept in (None, target)]
    n = marked or [x for x in n if x.concept is None or x.concept != target]
    for name, path, found in (("positive", positive, p), ("negative", negative, n)):
        if not found:
            raise ValueError(f"{path} holds no {name} prompt")
    return tuple(p), tuple(n)


def read_token_set(path: str | Path, tokenizer: Tokenizer, vocabulary: int) -> np.ndarray:
    r"""The set [V] of tokens that a file names: fix it before looking at curves.

    JSON: a list of texts (each one token) and of token numbers, plain or as `{"tokens": […]}` with
    notes beside it, or `{"regex": "…"}`, which the whole text of a token must match. A `.txt` file
    holds the text of one token on each line. Raises `ValueError` on a text that is no single token.
    """
    path = Path(path)
    found = _read(path)
    if isinstance(found, dict) and set(found) == {"regex"} and isinstance(found["regex"], str):
        try:
            pattern = re.compile(found["regex"])
        except re.error as error:
            raise ValueError(f"{path}: {quoted(found['regex'])} is no regex: {error}") from error
        return tokenizer.token_mask(lambda text: pattern.fullmatch(text) is not None, vocabulary)
    if isinstance(found, dict) and "tokens" in found:
        found = found["tokens"]
    if not isinstance(found, list) or not found:
        raise ValueError(
            f'{path} must hold a list of tokens that is not empty, or {{"regex": "…"}}'
        )
    return _members(found, path, tokenizer, vocabulary)


def _read(path: Path) -> object:
    if path.suffix == ".txt":
        return [line for line in read_lines(path) if line]
    return read_json(path)


def _members(
    entries: list[object], path: Path, tokenizer: Tokenizer, vocabulary: int
) -> np.ndarray:
    by_text: dict[str, list[int]] = {}
    for z in range(min(vocabulary, tokenizer.vocabulary)):
        by_text.setdefault(tokenizer.text(z), []).append(z)
    mask = np.zeros(vocabulary, bool)
    for k, entry in enumerate(entries, 1):
        if isinstance(entry, int) and not isinstance(entry, bool):
            if not 0 <= entry < vocabulary:
                raise ValueError(f"{path}, entry {k}: token {entry} is outside 0..{vocabulary - 1}")
            mask[entry] = True
        elif isinstance(entry, str):
            if entry not in by_text:
                near = [other for other in (f" {entry}", entry.strip()) if other in by_text]
                hint = f"; {quoted(near[0])} is one" if near else ""
                raise ValueError(
                    f"{path}, entry {k}: {quoted(entry)} is no single token of this tokenizer{hint}"
                )
            mask[by_text[entry]] = True
        else:
            raise ValueError(f"{path}, entry {k} must be a text or a number; got {entry!r}")
    if mask.all():
        raise ValueError(f"{path} names every token: leave some out")
    return mask
