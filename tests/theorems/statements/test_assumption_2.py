import pytest

import theorems
from tests.planted_faults import Fault, must_be_seen, uniform, wrap
from theorems.statements import assumption_2
from ufm import UFM


def _stops_early(f):
    return lambda cls, dataset, **named: f(cls, dataset, **(named | {"steps": 8}))


FAULTS = [
    Fault("training stops early", "assumption-2.trained", uniform, wrap(UFM, "train", _stops_early)),
]  # fmt: skip


def test_the_sentence_and_the_formula_say_what_the_check_runs():
    claim = theorems.CLAIMS["assumption-2.trained"]
    assert f"{assumption_2.STEPS} steps of Adam" in " ".join(claim.text.split())
    assert f"after }} {assumption_2.STEPS} \\text{{ steps of Adam}}" in claim.formula
    assert (assumption_2.GAP, "1e-4 nats" in claim.text, "10^{-4}" in claim.formula) == (
        1e-4,
        True,
        True,
    )


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
