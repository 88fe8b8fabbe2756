"""Plain sums where they are used, against 60 digits; where they would lose digits they are refused."""

import mpmath as mp
import numpy as np
import pytest

from ufm.numerics import plain_sums as module
from ufm.numerics.plain_sums import PlainWeights, plain_sums


def zipf(v=400, seed=3):
    rng = np.random.default_rng(seed)
    logs = -np.log(rng.permutation(v) + 1.0)
    return logs - np.logaddexp.reduce(logs), rng.normal(size=v)


@mp.workdps(60)
def exact(log_weights, odds, alpha):
    """Log Σ w, mean and variance of M, entropy, and KL(w0||w)."""
    logs, m = ([mp.mpf(x) for x in array.tolist()] for array in (log_weights, odds))
    start = [mp.exp(x) for x in logs]
    w = [p * mp.exp(alpha * y) for p, y in zip(start, m, strict=True)]
    total, begun = mp.fsum(w), mp.fsum(start)
    mean = mp.fdot(w, m) / total
    variance = mp.fdot(w, [(y - mean) ** 2 for y in m]) / total
    entropy = mp.log(total) - mp.fsum(p * mp.log(p) for p in w) / total
    kl = mp.log(total / begun) - alpha * mp.fdot(start, m) / begun
    return [float(x) for x in (mp.log(total), mean, variance, entropy, kl)]


@pytest.mark.parametrize("scale", [1e-60, 1.0, 1e60])
@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("keep", [False, True])
def test_sums_agree_with_sixty_digits(scale, offset, keep, monkeypatch):
    monkeypatch.setattr(module, "_TOKENS", 150)
    log_weights, odds = zipf()
    odds = scale * (odds + offset)
    alphas = np.array([-4.0, 0.3, 0.0, -0.1, 2.0, 6.0]) / scale
    # of weights that are not normalised too
    for logs in (log_weights, log_weights + 17.0):
        weights = PlainWeights(odds, logs, keep=keep)
        found = plain_sums(alphas, weights)
        assert found == plain_sums(alphas, weights)  # nothing of what was kept has changed
        for alpha, sums in zip(alphas, found, strict=True):
            log_total, mean, variance, entropy, kl = exact(logs, odds, alpha)
            # log p + αM, of which it is made, is rounded in its own last place
            size = 1 + abs(alpha * scale) * (offset + 4)
            assert abs(sums.log_total + alpha * sums.centre - log_total) <= 1e-15 * size
            assert abs(sums.mean - mean) <= 1e-12 * variance**0.5
            np.testing.assert_allclose(sums.variance, variance, rtol=1e-12)
            np.testing.assert_allclose(sums.entropy, entropy, rtol=1e-12)
            np.testing.assert_allclose(sums.forward_kl, kl, rtol=1e-12)


def test_strengths_at_which_digits_would_be_lost_are_refused():
    log_weights, odds = zipf()
    # so small that the divergence is a difference of equal numbers, or so large that αM is rounded
    found = plain_sums(
        np.array([1e-3, 1e-8, 0.5, 20.0, 1e9, -1e300]), PlainWeights(odds, log_weights)
    )
    assert [sums is not None for sums in found] == [False, False, True, False, False, False]
    start, tilted = np.exp(log_weights), np.exp(log_weights + 1e-8 * odds)
    kl = np.log(tilted.sum() / start.sum()) - 1e-8 * (start @ odds) / start.sum()
    lost = abs(kl / exact(log_weights, odds, 1e-8)[4] - 1)
    assert lost > 1e-3  # what refusing it is for
    certain = np.full(400, -60.0)
    certain[7] = 0.0
    assert plain_sums(np.array([0.5]), PlainWeights(odds, certain)) == [None]


REFUSED = {
    "too large an offset": (zipf()[0], zipf()[1] + 1e5),
    "squares that overflow": (zipf()[0], 1e200 * zipf()[1]),
    "weights next to the least float": (zipf()[0] - 700, zipf()[1]),
    "M constant": (zipf()[0], np.ones(400)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_distributions_that_need_pivots_are_refused(name):
    log_weights, odds = REFUSED[name]
    weights = PlainWeights(odds, log_weights, keep=True)
    assert plain_sums(np.array([0.5 / np.abs(odds).max()]), weights) == [None]
