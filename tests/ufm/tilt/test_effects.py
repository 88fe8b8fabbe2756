"""Effects of steering against mpmath, from α = 1e-12 to 1e8."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from tests import oracles
from ufm.strategies import tilts

TINY, SMALL, LARGE, HUGE = 1e-12, 1e-3, 30.0, 1e8
ALPHAS = [s * a for a in (TINY, SMALL, 0.2, 1.0, LARGE, HUGE) for s in (1, -1)]
TOKENS = np.array([True, False, True, False, False])


def tilt_of(probs, odds):
    log_p = np.log(np.asarray(probs, dtype=float))
    return ufm.ExponentialTilt(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True), odds)


def mild():
    return tilt_of(
        [[0.1, 0.2, 0.3, 0.15, 0.25], [0.5, 0.05, 0.05, 0.3, 0.1]], [1.3, -0.7, 2.2, 0.4, -1.8]
    )


def hard():
    return tilt_of(
        [[0.3, 1e-300, 0.5, 1e-40, 0.2], [1e-200, 0.6, 0.1, 0.3, 1e-12]],
        [2.0, 2.0 + 1e-12, -1.0, 0.25, -3.0],
    )


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("make", [mild, hard])
def test_divergences_match_mpmath(make, alpha):
    """KL both ways, relative: also at α = 1e-12, where they are of order 1e-24."""
    tilt = make()
    exact = oracles.table(oracles.forward_kl, tilt, alpha)
    assert (exact > 0).all()
    np.testing.assert_allclose(ufm.forward_kl(tilt, alpha), exact, rtol=1e-12)
    exact = oracles.table(oracles.reverse_kl, tilt, alpha)
    np.testing.assert_allclose(ufm.reverse_kl(tilt, alpha), exact, rtol=1e-11)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_cross_entropy_increase_matches_mpmath(alpha):
    weights = np.array([0.3, 0.7])
    exact = weights @ oracles.table(oracles.forward_kl, mild(), alpha)
    ours = ufm.cross_entropy_increase(mild(), alpha, weights)
    np.testing.assert_allclose(ours, exact, rtol=1e-12)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_increases_match_mpmath(alpha):
    tilt = mild()
    exact = oracles.table(oracles.increase, tilt, alpha)
    # a token near its own mean of M hardly moves: an error of eps |α| R p is left over
    slack = 1e-15 * min(1.0, abs(alpha) * 4)
    np.testing.assert_allclose(ufm.probability_increase(tilt, alpha), exact, rtol=1e-12, atol=slack)
    exact = oracles.table(oracles.mass_increase, tilt, alpha, TOKENS)
    np.testing.assert_allclose(
        ufm.concept_increase(tilt, alpha, TOKENS), exact, rtol=1e-12, atol=slack
    )


@pytest.mark.parametrize("alpha", [0.0, SMALL, 1.0, -LARGE, 200.0, -200.0])
def test_concept_mass_and_its_log_odds_match_mpmath(alpha):
    tilt = mild()
    inside = oracles.table(oracles.mass, tilt, alpha, TOKENS)
    outside = oracles.table(oracles.mass, tilt, alpha, ~TOKENS)
    np.testing.assert_allclose(ufm.concept_probability(tilt, alpha, TOKENS), inside, rtol=1e-12)
    logit = np.log(inside) - np.log(outside)
    np.testing.assert_allclose(ufm.concept_log_odds(tilt, alpha, TOKENS), logit, rtol=1e-12)
    start = ufm.concept_log_odds(tilt, 0.0, TOKENS)
    np.testing.assert_allclose(
        ufm.concept_log_odds_increase(tilt, alpha, TOKENS), logit - start, rtol=1e-11, atol=1e-14
    )


@settings(max_examples=25)
@given(tilts(max_contexts=2, max_tokens=5))
def test_divergences_of_any_tilt(tilt):
    for alpha in (1e-8, -0.03, 1e3):
        exact = oracles.table(oracles.forward_kl, tilt, alpha)
        np.testing.assert_allclose(ufm.forward_kl(tilt, alpha), exact, rtol=1e-10, atol=1e-305)


def test_small_steps_agree_across_the_switch():
    """|α| R = 1 is where the formulas change hands: no step there."""
    tilt = mild()
    edge = 1 / float(tilt.odds_range())
    for quantity in (ufm.probability_increase, ufm.reverse_kl, ufm.forward_kl):
        below, above = quantity(tilt, edge * (1 - 1e-12)), quantity(tilt, edge * (1 + 1e-12))
        np.testing.assert_allclose(below, above, rtol=1e-10)


def test_unfinished_training_adds_a_slope():
    tilt, weights = mild(), np.array([0.3, 0.7])
    law = np.full((2, 5), 0.2)
    by_definition = weights @ (law * (tilt.log_probs - tilt.log_probs_at(0.4))).sum(axis=1)
    ours = ufm.cross_entropy_increase(tilt, 0.4, weights, law)
    np.testing.assert_allclose(ours, by_definition, rtol=1e-12)
    slope = jax.grad(lambda a: ufm.cross_entropy_increase(tilt, a, weights, law))(0.0)
    expected = weights @ ((np.exp(tilt.log_probs) - law) @ np.asarray(tilt.log_odds))
    np.testing.assert_allclose(slope, expected, rtol=1e-12)
    assert abs(expected) > 0.1
    same = ufm.cross_entropy_increase(tilt, 0.4, weights, np.exp(tilt.log_probs))
    np.testing.assert_allclose(same, ufm.cross_entropy_increase(tilt, 0.4, weights), rtol=1e-13)


QUANTITIES = {
    "probability_increase": ufm.probability_increase,
    "forward_kl": ufm.forward_kl,
    "reverse_kl": ufm.reverse_kl,
    "concept_increase": lambda t, a: ufm.concept_increase(t, a, TOKENS),
    "concept_log_odds_increase": lambda t, a: ufm.concept_log_odds_increase(t, a, TOKENS),
    "cross_entropy_increase": lambda t, a: ufm.cross_entropy_increase(t, a, [0.5, 0.5]),
}


@pytest.mark.parametrize("name", QUANTITIES)
def test_jit_vmap_and_grad_agree_with_eager(name):
    tilt, quantity = mild(), QUANTITIES[name]
    alphas = jnp.array([0.0, 1e-9, 0.1, -3.0, 50.0])
    eager = np.stack([quantity(tilt, a) for a in alphas])
    jitted = jax.jit(jax.vmap(lambda a: quantity(tilt, a)))(alphas)
    np.testing.assert_allclose(jitted, eager, rtol=1e-12, atol=1e-60)
    for alpha in (0.1, -3.0):  # one on each side of the switch
        slope = jax.jvp(lambda a: quantity(tilt, a), (alpha,), (1.0,))[1]
        h = 1e-5
        difference = (quantity(tilt, alpha + h) - quantity(tilt, alpha - h)) / (2 * h)
        np.testing.assert_allclose(slope, difference, rtol=1e-7, atol=1e-9)
        assert np.abs(slope).max() > 1e-4


def test_gradient_of_concept_log_odds_far_out():
    """logsumexp's own mask overflowed there: the tokens it hid weighed e^30000."""
    slope = jax.grad(lambda a: ufm.concept_log_odds(hard(), a, TOKENS)[0])(-1e4)
    # E_α[M|C] - E_α[M|not C] = M(2) - M(4) that far out
    np.testing.assert_allclose(slope, -1.0 - -3.0, rtol=1e-12)


