"""log Z along a path and the rows that it normalises, against extended precision."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ufm
from ufm.numerics import host_rows, log_totals
from ufm.numerics.log_totals import Logits


def line(seed=1, n=9000, scale=1.0):
    """A tilt whose logits are scale · α M + log p."""
    rng = np.random.default_rng(seed)
    logs = -np.log(rng.permutation(n) + 1.0)
    odds = rng.normal(size=n)
    parts = np.stack([scale * odds, logs - np.logaddexp.reduce(logs)])
    with_one = lambda s: np.stack([s, np.ones_like(s)], axis=1)  # noqa: E731
    return Logits(with_one, parts, float(np.abs(parts[0]).max()))


def arc(seed=2, n=9000, scale=1.0):
    a, b, c = scale * np.random.default_rng(seed).normal(size=(3, n))
    turned = lambda t: np.stack([np.cos(t), np.sin(t), np.ones_like(t)], axis=1)  # noqa: E731
    return Logits(turned, np.stack([a, b, c]), float(np.hypot(a, b).max()))


def exactly(logits, places):
    """By numpy's extended precision, of x86."""
    rows = logits.factors(places).astype(np.longdouble) @ logits.parts.astype(np.longdouble)
    top = rows.max(axis=1)
    return (top + np.log(np.exp(rows - top[:, None]).sum(axis=1))).astype(float)


def along(logits, places, most=10**6):
    with ThreadPoolExecutor(2) as threads:
        return log_totals.log_totals(logits, places, most, threads)


@pytest.mark.parametrize("make", [line, arc])
@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_totals_agree_with_extended_precision_in_any_order(make, scale, monkeypatch):
    logits = make(scale=scale)
    places = np.append(np.random.default_rng(5).uniform(-1.5, 1.5, 60), [0.0, 0.0, 1.5, -1.5])
    found = along(logits, places)
    np.testing.assert_allclose(found, exactly(logits, places), rtol=0, atol=2e-14)
    # a planted fault: whatever the coefficients say, the function counts as resolved
    monkeypatch.setattr(log_totals, "_ROUNDING", np.inf)
    monkeypatch.setattr(log_totals, "_MOST_MOVED", 60.0)
    with np.errstate(invalid="ignore"):  # it may even be negative
        wrong = along(make(scale=6.0), places)
    assert not np.abs(wrong - exactly(make(scale=6.0), places)).max() < 1e-9


def test_a_token_that_takes_all_mass_is_followed():
    """Two slopes that meet in a corner, which no polynomial over the whole stretch would resolve."""
    logits = line(scale=2.0)
    logits.parts[0, 7], logits.parts[1, 7] = 60.0, -20.0
    places = np.linspace(-0.5, 0.5, 200)
    found = along(logits._replace(speed=60.0), places)
    np.testing.assert_allclose(found, exactly(logits, places), rtol=0, atol=2e-14)


def test_one_place_and_too_many_nodes():
    logits = line()
    np.testing.assert_allclose(along(logits, np.full(3, 0.7)), exactly(logits, np.full(3, 0.7)))
    assert along(logits, np.linspace(-9, 9, 30), most=100) is None


@pytest.mark.parametrize("steered", ["tilt", "circle"])
def test_rows_that_log_z_normalises_are_those_of_extended_precision(steered, monkeypatch):
    rng, shares = np.random.default_rng(0), []
    monkeypatch.setattr(host_rows, "_softmax_rows", None)  # these are not rows summed one by one
    if steered == "tilt":
        logs = -np.log(np.stack([rng.permutation(5000) + 1.0 for _ in range(2)]))
        rows = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
        tilt = ufm.ExponentialTilt(rows, rng.normal(size=5000) + 30)
        alphas = np.sort(rng.uniform(-4, 4, 300))
        found = ufm.sweep(tilt, alphas, ufm.ExponentialTilt.probs, progress=shares.append)
        rows, odds = (np.asarray(x, np.longdouble) for x in (tilt.log_probs, tilt.log_odds))
        logits = rows + alphas[:, None, None] * (odds - odds[0])
    else:
        circle = ufm.NormCircle(
            *(rng.normal(size=(5000, 12)), 3 * rng.normal(size=(2, 12)), rng.normal(size=12)),
            np.ones(12),
            rng.normal(size=12),
        )
        alphas = np.linspace(-6, 6, 300)
        found = ufm.sweep(circle, alphas, ufm.NormCircle.probs, progress=shares.append)
        fields = circle.across, circle.along, circle.offset, circle.closest, circle.width
        a, b, c, closest, width = (np.asarray(x, np.longdouble) for x in fields)
        beyond = alphas[:, None] - closest
        radius = np.hypot(width, beyond)[..., None]
        logits = (width[:, None] * a + beyond[..., None] * b) / radius + c
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    want = (weights / weights.sum(axis=2, keepdims=True)).astype(float)
    np.testing.assert_allclose(found, want, rtol=5e-14)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
