"""Where the target holds half the mass, and how steep its curve is there."""

import jax
import jax.numpy as jnp
import numpy as np

import ufm

from . import _controls, hypotheses
from ._evaluate import pad, pad_target
from ._instance import Instance
from ._statement import Claim, Control, Statement
from ._verdict import Verdict, bound, identity, worst

SOURCE = "this project; extends Theorem 3.6"


@jax.jit
def _slopes(tilt: ufm.ExponentialTilt, mask, alphas):
    """Logit F_T and dF_T/dα [m] of context j at alphas[j], the latter by autodiff of the mass."""

    def of_context(alpha, j):
        mass = lambda a: ufm.concept_probability(tilt, a, mask)[j]  # noqa: E731
        slope = jax.jvp(mass, (alpha,), (jnp.ones_like(alpha),))[1]
        return ufm.concept_log_odds(tilt, alpha, mask)[j], slope

    return jax.vmap(of_context)(alphas, jnp.arange(alphas.size))


def _bounds(instance: Instance) -> Verdict:
    padded, m = pad(instance.tilt), len(instance.log_probs)
    mask = pad_target(instance.tilt, instance.target)
    alphas = ufm.half_saturation(padded, mask)
    logit, slope = (np.asarray(a)[:m] for a in _slopes(padded, mask, alphas))
    half = np.asarray(alphas)[:m]
    on = np.logaddexp.reduce(instance.log_probs[:, instance.target], axis=1)
    r = on - np.logaddexp.reduce(instance.log_probs[:, ~instance.target], axis=1)
    ends = np.sort(np.stack([-r * instance.unit, -r / instance.margin]), axis=0)
    size = np.abs(half) + instance.unit
    low, high = instance.margin / 4, instance.odds_range / 4
    return worst(
        identity(
            logit, 4 * instance.tolerance * (1 + np.abs(r).max()), "logit F_T at half saturation"
        ),
        bound(
            np.stack([half - ends[0], ends[1] - half]) / size, instance.tolerance, "-r/R and -r/δ"
        ),
        bound(np.stack([slope - low, high - slope]) / high, 4 * instance.tolerance, "δ/4 and R/4"),
    )


STATEMENT = Statement(
    "half-saturation",
    "Half saturation",
    SOURCE,
    (
        Claim(
            "half-saturation.bounds",
            "half saturation",
            "F_T(α) = 1/2 at one α, between -r/R and -r/δ (r = logit F_T(0)), with slope in [δ/4, R/4].",
            SOURCE,
            (hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            _bounds,
            ("rates", "tilts"),
            Control(
                "exponential-path",
                "three times the steering vector, after M was measured",
                lambda: _controls.rescaled_vector(3.0),
            ),
        ),
    ),
)
