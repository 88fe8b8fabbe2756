"""The tokenizer in a GGUF file, rebuilt for the library tokenizers; anything unknown is an error."""

from pathlib import Path
from typing import TypeVar

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors

from ufm._json import JSON

from ..checkpoint.gguf import GgufFile
from .chat import ChatTemplate

# These are values of tokenizer.ggml.token_type.
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED = 1, 2, 3, 4
# How text is cut before bytes are merged: the regular expressions of the models' own tokenizer.json.
_LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA3 = _LETTERS + r"|\p{N}{1,3}" + _REST
QWEN2 = _LETTERS + r"|\p{N}" + _REST
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_BY_CASE = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+%s|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*%s"
    r"|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TEKKEN = _BY_CASE % ("", "", "")
_GPT4O = _BY_CASE % (*["(?i:'s|'t|'re|'ve|'m|'ll|'d)?"] * 2, "{1,3}")
_EXPRESSIONS = {
    "llama-bpe": _LLAMA3,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "smaug-bpe": _LLAMA3,
    "dbrx": _LLAMA3,
    "qwen2": QWEN2,
    "deepseek-r1-qwen": QWEN2,
    "megrez": QWEN2,
    "stablelm2": QWEN2,
    "tekken": _TEKKEN,
    "gpt-4o": _GPT4O,
}
# GPT-2's expression, which the library knows by itself; the second row first parts every digit.
_GPT2 = ("gpt-2", "phi-2", "olmo", "mpt", "exaone4", "modern-bert")
_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell")
PRE_TOKENIZERS = (*_GPT2, *_DIGITS, *_EXPRESSIONS)
# Those of which llama.cpp says: a word that is a token is not merged, and a start token comes first.
_WHOLE_WORDS = ("llama-bpe", "llama3", "llama-v3", "tekken")
# Those whose own tokenizer.json composes accents (NFC) first; llama.cpp leaves that out.
_COMPOSED = ("qwen2", "deepseek-r1-qwen", "stablelm2")
_SPACE = "▁"
_Value = TypeVar("_Value", str, int, float)
_READ = {
    "model",
    "pre",
    "tokens",
    "token_type",
    "scores",
    "merges",
    "add_bos_token",
    "add_eos_token",
}
_READ |= {"add_space_prefix", "bos_token_id", "eos_token_id", "unknown_token_id"}
# What names a token for a purpose, or concerns other kinds of models.
_HARMLESS_ENDS = ("_token_id", "_token_ids", "token_type_count", "normalizer.lowercase")
_HARMLESS = {"remove_extra_whitespaces", "add_sep_token", "mask_token_id"}


def gguf_tokenizer(path: Path) -> tuple[tokenizers.Tokenizer, ChatTemplate | None]:
    """The tokenizer in a GGUF file, and its chat template.

    Byte-level BPE ("gpt2") and SentencePiece with scores ("llama"). Raises `ValueError` naming a kind,
    a pre-tokenizer or a key that is not known.
    """
    keys = _Keys(path)
    model = keys.get("model")
    if model == "gpt2":
        inner = _byte_level(keys)
    elif model == "llama":
        inner = _sentence_piece(keys)
    else:
        raise ValueError(
            f"{path}: tokenizer model {model!r} is not supported; known are gpt2, llama"
        )
    inner.add_tokens(keys.added(_USER_DEFINED, special=False))
    inner.add_special_tokens(keys.added(_CONTROL, special=True))
    inner.post_processor = keys.ends()  # pyright: ignore[reportAttributeAccessIssue]
    source = keys.file.metadata.get("tokenizer.chat_template")
    if not isinstance(source, str):
        return inner, None
    names = {
        key.removesuffix("_id"): keys.token(key)
        for key in ("bos_token_id", "eos_token_id")
        if key in keys.values
    }
    return inner, ChatTemplate(source, names)


