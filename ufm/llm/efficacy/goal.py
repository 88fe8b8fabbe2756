"""The least strength at which a judge sees a concept often enough, under a budget."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.optimize import isotonic_regression

from ufm._progress import Progress, silent

from ..concepts.concept import Concept
from ..judge.judge import Judge
from ..judge.presence import JudgedPresence, judged_presence
from ..measure.text_cost import TextSpend
from ..text.tokenizer import Tokenizer
from .measure import Efficacy, measure_efficacy, wider_interval, writer

# Equal steps from 0 to the strength that spends the budget, and how far beyond it the picture looks.
_STEPS = 8
_BEYOND = (math.sqrt(2.0), 2.0)

Verdict = Literal["reached", "undecided", "missed", "out of reach"]


@dataclass(frozen=True, eq=False)
class GoalChoice:
    """A strength chosen by presence, and what other texts say of it.

    - `goal`: the presence that is wanted. `within`: the strength that spends the budget, beyond which none
      is chosen. `scan`: at strengths up to it and beyond. `smoothed`: the scan's presence up to `within`,
      made to rise (isotonic regression).
    - `alpha`: the first of these strengths at which `smoothed` is the goal; NaN where none is.
    - `checked`: the presence at `alpha`, or at `within` where there is none, in texts that had no part in
      the choice.
    - `beyond` [2, 4]: where none was chosen, what the strengths beyond `within` spend on the text that a
      budget acts on, in the order of `ufm.llm.KINDS`; None where that text is not known.
    """

    goal: float
    within: float
    scan: Efficacy
    smoothed: np.ndarray
    alpha: float
    checked: JudgedPresence
    beyond: np.ndarray | None = None

    @property
    def strength(self) -> float:
        """The strength of the other texts: `alpha`, or `within` where there is none."""
        return self.within if math.isnan(self.alpha) else self.alpha

    @property
    def place(self) -> int:
        """Which strength of the scan that is."""
        return int(np.abs(self.scan.alphas - self.strength).argmin())

    @property
    def presence(self) -> float:
        """In the texts that were not used to choose."""
        return float(self.checked.presence[0])

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that."""
        low, high = wider_interval(self.checked)[0].tolist()
        return low, high

    @property
    def verdict(self) -> Verdict:
        """What the interval over other texts says: above the goal, across it, below it; or no strength."""
        if math.isnan(self.alpha):
            return "out of reach"
        low, high = self.interval
        return "reached" if low >= self.goal else "missed" if high < self.goal else "undecided"

    @property
    def is_open(self) -> bool:
        """Whether none was chosen, and yet the other texts leave it possible that `within` is enough."""
        return self.verdict == "out of reach" and self.interval[1] >= self.goal

    @property
    def is_met(self) -> bool:
        """Whether the other texts leave it possible that the goal is reached."""
        return self.verdict in ("reached", "undecided")

    @property
    def texts(self) -> int:
        """How many other texts were judged."""
        return sum(len(of_prompt[0]) for of_prompt in self.checked.texts)

    def as_json(self) -> dict[str, object]:
        """The choice and the scan, without the texts."""
        return {
            "goal": self.goal,
            "verdict": self.verdict,
            "alpha": self.alpha,
            "within": self.within,
            "smoothed": self.smoothed,
            "presence": self.presence,
            "interval": self.interval,
            "texts": self.texts,
            **self.scan.as_json(),
        }


def best_of(goals: Sequence[GoalChoice], kind: str) -> int:
    """Which of several choices to take: one that is reached, before one that may be, at the least cost.

    Where none is, that of the largest presence. `kind` is the cost, one of `ufm.llm.KINDS`.
    """

    def order(k: int) -> tuple[float, float]:
        goal = goals[k]
        if not goal.is_met:
            return 2.0, -goal.presence
        return float(goal.verdict == "undecided"), float(goal.scan.column(kind)[goal.place])

    return min(range(len(goals)), key=order)


def choose_for_presence(
    spend: TextSpend,
    tokenizer: Tokenizer,
    judge: Judge,
    concept: Concept,
    contexts: Sequence[str],
    *,
    goal: float,
    within: float,
    chosen_on: TextSpend | None = None,
    length: int = 100,
    samples: int = 8,
    seed: int = 0,
    directory: str | Path | None = None,
    progress: Progress = silent,
) -> GoalChoice:
    """The first strength up to `within` at which the judge sees the concept in a share `goal` of the texts.

    Texts are few, and the presence among them is noisy: the largest of nine noisy shares is above the true
    one. So the presence is measured at 0 and at eight equal steps to `within`, made to rise with α by
    isotonic regression, and the first step at which that is the goal is taken; then new texts, with the
    next seed, are written and judged at that strength alone. They had no part in the choice, so that their
    presence is unbiased, and the verdict is theirs. That presence rises up to `within` is an assumption,
    which the scan shows; beyond it, where texts fall apart, none is chosen. `chosen_on`: the spending on the
    text that `within` was chosen on, by which a larger budget is named where no step reaches the goal.

    Raises `ValueError` for a goal outside (0, 1).
    """
    _check(goal, within)
    shares = np.array([*np.linspace(0, 1, _STEPS + 1), *_BEYOND])
    place = None if directory is None else Path(directory)
    asked = tokenizer, judge, concept, contexts
    scan = measure_efficacy(
        spend,
        *asked,
        within * shares,
        length=length,
        samples=samples,
        seed=seed,
        directory=None if place is None else place / "scan",
        progress=progress,
    )
    smoothed = np.asarray(isotonic_regression(scan.judged.presence[: _STEPS + 1]).x)
    enough = np.flatnonzero(smoothed >= goal)
    alpha = float(scan.alphas[enough[0]]) if enough.size else math.nan
    checked = judged_presence(
        writer(spend),
        *asked,
        spend.steering,
        [alpha if enough.size else within],
        length=length,
        samples=samples,
        seed=seed + 1,
        directory=None if place is None else place / "check",
        progress=progress,
    )
    beyond = None
    if chosen_on is not None and not enough.size:
        beyond = chosen_on.at(scan.alphas[_STEPS + 1 :])
    return GoalChoice(goal, within, scan, smoothed, alpha, checked, beyond)


def _check(goal: float, within: float) -> None:
    if not 0 < goal < 1:
        raise ValueError(f"the goal must be a presence in (0, 1); got {goal:g}")
    if not (math.isfinite(within) and within != 0):
        raise ValueError(f"within must be a strength other than 0; got {within}")
