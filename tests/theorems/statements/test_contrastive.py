import pytest

from tests.planted_faults import PEAKS, Fault, at_strength, must_be_seen, output, standard

FAULTS = [
    Fault("peaks off by 1e-6", "contrastive.geometric-path", standard,
          output(*PEAKS, lambda a: a * (1 + 1e-6))),
    Fault("curve at 0.999 α", "contrastive.geometric-path", standard,
          at_strength(lambda a: 0.999 * a)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
