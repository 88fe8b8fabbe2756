"""Text as windows of tokens, streamed: files of any length."""

import math
from collections.abc import Iterator
from pathlib import Path

from .tokenizer import Tokenizer


def window_count(tokens: int, length: int) -> int | None:
    """How many windows of `length` hold about `tokens` tokens; None (no limit) for 0."""
    return math.ceil(tokens / length) if tokens else None


def windows(tokenizer: Tokenizer, path: str | Path, length: int) -> Iterator[list[int]]:
    """The tokens of a text file in windows of `length`, each opened by the start token, if any.

    Without a start token the first of each window is context and is not predicted. The last window
    may be shorter; one with nothing to predict is dropped. A file without tokens raises `ValueError`.

    >>> from ufm.llm import example_file, load_tokenizer, windows
    >>> rows = list(windows(load_tokenizer("tests/data/llm/gpt2"), example_file("essays"), 8))
    >>> print(len(rows), rows[0])
    342 [2, 4, 2, 2, 2, 56, 2, 2]
    """
    start = list(tokenizer.start)
    if length < 2:
        raise ValueError(f"a window needs at least 2 tokens; got length {length}")
    rest: list[int] = []
    is_empty = True
    size = length - len(start)
    for piece in tokenizer.stream(path):
        rest += piece
        cut = 0
        while len(rest) - cut >= size:
            is_empty = False
            yield start + rest[cut : cut + size]
            cut += size
        rest = rest[cut:]
    if len(start) + len(rest) >= 2 and rest:
        is_empty = False
        yield start + rest
    if is_empty:
        raise ValueError(f"{path} holds too few tokens to predict one")
