"""Whether steering by α = 0 is the unsteered model, bit for bit."""

from functools import partial

import numpy as np

from ufm._progress import Progress, silent

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..text.tokenizer import pad
from .request import Request

# Windows of the text that are compared with the unsteered model's.
_ZERO_WINDOWS = 2


def changed_at_zero(
    model: LanguageModel, steering: Steering, request: Request, progress: Progress
) -> str | None:
    """The prompt or the window whose logits are not the unsteered model's, in words."""
    prompts = min(request.samples, len(request.prompts))
    rows = [list(row) for row in (*request.prompts[:prompts], *request.windows[:_ZERO_WINDOWS])]
    row = differs_at_zero(model, steering, rows, partial(progress, stage="checking α = 0"))
    if row is None:
        return None
    what = f"prompt {row}" if row < prompts else f"window {row - prompts} of the text"
    return f"the logits of {what}"


def differs_at_zero(
    model: LanguageModel, steering: Steering, rows: list[list[int]], progress: Progress = silent
) -> int | None:
    """The first of `rows` (lists of tokens) whose logits at α = 0 are not the unsteered model's.

    Compared bit for bit at every position; None if all are equal.
    """
    longest = max(map(len, rows))
    for k, row in enumerate(rows):
        tokens, mask = pad([row], longest)
        unsteered = np.asarray(model.all_logits(tokens, mask=mask))
        at_zero = np.asarray(model.all_logits(tokens, 0.0, steering, mask=mask))
        if unsteered[mask].tobytes() != at_zero[mask].tobytes():
            return k
        progress(k + 1, len(rows))
    return None
