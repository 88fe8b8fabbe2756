"""A concept's mass against the most that any change at its price could make of it."""

import numpy as np
import pytest

import ufm
from ufm.llm.measure.ceiling import ceiling_curve

DATA = ufm.ConceptDataset.smoothed(epsilon=0.05, contexts_per_concept=1)
TILT = ufm.ExponentialTilt.from_dataset(DATA, [0], [1])
TARGET = DATA.concept_tokens(0)
ALPHAS = np.linspace(-1, 1, 21)


def curves(alphas=ALPHAS):
    """What `sweep_curves` would measure of a model that is the tilt."""
    law = [np.asarray(TILT.probs(float(a))) for a in alphas]
    price = [np.asarray(ufm.forward_kl(TILT, float(a))) for a in alphas]
    mass = np.stack([p[:, TARGET].sum(axis=1) for p in law], axis=1)
    before = np.asarray(TILT.probs(0.0))[:, TARGET].sum(axis=1)
    return alphas, np.stack(price, axis=1), mass, before


def test_its_efficiency_is_that_of_the_tilt():
    found = ceiling_curve(*curves())
    weights = np.full(3, 1 / 3)
    for alpha, share in zip(found.alphas, found.efficiency, strict=True):
        assert share == pytest.approx(ufm.efficiency(TILT, weights, TARGET, alpha), rel=1e-9)
    assert 0 not in found.alphas
    assert (found.mass <= found.ceiling).all()
    assert found.start == pytest.approx((0.95 + 0.025 + 0.025) / 3)


def test_strengths_are_named_by_their_price_on_the_side_that_gains():
    found = ceiling_curve(*curves())
    k = found.at_price(0.1)
    assert found.alphas[k] > 0
    others = np.abs(np.log(found.price[found.alphas > 0] / 0.1))
    assert abs(np.log(found.price[k] / 0.1)) == pytest.approx(others.min())
    assert found.at_price(1e3) is None
    assert found.as_json()["best"]["efficiency"] == found.efficiency.max()


def test_a_finer_range_is_thinned_and_nothing_is_said_where_nothing_is_paid():
    fine = ceiling_curve(*curves(np.linspace(-1, 1, 401)))
    assert 90 <= fine.alphas.size <= 128
    assert ceiling_curve(*curves(np.array([0.0]))) is None
