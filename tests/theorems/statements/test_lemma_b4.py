import mpmath as mp
import pytest

import theorems
import ufm.tilt.log_odds
from tests.exact_model import Exact, record
from tests.planted_faults import Fault, exchanged, must_be_seen, standard, sum_of_negatives, wrap
from theorems.judging import controls

FAULTS = [
    Fault("log-odds of N against P", "lemma-b4.sign", standard,
          wrap(ufm.tilt.log_odds, "log_odds", exchanged)),
    Fault("log-odds by the sum over N", "lemma-b4.sign", standard,
          wrap(ufm.tilt.log_odds, "log_odds", sum_of_negatives)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@mp.workdps(50)
def test_equal_rates_put_a_target_token_at_log_odds_zero():
    model = Exact(record(["7/10", "1/10", "1/2", "3/10"], ["1/10"] * 4))
    assert model.odds[1] == 0
    instance = controls.equal_rates()
    assert instance.odds[1] == 0
    assert instance.target[1]
    assert theorems.check("lemma-b4.sign", instance).verdict == "hypotheses unmet"
    assert theorems.CLAIMS["lemma-b4.sign"].conclusion(instance).verdict == "undecided"
