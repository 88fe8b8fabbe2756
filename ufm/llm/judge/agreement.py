"""How far a judge agrees with the people who labelled texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from ..measure.presence import wilson
from .judge import LEAST_MASS, Judge
from .keywords import KeywordJudge
from .labels import Label, halves

_RESAMPLES = 2000


@dataclass(frozen=True)
class Agreement:
    """A judge's answers to n labelled texts against the labels.

    - `threshold`: the answer is yes where P(yes) is above it; no answer counts as no.
    - `confusion`: numbers of texts, ((yes said yes, yes said no), (no said yes, no said no)); labels first.
    - `accuracy`: share of right answers. `kappa`: Cohen's, (accuracy - chance)/(1 - chance) where chance is
      that of two who say yes as often as the judge and the labels do; 0 is chance, 1 is full agreement.
    - `auc`: the probability that a text labelled yes has a higher P(yes) than one labelled no, ties half;
      0.5 is chance, and no threshold is in it.
    - `accuracy_interval` (Wilson), `kappa_interval`, `auc_interval` (texts drawn anew, those labelled yes and
      those labelled no apart): 95 %.
    - `unanswered`: texts on which the judge said neither.
    """

    threshold: float
    confusion: tuple[tuple[int, int], tuple[int, int]]
    accuracy: float
    accuracy_interval: tuple[float, float]
    kappa: float
    kappa_interval: tuple[float, float]
    auc: float
    auc_interval: tuple[float, float]
    unanswered: int


@dataclass(frozen=True, eq=False)
class Judged:
    """A judge on labelled texts.

    - `judge`: its name. `labels`, `probabilities` [n]: the texts, and P(yes) of each.
    - `all`: all texts, the answer being yes above 0.5. `held_out`: one half, above the threshold that is best
      on the other, which is `chosen_on`.
    - `floor`: the rule of words on all texts; None where it has no words for one of the concepts.
    """

    judge: str
    labels: tuple[Label, ...]
    probabilities: Float[np.ndarray, " texts"]
    all: Agreement
    chosen_on: Agreement
    held_out: Agreement
    floor: Agreement | None


def measure_judge(judge: Judge, labels: Sequence[Label], seed: int = 0) -> Judged:
    """Ask a judge about labelled texts, and the rule of words beside it.

    `ValueError` where the judge answers none of them with yes or no.

    >>> from ufm.llm import KeywordJudge, example_file, measure_judge, read_labels
    >>> found = measure_judge(KeywordJudge(), read_labels(example_file("judge_labels")))
    >>> print(found.all.confusion, f"{found.all.kappa:.2f}")
    ((16, 14), (11, 19)) 0.17
    """
    texts = tuple(labels)
    shows = np.array([label.shows for label in texts])
    probabilities = judged(judge, texts)
    one, other = halves(texts)
    threshold = best_threshold(probabilities[one], shows[one])
    try:
        floor = agreement(judged(KeywordJudge(), texts), shows, seed=seed)
    except ValueError:  # it has no words for a concept of the user's own
        floor = None
    return Judged(
        judge.name,
        texts,
        probabilities,
        agreement(probabilities, shows, seed=seed),
        agreement(probabilities[one], shows[one], threshold, seed),
        agreement(probabilities[other], shows[other], threshold, seed),
        floor,
    )


def judged(judge: Judge, labels: Sequence[Label]) -> Float[np.ndarray, " texts"]:
    """P(yes) of each labelled text; `ValueError` where the judge answers none with yes or no."""
    found = np.full(len(labels), np.nan)
    for concept in dict.fromkeys(label.concept for label in labels):
        some = [k for k, label in enumerate(labels) if label.concept == concept]
        found[some] = judge.probabilities([labels[k].text for k in some], concept)
    if np.isnan(found).all():
        raise ValueError(
            f"{judge.name} answers neither yes nor no to any of {len(labels)} texts: P(yes) + P(no) is below "
            f"{LEAST_MASS:g}; take another judge or another wording"
        )
    return found


def agreement(
    probabilities: Float[np.ndarray, " texts"],
    shows: Bool[np.ndarray, " texts"],
    threshold: float = 0.5,
    seed: int = 0,
) -> Agreement:
    """Accuracy, Cohen's kappa and the area under the curve, with intervals.

    >>> import numpy as np
    >>> from ufm.llm.judge.agreement import agreement
    >>> found = agreement(np.array([0.9, 0.2, 0.6, 0.1]), np.array([True, True, False, False]))
    >>> print(found.confusion, found.accuracy, found.kappa, found.auc)
    ((1, 1), (1, 1)) 0.5 0.0 0.75
    """
    if not shows.any() or shows.all():
        raise ValueError("agreement needs texts labelled yes and texts labelled no")
    score = np.nan_to_num(probabilities, nan=0.0)
    says = score > threshold
    right = float((says == shows).mean())
    yes, no = score[shows], score[~shows]
    kappas, areas = _resampled(yes, no, threshold, seed)
    return Agreement(
        threshold,
        (_counts(says, shows), _counts(says, ~shows)),
        right,
        _pair(wilson(np.array(right), shows.size)),
        float(_kappa((yes > threshold).sum(), (no > threshold).sum(), yes.size, no.size)),
        _pair(np.quantile(kappas, [0.025, 0.975])),
        area(yes, no),
        _pair(np.quantile(areas, [0.025, 0.975])),
        int(np.isnan(probabilities).sum()),
    )


def _kappa(
    right_yes: Int[np.ndarray, "*drawn"] | np.integer,
    wrong_yes: Int[np.ndarray, "*drawn"] | np.integer,
    yes: int,
    no: int,
) -> Float[np.ndarray, "*drawn"]:
    """Cohen's kappa where so many of `yes` and of `no` texts are answered yes."""
    n = yes + no
    says = (right_yes + wrong_yes) / n
    same = (right_yes + no - wrong_yes) / n
    chance = says * yes / n + (1 - says) * no / n
    return np.asarray((same - chance) / (1 - chance))


