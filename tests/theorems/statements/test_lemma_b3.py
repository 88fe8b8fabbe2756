import pytest

from tests.planted_faults import (
    DIFFERENCE,
    Fault,
    in_single_precision,
    must_be_seen,
    standard,
    sum_of_negatives,
    wrap,
)
from ufm import ExponentialTilt

FAULTS = [
    Fault("v by the sum over N", "lemma-b3.tilt", standard, wrap(*DIFFERENCE, sum_of_negatives)),
    Fault("float32 in the tilt", "lemma-b3.tilt", standard,
          wrap(ExponentialTilt, "log_probs_at", in_single_precision)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
