"""A law of steering, judged on a language model: the verdict, the number, and what it rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ufm._json import finite_or_null

VERDICTS = ("holds", "fails", "undecided", "hypotheses unmet")
# What the number of each law is.
MEASURES = {
    "bumps": "share",
    "tanh": "mean R²",
    "quadratic": "relative error",
    "plateau": "slope",
    "log-odds": "rank correlation",
    "hump": "share lost at the ends",
    "seen-bumps": "share that bump",
    "sigmoid": "R²",
    "task": "share lost",
    "cost-plateau": "distance from the limit",
}
# Fewer prompts than this say nothing about how much prompts differ.
_FEWEST_PROMPTS = 3


@dataclass(frozen=True)
class Law:
    """What became of one law on one model.

    - `id`, `title`: which law, and what it says in words.
    - `verdict`: "holds", "fails", "undecided", or "hypotheses unmet" where the model does not do what the
      law says and no theorem says that it should; `number`: what was measured (None if it could
      not be) and `measure`, what it is; `criterion`: the threshold, with its reason.
    - `why`: the verdict in one line. `evidence`: all further figures, plain JSON.
    - `unmet`: which hypothesis of the law's theorem the model does not meet; None if it meets them all.
    """

    id: str
    title: str
    verdict: str
    number: float | None
    criterion: str
    why: str
    evidence: dict[str, object] = field(default_factory=dict)
    unmet: str | None = None

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}; got {self.verdict!r}")

    @property
    def measure(self) -> str:
        """What `number` is, in a word or two."""
        return MEASURES[self.id]

    def under(self, unmet: str | None) -> "Law":
        """The law where this hypothesis of its theorem is unmet: what then fails refutes nothing.

        What holds all the same holds.

        >>> from ufm.llm.laws.law import Law
        >>> law = Law("tanh", "title", "fails", 0.5, "at least 0.95", "mean 0.5")
        >>> print(law.under("no tilt").verdict, "|", law.under("no tilt").why)
        hypotheses unmet | mean 0.5; hypotheses unmet: no tilt
        """
        if unmet is None or self.verdict == "holds":
            return replace(self, unmet=unmet)
        why = f"{self.why}; hypotheses unmet: {unmet}"
        verdict = "hypotheses unmet" if self.verdict == "fails" else self.verdict
        return replace(self, verdict=verdict, why=why, unmet=unmet)

    def as_json(self) -> dict[str, object]:
        """The law as JSON; numbers that are not finite become null."""
        fields = vars(self) | {"measure": self.measure}
        return finite_or_null(fields)


@dataclass(frozen=True)
class Statement:
    """What a law says, and the criterion by which it is judged: what is the same on every model."""

    id: str
    title: str
    criterion: str

    def judged(
        self, verdict: str, number: float | None, why: str, evidence: dict[str, object]
    ) -> Law:
        """The law on one model."""
        return Law(self.id, self.title, verdict, number, self.criterion, why, evidence)

    def not_asked(self, why: str) -> Law:
        """The law where it cannot be looked at with what was given."""
        return self.judged("undecided", None, why, {})


def judge_prompts(values: Sequence[float] | np.ndarray, threshold: float) -> tuple[str, str]:
    """Whether a mean over prompts reaches `threshold`: the verdict, and why.

    It holds if the mean less two standard errors does, fails if the mean plus two does not, and is
    undecided between, or with fewer than 3 prompts, which say nothing about how they differ.

    >>> from ufm.llm.laws.law import judge_prompts
    >>> print(judge_prompts([0.9, 0.8, 1.0], 0.5))
    ('holds', 'mean 0.9 ± 0.115 (2 standard errors, 3 prompts) against 0.5')
    """
    array = np.asarray(values, np.float64)
    if array.size < _FEWEST_PROMPTS:
        shown = f": {', '.join(f'{x:.4g}' for x in array)}" if array.size else ""
        return "undecided", f"{array.size} prompts are too few to judge by, 3 are needed{shown}"
    mean, twice = float(array.mean()), 2 * float(array.std(ddof=1)) / math.sqrt(array.size)
    is_below = mean + twice < threshold
    verdict = "holds" if mean - twice >= threshold else "fails" if is_below else "undecided"
    shown = f"mean {mean:.3g} ± {twice:.3g} (2 standard errors, {array.size} prompts)"
    return verdict, f"{shown} against {threshold:g}"
