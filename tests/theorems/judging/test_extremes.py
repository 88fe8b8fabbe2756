"""Every claim on instances at the ends of what floats hold: offsets, scales, confidence, ties, weights.

They meet the hypotheses, so that by the theorems each claim is true of them: none may fail. That the
curves on which they are judged are right there is tested by balls, on the same tilts
(tests/ufm/tilt/test_extremes.py).
"""

from dataclasses import replace

import numpy as np
import pytest

import theorems
from tests import extremes
from theorems import Instance, Outcome
from theorems.judging.controls import DistortedPath
from ufm import ConceptDataset, ExponentialTilt

CLAIMS = [claim for claim in theorems.CLAIMS.values() if "tilts" in claim.families]
TILTS = [*extremes.table(), *extremes.two_tokens()]


def _instance(tilt: ExponentialTilt) -> Instance:
    """The highest values of M as the target, the lowest as one other concept, the rest as a third."""
    odds = np.asarray(tilt.log_odds)
    values = np.unique(odds)
    concept = np.where(odds == values[0], 1, np.where(odds == values[-1], 0, 2))
    weights = np.array([1e-300, 1.0])
    return Instance(tilt, concept == 0, concept, np.arange(2), weights)


@pytest.mark.parametrize("start", range(6))
def test_no_claim_fails_at_the_ends_of_the_range(start):
    judged = dict.fromkeys((claim.id for claim in CLAIMS), 0)
    for number in range(start, len(TILTS), 6):
        instance = _instance(TILTS[number].tilt)
        for claim in CLAIMS:
            verdict = claim.check(instance)
            assert verdict.verdict in {Outcome.HOLDS, Outcome.UNMET}, (number, claim.id, verdict)
            judged[claim.id] += verdict.verdict is Outcome.HOLDS
    assert min(judged.values()) > 0, judged


@pytest.mark.parametrize("offset", [1e4, -1e8, 1e12])
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_a_wrong_path_is_seen_at_any_offset_and_scale(offset, scale):
    log_probs = np.log([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]])
    tilt = DistortedPath(log_probs, scale * (np.array([1.0, 0.5, 0.0]) + offset), rate=1.01)
    instance = replace(_instance(ExponentialTilt(log_probs, tilt.log_odds)), tilt=tilt)
    for claim in CLAIMS:
        if claim.id in {"lemma-b5.derivative", "thm-3.3.bump", "thm-3.6.tanh", "ce.kl-identity"}:
            assert claim.conclusion(instance).verdict is Outcome.FAILS, claim.id
            assert claim.check(instance).verdict is Outcome.UNMET


@pytest.mark.parametrize("reach", [1e-160, 1e160])
def test_a_scale_out_of_range_is_refused(reach):
    with pytest.raises(
        ValueError, match=r"between 1e-152 and 1e152; they span 1e[-+]160: rescale v"
    ):
        _instance(ExponentialTilt(np.log([[0.5, 0.5]] * 2), [0.0, reach]))


@pytest.mark.parametrize("epsilon", [1e-3, 1e-16, 1e-18, 1e-200, 1e-300])
def test_a_dataset_of_nearly_one_concept_a_context_is_judged(epsilon):
    gamma, omega = np.tile([0.3, 0.7], 3), np.tile([0.6, 0.4], 3)
    data = ConceptDataset.from_concept_laws(gamma, omega, epsilon, np.repeat(range(3), 2), 2)
    instance = Instance.from_dataset(data, [0, 1], [2, 3])
    for claim in theorems.CLAIMS.values():
        if {"laws", "rates", "contrastive"} & {*claim.families}:
            assert claim.check(instance).verdict is Outcome.HOLDS, claim.id
