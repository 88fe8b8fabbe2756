"""Difference of means and log-odds: by hand, and bad sets of contexts as one table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from ufm.strategies import steerings
from ufm.tilt.log_odds import _merge_ties

EMBEDDINGS = np.array([[1.0, 0.0], [3.0, 2.0], [0.0, 1.0], [4.0, -1.0]])
LOG_PROBS = np.log([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.2, 0.4, 0.4]])


def test_difference_of_means_by_hand_with_unequal_sizes():
    found = ufm.difference_of_means(EMBEDDINGS, [0, 1], [2])
    np.testing.assert_array_equal(found, [2.0, 0.0])
    np.testing.assert_array_equal(ufm.difference_of_means(EMBEDDINGS, (2,), (0, 1)), [-2.0, 0.0])


def test_log_odds_by_hand():
    found = ufm.log_odds(LOG_PROBS, [0], [1, 2])
    np.testing.assert_allclose(found, np.log(2) * np.array([1, -0.5, -0.5]), rtol=1e-14)


@settings(max_examples=30)
@given(steerings(max_concepts=3, max_size=3))
def test_log_odds_are_shares_times_log_ratios(steering):
    """Under Assumption 1, M(z) = w_k log(a_z/b_z) for z in C_k."""
    data, positive, negative = steering
    p, concept = np.asarray(data.next_token_probs), np.asarray(data.context_concept)
    for z, k in enumerate(np.asarray(data.token_concept)):
        share = (concept[positive] == k).mean() - (concept[negative] == k).mean()
        ratio = np.log(p[concept == k][0, z] / p[concept != k][0, z])
        odds = ufm.log_odds(np.log(p), positive, negative)[z]
        np.testing.assert_allclose(odds, share * ratio, rtol=1e-12, atol=1e-13)


@settings(max_examples=20)
@given(steerings(max_concepts=3, max_size=3))
def test_a_steering_vector_has_these_log_odds_up_to_a_constant(steering):
    data, positive, negative = steering
    model = ufm.UFM.fit(data)
    vector = ufm.difference_of_means(model.embeddings, positive, negative)
    off = np.asarray(
        model.decoder @ vector - ufm.log_odds(np.log(data.next_token_probs), *steering[1:])
    )
    np.testing.assert_allclose(off, off[0], atol=1e-11)


def test_ties_off_by_rounding_are_merged_and_others_are_not():
    law = np.array([[0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])
    law[0, 1] *= 1 + 4e-16  # log 0.1 changes by an ulp or so
    merged = ufm.log_odds(np.log(law), [0], [1])
    assert merged[0] == merged[1]
    kept = ufm.log_odds(np.log(law), [0], [1], tie_tolerance=0.0)
    assert kept[0] != kept[1]
    law[0, 1] *= 1 + 1e-12
    assert jnp.unique(ufm.log_odds(np.log(law), [0], [1])).size == 3
    wide = ufm.log_odds(np.log(law), [0], [1], tie_tolerance=1e-9)
    assert wide[0] == wide[1]


def test_jit_and_grad_agree_with_eager():
    eager = ufm.log_odds(LOG_PROBS, [0, 1], [3])
    np.testing.assert_allclose(jax.jit(lambda p: ufm.log_odds(p, [0, 1], [3]))(LOG_PROBS), eager)
    slope = jax.grad(lambda p: ufm.log_odds(p, [0, 1], [3])[0])(jnp.asarray(LOG_PROBS))
    np.testing.assert_allclose(slope[:, 0], [0.5, 0.5, 0, -1])
    jitted = jax.jit(lambda h: ufm.difference_of_means(h, [0, 1], [2]))(EMBEDDINGS)
    np.testing.assert_allclose(jitted, [2.0, 0.0])


BAD_SETS = [
    ([], [1], "positive is empty: name at least one context"),
    ([0], [], "negative is empty"),
    ([0], [0], "positive and negative share context 0"),
    ([0, 1], [2, 1], "share context 1: a context steers in one direction only"),
    ([0], [4], r"negative holds context 4, outside 0..3"),
    ([-1], [0], "positive holds context -1, outside 0..3"),
    ([0, 0], [1], r"positive repeats a context: \[0, 0\]"),
    ([0], [2, 3, 2], r"negative repeats a context: \[2, 3, 2\]"),
    ([0.0], [1], r"positive must be a sequence of context indices; got .*float64"),
    ([True], [1], "positive must be a sequence of context indices; got .*bool"),
    (np.array([[0]]), [1], "positive must be a sequence of context indices"),
]


@pytest.mark.parametrize("call", [ufm.difference_of_means, ufm.log_odds])
@pytest.mark.parametrize(("positive", "negative", "message"), BAD_SETS)
def test_bad_sets_raise(call, positive, negative, message):
    with pytest.raises(ValueError, match=message) as caught:
        call(LOG_PROBS, positive, negative)
    assert "\n" not in str(caught.value)


BAD_TABLES = [
    (
        ufm.difference_of_means,
        [1.0, 2.0],
        ValueError,
        r"embeddings must have 2 axes; got shape \(2,\)",
    ),
    (
        ufm.log_odds,
        np.zeros((1, 2, 3)),
        ValueError,
        r"log_probs must have 2 axes; got shape \(1, 2, 3\)",
    ),
    (
        ufm.log_odds,
        np.full((2, 2), 1j),
        TypeError,
        "log_probs must hold real numbers; got dtype complex",
    ),
    (
        ufm.log_odds,
        [[0.0, -np.inf], [0.0, 0.0]],
        ValueError,
        r"log_probs\[0, 1\] = -inf is not a finite",
    ),
    (
        ufm.log_odds,
        [[0.0, 0.0], [np.nan, 0.0]],
        ValueError,
        r"log_probs\[1, 0\] = nan is not a finite",
    ),
    (
        ufm.difference_of_means,
        [[0.0], [np.nan]],
        ValueError,
        r"embeddings\[1, 0\] = nan is not a finite",
    ),
]


@pytest.mark.parametrize(("call", "table", "error", "message"), BAD_TABLES)
def test_bad_tables_raise(call, table, error, message):
    with pytest.raises(error, match=message):
        call(table, [0], [1])


def test_a_negative_tie_tolerance_raises():
    with pytest.raises(ValueError, match="tie_tolerance must be >= 0; got -1"):
        ufm.log_odds(LOG_PROBS, [0], [1], tie_tolerance=-1.0)


def test_a_chain_of_near_values_is_cut():
    merged = _merge_ties(np.arange(10.0), 3.0)
    np.testing.assert_array_equal(merged, [2, 2, 2, 2, 6, 6, 6, 6, 9, 9])


def test_tokens_of_a_large_model_in_single_precision_stay_apart():
    rng = np.random.default_rng(2)
    decoder = (3 * rng.normal(size=(1000, 8))).astype(np.float32)
    model = ufm.UFM(decoder, rng.normal(size=(4, 8)).astype(np.float32))
    vector = ufm.difference_of_means(model.embeddings, [0], [1])
    tilt = ufm.ExponentialTilt.from_model(model, [0], [1])
    assert np.unique(tilt.log_odds).size > 950
    want = jax.nn.softmax(model.steer(vector, 2.0))
    np.testing.assert_allclose(tilt.probs(2.0), want, atol=1e-5)


def test_the_error_of_an_estimate_is_half_the_range_whatever_constant_is_added():
    log_odds = np.array([0.5, -1.25, 2.0])
    error = np.array([0.25, -0.5, 0.125])
    for offset in (0.0, 7.0, -0.125):
        assert ufm.log_odds_error(log_odds + error + offset, log_odds) == 0.375
    assert ufm.log_odds_error(log_odds + 3, log_odds) == 0
    shifts = np.linspace(-1, 1, 2001)  # against the least over shifts, by search
    assert np.abs(error[:, None] - shifts).max(0).min() == pytest.approx(0.375, abs=1e-12)


@pytest.mark.parametrize(
    ("estimate", "message"),
    [
        ([1.0, 2.0], r"estimate and log_odds must be of one shape \[V\]; got \(2,\) and \(3,\)"),
        ([1.0, np.nan, 2.0], "estimate"),
        ([[1.0, 2.0, 3.0]], "estimate"),
    ],
)
def test_an_estimate_that_fits_no_log_odds_is_refused(estimate, message):
    with pytest.raises(ValueError, match=message):
        ufm.log_odds_error(estimate, [0.0, 1.0, 2.0])
