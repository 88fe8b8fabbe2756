"""The range of strengths of a report, in units of what they do to the model."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.steered_prompt import bucket, steered_logits
from ..steering.vector import SteeringVector

UNITS = ("vector", "hidden", "nats")
# Prompts looked at for nats, and the strengths: 2^-8 to 2^8 usual hidden states, half an octave apart.
_PROMPTS = 8
_LADDER = 2.0 ** np.arange(-8, 8.25, 0.5)


def in_multiples(
    model: LanguageModel,
    vector: SteeringVector,
    contexts: Sequence[Sequence[int]],
    alphas: np.ndarray,
    unit: str,
) -> np.ndarray:
    """Strengths [A] in multiples of v, from strengths in this unit.

    - "vector": they are multiples of v already. "hidden": they are α|v| as shares of a usual
      hidden state's length (the median's).
    - "nats": the ends, one below 0 and one above, are the mean KL(p_0||p_α) over the first 8 prompts that the
      ends of the range reach; each side of the range is divided evenly in α.

    Raises `ValueError` where so many nats are not reached at 256 hidden states.
    """
    if unit == "vector":
        return alphas
    usual = vector.hidden_norm / vector.norm
    if unit == "hidden":
        return alphas * usual
    if unit != "nats":
        raise ValueError(f"unit must be one of {', '.join(UNITS)}; got {unit!r}")
    low, high = float(alphas.min()), float(alphas.max())
    if not low < 0 < high:
        raise ValueError(f"a range in nats reaches to both sides of 0; got {low:g} to {high:g}")
    cost = _cost(model, vector, contexts, usual * _LADDER)
    ends = [
        usual * _reached(row, nats, sign)
        for row, nats, sign in zip(cost, (-low, high), "-+", strict=True)
    ]
    return np.linspace(-ends[0], ends[1], alphas.size)


def _cost(
    model: LanguageModel,
    vector: SteeringVector,
    contexts: Sequence[Sequence[int]],
    strengths: np.ndarray,
) -> np.ndarray:
    """Mean KL(p_0||p_α) over prompts [2, A] at -α and α."""
    both = np.concatenate([-strengths, strengths])
    rows = [list(map(int, row)) for row in contexts[:_PROMPTS]]
    total = np.zeros(both.size)
    for row in rows:
        length = bucket(model, row)
        logits = steered_logits(model, row, Steering.of(vector), both, length=length)
        total += np.asarray(_divergence(model.logits(row), jnp.asarray(logits)), np.float64)
    return (total / len(rows)).reshape(2, -1)


@jax.jit
def _divergence(base: Array, steered: Array) -> Array:
    before, after = jax.nn.log_softmax(base)[None], jax.nn.log_softmax(steered, axis=1)
    return (jnp.exp(before) * (before - after)).sum(axis=1)


def _reached(cost: np.ndarray, nats: float, sign: str) -> float:
    """The first strength, in hidden states, that costs so many `nats`: a line in log-log between two."""
    above = np.flatnonzero(cost >= nats)
    if not above.size:
        raise ValueError(
            f"α {'<' if sign == '-' else '>'} 0 moves the prompts by at most {cost.max():.3g} nats, "
            f"not {nats:g}: ask for fewer, or name the range with another unit"
        )
    k = int(above[0])
    if k == 0:
        return float(_LADDER[0] * np.sqrt(nats / cost[0]))  # there the cost is a square
    x, y = np.log(_LADDER[k - 1 : k + 1]), np.log(cost[k - 1 : k + 1])
    return float(np.exp(np.interp(np.log(nats), y, x)))
