"""Lemma B.3: a steered next-token law is an exponential tilt of the unsteered one."""

import numpy as np

from .. import _controls, hypotheses
from .._evaluate import laws_at
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, identity
from .lemma_b2 import STRENGTHS, steered_logits


def _softmax(logits: np.ndarray) -> np.ndarray:
    weight = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def _tilt(instance: Instance) -> Verdict:
    alphas = STRENGTHS * instance.unit
    tilted = _softmax(instance.log_probs + alphas[:, None, None] * _log_odds(instance))
    path = np.exp(laws_at(instance.tilt, alphas))
    model = _softmax(steered_logits(instance))
    errors = np.stack([path - tilted, model - tilted])
    size = (
        1 + np.abs(instance.log_probs).max()
    )  # softmax turns absolute errors of logits into relative
    return identity(
        errors / size, 16 * instance.tolerance, "softmax(W(h+αv)) against p e^{αM}/Σ p e^{αM}"
    )


def _log_odds(instance: Instance) -> np.ndarray:
    """M from Definition 3.2."""
    log_p = instance.log_probs
    return log_p[list(instance.positive or ())].mean(0) - log_p[list(instance.negative or ())].mean(
        0
    )


STATEMENT = Statement(
    "lemma-b3",
    "Tilt formula",
    "Lemma B.3",
    (
        Claim(
            "lemma-b3.tilt",
            "exponential tilt",
            "p_{j,α}(z) = p(z|c_j) e^{αM(z)} / Σ_y p(y|c_j) e^{αM(y)} with M the log-odds of P against N.",
            "Lemma B.3",
            (hypotheses.DIFFERENCE_OF_MEANS, hypotheses.EXPONENTIAL_PATH),
            _tilt,
            ("rates", "laws"),
            Control(
                "difference-of-means",
                "P and N exchanged: the law moves the other way",
                _controls.swapped_contexts,
            ),
        ),
    ),
)
