import pytest

import ufm.tilt.strength
from tests.planted_faults import Fault, must_be_seen, output, standard

FAULTS = [
    Fault("the quadratic prediction for the root", "strength.budget", standard,
          output(ufm.tilt.strength, "choose_strength",
                  lambda c: c._replace(alpha=c.small_budget_alpha))),
    Fault("a strength 1e-6 too small", "strength.budget", standard,
          output(ufm.tilt.strength, "choose_strength", lambda c: c._replace(alpha=c.alpha - 1e-6))),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
