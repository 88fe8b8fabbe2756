"""Questions put to balls again and again, with more bits each time, until the answer is certain."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from flint import arb, ctx

# The last is above what certificates are written with, so that the checker decides what they say.
PRECISIONS = (160, 320, 640, 1280, 2560, 5120)

Answer = TypeVar("Answer")


def decide(
    question: Callable[[int], Answer | None], precisions: Sequence[int] = PRECISIONS
) -> Answer | None:
    """The first answer to `question(bits)`, asked at each working precision; None if it stays open."""
    for bits in precisions:
        with ctx.workprec(bits):
            answer = question(bits)
            if answer is not None:
                return answer
    return None


def sign(value: arb) -> int | None:
    """1 or -1 where a ball lies on one side of 0; None where it touches 0."""
    return 1 if value > 0 else -1 if value < 0 else None
