"""A byte-level BPE tokenizer, trained on the text, and the token set of the concept."""

import re
from collections.abc import Iterable

import tokenizers

END = "<|endoftext|>"  # token 0, put after each document
RULE = (
    "the token's text, without one leading space, is two or more letters, all of them capitals A-Z"
)
_UPPERCASE = re.compile(r" ?[A-Z]{2,}")


def is_uppercase_token(text: str) -> bool:
    """Whether a token of this text belongs to the concept "uppercase words", by `RULE`.

    One letter is not enough: "A" and " I" also open ordinary words.

    >>> [is_uppercase_token(text) for text in (" THE", "ING", " The", "A", "HTTP2", "...")]
    [True, True, False, False, False, False]
    """
    return _UPPERCASE.fullmatch(text) is not None


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> tokenizers.Tokenizer:
    """Byte-level BPE as in GPT-2, of at most `vocabulary` tokens: all bytes, `END` and merges."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore
    made.decoder = tokenizers.decoders.ByteLevel()  # pyright: ignore
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return made
