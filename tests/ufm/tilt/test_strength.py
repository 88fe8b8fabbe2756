"""Half saturation against bisection at 50 digits; choices against what they were asked to spend."""

import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from tests import oracles
from ufm.strategies import steerings

KINDS = ("cross_entropy", "reverse_kl", "target_mass")


def tilt_of(probs, odds):
    log_p = np.log(np.asarray(probs, dtype=float))
    return ufm.ExponentialTilt(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True), odds)


def standard():
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    return tilt, data.context_weights, data.concept_tokens(0)


def spend(tilt, weights, target, kind, alpha):
    measure = {
        "cross_entropy": lambda: ufm.forward_kl(tilt, alpha),
        "reverse_kl": lambda: ufm.reverse_kl(tilt, alpha),
        "target_mass": lambda: ufm.concept_probability(tilt, alpha, target),
    }[kind]
    return float(weights @ measure())


HALVES = {
    "mild": ([[0.1, 0.2, 0.3, 0.4], [0.6, 0.3, 0.05, 0.05]], [2.0, 1.5, 0.5, -1.0]),
    "extreme p": ([[1e-300, 1e-200, 0.3, 0.7], [0.5, 0.5, 1e-250, 1e-300]], [2.0, 1.5, 0.5, -1.0]),
    "small margin": ([[0.1, 0.2, 0.3, 0.4], [0.6, 0.3, 0.05, 0.05]], [2.0, 1.0 + 1e-9, 1.0, -1.0]),
    "shifted M": ([[0.1, 0.2, 0.3, 0.4], [0.6, 0.3, 0.05, 0.05]], [1002.0, 1001.5, 1000.5, 999.0]),
}


@pytest.mark.parametrize("name", HALVES)
def test_half_saturation_matches_bisection(name):
    tilt, tokens = tilt_of(*HALVES[name]), [True, True, False, False]
    exact = oracles.table(oracles.half_saturation, tilt, tokens)
    # eps times the logit of 690 at most, over a slope of δ/4 at least where the margin is tiny
    np.testing.assert_allclose(ufm.half_saturation(tilt, tokens), exact, rtol=1e-12)


def test_half_saturation_is_zero_where_half_is_there_already():
    tilt = tilt_of([[0.25, 0.25, 0.25, 0.25]], [2.0, 1.5, 0.5, -1.0])
    assert abs(float(ufm.half_saturation(tilt, [True, True, False, False])[0])) < 1e-15


