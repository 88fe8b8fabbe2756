"""Lemma B.4: the log-odds are positive exactly on the target."""

import numpy as np

import ufm

from .. import _controls, hypotheses
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, strict


def _sign(instance: Instance) -> Verdict:
    """Relative to R. Off the target M <= 0 is enough: M = 0 where a concept has no context in N."""
    log_p = instance.log_probs
    library = np.asarray(ufm.log_odds(log_p, instance.positive or (), instance.negative or ()))
    odds = np.stack([instance.odds, library])
    on, off = odds[:, instance.target].ravel(), odds[:, ~instance.target].ravel()
    # M is a difference of logarithms: its rounding error is that of log p
    tolerance = 1e-15 * np.abs(log_p).max() * instance.unit
    is_zero = np.abs(off) * instance.unit <= tolerance
    slack = np.concatenate([on, -off[~is_zero]]) * instance.unit
    return strict(slack, tolerance, "M/R on the target, and -M/R off it where M is not 0")


STATEMENT = Statement(
    "lemma-b4",
    "Sign of the log-odds",
    "Lemma B.4",
    (
        Claim(
            "lemma-b4.sign",
            "sign",
            "M(z) > 0 if and only if z is in the target T.",
            "Lemma B.4",
            (hypotheses.DIFFERENCE_OF_MEANS, hypotheses.ASSUMPTION_1, hypotheses.TARGET_CONTEXTS),
            _sign,
            ("rates", "laws"),
            Control(
                "assumption-1",
                "a < b at one token of the target, whose log-odds are then negative",
                _controls.smaller_rates,
            ),
        ),
    ),
)
