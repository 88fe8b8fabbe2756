"""How much is worked on at once, by the memory that a model's batches may take."""

from ..decoder.adapted import Model
from ..decoder.model import LanguageModel

# Arrays as large as the largest that are at work at once: scores and their softmax, logits and what is made
# of them.
_COPIES = 4


def at_once(model: Model, numbers: int, most: int) -> int:
    """How many things, whose largest array holds so many `numbers` each, fit `model.memory`: 1 to `most`."""
    return max(1, min(most, model.memory // (_COPIES * numbers * model.wide.itemsize)))


def within_blocks(model: Model, rows: int, length: int) -> int:
    """Numbers in the largest array of a block for `rows` of a text of `length`: scores or MLP."""
    return rows * max(model.config.inner, length * model.config.heads)


def while_writing(model: LanguageModel, prompt: int, count: int) -> int:
    """Numbers at work on one text of a prompt and `count` new tokens: of a block, logits, keys and values.

    Of the latter one copy is at work beside the one that is kept.
    """
    kept = 2 * (prompt + count) * sum(b.kv_heads * b.head_dim for b in model.config.blocks)
    largest = max(within_blocks(model, prompt, prompt), model.vocabulary)
    return largest + 2 * kept // _COPIES