def test_rare_tokens_far_out_keep_their_digits():
    """αx is large where p is tiny: p e^{αx} - p(1 + αx), down to 1e-297, is all there is."""
    rare = tilt_of([[0.5, 6.6e-76, 0.5], [0.5, 1e-300, 0.5]], [1.0, -1.0, 1.0])
    for alpha in (1e3, 150.0, -150.0, -1e4):
        exact = oracles.table(oracles.forward_kl, rare, alpha)
        np.testing.assert_allclose(ufm.forward_kl(rare, alpha), exact, rtol=1e-10)


FULL = [True] * 5
BAD = [
    (lambda: ufm.concept_increase(mild(), 1.0, FULL), "some but not all of the 5 tokens; got 5 of"),
    (lambda: ufm.concept_increase(mild(), 1.0, [False] * 5), "some but not all .* got 0 of them"),
    (
        lambda: ufm.concept_probability(mild(), 1.0, [0, 2]),
        r"boolean mask of shape \(5,\); got dtype int",
    ),
    (lambda: ufm.concept_log_odds(mild(), 1.0, TOKENS[:3]), r"got dtype bool, shape \(3,\)"),
    (lambda: ufm.concept_log_odds_increase(mild(), 1.0, TOKENS[None]), r"shape \(1, 5\)"),
    (
        lambda: ufm.forward_kl(mild(), np.ones(2)),
        r"alpha must be a scalar; got shape \(2,\): use ufm.sweep",
    ),
    (
        lambda: ufm.reverse_kl(mild(), np.ones((1, 1))),
        r"alpha must be a scalar; got shape \(1, 1\)",
    ),
    (lambda: ufm.probability_increase(mild(), np.inf), "finite number; got inf: tilt.limit"),
    (lambda: ufm.forward_kl(mild(), np.nan), "finite number; got nan"),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [1.0]),
        r"weights must have shape \(2,\), one per con",
    ),
    (lambda: ufm.cross_entropy_increase(mild(), 1.0, [0.5, 0.6]), "sum to 1; they sum to 1.1"),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [1.5, -0.5]),
        "weights must be >= 0; got -0.5 at 1",
    ),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [np.nan, 1.0]),
        r"weights\[0\] = nan is not a fin",
    ),
    (lambda: ufm.cross_entropy_increase(mild(), 1.0, [[0.5, 0.5]]), "weights must have 1 axis"),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [0.5, 0.5], np.full((2, 4), 0.25)),
        r"data_probs must have shape \(2, 5\); got \(2, 4\)",
    ),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [0.5, 0.5], np.full((2, 5), 0.25)),
        "row 0 of data_probs sums to 1.25, not 1",
    ),
    (
        lambda: ufm.cross_entropy_increase(mild(), 1.0, [0.5, 0.5], np.full((2, 5), np.nan)),
        r"data_probs\[0, 0\] = nan is not a finite number",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_raises(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_slopes_of_a_concept_at_zero_are_exact():
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    mask = data.concept_tokens(0)

    def increase(alpha):
        return ufm.concept_increase(tilt, alpha, mask)[4]

    slope, bend = jax.jit(lambda a: (jax.grad(increase)(a), jax.hessian(increase)(a)))(0.0)
    np.testing.assert_allclose(slope, tilt.derivative(0.0)[4, mask].mean(), rtol=1e-13)
    np.testing.assert_allclose(bend, tilt.derivative(0.0, 2)[4, mask].mean(), rtol=1e-12)


@pytest.mark.parametrize(
    ("log_p", "odds", "alpha"),
    [
        (np.log([1 - 1e-12, 1e-12]), [0.0, 1.0], 1.5),
        ([0.0, -100.0, -100.0], [0.0, 1.0, -1.0], 1.0),
        ([np.log(0.5), np.log(0.5), -690.0], [-1e-6, 1e-6, 1000.0], 1e-3),
        (np.log([0.2, 0.3, 0.5]), [0.0, 1.0, 5.0], -3.0),
    ],
)
def test_reverse_kl_of_a_confident_context(log_p, odds, alpha):
    tilt = ufm.ExponentialTilt([log_p], odds)
    want = float(oracles.reverse_kl(tilt.log_probs[0], tilt.log_odds, alpha))
    np.testing.assert_allclose(ufm.reverse_kl(tilt, alpha)[0], want, rtol=2e-7)


def test_a_constant_in_the_log_odds_changes_no_cost():
    tilt, law = mild(), np.asarray(mild().probs(0.3), np.float32).astype(float)
    moved = ufm.ExponentialTilt(tilt.log_probs, tilt.log_odds + 1000)
    costs = [ufm.cross_entropy_increase(t, 0.01, [0.5, 0.5], law) for t in (tilt, moved)]
    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-9)


@pytest.mark.parametrize("make", [mild, hard])
def test_the_first_order_effect_is_the_covariance_in_exact_numbers(make):
    tilt = make()
    with mp.workdps(60):
        odds = [mp.mpf(float(m)) for m in tilt.log_odds]
        for row, found in zip(
            np.exp(tilt.log_probs), ufm.first_order_effect(tilt, TOKENS), strict=True
        ):
            p = [mp.mpf(float(q)) for q in row]
            p = [q / mp.fsum(p) for q in p]
            mean = mp.fsum(q * m for q, m in zip(p, odds, strict=True))
            pairs = zip(p, odds, TOKENS, strict=True)
            exact = mp.fsum(q * (m - mean) for q, m, inside in pairs if inside)
            assert float(found) == pytest.approx(float(exact), rel=1e-13)
