"""Derivatives of peaks by moments, against the formula in 40 digits and finite differences."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import ufm
from ufm.numerics import peak_derivatives
from ufm.numerics.peak_derivatives import moved_peaks, pulled_back
from ufm.numerics.vocabulary_peaks import vocabulary_peaks


def normalised(logs):
    return logs - np.logaddexp.reduce(logs)


def zipf(v, rng):
    return normalised(-np.log(rng.permutation(v) + 1.0))


def lone(v, rng):
    """One token that holds all mass a float can see at its own peak, in the middle of M."""
    logs, odds = -800 + rng.normal(size=v), np.linspace(-1.0, 1.0, v)
    logs[v // 2] = 0.0
    return normalised(logs), odds


CASES = {
    "normal": lambda v, rng: (zipf(v, rng), rng.normal(size=v)),
    "cauchy": lambda v, rng: (zipf(v, rng), rng.standard_cauchy(v)),
    "fifty decades": lambda v, rng: (zipf(v, rng), rng.pareto(0.1, v)),
    "p to e^-690": lambda v, rng: (normalised(rng.uniform(-690, 0, v)), rng.normal(size=v)),
    "one holds all": lone,
    "ties": lambda v, rng: (zipf(v, rng), np.round(4 * rng.normal(size=v)) / 4),
    "tiny M": lambda v, rng: (zipf(v, rng), 1e-200 * rng.normal(size=v)),
    "huge M, shifted": lambda v, rng: (zipf(v, rng), 1e100 * (30 + rng.normal(size=v))),
}


@mp.workdps(40)
def by_the_formula(row, odds, alpha, token, du, dw):
    x = [mp.mpf(y) - mp.mpf(odds[token]) for y in odds.tolist()]
    alpha = mp.mpf(float(alpha))
    q = [mp.exp(mp.mpf(log) + alpha * gap) for log, gap in zip(row.tolist(), x, strict=True)]
    total = mp.fsum(q)
    moved = [
        g * u + (1 + alpha * g) * w for g, u, w in zip(x, du.tolist(), dw.tolist(), strict=True)
    ]
    change = mp.mpf(float(dw[token])) - mp.fdot(q, moved) / total
    return float(change / (mp.fdot(q, [g * g for g in x]) / total))


@pytest.mark.parametrize("name", CASES)
def test_products_with_vectors_are_those_of_the_formula(name):
    rng = np.random.default_rng(5)
    row, odds = CASES[name](150, rng)
    peaks = vocabulary_peaks(row[None], odds)
    unit = np.ptp(odds)
    # M changes in its own units, equal entries alike, so that ties stay
    changes = np.stack([rng.normal(size=150), unit * np.sin(7 * odds / unit)])
    found = moved_peaks(row[None], odds, peaks, changes)[0]
    finite = np.isfinite(peaks[0])
    assert (found[~finite] == 0).all()
    for z in [*rng.choice(np.flatnonzero(finite), 12), np.argmax(np.where(finite, odds, -np.inf))]:
        want = by_the_formula(row, odds, peaks[0, z], z, *changes)
        # the peak itself is known to some units in its last place, which E[M] - M(z) = 0 has to bear
        slack = 1e-10 * (abs(want) + abs(peaks[0, z]))
        assert abs(found[z] - want) <= slack, (z, found[z], want)


@pytest.mark.parametrize("name", CASES)
def test_the_transpose_is_the_transpose(name):
    rng = np.random.default_rng(6)
    (first, odds), (second, _) = (CASES[name](150, rng) for _ in range(2))
    rows, unit = np.stack([first, second]), np.ptp(odds)
    peaks = vocabulary_peaks(rows, odds)
    changes = rng.normal(size=(3, 150)) * np.array([[1.0], [1.0], [unit]])
    cotangents = rng.normal(size=(2, 150)) / np.where(np.isfinite(peaks), np.abs(peaks), 1)
    moved = moved_peaks(rows, odds, peaks, changes)
    pulled = pulled_back(rows, odds, peaks, cotangents)
    size = np.abs(cotangents * moved).sum()
    assert abs((cotangents * moved).sum() - (pulled * changes).sum()) <= 1e-11 * size
    wrong = pulled * np.array([[1.0], [1.0], [-1.0]])  # a planted fault: the sign of what M gets
    assert abs((cotangents * moved).sum() - (wrong * changes).sum()) > 1e-6 * size


def wide_tilt():
    rng = np.random.default_rng(4)
    return ufm.ExponentialTilt(np.stack([zipf(140, rng), zipf(140, rng)]), rng.normal(size=140))


def loss(log_probs, log_odds):
    peaks = ufm.peak_strengths(ufm.ExponentialTilt(jax.nn.log_softmax(log_probs), log_odds))
    return jnp.where(jnp.isfinite(peaks), jnp.sin(peaks), 0.0).sum()


def test_gradients_of_first_and_second_order_match_finite_differences():
    tilt, rng = wide_tilt(), np.random.default_rng(8)
    point = tilt.log_probs, tilt.log_odds
    along = [jnp.asarray(rng.normal(size=x.shape)) for x in point]
    gradient = jax.jit(jax.grad(loss, argnums=(0, 1)))

    def moved(step):
        return [x + step * d for x, d in zip(point, along, strict=True)]

    h = 1e-6
    slope = sum((g * d).sum() for g, d in zip(gradient(*point), along, strict=True))
    difference = (loss(*moved(h)) - loss(*moved(-h))) / (2 * h)
    assert abs(slope / difference - 1) < 1e-6
    turned = jax.jvp(gradient, point, tuple(along))[1]
    ahead, behind = gradient(*moved(h)), gradient(*moved(-h))
    for ours, up, down in zip(turned, ahead, behind, strict=True):
        want = (up - down) / (2 * h)
        np.testing.assert_allclose(ours, want, atol=1e-5 * float(np.abs(want).max()))


def test_one_direction_alone_and_several_at_once():
    tilt = wide_tilt()

    def of_odds(log_odds):
        peaks = ufm.peak_strengths(ufm.ExponentialTilt(tilt.log_probs, log_odds))
        return jnp.where(jnp.isfinite(peaks), peaks, 0.0)

    directions = jnp.asarray(np.random.default_rng(1).normal(size=(3, 140)))
    forward = jax.vmap(lambda d: jax.jvp(of_odds, (tilt.log_odds,), (d,))[1])(directions)
    back = jax.vjp(of_odds, tilt.log_odds)[1]
    cotangents = jnp.asarray(np.random.default_rng(2).normal(size=(3, 2, 140)))
    reverse = jax.vmap(back)(cotangents)[0]
    for i in range(3):
        for k in range(3):
            left, right = (forward[i] * cotangents[k]).sum(), (reverse[k] * directions[i]).sum()
            assert abs(left - right) < 1e-11 * float(np.abs(forward[i] * cotangents[k]).sum())
    # M times s has its peaks at 1/s of the strengths
    along = jax.jvp(of_odds, (tilt.log_odds,), (tilt.log_odds,))[1]
    np.testing.assert_allclose(along, -of_odds(tilt.log_odds), rtol=1e-10)


def test_a_large_vocabulary_takes_a_few_anchors(monkeypatch):
    rng, seen = np.random.default_rng(3), []
    row, odds = zipf(5000, rng), rng.normal(size=5000)
    peaks = vocabulary_peaks(row[None], odds)
    anchor_at = peak_derivatives.anchor_at
    monkeypatch.setattr(
        peak_derivatives, "anchor_at", lambda *given: seen.append(0) or anchor_at(*given)
    )
    moved_peaks(row[None], odds, peaks, np.ones((2, 5000)))
    assert len(seen) < 60
