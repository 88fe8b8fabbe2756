"""Roots: the same in JAX and in NumPy, inside brackets that close in on both sides, in few calls."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ufm.numerics.bracket import Bracket
from ufm.numerics.roots import bracketed_root, increasing_root, increasing_root_on_host, middle_of

# f, its slope and its root: mild, flat at the root, steep there, of a saturated kind, tiny, huge
INCREASING = {
    "line": (lambda x: x - 3, lambda x: 1 + 0 * x, 3.0),
    "cube": (lambda x: x**3 - 8, lambda x: 3 * x**2, 2.0),
    "flat": (lambda x: (x - 1) ** 3, lambda x: 3 * (x - 1) ** 2, 1.0),
    "saturated": (lambda x: x / (1 + abs(x)) + 0.5, lambda x: 1 / (1 + abs(x)) ** 2, -1.0),
    "at zero": (lambda x: x + x**3, lambda x: 1 + 3 * x**2, 0.0),
    "tiny": (lambda x: 1e150 * x - 1, lambda x: 1e150 + 0 * x, 1e-150),
    "huge": (lambda x: 1e-150 * x - 1, lambda x: 1e-150 + 0 * x, 1e150),
}
SIDES = {name: case for name, case in INCREASING.items() if name not in ("flat", "at zero")}


@pytest.mark.parametrize("name", INCREASING)
def test_newton_in_jax_and_numpy_finds_the_root(name):
    f, slope, root = INCREASING[name]
    ends = np.array([[root - 1, root - 1e3, root / 1e6], [root + 7, root + 1.0, root * 1e6]])
    low, high = np.minimum(*ends), np.maximum(*ends)
    bracket = Bracket(low, high)
    start = middle_of(bracket, np)
    hosted = increasing_root_on_host(lambda _, x: (f(x), slope(x)), bracket, start)
    compiled = jax.jit(lambda b, x: increasing_root(lambda x: (f(x), slope(x)), b, x))
    found = compiled(Bracket(jnp.asarray(low), jnp.asarray(high)), jnp.asarray(start))
    # (x - 1)³ is below 1e-45 within 1e-15 of its root, where Newton's step is a third of the way
    np.testing.assert_allclose(hosted, root, rtol=4e-15, atol=1e-300)
    np.testing.assert_allclose(found, root, rtol=4e-15, atol=1e-300)


def test_numpy_asks_only_for_entries_that_still_move():
    asked = []

    def value_and_slope(indices, x):
        asked.append(indices.tolist())
        return np.where(indices == 0, x - 1.0, x**3 - 8.0), np.where(indices == 0, 1.0, 3 * x**2)

    ends = Bracket(np.array([0.0, 0.0]), np.array([2.0, 50.0]))
    found = increasing_root_on_host(value_and_slope, ends, np.array([1.0, 40.0]))
    np.testing.assert_allclose(found, [1.0, 2.0], rtol=1e-15)
    assert asked[:2] == [[0, 1], [1]]  # the first started at its root


@pytest.mark.parametrize(
    ("low", "high", "middle"),
    [
        (1.0, 3.0, 2.0),
        (-1.0, 3.0, 1.0),
        (1.0, 100.0, 10.0),
        (1.0, 1e300, 16.0),
        (-100.0, -1.0, -10.0),
        (0.0, 8.0, 4.0),
    ],
)
def test_the_middle_of_ends_of_different_sizes_is_geometric(low, high, middle):
    assert float(middle_of(Bracket(low, high), np)) == pytest.approx(middle, rel=1e-15)


@pytest.mark.parametrize("factor", [1e-3, 1.0, 40.0])
@pytest.mark.parametrize("name", SIDES)
def test_both_ends_close_in_on_the_root_in_few_calls(name, factor):
    f, _, root = SIDES[name]
    calls = []

    def counted(x):
        calls.append(x)
        return f(x)

    bracket = bracketed_root(counted, factor * abs(root))
    low, high = bracket
    assert f(low) <= 0 <= f(high)
    assert bracket.width <= 4 * math.ulp(root)
    assert len(calls) == len(set(calls)) <= 30


@pytest.mark.parametrize("root", [0.5, -0.5, 0.25, -0.25, 1.0, -1.0, 2.0, -2.0])
def test_a_root_that_is_hit_on_the_way_is_found(root):
    low, high = bracketed_root(lambda x: x - root, 1.0)
    assert low <= root <= high
    assert high - low <= 4 * math.ulp(root)


def test_a_bracket_is_a_pair_of_any_numbers():
    assert Bracket(1.0, 3.0) == (1.0, 3.0)
    assert Bracket(math.inf, math.inf).width == 0
    doubled = jax.tree.map(lambda x: 2 * x, Bracket(np.ones(2), np.zeros(2)))
    assert isinstance(doubled, Bracket)
    assert doubled.low.tolist() == [2.0, 2.0]
