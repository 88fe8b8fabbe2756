"""Which peaks are at positive strengths, for any laws and any P and N."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.instance import Instance
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, strict, supported

SOURCE = "this project; extends Remark 3.4"


def _sign_rule(instance: Instance) -> Verdict:
    """Side of the peak times side of M, each scaled to [-1, 1]; ties of the two sides are left out."""
    log_p, p = instance.log_probs, instance.probs

    def mean_divergence(indices: tuple[int, ...]) -> np.ndarray:
        return np.mean([(p * (log_p - log_p[i])).sum(axis=1) for i in indices], axis=0)

    threshold = mean_divergence(instance.negative or ()) - mean_divergence(instance.positive or ())
    # Definition 3.2 fixes the constant in M, which the tilt leaves open
    log_odds = hypotheses.log_odds_by_definition(instance)
    side = (log_odds - threshold[:, None]) * instance.unit
    peaks = instance.maxima * instance.odds_range
    finite = np.where(np.isfinite(peaks), peaks, 0.0)
    place = np.where(np.isfinite(peaks), finite / (1 + np.abs(finite)), np.sign(peaks))
    tolerance = instance.tolerance * (1 + np.abs(log_p).max() * instance.unit)
    # the slope of K' is at most R²/4, so that |α(j,z)| R >= 4 |side|: none of these peaks is next to 0
    decided = np.abs(side) > tolerance
    agrees = (np.abs(place) > 0.5 * tolerance) & (side * place > 0)
    slack = np.where(agrees, np.minimum(np.abs(side), np.abs(place)), -np.abs(side))
    evidence = "sign of the curve's maximum against sign of M(z) - threshold"
    rule = strict(slack[decided], 0.5 * tolerance, evidence)
    return supported(rule, peaks_are_maxima(instance))


STATEMENT = Statement(
    id="sign-rule",
    title="Sign rule",
    in_short="""a token peaks at a positive strength exactly if its M exceeds a difference of mean
        divergences""",
    source=SOURCE,
    idea=r"""
        The peak is positive exactly if $M(z) > \mathbb{E}_0[M]$, because the mean increases. Write
        $M$ as mean log-probabilities and add and subtract $\log p_j$:
        $\mathbb{E}_0[M] = \operatorname{mean}_N \mathrm{KL}(p_j \Vert p_i) -
        \operatorname{mean}_P \mathrm{KL}(p_j \Vert p_i)$.
        No assumption on the laws is used.
    """,
    claims=(
        Claim(
            id="sign-rule",
            title="sign rule",
            text="""α(j,z) > 0 if and only if M(z) > mean_{i in N} KL(p_j||p_i) - mean_{i in P}
                KL(p_j||p_i).""",
            formula=r"""\alpha(j,z) > 0 \iff
                M(z) > \frac{1}{\lvert N \rvert}\sum_{i \in N} \mathrm{KL}(p_j \Vert p_i)
                - \frac{1}{\lvert P \rvert}\sum_{i \in P} \mathrm{KL}(p_j \Vert p_i)"""
            + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=(
                hypotheses.DIFFERENCE_OF_MEANS,
                hypotheses.MOVING,
                hypotheses.EXPONENTIAL_PATH,
            ),
            conclusion=_sign_rule,
            families=("rates", "laws"),
            control=Control("difference-of-means", "P and N exchanged", controls.swapped_contexts),
            figures=("statements/sign-rule",),
            certificate=Certified(
                "The bracket of each peak against 0, and a ball of M less the two mean divergences."
            ),
        ),
    ),
)
