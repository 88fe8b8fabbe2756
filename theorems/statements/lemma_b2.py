"""Lemma B.2: the logits of a steered UFM are affine in the strength."""

import numpy as np

from ufm import UFM, difference_of_means

from .. import hypotheses
from ..judging import controls, evaluate
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.shape import straight_path
from ..judging.verdict import Verdict, identity, worst

# Strengths in units of 1/R at which steered logits are compared.
STRENGTHS = np.array([-7.0, -1.0, 0.0, 0.5, 3.0])


def steered_logits(instance: Instance) -> np.ndarray:
    """Logits [5, m, V] of a perfectly trained UFM steered by its own difference of means."""
    model = UFM.from_log_probs(instance.log_probs)
    vector = difference_of_means(model.embeddings, instance.positive or (), instance.negative or ())
    alphas = STRENGTHS * instance.unit
    return evaluate.steered_logits(model, vector, alphas, instance.log_probs.shape)


def centre(logits: np.ndarray) -> np.ndarray:
    """Logits less their mean over tokens: a constant does not change the law."""
    return logits - logits.mean(axis=-1, keepdims=True)


def _affine(instance: Instance) -> Verdict:
    alphas = STRENGTHS * instance.unit
    straight = centre(instance.log_probs + alphas[:, None, None] * instance.odds)
    # the factorisation loses a few digits of the largest logit; tolerance is for a relative error
    errors = (centre(steered_logits(instance)) - straight) / (10 + np.abs(straight).max())
    evidence = "logits against logits + α(M + const)"
    return worst(
        identity(errors, 16 * instance.tolerance, f"steered {evidence}"),
        straight_path(instance, f"path of {evidence}"),
    )


STATEMENT = Statement(
    id="lemma-b2",
    title="Steered logits",
    in_short="steering adds αM to the logits, up to a constant",
    source="Lemma B.2",
    idea=r"""
        $W(h_j + \alpha v) = W h_j + \alpha\, W v$: a linear map is applied to a line. With perfect
        training $W h_i = \log p_i + c_i$ for every context, so that $W v$ is the mean of $\log p_i$
        over $P$ less that over $N$, which is $M$, plus one constant for all tokens. The slope knows
        nothing of $j$.
    """,
    claims=(
        Claim(
            id="lemma-b2.affine",
            title="affine logits",
            text="""The steered logits are f_α(c_j) = f(c_j) + α(M + const): one slope for all
                contexts.""",
            formula=r"""W(h_j + \alpha v) = W h_j + \alpha\, W v \quad (\alpha \in \mathbb{R}), \qquad
                W v = M + c\,\mathbf{1} \ \text{ if } \sigma(W h_i) = p_i \text{ for every } i
                \text{ (Assumption 2)}""",
            source="Lemma B.2",
            hypotheses=(hypotheses.DIFFERENCE_OF_MEANS, hypotheses.EXPONENTIAL_PATH),
            conclusion=_affine,
            families=("rates", "laws"),
            control=Control(
                "exponential-path",
                "steering before the final norm bends the logits",
                controls.before_the_norm,
            ),
            figures=("statements/logits",),
            certificate=NotCertified("an identity in logits, proved for all instances"),
        ),
    ),
)
