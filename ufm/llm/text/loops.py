"""Looping text: the same words again and again, which strong steering brings about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Length of the n-grams counted, as in the measure seq-rep-4 of Welleck et al. (arXiv:1908.04319).
_NGRAM = 4
# A continuation loops if more than this share of its 4-grams stood in it before …
_THRESHOLD = 0.5
# … or if it ends in one block of tokens at least this often in a row, over at least so many tokens.
_TIMES = 4
_TAIL = 12
# Fewer tokens are not judged.
_LEAST = 16

RULE = (
    f"loops: over {_THRESHOLD:.0%} of its {_NGRAM}-grams stood in it before, or it ends in one block of "
    f"tokens at least {_TIMES} times in a row over at least {_TAIL} tokens; under {_LEAST} tokens: "
    "too short"
)


@dataclass(frozen=True)
class LoopVerdict:
    """Whether a continuation loops, and what was counted.

    - `verdict`: "loops", "no loop" or "too short" (under 16 tokens).
    - `repeated`: share of its 4-grams that stood in it before (seq-rep-4).
    - `period`, `times`: the block of tokens that it ends in, how long and how often in a row; 0 and 0
      where it ends in none.
    """

    verdict: str
    repeated: float
    period: int
    times: int


def find_loop(tokens: Sequence[int]) -> LoopVerdict:
    """Whether `tokens`, a continuation without its prompt, repeat themselves.

    They loop if more than half of the 4-grams stood there before, or if they end in one block at
    least 4 times in a row over at least 12 tokens: a loop that has only begun.

    >>> from ufm.llm import find_loop
    >>> print(find_loop([5, 9, 2] * 8))
    LoopVerdict(verdict='loops', repeated=0.857..., period=3, times=8)
    >>> print(find_loop(range(30)).verdict)
    no loop
    """
    row = np.asarray([int(z) for z in tokens], np.int64)
    grams = [tuple(row[i : i + _NGRAM]) for i in range(row.size - _NGRAM + 1)]
    repeated = 1 - len(set(grams)) / len(grams) if grams else 0.0
    period, times = _ending(row)
    if row.size < _LEAST:
        return LoopVerdict("too short", repeated, period, times)
    loops = repeated > _THRESHOLD or period > 0
    return LoopVerdict("loops" if loops else "no loop", repeated, period, times)


def _ending(row: np.ndarray) -> tuple[int, int]:
    """The shortest block that the row ends in `_TIMES` times or more, and how often; else (0, 0)."""
    for period in range(1, row.size // _TIMES + 1):
        differs = np.flatnonzero(row[period:] != row[:-period])
        # tokens at the end of which each equals the one a period before it
        equal = row.size - period if differs.size == 0 else row.size - period - differs[-1] - 1
        times = int(equal) // period + 1
        if times >= _TIMES and times * period >= _TAIL:
            return period, times
    return 0, 0
