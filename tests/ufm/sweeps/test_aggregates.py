"""Aggregates and likeliest tokens along many strengths, against mpmath and direct evaluation."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ufm
from tests import extremes, oracles

ALPHAS = np.array([3.0, -40.0, -2.0, -1e-9, 0.0, 1e-6, 0.7, 0.7, 12.0, 1e5])


def zipf_tilt(v=400, contexts=2, seed=1):
    rng = np.random.default_rng(seed)
    logs = -np.log(np.stack([rng.permutation(v) + 1.0 for _ in range(contexts)]))
    return ufm.ExponentialTilt(
        logs - np.logaddexp.reduce(logs, axis=1, keepdims=True), rng.normal(size=v)
    )


def exact(row, odds, alpha, tokens):
    """K, mean, variance, entropy, KL(p||p_α) and mass of `tokens`, at 80 digits."""
    with mp.workdps(80):
        logs, m = [mp.mpf(float(x)) for x in row], [mp.mpf(float(x)) for x in odds]
        total = mp.fsum(mp.exp(x) for x in logs)
        terms = [mp.exp(x + mp.mpf(float(alpha)) * y) for x, y in zip(logs, m, strict=True)]
        z = mp.fsum(terms)
        p, log_z = [t / z for t in terms], mp.log(z)
        mean = mp.fdot(p, m)
        variance = mp.fdot(p, [(x - mean) ** 2 for x in m])
        surprise = [log_z - x - mp.mpf(float(alpha)) * y for x, y in zip(logs, m, strict=True)]
        start = mp.fsum(mp.exp(x) * y for x, y in zip(logs, m, strict=True)) / total
        kl = log_z - mp.log(total) - mp.mpf(float(alpha)) * start
        mass = mp.fsum(x for x, inside in zip(p, tokens, strict=True) if inside)
        return [float(x) for x in (log_z, mean, variance, mp.fdot(p, surprise), kl, mass)]


def test_aggregates_match_eighty_digits():
    tilt = zipf_tilt()
    odds = np.asarray(tilt.log_odds)
    masks = np.stack([odds < -1.5, np.arange(odds.size) < 5])
    found = ufm.sweep_aggregates(tilt, ALPHAS, concepts=masks, weights=[0.25, 0.75])
    for i, alpha in enumerate(ALPHAS):
        for j, row in enumerate(np.asarray(tilt.log_probs)):
            k, mean, variance, entropy, kl, mass = exact(row, odds, alpha, masks[0])
            near = {"rtol": 1e-12, "atol": 1e-300}
            # log p + αM, of which K is made, is rounded in its own last place
            np.testing.assert_allclose(found.log_partition[i, j], k, atol=2e-15 * (1 + abs(k)))
            assert abs(found.mean[i, j] - mean) <= 1e-12 * max(variance**0.5, 1e-3 * abs(mean))
            np.testing.assert_allclose(found.variance[i, j], variance, **near)
            np.testing.assert_allclose(found.entropy[i, j], entropy, **near)
            # E_0[M], of which the KL is the curvature, is known to 1e-16
            np.testing.assert_allclose(found.forward_kl[i, j], kl, **near)
            np.testing.assert_allclose(found.concept_masses[i, j, 0], mass, **near)
    np.testing.assert_allclose(
        found.cross_entropy_increase, found.forward_kl @ np.array([0.25, 0.75]), rtol=1e-15
    )
    assert np.isnan(ufm.sweep_aggregates(tilt, [0.0]).cross_entropy_increase).all()


@pytest.mark.parametrize("alpha", [1e8, -1e8])
@pytest.mark.parametrize("apart", [30.0, 3e4])
def test_a_near_tie_is_resolved_however_far_the_other_tokens_lie(alpha, apart):
    odds = np.sign(alpha) * np.array([-1e10, 1.0, 1.0 + apart / abs(alpha)])
    tilt = ufm.ExponentialTilt(np.log([[0.4, 0.3, 0.3]]), odds)
    found = ufm.sweep_aggregates(tilt, [alpha], concepts=[[True, True, False]])
    row = np.asarray(tilt.log_probs)[0]
    _, _, variance, entropy, _, mass = exact(row, odds, alpha, np.array([True, True, False]))
    np.testing.assert_allclose(found.variance[0, 0], variance, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(found.entropy[0, 0], entropy, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(found.concept_masses[0, 0, 0], mass, rtol=1e-11, atol=1e-300)


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    v = draw(st.sampled_from([1, 2, 3, 30]))
    logs = rng.uniform(-draw(st.sampled_from([1.0, 30.0, 600.0])), 0, v)
    odds = rng.normal(size=v) * np.exp(draw(st.sampled_from([-20.0, 0.0, 5.0])))
    scale = draw(st.sampled_from([1e-12, 0.1, 3.0, 300.0])) / (np.abs(odds).max())
    return logs - np.logaddexp.reduce(logs), odds, scale * rng.normal(size=6)


@settings(max_examples=60)
@given(problems())
def test_aggregates_of_any_law(problem):
    row, odds, alphas = problem
    found = ufm.sweep_aggregates(ufm.ExponentialTilt(row[None, :], odds), alphas)
    row = np.asarray(ufm.ExponentialTilt(row[None, :], odds).log_probs)[0]
    for i, alpha in enumerate(alphas):
        k, mean, variance, entropy, kl, _ = exact(row, odds, alpha, odds == odds)
        size = 1 + abs(k) + np.abs(alpha * odds).max()
        np.testing.assert_allclose(found.log_partition[i, 0], k, atol=1e-14 * size, rtol=0)
        assert abs(found.mean[i, 0] - mean) <= 1e-12 * (variance**0.5 + abs(mean))
        np.testing.assert_allclose(found.variance[i, 0], variance, rtol=1e-11, atol=1e-70)
        np.testing.assert_allclose(found.entropy[i, 0], entropy, rtol=1e-11, atol=1e-70)
        np.testing.assert_allclose(found.forward_kl[i, 0], kl, rtol=1e-11, atol=1e-70)


def test_many_strengths_agree_with_the_functions_of_one():
    data = ufm.ConceptDataset.smoothed()
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    alphas = np.linspace(-6, 6, 301)
    masks = np.stack([np.asarray(data.concept_tokens(c)) for c in range(3)])
    shares = []
    found = ufm.sweep_aggregates(
        tilt, alphas, concepts=masks, weights=data.context_weights, progress=shares.append
    )
    assert shares[-1] == 1.0
    for c in range(3):
        one = ufm.sweep(tilt, alphas, lambda t, a, c=c: ufm.concept_probability(t, a, masks[c]))
        np.testing.assert_allclose(found.concept_masses[:, :, c], one, rtol=1e-12)
    cost = ufm.sweep(
        tilt, alphas, lambda t, a: ufm.cross_entropy_increase(t, a, data.context_weights)
    )
    np.testing.assert_allclose(found.cross_entropy_increase, cost, rtol=1e-12)


def test_every_anchor_keeps_the_digits_of_the_functions_of_one():
    """Many strengths an anchor, many anchors, at the ends of confidence, offset and scale."""
    far = np.geomspace(1e-6, 1e5, 100)
    grid = np.concatenate([np.linspace(-6000, 6000, 201), far, -far])

    @jax.jit
    def directly(one, alphas):
        def at(alpha):
            masses = ufm.concept_probability(one.tilt, alpha, one.tokens)
            return ufm.forward_kl(one.tilt, alpha), one.tilt.variance(alpha), masses

        return jax.vmap(at)(alphas)

    for one in extremes.table()[::11]:
        span = float(one.tilt.odds_range())
        found = ufm.sweep_aggregates(one.tilt, grid / span, concepts=one.tokens[None, :])
        kl, variance, masses = directly(one, grid / span)
        np.testing.assert_allclose(found.forward_kl, kl, rtol=1e-10, atol=1e-300)
        lost = max(1e-300 * span**2, 1e-307)
        np.testing.assert_allclose(found.variance, variance, rtol=1e-10, atol=lost)
        np.testing.assert_allclose(found.concept_masses[..., 0], masses, rtol=1e-10, atol=1e-300)


def test_likeliest_tokens_match_a_sort_of_all():
    tilt = zipf_tilt(v=3000)
    alphas = np.concatenate([np.linspace(-6, 6, 700), [1e4, -1e4]])
    found = ufm.sweep_top(tilt, alphas, 7)
    laws = np.asarray(ufm.sweep(tilt, alphas, ufm.ExponentialTilt.log_probs_at))
    best = np.argsort(-laws, axis=2, kind="stable")[..., :7]
    np.testing.assert_array_equal(found.tokens, best)
    expected = np.take_along_axis(laws, best, axis=2)
    np.testing.assert_allclose(found.probs, np.exp(expected), rtol=1e-11, atol=1e-70)


def test_ties_keep_the_order_of_the_tokens():
    tilt = ufm.ExponentialTilt(np.full((1, 6), -np.log(6.0)), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    found = ufm.sweep_top(tilt, [-1.0, 0.0, 2.0], 6)
    assert found.tokens[:, 0].tolist() == [
        [1, 3, 5, 0, 2, 4],
        [0, 1, 2, 3, 4, 5],
        [0, 2, 4, 1, 3, 5],
    ]


def single():
    return ufm.ExponentialTilt(np.log(np.float32([[0.5, 0.5]])), np.float32([1, 0]))


BAD = [
    (lambda: ufm.sweep_aggregates(single(), [0.0]), TypeError, "sweep_aggregates needs float64"),
    (
        lambda: ufm.sweep_aggregates(zipf_tilt(4), [0.0], concepts=np.zeros((1, 4), bool)),
        ValueError,
        r"concepts\[0\] names no token",
    ),
    (
        lambda: ufm.sweep_aggregates(zipf_tilt(4), [0.0], concepts=[[1, 0, 0, 0]]),
        ValueError,
        r"boolean masks of shape \(C, 4\); got dtype int64, shape \(1, 4\)",
    ),
    (lambda: ufm.sweep_aggregates(zipf_tilt(4), [np.inf]), ValueError, r"alphas\[0\] = inf"),
    (lambda: ufm.sweep_top(zipf_tilt(4), [0.0], 5), ValueError, r"k must lie in 1..4.*got 5"),
    (lambda: ufm.sweep_top(single(), [0.0], 1), TypeError, "sweep_top needs float64"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_raises(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_oracle_agrees_with_the_other_oracle():
    tilt = zipf_tilt(8, contexts=1)
    row, odds = np.asarray(tilt.log_probs)[0], np.asarray(tilt.log_odds)
    kl = float(oracles.forward_kl(row.tolist(), odds.tolist(), 0.3))
    assert jnp.isclose(exact(row, odds, 0.3, odds > 0)[4], kl, rtol=1e-12)
