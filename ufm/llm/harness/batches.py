"""The batches in which texts go through the model."""

from collections.abc import Iterator, Sequence

from ..decoder.model import LanguageModel
from ..measure.token_scores import padded_length
from ..steering.batches import at_once, within_blocks

_MOST_TEXTS = 64
Text = tuple[int, ...]


def read_size(batch_size: str) -> int | None:
    """None for "auto" and "auto:4", which are for us to size."""
    if batch_size.startswith("auto"):
        return None
    if not batch_size.isdecimal() or int(batch_size) < 1:
        raise ValueError(
            f"batch_size must be a whole number from 1 on, or auto; got {batch_size!r}"
        )
    return int(batch_size)


def batches(
    model: LanguageModel, texts: Sequence[Text], size: int | None, extra: int = 0
) -> Iterator[Sequence[Text]]:
    """Texts, the longest first, `size` at once or as many as fit the memory; each grows by `extra` tokens."""
    at = 0
    while at < len(texts):
        fit = size
        if fit is None:
            length = padded_length(model, len(texts[at]) + extra)
            fit = at_once(model, within_blocks(model, length, length), _MOST_TEXTS)
        yield texts[at : at + fit]
        at += fit


def filled(texts: Sequence[Text], size: int | None) -> Sequence[Text]:
    """A last, smaller batch with its last text repeated, so that it shares the others' programs."""
    missing = 0 if size is None else size - len(texts)
    return [*texts, *[texts[-1]] * missing]
