"""A judge whose middle is moved to where labelled texts have it: a small model says yes too rarely."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..concepts.concept import Concept
from ..text.examples import example_file
from .agreement import Judged, measure_judge
from .judge import Judge
from .labels import Label, read_labels


class CalibratedJudge:
    """A judge, its odds of yes divided by those of `threshold`, so that what was the threshold is 0.5.

    p becomes p(1 - t) / (p(1 - t) + (1 - p)t): the order of texts stays.

    >>> from ufm.llm import KeywordJudge, concept
    >>> from ufm.llm.judge.calibrated import CalibratedJudge
    >>> print(CalibratedJudge(KeywordJudge(), 0.2).probabilities(["joy", "-"], concept("joy")))
    [1. 0.]
    """

    def __init__(self, judge: Judge, threshold: float):
        if not 0 < threshold < 1:
            raise ValueError(f"the threshold must be between 0 and 1; got {threshold:g}")
        self.judge, self.threshold = judge, threshold

    @property
    def name(self) -> str:
        """The judge, and above what P(yes) its answer is yes."""
        return f"{self.judge.name}, yes above {self.threshold:.4g}"

    def probabilities(self, texts: Sequence[str], concept: Concept) -> Float[np.ndarray, " texts"]:
        """The judge's, moved; NaN where it answers neither."""
        p, t = self.judge.probabilities(texts, concept), self.threshold
        return p * (1 - t) / (p * (1 - t) + (1 - p) * t)


def calibrated(
    judge: Judge, labels: Sequence[Label] | None = None
) -> tuple[CalibratedJudge, Judged]:
    """The judge with the threshold that is best on one half of labelled texts, and how far it agrees.

    `labels`: the package's 60 if not given. What the second says of the held-out half is said of this judge.

    >>> from ufm.llm import KeywordJudge
    >>> from ufm.llm.judge.calibrated import calibrated
    >>> judge, found = calibrated(KeywordJudge())
    >>> print(judge.name, f"{found.held_out.accuracy:.2f}")
    keywords, yes above 0.5 0.57
    """
    known = read_labels(example_file("judge_labels")) if labels is None else labels
    found = measure_judge(judge, known)
    return CalibratedJudge(judge, found.held_out.threshold), found
