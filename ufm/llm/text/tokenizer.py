"""Text to tokens and back, through the model's own tokenizer.json."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import tokenizers

from ufm._text import check_characters, open_text

from ..checkpoint.load import find_model
from .byte_level import read_byte_level
from .chat import ChatTemplate, read_chat_template
from .ends import end_tokens
from .gguf_tokenizer import gguf_tokenizer
from .prefix import prefix_token


class Tokenizer:
    """The tokenizer of a model; made by `load_tokenizer`.

    `start`: what the tokenizer puts before every text, the start token or nothing. What it puts after one
    (an end token) is left out, for a model is to go on from there. `template`: by which a prompt becomes
    the first turn of a conversation; None where the checkpoint holds none, or several without a default.
    `ends`: the tokens that end a text or a turn, of which a chat model has several. `prefix`: the token that
    a text is predicted from its first token on after, as the checkpoint names it: its start token, whether
    or not the tokenizer puts it before texts, or else its end token.
    """

    def __init__(
        self,
        inner: tokenizers.Tokenizer,
        name: str = "",
        template: ChatTemplate | None = None,
        ends: tuple[int, ...] = (),
        prefix: int | None = None,
    ):
        self.inner = inner
        self.name = name
        self.template = template
        self.ends = ends
        self.prefix = prefix
        inner.no_padding()
        inner.no_truncation()
        self.start = _start(inner)
        self._anchor = _anchor(inner) if _drops_first_space(inner) else None

    @property
    def chat_template(self) -> str | None:
        """The source of `template`, in Jinja2."""
        return None if self.template is None else self.template.source

    @property
    def vocabulary(self) -> int:
        """Number of tokens, added ones included."""
        return self.inner.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, opened by `start` once, even if the text brings it along; never empty."""
        ids = [*self.start, *self._unopened(self._plain(text))]
        if not ids:
            raise ValueError(f"the text {text[:40]!r} has no token")
        return ids

    def chat(self, text: str) -> str:
        """`text` as a user says it to the model, by the model's own chat template."""
        if self.template is None:
            raise ValueError(
                f"{self.name} has no chat template: it is no chat model, leave out --chat"
            )
        return self.template.render(text)

    def decode(self, tokens: Sequence[int | np.integer]) -> str:
        """The text of `tokens`."""
        return self.inner.decode([int(z) for z in tokens], skip_special_tokens=False)

    def text_after(self, tokens: Sequence[int | np.integer]) -> str:
        """The text of `tokens` that go on from others: a first space, which some tokenizers drop, is kept."""
        if self._anchor is None:
            return self.decode(tokens)
        text, token = self._anchor
        return self.decode([token, *tokens]).removeprefix(text)

    def text(self, token: int | np.integer) -> str:
        """The text of one token, or the tokenizer's own name for it where it is not text."""
        found = self.text_after([token])
        is_text = found and "\ufffd" not in found
        return found if is_text else self.inner.id_to_token(int(token)) or ""

    def batch(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Tokens [B, T] of several texts, padded on the right, and the mask [B, T] of real ones."""
        rows = [self.encode(text) for text in texts]
        return pad(rows, max(map(len, rows), default=0))

    def token_mask(self, is_member: Callable[[str], bool], vocabulary: int) -> np.ndarray:
        """The set [V] of tokens whose text satisfies `is_member`; empty or full raises `ValueError`.

        Fix the rule before looking at curves.
        """
        known = min(vocabulary, self.vocabulary)
        mask = np.zeros(vocabulary, bool)
        mask[:known] = [is_member(self.text(z)) for z in range(known)]
        if not mask.any() or mask.all():
            raise ValueError(
                f"the token set holds {mask.sum()} of {vocabulary} tokens of this tokenizer; it must "
                "hold some, but not all"
            )
        return mask

    def stream(self, path: str | Path, block: int = 1 << 16) -> Iterator[list[int]]:
        """The tokens of a text file, a block of lines at a time, without the start token.

        Blocks end with a line, so that the split changes no word; a longer line is cut.
        """
        rest, opening = "", self._unopened
        with open_text(Path(path)) as file:
            while piece := file.read(block):
                rest += piece
                cut = rest.rfind("\n") + 1 or (len(rest) if len(rest) > 8 * block else 0)
                if cut:
                    yield opening(self._plain(rest[:cut]))
                    rest, opening = rest[cut:], list
        if rest:
            yield opening(self._plain(rest))

    def _plain(self, text: str) -> list[int]:
        check_characters(text)
        return self.inner.encode(text, add_special_tokens=False).ids

    def _unopened(self, ids: list[int]) -> list[int]:
        """`ids` without the start token that the text itself began with."""
        size = len(self.start)
        return ids[size:] if tuple(ids[:size]) == self.start else ids


def _start(inner: tokenizers.Tokenizer) -> tuple[int, ...]:
    """What a post-processor puts before a text, told apart from what it puts after one."""
    for probe in chain("a0.", inner.get_vocab()):
        plain = inner.encode(probe, add_special_tokens=False).ids
        if plain:
            full = inner.encode(probe).ids
            places = range(len(full) - len(plain) + 1)
            return tuple(full[: next(k for k in places if full[k : k + len(plain)] == plain)])
    return ()


def _drops_first_space(inner: tokenizers.Tokenizer) -> bool:
    """Whether decoding takes a space from the start of a text: Llama 2's Strip, or Metaspace."""

    def drops(decoder: dict) -> bool:
        parts = decoder.get("decoders", [])
        return (
            any(map(drops, parts))
            or (decoder["type"] == "Strip" and decoder["start"] > 0)
            or (decoder["type"] == "Metaspace" and decoder.get("prepend_scheme") != "never")
        )

    return inner.decoder is not None and drops(json.loads(inner.decoder.__getstate__()))


def _anchor(inner: tokenizers.Tokenizer) -> tuple[str, int] | None:
    """A token of letters and their text, after which another is decoded as it is within a text."""
    for z in sorted(inner.get_vocab(with_added_tokens=False).values()):
        text = inner.decode([z])
        if text.isascii() and text.isalpha():
            return text, z
    return None


def load_tokenizer(path_or_id: str | Path, revision: str | None = None) -> Tokenizer:
    """The tokenizer of a model's directory, of a GGUF file, or of a model on the Hub.

    Reads tokenizer.json, or vocab.json and merges.txt of GPT-2's kind with the tokens added to them, or the
    metadata of the GGUF file; and the chat template, if there is one.

    >>> from ufm.llm import load_tokenizer
    >>> print(load_tokenizer("tests/data/llm/gpt2").encode("the cat is in the box"))
    [3, 2, 9, 8, 3, 2]
    """
    found, _ = find_model(path_or_id, revision)
    path = found / "tokenizer.json"
    try:
        if found.is_file():
            inner, template = gguf_tokenizer(found)
            known = end_tokens(found, inner), prefix_token(found, inner)
            return Tokenizer(inner, str(path_or_id), template, *known)
        is_whole = path.is_file()
        inner = tokenizers.Tokenizer.from_file(str(path)) if is_whole else read_byte_level(found)
    except ValueError:
        raise
    except Exception as error:  # the tokenizers library raises plain Exception
        what = path if path.is_file() else found
        raise ValueError(f"{what} is not a tokenizer: {error}") from error
    known = end_tokens(found, inner), prefix_token(found, inner)
    return Tokenizer(inner, str(path_or_id), read_chat_template(found), *known)


def pad(rows: Sequence[Sequence[int]], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of tokens padded on the right to `length`, and the mask of the real ones."""
    tokens = np.zeros((len(rows), length), np.int32)
    mask = np.zeros((len(rows), length), bool)
    for b, row in enumerate(rows):
        tokens[b, : len(row)], mask[b, : len(row)] = row, True
    return tokens, mask
