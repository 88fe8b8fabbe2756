"""The token that stands for nothing before a text, as the checkpoint names it."""

from collections.abc import Iterator
from pathlib import Path

import tokenizers

from ufm._json import JSON

from ..checkpoint.gguf import GgufFile
from ..checkpoint.load import read_json

_KINDS = ("bos", "eos")


def prefix_token(found: Path, inner: tokenizers.Tokenizer) -> int | None:
    """The start token that the checkpoint names, or else its end token; None where it names neither.

    A directory's tokenizer_config.json goes before special_tokens_map.json, and both before config.json.
    """
    named = _of_gguf(found) if found.is_file() else _of_directory(found, inner)
    known = range(inner.get_vocab_size(with_added_tokens=True))
    return next((z for z in named if type(z) is int and z in known), None)


def _of_gguf(path: Path) -> Iterator[JSON]:
    metadata = GgufFile(path).metadata
    for kind in _KINDS:
        yield metadata.get(f"tokenizer.ggml.{kind}_token_id")


def _of_directory(directory: Path, inner: tokenizers.Tokenizer) -> Iterator[JSON]:
    marked = _optional(directory / "special_tokens_map.json") | _optional(
        directory / "tokenizer_config.json"
    )
    for kind in _KINDS:
        token = marked.get(f"{kind}_token")
        text = token.get("content") if isinstance(token, dict) else token
        yield inner.token_to_id(text) if isinstance(text, str) else None
    about = _optional(directory / "config.json")
    for kind in _KINDS:
        value = about.get(f"{kind}_token_id")
        yield value[0] if isinstance(value, list) and value else value


def _optional(path: Path) -> dict[str, JSON]:
    return read_json(path) if path.is_file() else {}
