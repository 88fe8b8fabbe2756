import pytest

import ufm.tilt.half_saturation
from tests.planted_faults import Fault, must_be_seen, output, standard

FAULTS = [
    Fault("half saturation off by 1e-6", "half-saturation.bounds", standard,
          output(ufm.tilt.half_saturation, "half_saturation", lambda a: a + 1e-6)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
