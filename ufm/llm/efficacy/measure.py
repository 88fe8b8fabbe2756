"""Strength by strength: how often a judge sees the concept, what steering costs, how fluent texts are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ufm._progress import Progress, silent
from ufm.tilt.ceiling import mass_ceiling

from ..concepts.concept import Concept
from ..decoder.model import LanguageModel
from ..judge.judge import Judge
from ..judge.presence import JudgedPresence, judged_presence
from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend
from ..text.tokenizer import Tokenizer


@dataclass(frozen=True, eq=False)
class Efficacy:
    """What steering does and what it costs at A strengths.

    - `alphas` [A]. `spent` [A, 4]: on text, in the order of `ufm.llm.KINDS`. `ceiling` [A]: the most of the
      target that any change at the same KL(p_0||p_α) could have on that text (`ufm.mass_ceiling`); NaN
      without a target.
    - `judged`: the presence of the concept in texts that were written at these strengths, and their fluency.
    """

    alphas: np.ndarray
    spent: np.ndarray
    ceiling: np.ndarray
    judged: JudgedPresence

    @property
    def interval(self) -> np.ndarray:
        """The 95 % interval of the presence [A, 2]: the wider end of that over prompts and that of Wilson."""
        return wider_interval(self.judged)

    def column(self, kind: str) -> np.ndarray:
        """The spending of this kind [A]."""
        return self.spent[:, KINDS.index(kind)]

    def as_json(self) -> dict[str, object]:
        """The numbers, without the texts."""
        judged = self.judged
        return {
            "judge": judged.judge,
            "concept": judged.concept,
            "form": judged.form,
            "texts_a_strength": sum(map(len, (of_prompt[0] for of_prompt in judged.texts))),
            "strengths": [
                {
                    "alpha": float(self.alphas[k]),
                    "presence": float(judged.presence[k]),
                    "interval": self.interval[k],
                    "unanswered": float(judged.unanswered[k]),
                    "spent": dict(zip(KINDS, self.spent[k], strict=True)),
                    "ceiling": float(self.ceiling[k]),
                    "perplexity": float(judged.perplexity[k]),
                    "loops": float(judged.loops[k]),
                    "distinct": float(judged.distinct[k]),
                }
                for k in range(self.alphas.size)
            ],
        }


def wider_interval(judged: JudgedPresence) -> np.ndarray:
    """The wider end of the interval over prompts and of Wilson's, [A, 2].

    Texts of one prompt are alike, which Wilson's does not see; where no answer is yes, or all are, drawing
    prompts anew shows no doubt at all, and Wilson's does.
    """
    both = np.stack([judged.interval, judged.wilson])
    low, high = np.nanmin(both[..., 0], axis=0), np.nanmax(both[..., 1], axis=0)
    return np.stack([low, high], axis=1)


def measure_efficacy(
    spend: TextSpend,
    tokenizer: Tokenizer,
    judge: Judge,
    concept: Concept,
    contexts: Sequence[str],
    alphas: Sequence[float] | np.ndarray,
    *,
    length: int = 100,
    samples: int = 8,
    seed: int = 0,
    directory: str | Path | None = None,
    progress: Progress = silent,
) -> Efficacy:
    """Presence, target mass, cost and fluency at each strength, with the steering of `spend` on its text.

    Texts are written and judged as by `judged_presence` in the paper's form: `samples` of `length` tokens
    after each of the `contexts`. `directory` keeps them, for a run that was killed.

    >>> import numpy as np, ufm.llm
    >>> from ufm.llm.concepts.concept import Concept
    >>> from ufm.llm.efficacy.measure import measure_efficacy
    >>> from ufm.llm.judge.keywords import KeywordJudge
    >>> place = "tests/data/llm/gpt2"
    >>> model, tokenizer = ufm.llm.load(place, "float64"), ufm.llm.load_tokenizer(place)
    >>> steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    >>> spend = ufm.llm.TextSpend(model, [[3, 4, 5, 6], [7, 8]], steering, length=8)
    >>> inside = Concept("inside", "is about what is inside", "is not", "Is something inside?")
    >>> given = spend, tokenizer, KeywordJudge({"inside": ["in"]}), inside, ["the is", "is the"]
    >>> found = measure_efficacy(*given, [0.0, 3.0, 30.0], length=8, samples=4)
    >>> print(found.judged.presence.round(2), found.column("forward_kl").round(2))
    [0.   0.62 1.  ] [0.   0.08 0.66]
    """
    strengths = np.asarray(alphas, np.float64)
    judged = judged_presence(
        writer(spend),
        tokenizer,
        judge,
        concept,
        contexts,
        spend.steering,
        strengths,
        length=length,
        samples=samples,
        seed=seed,
        directory=directory,
        progress=progress,
    )
    spent = spend.at(strengths)
    return Efficacy(strengths, spent, _ceilings(spend, spent[:, KINDS.index("forward_kl")]), judged)


def writer(spend: TextSpend) -> LanguageModel:
    """The model of a `TextSpend`, which must be one that can write."""
    if not isinstance(spend.model, LanguageModel):
        raise ValueError("texts are written by a model that JAX runs (`ufm.llm.load`)")
    return spend.model


def _ceilings(spend: TextSpend, prices: np.ndarray) -> np.ndarray:
    """The most of the target at each price, as a mean over the predicted tokens."""
    if spend.target is None:
        return np.full(prices.size, math.nan)
    before, _ = spend.target_masses()
    weights = np.full(before.size, 1 / before.size)
    gains = [mass_ceiling(before, weights, p).gain if p > 0 else 0.0 for p in prices.tolist()]
    return before.mean() + np.array(gains)
