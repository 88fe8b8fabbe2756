from fractions import Fraction

import numpy as np
import pytest

import theorems
import ufm
from tests.planted_faults import Fault, at_strength, must_be_seen, output, standard, uniform, wrap
from tests.theorems.statements.test_prop_4_1 import layernorm, rmsnorm
from theorems import suite
from theorems.statements import prompt_free
from ufm import ExponentialTilt, Transformer

TILT, NORM = "prompt-free.tilt", "prompt-free.norm"


def _prompt_added(f):
    """The prompt's first row, that no norm takes away."""
    return lambda self, hidden, *given, **named: (
        f(self, hidden, *given, **named) + 1e-4 * hidden[0, 0]
    )


FAULTS = [
    Fault("half the strength", TILT, standard, at_strength(lambda alpha: 0.5 * alpha)),
    Fault("limits of half the mass", TILT, standard, output(ExponentialTilt, "limit", lambda p: 0.5 * p)),
    Fault("a prompt that stays", NORM, rmsnorm, wrap(Transformer, "logits", _prompt_added)),
    Fault("a prompt that stays", NORM, layernorm, wrap(Transformer, "logits", _prompt_added)),
    Fault("a hundredth of the bound", NORM, rmsnorm,
          output(Transformer, "logit_rate_bound", lambda b: b / 100)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("instance", [standard, uniform])
def test_it_holds_with_and_without_ties(instance):
    assert theorems.check(TILT, instance()).verdict == "holds"


def test_it_holds_on_extreme_tilts():
    for i in range(6):
        assert theorems.check(TILT, suite.draw("tilts", 3, i)).verdict == "holds"


def test_without_a_norm_the_prompt_decides_between_tied_tokens_for_ever():
    """Exact: p = (1, 2, 5)/8 and (2, 1, 5)/8, Mtop the first two: (1, 2)/3 against (2, 1)/3, 1/3 apart."""
    rows = np.array([[1, 2, 5], [2, 1, 5]]) / 8
    tilt = ExponentialTilt(np.log(rows), np.array([1.0, 1.0, 0.0]))
    far = np.asarray(tilt.probs(60.0))
    assert np.abs(far[0] - far[1]).sum() / 2 == pytest.approx(float(Fraction(1, 3)), rel=1e-12)
    one = ExponentialTilt(np.log(rows), np.array([1.0, 0.5, 0.0]))
    far = np.asarray(one.probs(120.0))
    assert np.abs(far[0] - far[1]).sum() / 2 < 1e-20
    # the loss grows all the same: the plateau behind a norm is not for the prompt's absence
    assert float(ufm.cross_entropy_increase(one, 200.0, np.array([0.5, 0.5]))) > 80


def test_the_other_prompt_is_another_one():
    base = rmsnorm()
    other = prompt_free._another_prompt(base)
    assert np.abs(base.logits(1)[0] - other.logits(1)[0]).max() > 0.1
