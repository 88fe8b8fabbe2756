"""Remark 3.4, under the hypotheses that it needs: target tokens peak at positive strengths."""

import numpy as np

from ufm import ConceptDataset

from .. import _controls, hypotheses
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, strict


def _positive_peaks(instance: Instance) -> Verdict:
    """αR/(1 + |α|R) over target tokens and contexts off the target; +∞ counts as 1."""
    target = set(instance.token_concept[instance.target])
    off = np.array([k not in target for k in instance.context_concept])
    peaks = instance.peaks[off][:, instance.target] * instance.odds_range
    finite = np.where(np.isfinite(peaks), peaks, 0.0)
    slack = np.where(np.isfinite(peaks), finite / (1 + np.abs(finite)), np.sign(peaks))
    return strict(
        slack, instance.tolerance, "peaks of the target off its own contexts, as αR/(1+|α|R)"
    )


def large_epsilon() -> Instance:
    """V=6, G=3, ε = 9/20, N in C_2, one context each in C_3: the peak of one target token is negative."""
    gamma = _controls.rationals(["3/10", "7/10", "2/5", "3/5", "1/2", "1/2"])
    omega = _controls.rationals(["7/10", "3/10", "19/20", "1/20", "1/2", "1/2"])
    concept = np.repeat(np.arange(3), 2)
    data = ConceptDataset.from_concept_laws(gamma, omega, 0.45, concept)
    return Instance.from_dataset(data, [0, 1], [2, 3])


STATEMENT = Statement(
    "remark-3.4",
    "Positive peaks",
    "Remark 3.4",
    (
        Claim(
            "remark-3.4.positive-peaks",
            "positive peaks",
            "On the γ/ω dataset with ε < ε0, α(j,z) > 0 for z in T and every context c_j not in T.",
            "Remark 3.4, with the conditions of its proof",
            (
                hypotheses.DIFFERENCE_OF_MEANS,
                hypotheses.CONCEPT_LAWS,
                hypotheses.TARGET_CONTEXTS,
                hypotheses.CONTEXT_OFF_TARGET,
                hypotheses.SMALL_EPSILON,
            ),
            _positive_peaks,
            ("laws",),
            Control("small-epsilon", "ε = 9/20 above ε0, V = 6", large_epsilon),
        ),
    ),
)
