import pytest

from tests.planted_faults import PEAKS, Fault, at_strength, must_be_seen, output, standard

FAULTS = [
    Fault("peaks off by a tenth", "peak.height", standard, output(*PEAKS, lambda a: a + 0.1)),
    Fault("curve at 0.999 α", "peak.height", standard, at_strength(lambda a: 0.999 * a)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
