import pytest

from tests.planted_faults import Fault, must_be_seen, uniform, wrap
from ufm import UFM


def _stops_early(f):
    return lambda cls, dataset, **named: f(cls, dataset, **(named | {"steps": 8}))


FAULTS = [
    Fault("training stops early", "assumption-2.trained", uniform, wrap(UFM, "train", _stops_early)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
