"""How far a steering vector is from moving a token set and nothing else, next token by next token."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ufm.tilt.separability import inseparability as of_tilt
from ufm.tilt.tilt import ExponentialTilt

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..steering.embeddings import round_up
from ..steering.steered_prompt import steered_prompt
from .token_curves import token_set


def inseparability(
    model: Model, prompts: Sequence[Sequence[int]], steering: Steering, target: np.ndarray
) -> np.ndarray:
    """Var_j(M_j | not T) / Var_j(M_j) [m] after each prompt, M_j the exact slopes of its logits at α = 0.

    At the post-norm site M_j = Wv is the same after every prompt, and all this holds at every α; elsewhere it
    speaks of weak steering. 0 iff M_j is constant off T, so that the distribution given "not T" does not move
    at first order; at most 1/(1 - F_T). `target` [V]: T, as a mask. NaN where v moves no logit. See
    `ufm.inseparability`.

    >>> import numpy as np, ufm.llm
    >>> from ufm.llm.measure.separability import inseparability
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> print(inseparability(model, [[3, 4], [7]], steering, np.arange(64) < 9).round(3))
    [1.013 0.929]
    """
    members = token_set(target, model.vocabulary)
    found = []
    for row in prompts:
        prompt = steered_prompt(model, row, steering, round_up(len(row), model.config.positions))
        logits, slopes = prompt.slopes(jnp.zeros(1, model.wide))
        if float(jnp.ptp(slopes)) == 0:
            found.append(np.nan)
            continue
        local = ExponentialTilt(jax.nn.log_softmax(logits), slopes[0])
        found.append(float(of_tilt(local, members)[0]))
    return np.array(found)