class _Keys:
    """What the file says of its tokenizer, checked."""

    def __init__(self, path: Path):
        self.path, self.file = path, GgufFile(path)
        before = "tokenizer.ggml."
        self.values: dict[str, JSON] = {
            key.removeprefix(before): value
            for key, value in self.file.metadata.items()
            if key.startswith(before)
        }
        for key in self.values:
            if key not in _READ | _HARMLESS and not key.endswith(_HARMLESS_ENDS):
                raise ValueError(f"{path}: key {before}{key} is unknown and may change the tokens")
        self.tokens = self._list("tokens", str)
        self.vocabulary = {token: z for z, token in enumerate(self.tokens)}
        if not self.tokens or len(self.vocabulary) < len(self.tokens):
            raise ValueError(f"{path}: {before}tokens is missing, or names a token twice")
        self.kinds = self.each("token_type", int) or [_NORMAL] * len(self.tokens)

    def get(self, key: str) -> JSON:
        """The value of a key, or None."""
        return self.values.get(key)

    def flag(self, key: str, default: bool) -> bool:
        """A value that is true or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise ValueError(
                f"{self.path}: tokenizer.ggml.{key} must be true or false; got {value!r}"
            )
        return value

    def merges(self) -> list[tuple[str, str]]:
        """The pairs that BPE merges, the first first; a token may begin with a space."""
        pairs = []
        for line in self._list("merges", str):
            cut = line.find(" ", 1)
            if cut < 0:
                raise ValueError(f"{self.path}: {line!r} in tokenizer.ggml.merges is no pair")
            pairs.append((line[:cut], line[cut + 1 :]))
        return pairs

    def each(self, key: str, of: type[_Value]) -> list[_Value]:
        """A list with an entry for each token; empty where the file has none."""
        found = self._list(key, of)
        if found and len(found) != len(self.tokens):
            raise ValueError(
                f"{self.path}: tokenizer.ggml.{key} must hold {len(self.tokens)} entries, one for each "
                f"token; got {len(found)}"
            )
        return found

    def added(self, kind: int, special: bool) -> list[AddedToken]:
        """The tokens of that kind, which are found in a text before it is cut."""
        # Phi-3's tokenizer drops the spaces after these, which the file does not say
        strips = special and self.file.metadata.get("general.architecture") == "phi3"
        return [
            AddedToken(token, special=special, normalized=False, rstrip=strips and token != "<s>")
            for token, found in zip(self.tokens, self.kinds, strict=True)
            if found == kind
        ]

    def token(self, key: str) -> str:
        """The token whose number is under `key`."""
        number = self.values.get(key)
        if not isinstance(number, int) or not 0 <= number < len(self.tokens):
            raise ValueError(f"{self.path}: tokenizer.ggml.{key} names no token: {number!r}")
        return self.tokens[number]

    def ends(self) -> processors.TemplateProcessing | None:
        """What comes before and after each text."""
        is_bpe = self.values["model"] == "gpt2"
        starts = self.flag("add_bos_token", not is_bpe or self.values.get("pre") in _WHOLE_WORDS)
        first = [self.token("bos_token_id")] if starts else []
        last = [self.token("eos_token_id")] if self.flag("add_eos_token", False) else []
        if not first and not last:
            return None
        around = {token: self.vocabulary[token] for token in first + last}
        return processors.TemplateProcessing(
            single=[*first, "$A", *last], special_tokens=list(around.items())
        )

    def _list(self, key: str, of: type[_Value]) -> list[_Value]:
        found = self.values.get(key, [])
        entries = (
            [entry for entry in found if isinstance(entry, of)] if isinstance(found, list) else []
        )
        if not isinstance(found, list) or len(entries) < len(found):
            raise ValueError(f"{self.path}: tokenizer.ggml.{key} must be a list of {of.__name__}")
        return entries


def _byte_level(keys: _Keys) -> tokenizers.Tokenizer:
    """GPT-2's kind: the bytes of each piece of text are merged, pair by pair."""
    pre = keys.get("pre")
    if not isinstance(pre, str) or pre not in PRE_TOKENIZERS:
        raise ValueError(
            f"{keys.path}: pre-tokenizer {pre!r} is not supported; known are {', '.join(PRE_TOKENIZERS)}"
        )
    inner = tokenizers.Tokenizer(
        models.BPE(keys.vocabulary, keys.merges(), ignore_merges=pre in _WHOLE_WORDS)
    )
    own = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre not in _EXPRESSIONS)
    if pre in _EXPRESSIONS:
        cut = pre_tokenizers.Split(Regex(_EXPRESSIONS[pre]), "isolated")
        own = pre_tokenizers.Sequence([cut, own])
    elif pre in _DIGITS:
        own = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), own])
    inner.pre_tokenizer = own  # pyright: ignore[reportAttributeAccessIssue]
    if pre in _COMPOSED:
        inner.normalizer = normalizers.NFC()  # pyright: ignore[reportAttributeAccessIssue]
    inner.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    return inner


def _sentence_piece(keys: _Keys) -> tokenizers.Tokenizer:
    """SentencePiece's BPE: of all pairs that make a token, the one of the best score is merged first."""
    if keys.get("pre") not in (None, "default"):
        raise ValueError(
            f"{keys.path}: pre-tokenizer {keys.get('pre')!r} for SentencePiece is unknown"
        )
    scores = keys.each("scores", float)
    if not scores:
        raise ValueError(f"{keys.path}: tokenizer.ggml.scores is missing")
    pieces = {
        token: z for z, token in enumerate(keys.tokens) if keys.kinds[z] in (_NORMAL, _UNKNOWN)
    }
    pairs: list[tuple[float, int, int, str, str]] = []
    for token, z in pieces.items():
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in pieces and right in pieces:
                # equal scores go to the first in the vocabulary, then to the shortest left part
                pairs.append((-scores[z], z, cut, left, right))
    pairs.sort()
    unknown = keys.tokens[keys.kinds.index(_UNKNOWN)] if _UNKNOWN in keys.kinds else None
    inner = tokenizers.Tokenizer(
        models.BPE(
            keys.vocabulary,
            [(left, right) for *_, left, right in pairs],
            unk_token=unknown,
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    prefix = keys.flag("add_space_prefix", True)
    steps: list[normalizers.Normalizer] = [normalizers.Prepend(_SPACE)] if prefix else []
    steps.append(normalizers.Replace(" ", _SPACE))
    inner.normalizer = normalizers.Sequence(steps)  # pyright: ignore[reportAttributeAccessIssue]
    back = [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if prefix:
        back.append(decoders.Strip(" ", 1, 0))
    inner.decoder = decoders.Sequence(back)  # pyright: ignore[reportAttributeAccessIssue]
    return inner
