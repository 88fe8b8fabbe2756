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

    JSON: `{"words": […]}`, of each of which all forms that are one token are taken: as it is, with a
    first capital, in capitals, each with a space before it and without; a list of texts (each one token)
    and of token numbers, plain or as `{"tokens": […]}` with notes beside it; or `{"regex": "…"}`, which
    the whole text of a token must match. A `.txt` file holds the text of one token on each line. Raises
    `ValueError` on a text that is no single token, and on a word of which no form is one, with what is near.
    """
    path = Path(path)
    found = _read(path)
    if isinstance(found, dict) and set(found) == {"regex"} and isinstance(found["regex"], str):
        try:
            pattern = re.compile(found["regex"])
        except re.error as error:
            raise ValueError(f"{path}: {quoted(found['regex'])} is no regex: {error}") from error
        return tokenizer.token_mask(lambda text: pattern.fullmatch(text) is not None, vocabulary)
    if isinstance(found, dict) and "words" in found:
        return _words(found["words"], path, tokenizer, vocabulary)
    if isinstance(found, dict) and "tokens" in found:
        found = found["tokens"]
    if not isinstance(found, list) or not found:
        raise ValueError(
            f'{path} must hold a list of tokens that is not empty, {{"words": […]}} or {{"regex": "…"}}'
        )
    return _members(found, path, tokenizer, vocabulary)


def _read(path: Path) -> object:
    if path.suffix == ".txt":
        return [line for line in read_lines(path) if line]
    return read_json(path)


def _by_text(tokenizer: Tokenizer, vocabulary: int) -> dict[str, list[int]]:
    """The numbers of the tokens of each text."""
    found: dict[str, list[int]] = {}
    for z in range(min(vocabulary, tokenizer.vocabulary)):
        found.setdefault(tokenizer.text(z), []).append(z)
    return found


def _forms(word: str) -> list[str]:
    """A word as it is found in texts: after a space or not, with capitals or not."""
    capitals = dict.fromkeys([word, word[:1].upper() + word[1:], word.upper()])
    return [before + form for before in (" ", "") for form in capitals]


def _words(words: object, path: Path, tokenizer: Tokenizer, vocabulary: int) -> np.ndarray:
    texts = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    if not texts or not isinstance(words, list) or len(texts) < len(words):
        raise ValueError(f'{path}: "words" must be a list of words that is not empty')
    by_text = _by_text(tokenizer, vocabulary)
    mask, unknown = np.zeros(vocabulary, bool), []
    for word in texts:
        known = [z for form in _forms(word.strip()) for z in by_text.get(form, [])]
        mask[known] = True
        if not known:
            unknown.append(quoted(word) + _near(word.strip(), by_text))
    if unknown:
        raise ValueError(
            f"{path}: no form of {', '.join(unknown)} is a single token of this tokenizer: leave it out"
        )
    if mask.all():
        raise ValueError(f"{path} names every token: leave some out")
    return mask


def _near(word: str, by_text: dict[str, list[int]]) -> str:
    """The token that a word begins with, as a hint, if it has at least half of its letters."""
    for size in range(len(word) - 1, len(word) // 2, -1):
        for form in _forms(word[:size]):
            if form in by_text:
                return f" (near: {quoted(form)})"
    return ""


def _members(
    entries: list[object], path: Path, tokenizer: Tokenizer, vocabulary: int
) -> np.ndarray:
    by_text = _by_text(tokenizer, vocabulary)
    mask = np.zeros(vocabulary, bool)
    for k, entry in enumerate(entries, 1):
        if isinstance(entry, int) and not isinstance(entry, bool):
            if not 0 <= entry < vocabulary:
                raise ValueError(f"{path}, entry {k}: token {entry} is outside 0..{vocabulary - 1}")
            mask[entry] = True
        elif isinstance(entry, str):
            if entry not in by_text:
                near = [other for other in _forms(entry.strip()) if other in by_text]
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
