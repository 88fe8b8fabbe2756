"""Text to tokens and back, through the model's own tokenizer.json."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tokenizers

from ..checkpoint.load import find_model, read_json
from .gguf_tokenizer import gguf_tokenizer


class Tokenizer:
    """The tokenizer of a model; made by `load_tokenizer`.

    `chat_template`: the Jinja template by which a conversation becomes a text; None where the checkpoint
    holds none, or several.
    """

    def __init__(
        self, inner: tokenizers.Tokenizer, name: str = "", chat_template: str | None = None
    ):
        self.inner = inner
        self.name = name
        self.chat_template = chat_template
        inner.no_padding()
        inner.no_truncation()

    @property
    def vocabulary(self) -> int:
        """Number of tokens, added ones included."""
        return self.inner.get_vocab_size(with_added_tokens=True)

    @property
    def start(self) -> tuple[int, ...]:
        """What the tokenizer puts before every text: the start token, or nothing."""
        ids = self.inner.encode("").ids
        return tuple(ids[:1])

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, with what the model wants before it; never empty."""
        ids = self.inner.encode(text).ids
        if not ids:
            raise ValueError(f"the text {text[:40]!r} has no token")
        return ids

    def decode(self, tokens: Sequence[int | np.integer]) -> str:
        """The text of `tokens`."""
        return self.inner.decode([int(z) for z in tokens], skip_special_tokens=False)

    def text(self, token: int | np.integer) -> str:
        """The text of one token, or the tokenizer's own name for it where it is not text."""
        found = self.decode([token])
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
        rest = ""
        with Path(path).open(encoding="utf-8", newline="") as file:
            try:
                while piece := file.read(block):
                    rest += piece
                    cut = rest.rfind("\n") + 1 or (len(rest) if len(rest) > 8 * block else 0)
                    if cut:
                        yield self._plain(rest[:cut])
                        rest = rest[cut:]
            except UnicodeDecodeError as error:
                raise ValueError(f"{path} is not UTF-8 text: {error}") from error
        if rest:
            yield self._plain(rest)

    def _plain(self, text: str) -> list[int]:
        return self.inner.encode(text, add_special_tokens=False).ids


def load_tokenizer(path_or_id: str | Path, revision: str | None = None) -> Tokenizer:
    """The tokenizer of a model's directory, of a GGUF file, or of a model on the Hub.

    Reads tokenizer.json, or GPT-2's vocab.json and merges.txt, or the metadata of the GGUF file.

    >>> from ufm.llm import load_tokenizer
    >>> print(load_tokenizer("tests/data/llm/gpt2").encode("the cat is in the box"))
    [3, 2, 9, 8, 3, 2]
    """
    found, _ = find_model(path_or_id, revision)
    path = found if found.is_file() else found / "tokenizer.json"
    vocabulary, merges = found / "vocab.json", found / "merges.txt"
    try:
        if found.is_file():
            inner, template = gguf_tokenizer(found)
            return Tokenizer(inner, str(path_or_id), template)
        elif path.is_file():
            inner = tokenizers.Tokenizer.from_file(str(path))
        elif vocabulary.is_file() and merges.is_file():
            pairs = tokenizers.models.BPE.from_file(str(vocabulary), str(merges))
            inner = tokenizers.Tokenizer(pairs)
            inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore
            inner.decoder = tokenizers.decoders.ByteLevel()  # pyright: ignore
        else:
            raise ValueError(f"{found} holds no tokenizer.json")
    except ValueError:
        raise
    except Exception as error:  # the tokenizers library raises plain Exception
        raise ValueError(f"{path} is not a tokenizer: {error}") from error
    return Tokenizer(inner, str(path_or_id), _chat_template(found))


def _chat_template(directory: Path) -> str | None:
    """The chat template in a file of its own, or in tokenizer_config.json."""
    own, settings = directory / "chat_template.jinja", directory / "tokenizer_config.json"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    template = read_json(settings).get("chat_template") if settings.is_file() else None
    return template if isinstance(template, str) else None


def pad(rows: Sequence[Sequence[int]], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of tokens padded on the right to `length`, and the mask of the real ones."""
    tokens = np.zeros((len(rows), length), np.int32)
    mask = np.zeros((len(rows), length), bool)
    for b, row in enumerate(rows):
        tokens[b, : len(row)], mask[b, : len(row)] = row, True
    return tokens, mask
