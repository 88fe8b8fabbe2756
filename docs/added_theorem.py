"""The mean of M under the tilted distribution increases with the strength."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound, strict

SOURCE = "this project; used in the proof of Theorem 3.3"


def _increases(instance: Instance) -> Verdict:
    """Steps of the mean between strengths 1/R apart around 0, in units of R."""
    if instance.odds_range == 0:
        return bound([-1.0], instance.tolerance, "M is constant: so is its mean")
    alphas = np.linspace(-3.0, 3.0, 7) * instance.unit
    means = np.stack([np.asarray(instance.tilt.mean(alpha)) for alpha in alphas])
    return strict(
        np.diff(means, axis=0) / instance.odds_range,
        instance.tolerance,
        "steps of E_α[M] over R",
    )


STATEMENT = Statement(
    id="mean-increases",
    title="The mean increases",
    in_short="the mean of M under the steered distribution increases with the strength",
    source=SOURCE,
    idea=r"Its derivative is $\operatorname{Var}_\alpha(M)$, positive unless $M$ is constant.",
    claims=(
        Claim(
            id="mean-increases",
            title="increasing mean",
            text="E_{j,α}[M] increases strictly with α.",
            formula=r"\frac{d}{d\alpha} \mathbb{E}_{j,\alpha}[M] > 0" + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=(hypotheses.MOVING, hypotheses.EXPONENTIAL_PATH),
            conclusion=_increases,
            families=("rates",),
            control=Control(
                "non-constant-log-odds",
                "P and N inside one concept: M is constant",
                controls.negatives_in_target,
            ),
            figures=("fig-3",),
            certificate=NotCertified("an identity of variances, proved for all instances"),
            unproved="not yet stated there",
        ),
    ),
)
