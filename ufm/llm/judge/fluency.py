"""How fluent texts are: perplexity under a model, what they repeat, AxBench's mean of three scores."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Num

from ..decoder.model import LanguageModel
from ..measure.token_scores import score_tokens
from ..steering.batches import at_once, within_blocks

_MOST_TEXTS = 32


def nats(
    model: LanguageModel, prompts: Sequence[Sequence[int]], texts: Sequence[Sequence[int]]
) -> Float[np.ndarray, " texts"]:
    """-log of the probability that the unsteered model gives each text after its prompt, in nats.

    Perplexity is exp(nats / tokens). Texts without tokens have 0.

    >>> import ufm.llm
    >>> from ufm.llm.judge.fluency import nats
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> print(nats(model, [[3, 4], [5]], [[7, 8, 9], []]).round(3))
    [14.431  0.   ]
    """
    found = np.zeros(len(texts))
    wholes = [[*prompt, *text] for prompt, text in zip(prompts, texts, strict=True)]
    order = sorted((k for k, text in enumerate(texts) if text), key=lambda k: len(wholes[k]))
    while order:
        longest = len(wholes[order[-1]])
        size = at_once(model, within_blocks(model, 1, longest), most=_MOST_TEXTS)
        some, order = order[-size:], order[:-size]
        # each new token: the number of its text, the position before it, and which token it is
        rows = [
            (row, len(prompts[k]) + t - 1, z)
            for row, k in enumerate(some)
            for t, z in enumerate(texts[k])
        ]
        scores, _ = score_tokens(model, None, 0.0, [wholes[k] for k in some], np.array(rows))
        np.add.at(found, [some[row] for row, _, _ in rows], -np.asarray(scores, np.float64))
    return found


def distinct(texts: Sequence[Sequence[int]], n: int = 2) -> float:
    """The share of different n-grams among all of the texts (distinct-n of Li et al., arXiv:1510.03055).

    1 where no n-gram comes twice, near 0 where few are said again and again; it falls with the number of
    texts, so that only equally many compare. NaN without an n-gram.

    >>> from ufm.llm.judge.fluency import distinct
    >>> print(distinct([[1, 2, 3], [1, 2, 4]]))
    0.75
    """
    grams = [tuple(row[i : i + n]) for row in texts for i in range(len(row) - n + 1)]
    return len(set(grams)) / len(grams) if grams else float("nan")


def axbench_score(
    concept: Num[np.ndarray, " texts"] | float,
    instruction: Num[np.ndarray, " texts"] | float,
    fluency: Num[np.ndarray, " texts"] | float,
) -> Float[np.ndarray, "*texts"]:
    """AxBench's score of a steered answer: the harmonic mean of three ratings in [0, 2], 0 if one is 0.

    There a judge rates 0, 1 or 2 how much of the concept the answer has, how far it follows the
    instruction, and how fluent it is (Wu et al., arXiv:2501.17148).

    >>> import numpy as np
    >>> from ufm.llm import axbench_score
    >>> print(axbench_score(np.array([2, 2, 1]), np.array([2, 2, 1]), np.array([2, 1, 0])))
    [2.  1.5 0. ]
    """
    ratings = np.stack([np.asarray(x, np.float64) for x in (concept, instruction, fluency)])
    if not ((ratings >= 0) & (ratings <= 2)).all():
        outside = ratings[~((ratings >= 0) & (ratings <= 2))].flat[0]
        raise ValueError(f"ratings must be within 0..2; got {outside:g}")
    is_nothing = (ratings == 0).any(axis=0)
    inverse = (1 / np.where(ratings == 0, 1.0, ratings)).sum(axis=0)
    return np.where(is_nothing, 0.0, 3 / inverse)
