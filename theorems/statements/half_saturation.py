"""Where the target holds half the mass, and how steep its curve is there."""

import numpy as np

import ufm

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Statement
from ..judging.evaluate import laws_at_each
from ..judging.instance import Instance, log_masses
from ..judging.padding import pad, pad_target
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project; extends Theorem 3.6"


def _logit(instance: Instance, log_probs: np.ndarray) -> np.ndarray:
    on, off = log_masses(log_probs, instance.target)
    return on - off


def _bounds(instance: Instance) -> Verdict:
    m, vocabulary = instance.log_probs.shape
    found = ufm.half_saturation(pad(instance.tilt), pad_target(instance.tilt, instance.target))
    half = np.asarray(found)[:m]
    r = _logit(instance, instance.log_probs)
    ends = np.sort(np.stack([-r * instance.unit, -r / instance.margin]), axis=0)
    # F' = logit' / 4 where F = 1/2; by central differences, whose error is below (hR)²/6 of R
    h = 1e-4 * instance.unit
    before, here, after = (
        _logit(instance, laws_at_each(instance.tilt, np.tile((half + step)[:, None], vocabulary)))
        for step in (-h, 0.0, h)
    )
    slope = (after - before) / (2 * h) * instance.unit
    rounding = 4 * instance.tolerance * (1 + np.abs(r).max())
    place = np.stack([half - ends[0], ends[1] - half]) / (np.abs(half) + instance.unit)
    steepness = np.stack([slope - instance.margin * instance.unit, 1 - slope])
    # one α: the target holds more than half beyond it, and less before it
    on_grid = _logit(instance, instance.curves.log_probs)
    side = np.sign(instance.alphas[:, None] - half) * on_grid
    return worst(
        bound(
            side / instance.rounding(instance.alphas)[:, None],
            rounding / instance.tolerance,
            "logit F_T on either side of half saturation, over its rounding",
        ),
        identity(here, rounding, "logit F_T at half saturation"),
        bound(place, instance.tolerance, "-r/R and -r/δ"),
        bound(steepness, 1e-8 + 1e4 * rounding, "4F'/R between δ/R and 1"),
    )


STATEMENT = Statement(
    id="half-saturation",
    title="Half saturation",
    in_short="""the target reaches half of the mass at one strength, at least |r|/R and at most
        |r|/δ from 0, r its log-odds unsteered""",
    source=SOURCE,
    idea=r"""
        $F_T = 1/2$ where $\nu(\alpha) = -r$. Since $\delta \le \nu' \le R$, the curve $\nu$ lies
        between two lines through 0 and meets $-r$ between $-r/R$ and $-r/\delta$. The slope of
        $F_T$ is $F_T(1-F_T)\,\nu'$, and $F_T(1-F_T) = 1/4$ there.
    """,
    claims=(
        Claim(
            id="half-saturation.bounds",
            title="half saturation",
            text="""F_T(α) = 1/2 at one α, between -r/R and -r/δ (r = logit F_T(0)), with slope
                in [δ/4, R/4].""",
            formula=r"""F_{j,T}(\alpha) = \tfrac{1}{2} \text{ at one } \alpha = \alpha_{1/2}, \text{ between
                } -\frac{r_j}{R} \text{ and } -\frac{r_j}{\delta}, \quad \frac{\delta}{4} \le
                F_{j,T}'(\alpha_{1/2}) \le \frac{R}{4}, \quad r_j = \log\frac{F_{j,T}(0)}{1 -
                F_{j,T}(0)}"""
            + hypotheses.IF_SEPARATED,
            source=SOURCE,
            hypotheses=(hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            conclusion=_bounds,
            families=("rates", "tilts"),
            control=controls.rescaled("three times", 3.0),
            figures=("statements/concept-log-odds",),
            certificate=Certified(
                "By the Coq theorem, whose hypothesis is checked exactly: the least M on the target exceeds "
                "the largest off it. δ and R are enclosed, and the strength is bracketed in each context."
            ),
        ),
    ),
)
