import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm.tilt.log_odds
from tests.exact_model import Exact, record
from tests.planted_faults import Fault, exchanged, must_be_seen, standard, sum_of_negatives, wrap
from theorems import Instance, hypotheses
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


def rate_of_each_context(positive, negative) -> Instance:
    """V = 4, G = 2, b = 1/10, and in each context another a on its own concept: App. B.1's extension."""
    rates = [[0.65, 0.15], [0.25, 0.55], [0.45, 0.35], [0.15, 0.65]]
    table = np.full((4, 4), 0.1)
    table[:2, :2], table[2:, 2:] = rates[:2], rates[2:]
    concepts = np.array([0, 0, 1, 1])
    data = ufm.ConceptDataset(table, concepts, concepts, np.full(4, 0.25), CONTEXTS)
    return Instance.from_dataset(data, positive, negative, target_concept=0)


CONTEXTS = [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_rates_may_depend_on_the_context():
    instance = rate_of_each_context([0, 1], [2, 3])
    verdict = theorems.check("lemma-b4.sign", instance)
    assert verdict.verdict == "holds", verdict
    # M on T: mean of log(a/b) over P; off it: minus the mean over N
    assert instance.odds[0] == pytest.approx((np.log(6.5) + np.log(2.5)) / 2)
    assert instance.odds[3] == pytest.approx(-(np.log(3.5) + np.log(6.5)) / 2)
    assert hypotheses.SMOOTHED.unmet(instance)
    assert hypotheses.CONCEPT_LAWS.unmet(instance).startswith(
        "p(token 1|c) varies over contexts of own concept, from 0.15 to 0.55"
    )


def test_a_rate_below_b_in_one_context_is_found():
    instance = rate_of_each_context([0, 1], [2, 3])
    table = instance.probs.copy()
    table[1, :2] = [0.75, 0.05]  # token 1 has a = 0.05 < b in this one of its two contexts
    data = ufm.ConceptDataset(table, [0, 0, 1, 1], [0, 0, 1, 1], np.full(4, 0.25), CONTEXTS)
    verdict = theorems.check("lemma-b4.sign", Instance.from_dataset(data, [0, 1], [2, 3]))
    assert verdict.verdict == "hypotheses unmet"
    assert "token 1 has a = 0.05 <= b = 0.1" in verdict.evidence


def test_where_the_rate_depends_on_the_context_negatives_are_off_the_target():
    """N holds a target context whose own a is the larger: M < 0 on a token of T, though w_T = 1/2."""
    instance = rate_of_each_context([1], [0, 2])
    assert instance.odds[instance.target].min() < 0
    verdict = theorems.check("lemma-b4.sign", instance)
    assert verdict.verdict == "hypotheses unmet"
    assert "w_T = 0.5 < 1" in verdict.evidence
