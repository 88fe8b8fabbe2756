"""Lemma B.3: a steered next-token law is an exponential tilt of the unsteered one."""

import numpy as np
from scipy.special import softmax

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.shape import straight_path
from ..judging.verdict import Verdict, identity, worst
from .lemma_b2 import STRENGTHS, steered_logits


def _tilt(instance: Instance) -> Verdict:
    log_odds = hypotheses.log_odds_by_definition(instance)

    def tilted(alphas: np.ndarray) -> np.ndarray:
        return softmax(instance.log_probs + alphas[:, None, None] * log_odds, axis=-1)

    # softmax turns absolute errors of logits into relative
    size = 1 + np.abs(instance.log_probs).max()
    near = np.abs(instance.alphas) * instance.odds_range <= 40
    model = softmax(steered_logits(instance), axis=-1) - tilted(STRENGTHS * instance.unit)
    path = np.exp(instance.curves.log_probs[near]) - tilted(instance.alphas[near])
    evidence = "against p e^{αM}/Σ p e^{αM}"
    return worst(
        identity(model / size, 16 * instance.tolerance, f"softmax(W(h+αv)) {evidence}"),
        identity(path / size, 16 * instance.tolerance, f"p_α {evidence}, R|α| <= 40"),
        straight_path(instance, "log-odds of p_α against log-odds of p + α differences of M"),
    )


STATEMENT = Statement(
    id="lemma-b3",
    title="Tilt formula",
    in_short="steering multiplies p by exp(αM), normalised",
    source="Lemma B.3",
    idea=r"""
        Exponentiate the affine logits of Lemma B.2 and normalise: $e^{W h_j}$ is proportional to
        $p_j$ and $e^{\alpha W v}$ to $e^{\alpha M}$. Constants added to all logits cancel in the
        softmax, so the law does not depend on *which* perfect $(W, H)$ was trained. It does depend
        on the length of $v$: rescaling $v$ to unit length changes the unit of $\alpha$.
    """,
    claims=(
        Claim(
            id="lemma-b3.tilt",
            title="exponential tilt",
            text="""p_{j,α}(z) = p_j(z) e^{αM(z)} / Σ_y p_j(y) e^{αM(y)} with M the log-odds
                of P against N.""",
            formula=r"""p_{j,\alpha}(z) = \frac{p_{j}(z) e^{\alpha M(z)}}{\sum_{y=1}^{V} p_{j}(y) e^{\alpha
                M(y)}}\quad \text{if } p_j > 0 \text{ (Assumption 2)}""",
            source="Lemma B.3",
            hypotheses=(hypotheses.DIFFERENCE_OF_MEANS, hypotheses.EXPONENTIAL_PATH),
            conclusion=_tilt,
            families=("rates", "laws"),
            control=Control(
                "difference-of-means",
                "P and N exchanged: the law moves the other way",
                controls.swapped_contexts,
            ),
            figures=("statements/tilt",),
            certificate=NotCertified(
                "an identity, proved for all instances; the certificate starts from it"
            ),
        ),
    ),
)
