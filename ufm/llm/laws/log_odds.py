"""Law: the tokens with the largest log-odds M(z) dominate at large strengths.

M is that of Definition 3.2. The paper sees it "at the final layer", and "not generally" at intermediate ones
(Section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from ufm._files import Arrays, digest
from ufm._progress import Progress, silent

from ..decoder.head import unembed
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.journal import Journal
from ..measure.token_curves import identity
from ..steering.embeddings import embed_prompts
from ..steering.steered_prompt import bucket, steered_logits
from ..steering.vector import SteeringVector
from .law import Law, Statement

_RANK = 0.5
# A length α|v| in usual hidden states (the median): where it is smaller, prompts still order the tokens.
LARGE = 10.0
STATEMENT = Statement(
    "log-odds",
    "Log-odds M(z) name the tokens that dominate at large α (last block)",
    "Spearman's rank correlation over the vocabulary at the last block at least 0.5 on both sides (for "
    "Gaussian ranks two pairs of tokens in three are then in the same order); fails if below on both, at "
    "α|v| of ten usual hidden states (median length) or more",
)


@dataclass(frozen=True, eq=False)
class Agreement:
    """Log-odds against the tokens that dominate, at L blocks.

    - `log_odds` [V]: M(z) = mean over P of log p(z|c) less the mean over N, of the unsteered model.
    - `layers` [L]; `strengths` [L]: the large α at each block, the same share of its hidden states.
    - `rank` [L, 2]: Spearman's correlation of ∓M with the mean log-probability at -α and +α.
    - `overlap` [L, 2]: share of the `top` tokens of both rankings that are the same.
    - `share`: α|v| at each block as a multiple of its usual hidden state's length (the median's).
    """

    log_odds: np.ndarray
    layers: np.ndarray
    strengths: np.ndarray
    rank: np.ndarray
    overlap: np.ndarray
    top: int
    share: float


def measure_log_odds(
    model: LanguageModel, positive: Sequence[Sequence[int]], negative: Sequence[Sequence[int]]
) -> np.ndarray:
    """M(z) [V] (Definition 3.2) of the unsteered model, in nats, from two lists of prompts.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> log_odds = ufm.llm.measure_log_odds(model, [[3, 4], [5, 6]], [[7, 8]])
    >>> print(log_odds.argmax(), f"{log_odds.max():.3f}")
    61 0.650
    """
    means = []
    for rows in (positive, negative):
        last = [model.blocks - 1]
        states = embed_prompts(model, rows, last, pooling="last", site="post-norm").states[0]
        total = np.zeros(model.vocabulary)
        for start in range(0, len(states), 16):
            some = jnp.asarray(states[start : start + 16])
            log_p = jax.nn.log_softmax(unembed(model.params, model.config, some), axis=1)
            total += np.asarray(log_p, np.float64).sum(axis=0)
        means.append(total / len(rows))
    return means[0] - means[1]


def measure_agreement(
    model: LanguageModel,
    log_odds: np.ndarray,
    contexts: Sequence[Sequence[int]],
    vectors: Sequence[SteeringVector],
    share: float,
    directory: str | Path,
    *,
    top: int = 100,
    progress: Progress | None = None,
) -> Agreement:
    """How M ranks the tokens that dominate when each block is steered by its own vector.

    The strength at a block is α = share · median |h| / |v|, so that blocks can be compared. Each block is
    a part in `directory`; a run that was killed goes on with the next.
    """
    rows = [list(map(int, row)) for row in contexts]
    kept = max(1, min(top, model.vocabulary // 10))
    strengths = np.array([share * v.hidden_norm / v.norm for v in vectors])
    settings = {
        "kind": "agreement",
        **identity(model, Steering.of(vectors[0]), strengths, 0),
        "vector": digest(*[v.values for v in vectors]),
        "layer": [v.layer for v in vectors],
        "prompts": digest(rows),
        "log_odds": digest(log_odds),
        "top": kept,
    }
    journal = Journal(directory, settings)

    def compare(k: int) -> Arrays:
        steering, both = Steering.of(vectors[k]), [-strengths[k], strengths[k]]
        total = np.zeros((2, model.vocabulary))
        for row in rows:
            logits = steered_logits(model, row, steering, both, length=bucket(model, row))
            total += np.asarray(jax.nn.log_softmax(logits, axis=1), np.float64)
        sides = list(zip((-log_odds, log_odds), total, strict=True))
        return {
            "rank": np.array([spearman(m, x) for m, x in sides]),
            "overlap": np.array([_shared(m, x, kept) for m, x in sides]),
        }

    blocks = {f"block-{v.layer:06d}": {"layer": v.layer} for v in vectors}
    layers = np.array([v.layer for v in vectors])
    results = {"layers": layers, **journal.stacked(blocks, compare, progress or silent)}
    journal.finish({"log_odds": log_odds, "strengths": strengths, **results}, settings)
    return Agreement(log_odds=log_odds, strengths=strengths, top=kept, share=share, **results)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 where one of them is constant.

    >>> import numpy as np
    >>> from ufm.llm.laws.log_odds import spearman
    >>> print(f"{spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4])):.1f}")
    0.8
    """
    # scipy.stats loads half of scipy, which most uses of this file do without
    from scipy.stats import spearmanr

    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    found = spearmanr(x, y)  # scipy has no types
    return float(found.statistic)  # pyright: ignore[reportAttributeAccessIssue]


def _shared(x: np.ndarray, y: np.ndarray, count: int) -> float:
    first, second = (np.argsort(-z, kind="stable")[:count] for z in (x, y))
    return np.intersect1d(first, second).size / count


def odds_law(agreement: Agreement, blocks: int) -> Law:
    """The verdict on the last block; the other blocks are in the evidence.

    >>> import numpy as np
    >>> from ufm.llm import odds_law
    >>> from ufm.llm.laws.log_odds import Agreement
    >>> two = np.array([[0.1, 0.2], [0.7, 0.8]])
    >>> law = odds_law(Agreement(np.zeros(9), np.arange(2), np.ones(2), two, two, 3, 20.0), 2)
    >>> print(law.verdict, law.number)
    holds 0.7
    """
    at = np.flatnonzero(agreement.layers == blocks - 1)
    evidence = {k: v for k, v in vars(agreement).items() if k not in ("log_odds", "share")}
    evidence["overlap_by_chance"] = agreement.top / agreement.log_odds.size
    if not at.size:
        return STATEMENT.judged("undecided", None, "the last block was not steered", evidence)
    down, up = map(float, agreement.rank[at[0]])
    is_enough = [x >= _RANK for x in (down, up)]
    verdict = "holds" if all(is_enough) else "undecided" if any(is_enough) else "fails"
    top = agreement.overlap[at[0]]
    why = (
        f"last block: rank correlation {down:.2f} (α < 0) and {up:.2f} (α > 0), "
        f"{top[0]:.0%} and {top[1]:.0%} of the first {agreement.top} tokens shared"
    )
    if verdict == "fails" and agreement.share < LARGE:
        verdict = "undecided"
        why += f"; at only {agreement.share:.2g} usual hidden states: widen to {LARGE:g} or more"
    return STATEMENT.judged(verdict, min(down, up), why, evidence)
