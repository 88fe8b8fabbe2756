from functools import partial

import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.effects
from tests.planted_faults import Fault, at_strength, must_be_seen, output, standard
from theorems import suite
from theorems.judging import controls
from theorems.statements import presence as statement
from ufm import ContextChain

MASS, HALF = "presence.mass", "presence.half"

FAULTS = [
    Fault("Δp(T) of a concept 1e-6 too large", MASS, standard,
          output(ufm.tilt.effects, "concept_increase", lambda x: (1 + 1e-6) * x)),
    Fault("an expected number 1e-9 too large", MASS, standard,
          output(ContextChain, "expected_count", lambda n: n * (1 + 1e-9))),
    Fault("half the strength", HALF, standard, at_strength(lambda alpha: 0.5 * alpha)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("claim", [MASS, HALF])
def test_it_holds_on_extreme_tilts(claim):
    for i in range(3):
        assert theorems.check(claim, suite.draw("tilts", 3, i)).verdict == "holds"


@pytest.mark.parametrize(
    ("claim", "rate"), [(MASS, -1.0), (MASS, 0.5), (MASS, 2.0), (HALF, -1.0), (HALF, 0.5)]
)
def test_a_path_of_another_rate_fails(claim, rate):
    assert theorems.CLAIMS[claim].conclusion(controls.rescaled_vector(rate)).verdict == "fails"


@pytest.mark.parametrize("conclusion", [statement._mass, statement._half])
def test_steering_at_the_first_step_alone_breaks_the_conclusion(conclusion):
    assert conclusion(standard(), is_every_step=False).verdict == "fails"


def one_context(mass: float) -> ContextChain:
    """A chain with one context, in which T, the first token, has this mass."""
    tilt = ufm.ExponentialTilt(np.log([[mass, 1 - mass]]), np.array([1.0, 0.0]))
    return ContextChain(tilt, np.zeros((1, 2), int), np.ones(1))


@pytest.mark.parametrize("length", [2, 300])
def test_half_of_the_texts_at_a_small_mass(length):
    """The mass at which (1 - f)^L = 1/2, 0.0023 for 300 tokens, and the strength that brings it there."""
    mass = 1 - 0.5 ** (1 / length)
    target = np.array([True, False])
    assert float(one_context(mass).presence(0.0, target, length)) == pytest.approx(0.5, rel=1e-13)
    if length == 300:
        assert round(mass, 4) == 0.0023
    # from a mass of 1e-4 at the rate M(T) - M(rest) = 1 the log-odds reach -log(1/(2^{1/L} - 1)) at
    alpha = np.log(2 ** (1 / length) - 1) - np.log(1e-4 / (1 - 1e-4))
    found = float(one_context(1e-4).presence(alpha, target, length))
    assert found == pytest.approx(0.5, rel=1e-11)
    # and half saturation that much later
    later = alpha + np.log(1 / (2 ** (1 / length) - 1))
    chain = one_context(1e-4)
    assert float(chain.presence(later, target, 1)) == pytest.approx(0.5, rel=1e-11)


def test_both_bounds_of_the_mass_are_attained():
    """All or nothing: after T only T, after the rest only the rest; and one token of T at most."""
    sure = ufm.ExponentialTilt(
        np.log([[0.3, 0.7], [1 - 1e-15, 1e-15], [1e-15, 1 - 1e-15]]), np.array([1.0, 0.0])
    )
    following, target = np.array([[1, 2], [1, 1], [2, 2]]), np.array([True, False])
    chain = ContextChain(sure, following, np.array([1.0, 0.0, 0.0]))
    found, number = (
        float(f(0.0, target, 4)) for f in (chain.presence, partial(chain.expected_count))
    )
    assert found == pytest.approx(number / 4, rel=1e-12)
    once = ContextChain(sure, np.array([[2, 0], [1, 1], [2, 2]]), np.array([1.0, 0.0, 0.0]))
    found, number = (float(f(0.0, target, 4)) for f in (once.presence, once.expected_count))
    assert found == pytest.approx(number, rel=1e-12)
    assert found == pytest.approx(1 - 0.7**4, rel=1e-12)
