from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm
from tests.planted_faults import (
    PEAKS,
    Fault,
    at_strength,
    exchanged,
    must_be_seen,
    output,
    standard,
    wrap,
)
from theorems import suite
from theorems.statements import scaling
from ufm import UFM

LENGTH, UNIT = "scaling.length", "scaling.unit-length"


def _stronger(f):
    return lambda self, vector, alpha: f(self, vector, 1.000001 * alpha)


FAULTS = [
    Fault("α bent", LENGTH, standard, at_strength(lambda a: a * (1 + 1e-6 * jnp.abs(a)))),
    Fault("peaks 1e-6 too late", LENGTH, standard, output(*PEAKS, lambda p: p * (1 + 1e-6))),
    Fault("P and N exchanged", UNIT, standard, wrap(scaling, "difference_of_means", exchanged)),
    Fault("1.000001 times the strength", UNIT, standard, wrap(UFM, "steer", _stronger)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


def test_it_holds_on_extreme_tilts():
    for i in range(6):
        assert theorems.check(LENGTH, suite.draw("tilts", 3, i)).verdict == "holds"


def test_along_twice_the_vector_half_the_strength_does_the_same():
    """Exact: p = (2, 1, 1)/4 and e^M = (4, 2, 1), so that α = 1 gives (8, 2, 1)/11."""
    want = [float(Fraction(w, 11)) for w in (8, 2, 1)]
    for factor in (1, 2, -4):
        odds = factor * np.log([4.0, 2, 1])
        tilt = ufm.ExponentialTilt(np.log([[0.5, 0.25, 0.25]]), odds)
        np.testing.assert_allclose(np.asarray(tilt.probs(1 / factor))[0], want, rtol=1e-14)


def test_a_negative_factor_exchanges_the_ends_of_m():
    tilt = ufm.ExponentialTilt(np.log([[0.5, 0.25, 0.25]]), np.log([4.0, 2, 1]))
    back = ufm.ExponentialTilt(tilt.log_probs, -2 * np.asarray(tilt.log_odds))
    peaks, turned = (np.asarray(ufm.peak_strengths(t))[0] for t in (tilt, back))
    assert peaks.tolist() == [np.inf, pytest.approx(-2 * turned[1]), -np.inf]
    assert turned.tolist() == [-np.inf, turned[1], np.inf]


def test_two_models_of_the_same_data_have_vectors_of_different_lengths():
    """Whatever a strength along a unit vector is, it is not a property of the data."""
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    model = UFM.fit(data)
    other = UFM(model.decoder / 8, 8 * model.embeddings)
    assert float(other.gap(data)) == pytest.approx(0, abs=1e-14)
    vectors = [ufm.difference_of_means(m.embeddings, [0, 1], [2, 3]) for m in (model, other)]
    lengths = [float(np.linalg.norm(v)) for v in vectors]
    assert lengths[1] == pytest.approx(8 * lengths[0], rel=1e-14)
    alpha, steered = 1.5, []
    for m, v, length in zip((model, other), vectors, lengths, strict=True):
        steered.append(np.asarray(m.steer(v / length, alpha)))
    assert np.abs(steered[0] - steered[1]).max() > 0.1
    same = np.asarray(other.steer(vectors[1] / lengths[1], 8 * alpha))
    np.testing.assert_allclose(same, steered[0], atol=1e-12)
