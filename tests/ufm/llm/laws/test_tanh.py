"""Fits against exact tanhs, noise of a known size, and curves that are none."""

import numpy as np
import pytest

import ufm.llm

GRID = np.linspace(-3, 3, 401)


@pytest.mark.parametrize("height", [0.3, -0.2])
@pytest.mark.parametrize(("rate", "centre"), [(0.5, 0.0), (3.0, 1.7), (40.0, -2.0)])
def test_an_exact_tanh_is_found_and_noise_gives_the_r_squared_it_must(height, rate, centre):
    y = 0.4 + height * np.tanh(rate * (GRID - centre))
    fit = ufm.llm.fit_tanh(GRID, y)
    assert fit is not None
    assert fit.r_squared > 1 - 1e-12
    found = (fit.middle, fit.height * np.sign(fit.rate), fit.rate, fit.centre)
    np.testing.assert_allclose(found, (0.4, height, rate, centre), rtol=1e-4, atol=1e-5)
    # an error orthogonal to the tanh's tangent space leaves the fit and lowers R² by its own share
    t = np.tanh(rate * (GRID - centre))
    tangents = np.stack([t**0, t, (1 - t * t) * (GRID - centre), 1 - t * t], axis=1)
    noise = np.random.default_rng(1).standard_normal(GRID.size)
    noise -= tangents @ np.linalg.lstsq(tangents, noise, rcond=None)[0]
    noise *= 1e-3 * np.linalg.norm(y - y.mean()) / np.linalg.norm(noise)
    fit = ufm.llm.fit_tanh(GRID, y + noise)
    assert fit is not None
    spread = np.square(y + noise - y.mean()).sum()
    # curvature of the model moves the fit to second order in the noise, 1e-6 of its own size
    assert 1 - fit.r_squared == pytest.approx(np.square(noise).sum() / spread, rel=1e-2)
    worst = np.abs(y + noise - fit(GRID)).argmax()
    assert fit.residual_at == GRID[worst]


def test_the_law_of_tanh_and_where_it_cannot_be_judged():
    shapes = [0.5 + 0.4 * np.tanh(2 * (GRID - c)) for c in (-0.5, 0.0, 0.4)]
    law = ufm.llm.tanh_law(GRID, np.stack(shapes))
    assert law.verdict == "holds"
    humps = [np.exp(-np.square(GRID - c)) for c in (-0.1, 0.0, 0.1)]
    law = ufm.llm.tanh_law(GRID, np.stack(humps))
    assert law.verdict == "fails"
    assert abs(law.evidence["worst"]["residual"]) > 0.2
    # a line is a tanh of which little is seen; a constant is nothing
    law = ufm.llm.tanh_law(GRID, np.stack([0.5 + 0.01 * GRID, np.full(GRID.size, 0.25)]))
    assert (law.verdict, law.number) == ("undecided", None)
    assert law.evidence["half_unseen_prompts"] == law.evidence["flat_prompts"] == 1


def test_the_part_of_the_tanh_that_is_seen():
    fit = ufm.llm.fit_tanh(GRID, 0.4 - 0.3 * np.tanh(0.5 * GRID))
    assert fit is not None
    # the range is [-3, 3] and the height 2 · 0.3
    assert fit.seen == pytest.approx(np.tanh(1.5))


def test_no_point_near_the_fit_is_better():
    """Of curves that are no tanh: the sum of squares is at its minimum, to first order."""
    for curve in (np.exp(-np.square(GRID - 0.1)), 1 / (1 + np.exp(1 - GRID + 0.3 * GRID**2))):
        fit = ufm.llm.fit_tanh(GRID, curve)
        assert fit is not None
        t = np.tanh(fit.rate * (GRID - fit.centre))
        tangents = np.stack([t**0, t, (1 - t * t) * (GRID - fit.centre), 1 - t * t])
        gap = curve - fit(GRID)
        sizes = np.linalg.norm(tangents, axis=1) * np.linalg.norm(gap)
        np.testing.assert_allclose(tangents @ gap / sizes, 0, atol=1e-7)
        assert fit.r_squared == pytest.approx(1 - gap @ gap / np.square(curve - curve.mean()).sum())


def test_the_evidence_over_prompts():
    good = 0.5 + 0.4 * np.tanh(2 * GRID)
    bad = good + 0.2 * np.exp(-np.square(40 * (GRID - 1.5)))
    hump = np.exp(-np.square(GRID - 0.1))
    law = ufm.llm.tanh_law(GRID, np.stack([good, bad, hump, np.full(GRID.size, 0.25)]))
    fits = [ufm.llm.fit_tanh(GRID, curve) for curve in (good, bad, hump)]
    assert [None if f is None else f["r_squared"] for f in law.evidence["fits"]] == [
        *(f.r_squared for f in fits if f is not None),
        None,
    ]
    assert (law.evidence["tested_prompts"], law.evidence["flat_prompts"]) == (3, 1)
    assert law.evidence["least_r_squared"] == pytest.approx(fits[2].r_squared)
    assert law.evidence["share_above"] == pytest.approx(2 / 3)
    worst = law.evidence["worst"]
    assert worst["prompt"] == 2
    gap = hump - fits[2](GRID)
    assert worst["residual"] == pytest.approx(gap[np.abs(gap).argmax()])
    assert worst["alpha"] == GRID[np.abs(gap).argmax()]
    law = ufm.llm.tanh_law(GRID, np.stack([good, bad]))
    assert law.evidence["worst"]["prompt"] == 1
    assert law.evidence["worst"]["residual"] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_fits_do_not_depend_on_the_units(unit):
    y = 0.4 + 0.3 * np.tanh(2 * (GRID - 0.5))
    fit, wide = ufm.llm.fit_tanh(GRID, unit * y), ufm.llm.fit_tanh(1e3 * GRID, y)
    assert fit is not None
    assert wide is not None
    assert (fit.height / unit, fit.middle / unit) == pytest.approx((0.3, 0.4))
    assert (1e3 * wide.rate, wide.centre / 1e3) == pytest.approx((2, 0.5))
    # what is below a thousand units of rounding is a constant
    noise = np.finfo(float).eps * np.random.default_rng(0).uniform(-1, 1, GRID.size)
    assert ufm.llm.fit_tanh(GRID, unit * (0.4 + 100 * noise)) is None
    assert ufm.llm.fit_tanh(GRID, unit * (0.4 + 1000 * noise)) is not None
