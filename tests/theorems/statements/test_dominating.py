from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

import theorems
from tests.planted_faults import Fault, must_be_seen, output, wrap
from tests.theorems.statements.test_norm_circle import drawn, exact_log_probs
from tests.theorems.statements.test_prop_4_1 import layernorm, rmsnorm
from theorems.judging.head import SteeredHead
from theorems.statements import dominating as statement
from ufm import Transformer

LIMIT, LAST = "dominating.limit", "dominating.last-block"


def nine() -> SteeredHead:
    return drawn(9)


def centred() -> SteeredHead:
    return drawn(9, centred=True)


def _off(f):
    def logits(self, alphas):
        found, rounding = f(self, alphas)
        return found * (1 + 1e-9), rounding

    return logits


FAULTS = [
    Fault("logits of the other sign", LIMIT, rmsnorm, output(Transformer, "logits", lambda y: -y)),
    Fault("a thousandth of the bound", LIMIT, layernorm,
          output(Transformer, "logit_rate_bound", lambda b: b / 1000)),
    Fault("logits 1e-9 too large", LAST, nine, wrap(SteeredHead, "logits", _off)),
    Fault("logits 1e-9 too large", LAST, centred, wrap(SteeredHead, "logits", _off)),
    Fault("lengths 1e-9 too large", LAST, nine,
          output(statement, "_lengths", lambda length: (1 + 1e-9) * length)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("head", [nine, centred])
@mp.workdps(50)
def test_equally_long_states_make_m_proportional_to_the_limit(head):
    """M by Definition 3.2, from log-probabilities in 50 digits, against b |v| / (√d r)."""
    even = statement._of_one_length(head())
    log_p = np.array([exact_log_probs(even, j, mp.mpf(0)) for j in range(3)], dtype=object)
    log_odds = log_p[0] - (log_p[1] + log_p[2]) / 2
    vector = even.states[0] - even.states[1:].mean(axis=0)
    steered = replace(even, vector=vector)
    # one length for all, √(1 + eps) with eps, of which v itself has none
    v = vector - vector.mean() if even.centred else vector
    factor = np.linalg.norm(v) / np.sqrt(v.size) / np.sqrt(1 + even.eps)
    found = np.array([float(x - log_odds[0]) for x in log_odds])
    np.testing.assert_allclose(found, factor * (steered.along - steered.along[0]), atol=1e-11)
    assert found.argmax() == steered.along.argmax()


def test_uneven_lengths_can_part_the_two():
    """h = 10 e_1 in P, e_2 in N: M sees two unit vectors, the limit v = (10, -1) hardly the second."""
    head = SteeredHead(
        unembedding=np.array([[1.0, 0.0], [0.6, -0.6], [0.0, 0.0]]),
        states=np.array([[10.0, 0.0], [0.0, 1.0], [0.0, 1.0]]),
        vector=np.array([10.0, -1.0]),
        weight=np.ones(2),
        bias=np.zeros(2),
        eps=0.0,
        centred=False,
        context_weights=np.full(3, 1 / 3),
    )
    logits = head.logits(np.zeros((1, 3)))[0][0]
    log_odds = logits[0] - logits[1]
    assert log_odds.argmax() == 1
    assert head.along.argmax() == 0
    assert theorems.check(LAST, head).verdict == "holds"
