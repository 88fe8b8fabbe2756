"""What a judge is: it reads a text and says how likely it is that the text shows a concept."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..concepts.concept import Concept

# Below this P(yes) + P(no) a judge has not answered the question.
LEAST_MASS = 0.1


@runtime_checkable
class Judge(Protocol):
    """Answers yes or no to `concept.question` about a text."""

    @property
    def name(self) -> str:
        """The judge and all that its answers depend on, in a few words."""
        ...

    def probabilities(self, texts: Sequence[str], concept: Concept) -> Float[np.ndarray, " texts"]:
        """P(yes) / (P(yes) + P(no)) of each text; NaN where the judge answers neither."""
        ...


def is_yes_or_no(token: str) -> bool | None:
    """What a token or a word says: True for a form of yes, False for one of no, None for all else.

    >>> from ufm.llm.judge.judge import is_yes_or_no
    >>> print([is_yes_or_no(word) for word in (" Yes", "NO", "yes.", "yesterday", "none")])
    [True, False, True, None, None]
    """
    return {"yes": True, "no": False}.get(token.strip().strip(".,!*\"'“”:").casefold())


def yes_over_both(answers: Iterable[tuple[str, float]]) -> tuple[float, float]:
    """P(yes) / (P(yes) + P(no)) of the tokens that an answer may begin with and their probabilities.

    All forms of yes and no count: with a space before them or not, in capitals or not. The second number is
    P(yes) + P(no), and where it is below 0.1 the first is NaN.

    >>> from ufm.llm.judge.judge import yes_over_both
    >>> print(yes_over_both([("Yes", 0.3), (" yes", 0.3), ("No", 0.2), ("Maybe", 0.2)]))
    (0.75, 0.8)
    """
    mass = {True: 0.0, False: 0.0}
    for token, probability in answers:
        said = is_yes_or_no(token)
        if said is not None:
            mass[said] += probability
    both = mass[True] + mass[False]
    return (mass[True] / both if both >= LEAST_MASS else float("nan")), both
