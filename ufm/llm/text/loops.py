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
# … or if it ends in a phrase of so many tokens that it has just said, with at most so many in between.
_PHRASE, _BETWEEN = 6, 3
# No loop is looked for in fewer tokens …
_LEAST = 16
# … and in fewer than these one may still be to come.
ENOUGH = 128

RULE = (
    f"a text loops if over {_THRESHOLD:.0%} of its {_NGRAM}-grams occur in it before, or if it ends in a "
    f"block of tokens {_TIMES} times in a row over {_TAIL} tokens or more, or in a phrase of {_PHRASE} "
    f"tokens or more that it has just said, with at most {_BETWEEN} in between; without a loop, under "
    f"{ENOUGH} tokens and not ended, it is too short to judge"
)


@dataclass(frozen=True)
class LoopVerdict:
    """Whether a continuation loops, and what was counted.

    - `verdict`: "loops", "no loop", or "too short": no loop is seen so far, in under 128 tokens of a text
      that goes on.
    - `repeated`: share of its 4-grams that stood in it before (seq-rep-4).
    - `period`, `times`: the block of tokens that it ends in, how long and how often in a row, or from one
      end of a phrase to the next, and 2; 0 and 0 where it ends in neither.
    """

    verdict: str
    repeated: float
    period: int
    times: int


def find_loop(tokens: Sequence[int], *, is_whole: bool = False) -> LoopVerdict:
    """Whether `tokens`, a continuation without its prompt, repeat themselves.

    They loop if more than half of the 4-grams occur there before, if they end in one block at
    least 4 times in a row over at least 12 tokens, or if they end in a phrase of 6 tokens or more that they
    have just said, with at most 3 in between: a loop that has only begun. `is_whole`: the text has come to
    its end, so that no loop can follow.

    >>> from ufm.llm import find_loop
    >>> print(find_loop([5, 9, 2] * 8))
    LoopVerdict(verdict='loops', repeated=0.857..., period=3, times=8)
    >>> print(find_loop(range(30)).verdict, find_loop(range(128)).verdict, sep=", ")
    too short, no loop
    """
    row = np.asarray([int(z) for z in tokens], np.int64)
    grams = [tuple(row[i : i + _NGRAM]) for i in range(row.size - _NGRAM + 1)]
    repeated = 1 - len(set(grams)) / len(grams) if grams else 0.0
    period, times = _ending(row)
    if row.size >= _LEAST and (repeated > _THRESHOLD or period > 0):
        return LoopVerdict("loops", repeated, period, times)
    is_judged = is_whole or row.size >= ENOUGH
    return LoopVerdict("no loop" if is_judged else "too short", repeated, period, times)


def _ending(row: np.ndarray) -> tuple[int, int]:
    """The shortest block or phrase that the row ends in again, and how often; else (0, 0)."""
    for period in range(1, row.size // 2 + _BETWEEN):
        differs = np.flatnonzero(row[period:] != row[:-period])
        # tokens at the end of which each equals the one a period before it
        equal = row.size - period if differs.size == 0 else row.size - period - differs[-1] - 1
        times = int(equal) // period + 1
        if times >= _TIMES and times * period >= _TAIL:
            return period, times
        # shorter periods are of single words and signs, which may come in rows
        if period >= _PHRASE and equal >= max(_PHRASE, period - _BETWEEN):
            return period, max(2, times)
    return 0, 0
