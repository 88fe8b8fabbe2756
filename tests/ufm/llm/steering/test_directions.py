"""Directions from states: against svd, the conditions of a logistic optimum, and known limits."""

import sys

import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering import directions
from ufm.llm.steering.prompt_states import PromptStates

METHODS = directions.METHODS


def clouds(seed=0, pairs=12, d=16, noise=1.0):
    """Pairs that differ along the first axis by 2, and at random, most along the second."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(pairs, d))
    step = np.eye(d)[0]
    wide = np.array([0.1, 1.5, *[0.3] * (d - 2)])
    sides = [shared + s * step + noise * wide * generator.normal(size=(pairs, d)) for s in (1, -1)]
    return sides[0], sides[1]


def cosine(u, v):
    return u @ v / np.linalg.norm(u) / np.linalg.norm(v)


def test_the_principal_direction_is_that_of_the_uncentred_differences():
    p, n = clouds()
    found = ufm.llm.direction_between(p, n, "pca")
    unit = np.linalg.svd(p - n)[2][0]
    difference = (p - n).mean(axis=0)
    np.testing.assert_allclose(found, unit * (unit @ difference), atol=1e-12)
    # the same from the states with the middle of their pair taken away
    middle = (p + n) / 2
    both = np.concatenate([p - middle, n - middle])
    assert abs(cosine(found, np.linalg.svd(both)[2][0])) == pytest.approx(1)
    # planted: with their mean taken away the differences point along what is random in them
    centred = np.linalg.svd(p - n - difference)[2][0]
    assert abs(cosine(centred, difference)) < 0.5 < cosine(found, difference)
    # as many pairs as entries and more
    wide = clouds(1, pairs=40, d=6)
    unit = np.linalg.svd(wide[0] - wide[1])[2][0]
    assert abs(cosine(ufm.llm.direction_between(*wide, "pca"), unit)) == pytest.approx(1)


@pytest.mark.parametrize("sizes", [(12, 12), (12, 7), (40, 40)])
def test_the_probe_is_where_the_penalised_loss_is_stationary(sizes):
    p, n = (side[:size] for side, size in zip(clouds(2, pairs=40), sizes, strict=True))
    found = ufm.llm.direction_between(p, n, "probe")
    states = np.concatenate([p, n])
    x = states - states.mean(axis=0)
    x /= np.sqrt((x**2).mean())
    y = np.repeat([1.0, -1.0], sizes)
    u = found / np.linalg.norm(found)

    def slopes(scale, offset):
        weight = y / (1 + np.exp(y * (scale * x @ u + offset)))
        return scale * u - weight @ x, weight.sum()

    # length and offset are not told: the optimum along u, by Newton's steps on two numbers
    scale, offset = 1.0, 0.0
    for _ in range(200):
        h = 1e-5
        here = np.array([slopes(scale, offset)[0] @ u, -slopes(scale, offset)[1]])
        rise = np.array([slopes(scale + h, offset)[0] @ u, -slopes(scale + h, offset)[1]])
        right = np.array([slopes(scale, offset + h)[0] @ u, -slopes(scale, offset + h)[1]])
        step = np.linalg.solve(np.stack([(rise - here) / h, (right - here) / h], axis=1), here)
        scale, offset = np.array([scale, offset]) - 0.5 * step
    gradient, balance = slopes(scale, offset)
    assert np.abs(gradient).max() < 1e-5 * scale
    assert abs(balance) < 1e-6
    # planted: the difference of means is not stationary
    u = (p.mean(axis=0) - n.mean(axis=0)) / np.linalg.norm(p.mean(axis=0) - n.mean(axis=0))
    assert np.abs(slopes(scale, offset)[0]).max() > 1e-2 * scale


def test_a_probe_that_may_hardly_learn_is_the_difference_of_means(monkeypatch):
    p, n = clouds(3)
    difference = p.mean(axis=0) - n.mean(axis=0)
    assert cosine(ufm.llm.direction_between(p, n, "probe"), difference) < 0.99
    monkeypatch.setattr(directions, "_PROBE_C", 1e-6)
    assert cosine(ufm.llm.direction_between(p, n, "probe"), difference) > 1 - 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_the_sign_and_the_length_are_those_of_the_means_along_it(method):
    p, n = clouds(4)
    found, back = (ufm.llm.direction_between(*pair, method) for pair in ((p, n), (n, p)))
    np.testing.assert_allclose(found, -back, atol=1e-6)
    difference = p.mean(axis=0) - n.mean(axis=0)
    assert found @ difference == pytest.approx(found @ found)
    # turned states turn the direction, longer ones lengthen it
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(16, 16)))[0]
    turned = ufm.llm.direction_between(3 * p @ turn, 3 * n @ turn, method)
    np.testing.assert_allclose(turned, 3 * found @ turn, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_resamples_are_directions_of_prompts_drawn_anew(method):
    p, n = (side + 10 * sign * np.eye(16)[0] for side, sign in zip(clouds(6), (1, -1), strict=True))
    draws = 40 if method == "probe" else 400
    for is_unit in (False, True):
        states = PromptStates(p, n, is_unit, method)
        v = states.vector
        np.testing.assert_allclose(v, states.vector)
        found = states.changes(400, 1)
        assert found.shape == (400, 16)
        # drawn by hand, as often: the spread of v along each axis
        generator, by_hand = np.random.default_rng(9), []
        for _ in range(draws):
            up, down = generator.integers(12, size=(2, 12))
            down = up if method == "pca" else down
            w = ufm.llm.direction_between(p[up], n[down], method)
            by_hand.append(w / np.linalg.norm(w) if is_unit else w)
        spread = np.std(by_hand, axis=0)
        # 16 standard deviations together, each from 40 draws told to 11 per cent
        lengths = [np.linalg.norm(x) for x in (found.std(axis=0), spread)]
        assert lengths[0] == pytest.approx(lengths[1], rel=0.15)
        assert np.linalg.norm(found.mean(axis=0)) < 0.2 * lengths[0]
        halves = states.halves(3, 0)
        assert halves.shape == (3, 2, 16)
        if method == "mean" and not is_unit:
            np.testing.assert_allclose(halves.mean(axis=1), np.tile(v, (3, 1)), atol=1e-12)


BAD = [
    ("median", "method must be 'mean' or 'pca' or 'probe'; got 'median'"),
    ("pca", "wants pairs, the j-th of P with the j-th of N; got 12 and 7 prompts"),
]


@pytest.mark.parametrize(("method", "message"), BAD)
def test_what_cannot_be_found_is_refused(method, message):
    p, n = clouds()
    with pytest.raises(ValueError, match=message):
        ufm.llm.direction_between(p, n[:7], method)


def test_a_direction_across_the_difference_of_means_has_no_sign():
    # two pairs that differ by ±3 along the second axis, and by 1 along the first
    p = np.array([[1.0, 3.0], [1.0, -3.0]])
    with pytest.raises(ValueError, match="right angles to the difference of means"):
        ufm.llm.direction_between(p, np.zeros((2, 2)), "pca")


def test_without_scikit_learn_the_probe_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(ImportError, match=r'needs scikit-learn: pip install "ufm\[llm\]"'):
        ufm.llm.direction_between(*clouds(), "probe")
