"""Byte-level BPE from vocab.json and merges.txt, for models that ship no tokenizer.json."""

from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors

from ufm._json import JSON

from ..checkpoint.load import read_json
from .gguf_tokenizer import QWEN2

_FLAGS = ("lstrip", "rstrip", "single_word", "normalized", "special")
_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token")


def read_byte_level(directory: Path) -> tokenizers.Tokenizer:
    """The tokenizer of vocab.json and merges.txt, with the tokens that were added to them.

    Those are in added_tokens.json, tokenizer_config.json and special_tokens_map.json, where there are such
    files. Raises `ValueError` on a kind of tokenizer that splits text in a way unknown here, and where an
    added token has another number than the vocabulary leaves it.
    """
    vocabulary, merges = directory / "vocab.json", directory / "merges.txt"
    if not (vocabulary.is_file() and merges.is_file()):
        if not (directory / "config.json").is_file():
            raise ValueError(
                f"{directory} is no model's folder: it holds no config.json, no tokenizer.json and no GGUF "
                "file"
            )
        raise ValueError(f"{directory} holds no tokenizer.json")
    about = _optional(directory / "tokenizer_config.json")
    inner = tokenizers.Tokenizer(models.BPE.from_file(str(vocabulary), str(merges)))
    kind = str(about.get("tokenizer_class") or "GPT2Tokenizer").removesuffix("Fast")
    starts_with_space = bool(about.get("add_prefix_space"))
    if kind == "Qwen2Tokenizer":
        split = pre_tokenizers.Split(Regex(QWEN2), "isolated")
        as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=starts_with_space, use_regex=False)
        inner.normalizer = normalizers.NFC()  # pyright: ignore
        inner.pre_tokenizer = pre_tokenizers.Sequence([split, as_bytes])  # pyright: ignore
    elif kind == "GPT2Tokenizer":
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=starts_with_space)  # pyright: ignore
    else:
        raise ValueError(
            f"{directory} holds no tokenizer.json, and how a {kind} splits text is not known from vocab.json "
            "and merges.txt: save its tokenizer.json with transformers"
        )
    inner.decoder = decoders.ByteLevel()  # pyright: ignore
    _add_tokens(inner, directory, about)
    _open_texts(inner, directory, about)
    return inner


def _optional(path: Path) -> dict[str, JSON]:
    return read_json(path) if path.is_file() else {}


def _add_tokens(inner: tokenizers.Tokenizer, directory: Path, about: dict[str, JSON]) -> None:
    """Added tokens: those with numbers in their order, then special ones that the vocabulary has already."""
    flags: dict[str, dict[str, bool]] = {}
    numbers: dict[str, object] = dict(_optional(directory / "added_tokens.json"))
    decoder = about.get("added_tokens_decoder")
    for number, entry in (decoder if isinstance(decoder, dict) else {}).items():
        if isinstance(entry, dict) and isinstance(entry.get("content"), str):
            content = str(entry["content"])
            flags[content] = {name: bool(entry[name]) for name in _FLAGS if name in entry}
            numbers.setdefault(content, int(number))
    for content, number in sorted(numbers.items(), key=lambda item: str(item[1]).zfill(12)):
        how = {"normalized": False} | flags.get(content, {})
        inner.add_tokens([AddedToken(content, **how)])
        if inner.token_to_id(content) != number:
            raise ValueError(
                f"{directory}: the added token {content!r} has number {number!r}, but vocab.json leaves it "
                f"{inner.token_to_id(content)}: they are of two models"
            )
    marked = about | _optional(directory / "special_tokens_map.json")
    for name in _NAMED:
        _mark_special(inner, _content(marked.get(name)))
    if not marked:  # GPT-2's own, which it had before there were such files
        _mark_special(inner, "<|endoftext|>")


def _mark_special(inner: tokenizers.Tokenizer, content: str | None) -> None:
    if content is not None and inner.token_to_id(content) is not None:
        inner.add_special_tokens([AddedToken(content, normalized=False, special=True)])


def _content(value: JSON) -> str | None:
    """The text of a token that a file names, alone or with its flags."""
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else None


def _open_texts(inner: tokenizers.Tokenizer, directory: Path, about: dict[str, JSON]) -> None:
    """Where tokenizer_config.json says `add_bos_token`, as OPT's does, the start token opens every text.

    What `add_eos_token` would append is left out by `Tokenizer`, whatever asks for it.
    """
    if not about.get("add_bos_token"):
        return
    marked = about | _optional(directory / "special_tokens_map.json")
    start = _content(marked.get("bos_token"))
    number = None if start is None else inner.token_to_id(start)
    if start is None or number is None:
        raise ValueError(
            f"{directory}: add_bos_token is set, but the start token {start!r} is no token of the vocabulary"
        )
    inner.post_processor = processors.TemplateProcessing(  # pyright: ignore
        single=[start, "$A"], special_tokens=[(start, number)]
    )
