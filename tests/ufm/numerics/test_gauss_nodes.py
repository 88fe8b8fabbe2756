"""Nodes in place of many tokens: the sums that they keep, against 40 digits, and those that they do not."""

import mpmath as mp
import numpy as np
import pytest

from ufm.numerics.gauss_nodes import NODES, gathered, gauss_nodes


@mp.workdps(40)
def sums(points, log_weights, alpha):
    """Σ w e^{αx} and Σ w x e^{αx}."""
    x = [mp.mpf(value) for value in points.tolist()]
    w = [
        mp.exp(mp.mpf(log) + mp.mpf(alpha) * y)
        for log, y in zip(log_weights.tolist(), x, strict=True)
    ]
    return mp.fsum(w), mp.fdot(w, x)


@mp.workdps(40)
def gap_sum(points, log_weights, alpha, own):
    """Σ w (own - x) e^{αx}."""
    total, first = sums(points, log_weights, alpha)
    return total * mp.mpf(own) - first


WEIGHTS = {
    "alike": lambda n, rng: np.zeros(n),
    "zipf": lambda n, rng: -np.log(rng.permutation(n) + 1.0),
    "steep": lambda n, rng: np.linspace(-600.0, 0.0, n),
    "one dominates": lambda n, rng: np.where(np.arange(n) == n // 3, 0.0, -40.0),
    "two dominate": lambda n, rng: np.where(np.isin(np.arange(n), [5, n - 1]), 0.0, -300.0),
}


@pytest.mark.parametrize("alpha", [0.0, -30.0, 1e3])
@pytest.mark.parametrize("name", WEIGHTS)
def test_nodes_keep_the_sums_at_strengths_within_reach(name, alpha):
    rng = np.random.default_rng(2)
    points, logs = np.sort(rng.uniform(1.0, 2.0, 300)), WEIGHTS[name](300, rng)
    nodes, found = gauss_nodes(points, logs, np.array([0, 120]), alpha)
    assert nodes.size <= 2 * NODES
    assert (np.diff(nodes) >= 0).all()
    for h in (-2.0, 0.0, 0.7, 2.0):  # times half a cell of width 1: up to 1
        for ours, exact in zip(
            sums(nodes, found, alpha + h), sums(points, logs, alpha + h), strict=True
        ):
            # α x is rounded where α is large
            assert abs(ours / exact - 1) < 1e-14 + 2e-16 * abs(alpha)
    if name == "alike" and alpha == 0:  # far beyond the reach they are other tokens
        ours, exact = (sums(*pair, 200.0)[0] for pair in ((nodes, found), (points, logs)))
        assert abs(ours / exact - 1) > 1e-8


def test_cells_are_no_wider_than_their_distance_and_few_tokens_stay():
    rng = np.random.default_rng(4)
    odds = np.sort(rng.uniform(0.0, 1.0, 3000))
    logs, own = rng.normal(size=3000), 1.0 + 1e-9
    points, weights = gathered(odds, logs, own - odds, 5.0, 3.0)
    assert points.size < 400
    assert (np.diff(points) >= 0).all()
    is_token = np.isin(points, odds)
    assert is_token[points > 1 - 2**-7].all()  # next to the token that matters
    for h in (2.0, 8.0):
        ours, exact = (gap_sum(*pair, h, own) for pair in ((points, weights), (odds, logs)))
        assert abs(ours / exact - 1) < 1e-14
    few = odds[:30], logs[:30]
    assert gathered(*few, own - few[0], 5.0, 3.0)[0] is few[0]
