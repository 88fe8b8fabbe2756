"""The strength that keeps a budget for the vector of endlessly many prompts, where the model is a tilt."""

from dataclasses import dataclass

import numpy as np

from ufm.numerics.roots import narrowed
from ufm.tilt.resampling import resampled_error

from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend
from ..steering.prompt_states import PromptStates
from .choice import ModelStrength

LEVEL = 0.95
# 2|α|η bounds the error of these alone: means of log p - log p_α over the tokens that come, or over p.
BOUNDED = ("cross_entropy", "forward_kl")
_RELATIVE = 1e-3


@dataclass(frozen=True)
class Guarantee:
    """A strength whose cost on the text it was chosen on is within the budget, whichever M is the true one.

    - `error`: η, which the error of M keeps below with probability about `LEVEL` (`ufm.resampled_error`).
    - `alpha`: where the cost and 2αη together spend the budget; the true M pays at most the budget there.
    """

    error: float
    alpha: float


def find_guarantee(
    choice: ModelStrength, states: PromptStates, spend: TextSpend, *, resamples: int, seed: int = 0
) -> Guarantee | None:
    """The guarantee at the post-norm site; None elsewhere, and where the bound does not hold.

    It does not where logits are no affine function of the state, nor for a kind that is not in `BOUNDED`.
    """
    is_tilt = choice.site == "post-norm" and spend.model.not_affine is None
    if not (is_tilt and choice.reachable and choice.kind in BOUNDED):
        return None
    error = resampled_error(
        states.positive,
        states.negative,
        np.asarray(spend.model.unembedding, spend.model.wide),
        level=LEVEL,
        resamples=resamples,
        seed=seed,
        normalise=states.normalised,
    )
    column = KINDS.index(choice.kind)

    def gap(alpha: float) -> float:
        return float(spend.at([alpha])[0, column]) + 2 * alpha * error - choice.budget

    if gap(choice.alpha) <= 0:  # no error, and a strength that spends a little less than the budget
        return Guarantee(error, choice.alpha)
    found = narrowed(gap, (0.0, choice.alpha), relative=_RELATIVE)
    return Guarantee(error, found.low)