def test_half_saturation_has_derivatives_forward_reverse_and_of_second_order():
    """Against finite differences of the number itself, along random directions in log p and in M."""
    tilt, mask = tilt_of(*HALVES["mild"]), np.array([True, True, False, False])

    def halves(log_probs, odds):
        return ufm.half_saturation(ufm.ExponentialTilt(jax.nn.log_softmax(log_probs), odds), mask)

    point = tilt.log_probs, tilt.log_odds
    rng = np.random.default_rng(5)
    along = [jnp.asarray(rng.normal(size=x.shape)) for x in point]
    slope = jax.jvp(halves, point, tuple(along))[1]

    def moved(step):
        return [x + step * d for x, d in zip(point, along, strict=True)]

    h = 1e-5
    difference = (halves(*moved(h)) - halves(*moved(-h))) / (2 * h)
    assert np.abs(difference).min() > 0.1
    np.testing.assert_allclose(slope, difference, rtol=1e-8)
    forward = jax.jit(jax.jacfwd(halves, argnums=(0, 1)))(*point)
    reverse = jax.jit(jax.jacrev(halves, argnums=(0, 1)))(*point)
    for a, b in zip(forward, reverse, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        assert np.abs(a).max() > 0.1
    gradient = jax.jit(jax.grad(lambda *x: halves(*x).sum(), argnums=1))
    np.testing.assert_allclose(gradient(*point), reverse[1].sum(axis=0), rtol=1e-12)
    turned = (gradient(*moved(h)) - gradient(*moved(-h))) / (2 * h)
    twice = jax.jit(lambda *x: jax.jvp(gradient, x, tuple(along))[1])(*point)
    np.testing.assert_allclose(twice, turned, rtol=1e-6, atol=1e-8)


def test_half_saturation_has_derivatives_where_p_is_next_to_0():
    tilt, mask = tilt_of(*HALVES["extreme p"]), np.array([True, True, False, False])
    moved = jax.jacrev(lambda m: ufm.half_saturation(ufm.ExponentialTilt(tilt.log_probs, m), mask))(
        tilt.log_odds
    )
    assert np.isfinite(moved).all()
    # M times s has its root at 1/s of the strength
    np.testing.assert_allclose(moved @ tilt.log_odds, -ufm.half_saturation(tilt, mask), rtol=1e-12)


def test_half_saturation_under_jit():
    tilt, _, target = standard()
    jitted = jax.jit(ufm.half_saturation)(tilt, target)
    np.testing.assert_allclose(jitted, ufm.half_saturation(tilt, target), rtol=1e-13)


@pytest.mark.parametrize(
    ("kind", "budget"),
    [
        ("cross_entropy", 1e-12),
        ("cross_entropy", 0.1),
        ("cross_entropy", 500.0),
        ("reverse_kl", 1e-12),
        ("reverse_kl", 0.1),
        ("reverse_kl", 2.4),
        ("target_mass", 1e-6),
        ("target_mass", 0.3),
        ("target_mass", 0.999),
    ],
)
def test_choices_spend_the_budget_within_their_bracket(kind, budget):
    tilt, weights, target = standard()
    choice = ufm.choose_strength(tilt, weights, target=target, budget=budget, kind=kind)
    lower, upper = choice.bracket
    assert choice.reachable
    assert lower <= choice.alpha <= upper
    assert upper - lower <= 4 * math.ulp(choice.alpha)
    spent = spend(tilt, weights, target, kind, choice.alpha)
    np.testing.assert_allclose(spent, budget, rtol=1e-11)
    # the quantity is <= budget below and >= it above, up to rounding of the quantity itself
    assert spend(tilt, weights, target, kind, lower) <= budget * (1 + 1e-12)
    assert spend(tilt, weights, target, kind, upper) >= budget * (1 - 1e-12)
    assert spend(tilt, weights, target, kind, lower - 1e-6 * abs(lower)) < budget
    assert spend(tilt, weights, target, kind, upper + 1e-6 * abs(upper)) > budget
    assert (choice.kind, choice.budget) == (kind, budget)
    for field in ("cross_entropy", "reverse_kl", "target_mass"):
        found = spend(tilt, weights, target, field, choice.alpha)
        np.testing.assert_allclose(getattr(choice, field), found, rtol=1e-12)
    np.testing.assert_allclose(choice.unsteered_target_mass, 1 / 3, rtol=1e-14)


def test_a_target_mass_below_the_unsteered_one_steers_backwards():
    tilt, weights, target = standard()
    choose = {"target": target, "kind": "target_mass"}
    assert ufm.choose_strength(tilt, weights, budget=0.3, **choose).alpha < 0
    assert ufm.choose_strength(tilt, weights, budget=0.4, **choose).alpha > 0


def test_small_budgets_are_quadratic_and_bounded_below():
    """α -> √(2κ/σ²), and α >= √(8κ)/R for a cross-entropy budget."""
    tilt, weights, target = standard()
    for kind in ("cross_entropy", "reverse_kl"):
        choice = ufm.choose_strength(tilt, weights, target=target, budget=1e-14, kind=kind)
        np.testing.assert_allclose(choice.alpha, choice.small_budget_alpha, rtol=1e-6)
    for budget in (1e-3, 0.1, 5.0):
        choice = ufm.choose_strength(tilt, weights, target=target, budget=budget)
        assert choice.alpha >= math.sqrt(8 * budget) / float(tilt.odds_range())
    mass = ufm.choose_strength(tilt, weights, target=target, budget=0.5, kind="target_mass")
    assert math.isnan(mass.small_budget_alpha)


def test_reverse_kl_out_of_reach_is_reported():
    """It saturates at -Σ π log p(Mtop)."""
    tilt, weights, target = standard()
    top = np.exp(np.asarray(tilt.log_probs))[:, :3].sum(axis=1)
    supremum = float(-np.asarray(weights) @ np.log(top))
    beyond = ufm.choose_strength(
        tilt, weights, target=target, budget=supremum + 1e-9, kind="reverse_kl"
    )
    assert not beyond.reachable
    assert beyond.alpha == beyond.cross_entropy == math.inf
    assert beyond.target_mass == 1.0
    np.testing.assert_allclose(beyond.supremum, supremum, rtol=1e-14)
    within = ufm.choose_strength(
        tilt, weights, target=target, budget=supremum * (1 - 1e-6), kind="reverse_kl"
    )
    assert within.reachable
    assert within.alpha > 1


@settings(max_examples=10)
@given(steerings(max_concepts=2, min_size=2, max_size=2, min_contexts=2, max_contexts=2))
def test_any_steering_meets_any_budget(steering):
    data, positive, negative = steering
    tilt = ufm.ExponentialTilt.from_dataset(data, positive, negative)
    target = data.concept_tokens(int(data.context_concept[positive[0]]))
    weights = data.context_weights
    for kind, budget in (("cross_entropy", 0.2), ("target_mass", 0.6)):
        choice = ufm.choose_strength(tilt, weights, target=target, budget=budget, kind=kind)
        p = np.asarray(data.next_token_probs)
        q = p * np.exp(choice.alpha * np.asarray(tilt.log_odds))
        q /= q.sum(axis=1, keepdims=True)
        spent = {"cross_entropy": (p * np.log(p / q)).sum(1), "target_mass": q[:, target].sum(1)}
        # plain sums here: weights are as large as 100, so that b is 1e-4 at least and M below 10
        np.testing.assert_allclose(np.asarray(weights) @ spent[kind], budget, rtol=1e-9)


def single():
    log_p = np.log(np.float32([[0.5, 0.3, 0.2]]))
    return ufm.ExponentialTilt(log_p, np.float32([1.0, 0.5, 0.0]))


def choose(weights=None, target=None, **keywords):
    tilt, shares, mask = standard()
    chosen = {"target": mask if target is None else target, "budget": 0.1, **keywords}
    return ufm.choose_strength(tilt, shares if weights is None else weights, **chosen)


ANY = [True, False, False]
BAD = [
    (
        lambda: choose(budget=0.0),
        ValueError,
        "budget must be positive and finite, in nats.*; got 0.0",
    ),
    (lambda: choose(budget=-1.0), ValueError, "got -1.0"),
    (lambda: choose(budget=math.nan), ValueError, "for kind 'cross_entropy'; got nan"),
    (lambda: choose(budget=math.inf), ValueError, "got inf"),
    (
        lambda: choose(budget=1.0, kind="target_mass"),
        ValueError,
        r"budget must be in \(0, 1\) for kind",
    ),
    (lambda: choose(budget=1.5, kind="target_mass"), ValueError, "got 1.5"),
    (
        lambda: choose(weights=[0.5, 0.5]),
        ValueError,
        r"weights must have shape \(6,\), one per context",
    ),
    (lambda: choose(weights=np.full(6, 0.2)), ValueError, "sum to 1; they sum to 1.2"),
    (lambda: choose(weights=[2, -1, 0, 0, 0, 0]), ValueError, "weights must be >= 0"),
    (lambda: choose(weights=[np.nan] * 6), ValueError, r"weights\[0\] = nan"),
    (
        lambda: choose(target=jnp.zeros(9, bool)),
        ValueError,
        "some but not all of the 9 tokens; got 0",
    ),
    (
        lambda: choose(target=jnp.ones(9, bool)),
        ValueError,
        "some but not all of the 9 tokens; got 9",
    ),
    (lambda: choose(target=[0, 1, 2]), ValueError, r"boolean mask of shape \(9,\)"),
    (lambda: choose(target=jnp.arange(9) == 4), ValueError, "not separated: min M on it exceeds"),
    (lambda: choose(target=jnp.arange(9) == 0), ValueError, "by 0 <= 0"),
    (
        lambda: ufm.choose_strength(single(), [1.0], target=ANY, budget=0.1),
        TypeError,
        "choose_strength needs float64, got float32: switch on",
    ),
    (lambda: ufm.half_saturation(single(), ANY), TypeError, "half_saturation needs float64"),
    (
        lambda: ufm.half_saturation(standard()[0], jnp.arange(9) > 5),
        ValueError,
        "the target is not separated",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_raises(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_an_unknown_kind_raises():
    message = "kind must be one of cross_entropy, reverse_kl, target_mass; got 'kl'"
    with pytest.raises(ValueError, match=message):
        choose(kind="kl")


def test_a_budget_of_another_type_is_a_number():
    assert choose(budget=np.float32(0.25)).alpha == choose(budget=0.25).alpha


def test_weights_are_shares_of_their_sum():
    nearly = choose(weights=np.full(6, (1 - 5e-7) / 6), budget=0.9999999, kind="target_mass")
    assert nearly.reachable
    assert np.isfinite(nearly.alpha)


def test_a_root_beyond_the_largest_float_is_out_of_reach_and_has_numbers():
    """Mtop holds 1 - e^-690: to spend a millinat takes α near e^690 · 1e-3/R = 1e297/R, here 1e447."""
    tilt = ufm.ExponentialTilt([[0.0, -690.0]], [1e-150, 0.0])
    choice = ufm.choose_strength(tilt, [1.0], target=[True, False], budget=1e-3)
    assert (choice.alpha, choice.reachable) == (math.inf, False)
    assert math.isfinite(choice.bracket.low)
    assert 0 < choice.cross_entropy < 1e-3
    assert choice.target_mass == 1.0


@pytest.mark.parametrize("error", [1e-6, 0.01, 0.3])
@pytest.mark.parametrize("budget", [1e-3, 0.1, 2.0])
def test_a_strength_on_an_estimate_leaves_what_its_error_may_cost(error, budget):
    tilt, weights, target = standard()
    choice = ufm.choose_strength(tilt, weights, target=target, budget=budget, log_odds_error=error)
    assert choice.cross_entropy + 2 * choice.alpha * error == pytest.approx(budget, rel=1e-12)
    exact = ufm.choose_strength(tilt, weights, target=target, budget=budget)
    assert 0 < choice.alpha < exact.alpha


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (-0.1, "cross_entropy", "log_odds_error must be finite and at least 0; got -0.1"),
        (math.inf, "cross_entropy", "log_odds_error must be finite and at least 0; got inf"),
        (0.1, "target_mass", "log_odds_error needs kind 'cross_entropy'; got kind 'target_mass'"),
        (0.1, "reverse_kl", "log_odds_error needs kind 'cross_entropy'; got kind 'reverse_kl'"),
    ],
)
def test_an_error_that_no_budget_can_leave_room_for_is_refused(error, kind, message):
    tilt, weights, target = standard()
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.choose_strength(
            tilt, weights, target=target, budget=0.1, kind=kind, log_odds_error=error
        )
