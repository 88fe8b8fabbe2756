from functools import partial

import numpy as np
import pytest

import theorems
from tests.planted_faults import Fault, must_be_seen, output, standard
from theorems import suite
from theorems.judging import controls, sequences
from theorems.statements import sequence as statement
from ufm import ContextChain

DIVERGENCE, PRESENCE, COUNT = "sequence.divergence", "sequence.presence", "sequence.count"


def planted(name, claim, method, change):
    return Fault(name, claim, standard, output(ContextChain, method, change))


def wider(bounds):
    return bounds._replace(lower=bounds.lower * (1 - 1e-9))


def first_alone(reachable):
    return reachable.at[1:].set(False)


FAULTS = [
    planted("1e-9 too large", DIVERGENCE, "divergence", lambda d: d * (1 + 1e-9)),
    planted("1e-9 too large", PRESENCE, "presence", lambda p: p * (1 + 1e-9)),
    planted("1e-9 too large", COUNT, "expected_count", lambda n: n * (1 + 1e-9)),
    planted("a bound that is no longer the claim's", PRESENCE, "presence_bounds", wider),
    planted("a bound that is no longer the claim's", COUNT, "count_bounds", wider),
    planted("one context can be reached", PRESENCE, "reachable", first_alone),
    planted("one context can be reached", COUNT, "reachable", first_alone),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("claim", [DIVERGENCE, PRESENCE, COUNT])
@pytest.mark.parametrize("rate", [-1.0, 0.5, 1.01])
def test_a_path_of_another_rate_fails(claim, rate):
    assert theorems.CLAIMS[claim].conclusion(controls.rescaled_vector(rate)).verdict == "fails"


@pytest.mark.parametrize("claim", [DIVERGENCE, PRESENCE, COUNT])
def test_it_holds_on_extreme_tilts(claim):
    for i in range(8):
        assert theorems.check(claim, suite.draw("tilts", 3, i)).verdict == "holds"


@pytest.mark.parametrize(
    ("conclusion", "evidence"),
    [
        (statement._divergence, "against E_0"),
        (partial(statement._enclosed, statement._PRESENCE), "the upper bound"),
        (partial(statement._enclosed, statement._COUNT), "the upper bound"),
    ],
)
def test_steering_at_the_first_step_alone_breaks_the_conclusion(conclusion, evidence):
    verdict = conclusion(standard(), is_every_step=False)
    assert verdict.verdict == "fails"
    assert evidence in verdict.evidence


@pytest.mark.parametrize("is_every_step", [True, False])
def test_sequences_are_all_there_once(is_every_step):
    instance, alphas = standard(), np.array([-1.0, 0.0, 2.0])
    chain = sequences.chain_of(instance)
    found = sequences.all_sequences(instance, chain, alphas, is_every_step)
    m, vocabulary = instance.log_probs.shape
    starts = int((chain.start > 0).sum())
    assert starts < m
    assert found.log_after.shape == (3, starts * vocabulary**chain.length)
    np.testing.assert_allclose(np.exp(found.log_after).sum(axis=1), 1, rtol=1e-13)
    np.testing.assert_allclose(np.exp(found.log_before).sum(), 1, rtol=1e-13)
    np.testing.assert_allclose(found.log_after[1], found.log_before, atol=1e-14)
    # the first tokens of T alone: their mass by the tilt, the same with and without later steps
    mass = np.exp(found.log_after[2]) @ found.is_target[:, 0]
    law = np.exp(np.asarray(instance.tilt.log_probs_at(2.0)))[:, instance.target].sum(axis=1)
    assert mass == pytest.approx(chain.start @ law, rel=1e-13)


def test_a_concave_stretch_is_seen():
    alphas, curve = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([1.0, 0.0, 0.4, 1.0])
    below = statement._below_chords(alphas, curve, np.full(4, 0.5))
    np.testing.assert_allclose(below, [0.6, -0.15])
