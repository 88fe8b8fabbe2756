"""The tokens that end a text or a turn, as the checkpoint itself names them; none is guessed by its name."""

from collections.abc import Iterator
from pathlib import Path

import tokenizers

from ufm._json import JSON

from ..checkpoint.gguf import GgufFile
from ..checkpoint.load import read_json

# The keys of a GGUF file for the end of a text, of a turn and of a message.
_GGUF_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")


def end_tokens(found: Path, inner: tokenizers.Tokenizer) -> tuple[int, ...]:
    """Numbers of the tokens after which the model has nothing to add; empty where no file says.

    Of a GGUF file: its keys for the end of text, turn and message. Of a directory: `eos_token_id` (one or
    several) of generation_config.json and config.json, and `eos_token` of tokenizer_config.json.
    """
    named = _of_gguf(found) if found.is_file() else _of_directory(found, inner)
    known = range(inner.get_vocab_size(with_added_tokens=True))
    return tuple(sorted({z for z in named if type(z) is int and z in known}))


def _of_gguf(path: Path) -> Iterator[JSON]:
    metadata = GgufFile(path).metadata
    for key in _GGUF_KEYS:
        yield metadata.get(f"tokenizer.ggml.{key}")


def _of_directory(directory: Path, inner: tokenizers.Tokenizer) -> Iterator[JSON]:
    for name in ("generation_config.json", "config.json"):
        about = read_json(directory / name) if (directory / name).is_file() else {}
        value = about.get("eos_token_id")
        yield from value if isinstance(value, list) else [value]
    path = directory / "tokenizer_config.json"
    token = read_json(path).get("eos_token") if path.is_file() else None
    text = token.get("content") if isinstance(token, dict) else token
    yield inner.token_to_id(text) if isinstance(text, str) else None