def area(yes: Float[np.ndarray, " yes"], no: Float[np.ndarray, " no"]) -> float:
    """P(a score of `yes` is above one of `no`), ties half: the area under the ROC curve."""
    return float(_order(yes, no).mean())


def _order(yes: np.ndarray, no: np.ndarray) -> Float[np.ndarray, "yes no"]:
    """1 where a score of `yes` is above one of `no`, 1/2 where they are equal, else 0."""
    above = yes[:, None] - no[None, :]
    return (np.sign(above) + 1) / 2


def _resampled(
    yes: Float[np.ndarray, " yes"], no: Float[np.ndarray, " no"], threshold: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Kappa and area of texts drawn anew, those labelled yes and those labelled no apart."""
    generator = np.random.default_rng(seed)
    # how often each text is drawn
    one, other = (
        generator.multinomial(side.size, np.full(side.size, 1 / side.size), _RESAMPLES)
        for side in (yes, no)
    )
    kappas = _kappa(one @ (yes > threshold), other @ (no > threshold), yes.size, no.size)
    areas = np.einsum("ry,yn,rn->r", one, _order(yes, no), other, optimize=True)
    return kappas, areas / (yes.size * no.size)


def best_threshold(
    probabilities: Float[np.ndarray, " texts"], shows: Bool[np.ndarray, " texts"]
) -> float:
    """The threshold with the most right answers, of several the one nearest to 0.5.

    It is to be used on other texts: on these it flatters.

    >>> import numpy as np
    >>> from ufm.llm.judge.agreement import best_threshold
    >>> print(best_threshold(np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, True, False, False])))
    0.75
    """
    score = np.nan_to_num(probabilities, nan=0.0)
    values = np.unique(score)
    tried = np.array([0.5, *(values[1:] + values[:-1]) / 2])
    right = ((score[None, :] > tried[:, None]) == shows[None, :]).mean(axis=1)
    best = tried[right == right.max()]
    return float(best[np.abs(best - 0.5).argmin()])


def _counts(says: np.ndarray, which: np.ndarray) -> tuple[int, int]:
    return int((says & which).sum()), int((~says & which).sum())


def _pair(interval: np.ndarray) -> tuple[float, float]:
    return float(interval[0]), float(interval[1])
