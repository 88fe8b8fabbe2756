"""Law: a plateau. The distribution tends to softmax(W LN(±v)) as α → ±∞ (Proposition 4.1).

The rate 1/α is this project's (claim `prop-4.1.rate`).
"""

from collections.abc import Sequence

import jax
import numpy as np

from ..decoder.head import unembed
from ..decoder.limits import limit_states
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from .law import Law, Statement

_NEAR, _RATE = 0.02, -0.8
# The last octaves, where the terms of order 1/α² are small beside those of order 1/α.
_OCTAVES = 12
_FITTED = 6
_UNITS = 1000
STATEMENT = Statement(
    "plateau",
    "The distribution tends to softmax(W LN(±v)), at rate 1/α",
    "total variation at most 0.02 at 4,096 times the strength that equals a usual hidden state (median "
    "length), and a slope of at most -0.8 in log-log over the last 6 octaves, on both sides (-1 is O(1/α); "
    "a fifth for the terms of higher order); fails if it is above -0.5, or the distance above 0.1",
)


def plateau_limits(model: LanguageModel, steering: Steering) -> np.ndarray:
    """The limits [2, V] of the next-token distribution as α → -∞ and α → +∞, after any prompt.

    They are softmax(W LN_0(±v)), where LN_0 is the model's final norm without its eps. v is added to
    the residual stream, after any block: the blocks that follow add bounded terms to h + αv. Raises
    `ValueError` at the site "post-norm", where logits are affine in α, of a model without a final norm,
    and where a LayerNorm is blind to v, because all entries are equal.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> found = ufm.llm.plateau_limits(model, steering)
    >>> far = ufm.llm.steered_logits(model, [3, 4, 5], steering, [1e9])
    >>> print(abs(np.exp(far[0]) / np.exp(far[0]).sum() - found[1]).max() < 1e-8)
    True
    """
    if steering.site != "residual":
        raise ValueError(
            'Proposition 4.1 holds at the site "residual"; at "post-norm" logits are affine in α'
        )
    if not model.config.has_final_norm:
        raise ValueError(
            f"this {model.config.family} has no final norm: Proposition 4.1, with its limit "
            "softmax(W LN(±v)), does not hold"
        )
    states = limit_states(model, steering)
    if states is None:
        raise ValueError("the vector's entries are all equal: the final LayerNorm is blind to it")
    return np.asarray(jax.nn.softmax(unembed(model.params, model.config, states), axis=1))


def far_strengths(hidden_norm: float, norm: float) -> np.ndarray:
    """Strengths [26] for the rate: ± the one that equals a usual hidden state, times 1, 2, …, 4096.

    >>> from ufm.llm.laws.plateau import far_strengths
    >>> print(far_strengths(10.0, 5.0)[[0, 12, 13, 25]])
    [-8192. -2. 2. 8192.]
    """
    upward = hidden_norm / norm * 2.0 ** np.arange(_OCTAVES + 1)
    return np.concatenate([-upward[::-1], upward])


def plateau_law(strengths: np.ndarray, distance: np.ndarray) -> Law:
    """Distance to the limit, and the rate at which it falls.

    - `strengths` [26]: `far_strengths`. `distance` [m, 26]: total variation ½ Σ|p_α - limit| to
      the limit of the strength's own sign; the mean over prompts is judged.

    The number is the slower of the two sides' slopes of log distance against log |α|.

    >>> import numpy as np
    >>> from ufm.llm import plateau_law
    >>> from ufm.llm.laws.plateau import far_strengths
    >>> alphas = far_strengths(10.0, 5.0)
    >>> law = plateau_law(alphas, 1 / (1 + abs(alphas))[None, :])
    >>> print(law.verdict, f"{law.number:.2f}")
    holds -1.00
    """
    mean = distance.astype(np.float64).mean(axis=0)
    floor = _UNITS * float(np.finfo(distance.dtype).eps)
    sides, evidence = [], {}
    for name, sign in (("negative", -1), ("positive", 1)):
        chosen = np.flatnonzero(np.sign(strengths) == sign)
        chosen = chosen[np.argsort(np.abs(strengths[chosen]))]
        x, y = np.abs(strengths[chosen]), mean[chosen]
        slope = _slope(x[-_FITTED - 1 :], y[-_FITTED - 1 :], floor)
        sides.append((slope, float(y[-1])))
        evidence[name] = {
            "slope": slope,
            "strengths": x,
            "distance": y,
            "largest_last": float(distance[:, chosen[-1]].max()),
        }
    slope = max((s for s, _ in sides if s is not None), default=None)
    last = max(d for _, d in sides)
    if last > 0.1 or (slope is not None and slope > -0.5):
        verdict = "fails"
    else:
        verdict = "holds" if last <= _NEAR and (slope is None or slope <= _RATE) else "undecided"
    shown = " and ".join("none (rounding)" if s is None else f"{s:.3f}" for s, _ in sides)
    why = f"slopes {shown} (α < 0, α > 0); distance {last:.3g} at the farthest strength"
    return STATEMENT.judged(verdict, slope, why, evidence)


def _slope(x: np.ndarray, y: Sequence[float] | np.ndarray, floor: float) -> float | None:
    """Least-squares slope of log y against log x; None where y is down at its rounding."""
    above = np.asarray(y) > floor
    if above.sum() < 3:
        return None
    return float(np.polyfit(np.log(x[above]), np.log(np.asarray(y)[above]), 1)[0])
