"""Peak strengths against bisection at 50 digits, their derivatives against finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from tests import oracles
from ufm.strategies import tilts


def tilt_of(probs, odds):
    log_p = np.log(np.asarray(probs, dtype=float))
    return ufm.ExponentialTilt(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True), odds)


def exact_peaks(tilt):
    rows, odds = np.asarray(tilt.log_probs).tolist(), np.asarray(tilt.log_odds).tolist()
    return np.array([[float(oracles.peak(row, odds, z)) for z in range(len(odds))] for row in rows])


TILTS = {
    "mild": ([[0.1, 0.2, 0.3, 0.15, 0.25]], [1.3, -0.7, 2.2, 0.4, -1.8]),
    "extreme p": ([[0.3, 1e-300, 0.5, 1e-40, 0.2]], [2.0, 0.5, -1.0, 0.25, -3.0]),
    "likely extremes": ([[0.5, 1e-300, 1e-250, 1e-300, 0.5]], [1.0, 0.5, 0.1, -0.25, -1.0]),
    "ties at both ends": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2.0, 2.0, 0.5, -1.0, -1.0]),
    "ties inside": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2.0, 0.5, 0.5, 0.5, -1.0]),
    "near tie at the top": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2.0, 2.0 - 1e-12, 0.5, 0.1, -1.0]),
    "near tie at the bottom": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2.0, 0.7, 0.5, -1.0 + 1e-12, -1.0]),
    "near tie inside": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2.0, 0.5 + 1e-12, 0.5, 0.1, -1.0]),
    "large M": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [200.0, 50.0, -5.0, 1.0, -100.0]),
    "tiny M": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [2e-9, 5e-10, -5e-10, 1e-10, -1e-9]),
    "shifted M": ([[0.3, 0.1, 0.2, 0.3, 0.1]], [1002.0, 1000.5, 1000.1, 999.9, 999.0]),
}


@pytest.mark.parametrize("name", TILTS)
def test_peaks_match_bisection_at_fifty_digits(name):
    # The gaps of M are exact floats (M itself is the input), so that near ties cost nothing: what is
    # left is eps times the logarithms in the balance, over the peak's own size.
    tilt = tilt_of(*TILTS[name])
    np.testing.assert_allclose(ufm.peak_strengths(tilt), exact_peaks(tilt), rtol=1e-12, atol=1e-16)


def test_extremes_and_their_ties_peak_at_infinity():
    peaks = np.asarray(ufm.peak_strengths(tilt_of(*TILTS["ties at both ends"])))[0]
    assert (peaks[:2] == np.inf).all()
    assert (peaks[3:] == -np.inf).all()
    assert np.isfinite(peaks[2])
    two = ufm.peak_strengths(tilt_of([[0.9, 0.1]], [1.0, 0.0]))
    assert two.tolist() == [[np.inf, -np.inf]]


def test_a_near_tie_has_a_finite_far_peak():
    peaks = np.asarray(ufm.peak_strengths(tilt_of(*TILTS["near tie at the top"])))[0]
    assert peaks[0] == np.inf
    assert 10 < peaks[1] < 1e14


@settings(max_examples=30)
@given(tilts(max_contexts=2, max_tokens=5))
def test_peaks_of_any_tilt(tilt):
    # A peak near 0 is a difference of logarithms up to 690 over a gap: absolute error 690 eps / gap.
    gap = np.diff(np.unique(tilt.log_odds)).min()
    np.testing.assert_allclose(
        ufm.peak_strengths(tilt), exact_peaks(tilt), rtol=1e-10, atol=2e-13 / gap
    )


def test_peaks_are_where_the_derivative_changes_sign():
    tilt = tilt_of(*TILTS["mild"])
    for z, alpha in enumerate(np.asarray(ufm.peak_strengths(tilt))[0]):
        if np.isfinite(alpha):
            assert tilt.derivative(alpha - 1e-6)[0, z] > 0 > tilt.derivative(alpha + 1e-6)[0, z]


def test_peaks_follow_the_order_of_m():
    tilt = tilt_of(*TILTS["mild"])
    order = np.argsort(np.asarray(tilt.log_odds))
    assert (np.diff(np.asarray(ufm.peak_strengths(tilt))[0][order]) > 0).all()


def _interior_peaks(log_probs, odds):
    peaks = ufm.peak_strengths(ufm.ExponentialTilt(log_probs, odds))
    return jnp.where(jnp.isfinite(peaks), peaks, 0.0)


@pytest.mark.parametrize("wanted", [0, 1])
def test_derivatives_of_peaks_match_finite_differences(wanted):
    """Along random directions in log p (then renormalised) and in M; ±inf stays put."""
    tilt = tilt_of(*TILTS["mild"])
    point = [tilt.log_probs, tilt.log_odds]
    direction = [jnp.zeros_like(x) for x in point]
    direction[wanted] = jnp.asarray(np.random.default_rng(3).normal(size=point[wanted].shape))
    _, ours = jax.jvp(_interior_peaks, tuple(point), tuple(direction))
    h = 1e-5
    ahead, behind = (
        [x + s * h * d for x, d in zip(point, direction, strict=True)] for s in (1, -1)
    )

    def normalised(log_p, odds):
        return _interior_peaks(jax.nn.log_softmax(log_p), odds)

    difference = (normalised(*ahead) - normalised(*behind)) / (2 * h)
    assert np.abs(difference).max() > 0.01
    np.testing.assert_allclose(ours, difference, rtol=1e-7, atol=1e-8)


def test_gradients_work_in_reverse_mode_and_match_forward_mode():
    tilt = tilt_of(*TILTS["mild"])
    forward = jax.jit(jax.jacfwd(_interior_peaks, argnums=(0, 1)))(tilt.log_probs, tilt.log_odds)
    reverse = jax.jit(jax.jacrev(_interior_peaks, argnums=(0, 1)))(tilt.log_probs, tilt.log_odds)
    for a, b in zip(forward, reverse, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
        assert np.abs(a).max() > 0.1


def test_jit_and_vmap_agree_with_eager():
    tilt = tilt_of(*TILTS["mild"])
    eager = ufm.peak_strengths(tilt)
    np.testing.assert_allclose(jax.jit(ufm.peak_strengths)(tilt), eager, rtol=1e-13)
    scales = jnp.array([0.5, 1.0, 2.0])
    many = jax.vmap(
        lambda s: ufm.peak_strengths(ufm.ExponentialTilt(tilt.log_probs, s * tilt.log_odds))
    )(scales)
    for s, peaks in zip(scales, many, strict=True):
        np.testing.assert_allclose(peaks, eager / s, rtol=1e-12)


def test_sweet_spot_lies_between_the_peaks():
    data = ufm.ConceptDataset.from_rates([0.6, 0.2, 0.6, 0.2], [0.1] * 4, [0, 0, 1, 1])
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    target = data.concept_tokens(0)
    windows, peaks = np.asarray(ufm.sweet_spot(tilt, target)), exact_peaks(tilt)
    np.testing.assert_allclose(windows[:, 0], peaks[:, 2:].max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(windows[:, 1], peaks[:, :2].min(axis=1), rtol=1e-12)
    # no strength suits both kinds of context
    assert windows[0, 1] < windows[2, 0]
    delta, span = ufm.separation_margin(tilt, target), tilt.odds_range()
    np.testing.assert_allclose(delta, 2 * np.log(2), rtol=1e-14)
    assert (windows[:, 1] - windows[:, 0] >= 4 * delta / span**2).all()


def constant():
    return tilt_of([[0.5, 0.3, 0.2]], [1.5, 1.5, 1.5])


def single():
    log_p = np.log(np.float32([[0.5, 0.3, 0.2]]))
    return ufm.ExponentialTilt(log_p, np.float32([1.0, 0.5, 0.0]))


def three():
    return tilt_of([[0.5, 0.3, 0.2]], [1.0, 0.5, 0.0])


BAD = [
    (lambda: ufm.peak_strengths(constant()), ValueError, r"constant \(all 1.5\).*no peak exists"),
    (lambda: ufm.peak_strengths(single()), TypeError, "peak_strengths needs float64, got float32"),
    (
        lambda: ufm.sweet_spot(three(), [False, True, False]),
        ValueError,
        r"exceeds max M off it by -0.5 <=",
    ),
    (
        lambda: ufm.sweet_spot(constant(), [True, False, False]),
        ValueError,
        "by 0 <= 0; choose P and N",
    ),
    (
        lambda: ufm.sweet_spot(three(), [True] * 3),
        ValueError,
        "some but not all of the 3 tokens; got 3",
    ),
    (
        lambda: ufm.separation_margin(three(), [False] * 3),
        ValueError,
        "of the 3 tokens; got 0 of them",
    ),
    (
        lambda: ufm.separation_margin(three(), [0, 1, 1]),
        ValueError,
        "must be a boolean mask of shape",
    ),
    (
        lambda: ufm.separation_margin(three(), [True, False]),
        ValueError,
        r"got dtype bool, shape \(2,\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_raises(call, error, message):
    with pytest.raises(error, match=message):
        call()
