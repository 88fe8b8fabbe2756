"""What a price buys, on a tiny model: gradients against differences, each row against the one above it."""

import numpy as np
import pytest

import ufm
import ufm.llm
from tests.benchmarks.best_vectors import Head, ascend, at_price, mixed, of_steering, tilted

TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31]]
TARGET = np.arange(64) < 5


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


@pytest.fixture(scope="module")
def head(model):
    return Head(model, TEXT, TARGET)


def gain(head, direction, price):
    scale = at_price(lambda c: head.bought(c * direction).price, price)
    found = head.bought(scale * direction)
    return found.gain * price / found.price


def test_price_and_gain_have_the_slopes_of_their_differences(model, head):
    shift = np.random.default_rng(0).normal(size=model.dimension) * 0.3
    price, gained, *slopes = head.slopes(shift)
    found = head.bought(shift)
    assert (price, gained) == pytest.approx((found.price, found.gain), rel=1e-12)
    for k in range(model.dimension):
        step = 1e-5 * (np.arange(model.dimension) == k)
        up, down = head.bought(shift + step), head.bought(shift - step)
        assert slopes[0][k] == pytest.approx((up.price - down.price) / 2e-5, abs=1e-8)
        assert slopes[1][k] == pytest.approx((up.gain - down.gain) / 2e-5, abs=1e-8)


@pytest.mark.parametrize("price", [0.001, 0.1, 0.5])
def test_each_has_less_freedom_than_the_one_above_and_buys_no_more(model, head, price):
    before = head.at(np.zeros(model.dimension))[1]
    most = ufm.mass_ceiling(before, np.full(before.size, 1 / before.size), price).gain
    for found in (tilted(before, price), mixed(before, price)):
        assert found.price == pytest.approx(price, rel=1e-9)
        assert found.gain < most
    best = head.best(price, 40)
    bought = gain(head, best, price)
    assert bought < tilted(before, price).gain
    assert gain(head, head.first_order()[0], price) <= bought * 1.005
    generator = np.random.default_rng(1)
    for size in (0.05, 0.3):
        other = best + size * np.linalg.norm(best) * generator.normal(size=(8, best.size)) / 4
        assert max(gain(head, v, price) for v in other) < bought * 1.001


def test_ascent_finds_a_vector_that_buys_more(model):
    steering = ufm.llm.Steering(np.random.default_rng(2).normal(size=16), 0)
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=TARGET)
    alpha, found = of_steering(spend, 0.1, 1.0)
    best = ascend(spend.along(alpha * np.asarray(steering.vector)), 0.1, 10)
    _, better = of_steering(spend.along(best), 0.1, 1.0)
    assert found.gain < 0 < better.gain
    assert better.price == pytest.approx(0.1, rel=1e-2)
    assert better.on_target < better.price
