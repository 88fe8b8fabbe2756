"""Sweeps equal one call per strength, whatever the batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ufm
from ufm.numerics import uniform_grid

ALPHAS = np.array([-1e6, -3.0, -1e-9, 0.0, 0.5, 2.0, 1e8])


def tilt():
    return ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_sweep_equals_one_call_a_strength(batch_size):
    each = np.stack([ufm.probability_increase(tilt(), a) for a in ALPHAS])
    swept = ufm.sweep(tilt(), ALPHAS, batch_size=batch_size)
    assert swept.shape == (7, 6, 9)
    np.testing.assert_allclose(swept, each, rtol=1e-12, atol=1e-25)


def test_any_quantity_can_be_swept():
    np.testing.assert_allclose(
        ufm.sweep(tilt(), ALPHAS, ufm.ExponentialTilt.mean), [tilt().mean(a) for a in ALPHAS]
    )
    scalars = ufm.sweep(tilt(), ALPHAS, lambda t, a: ufm.forward_kl(t, a).sum())
    np.testing.assert_allclose(scalars, [ufm.forward_kl(tilt(), a).sum() for a in ALPHAS])


def test_sweep_works_under_jit_and_with_no_strengths():
    jitted = jax.jit(lambda t, a: ufm.sweep(t, a))(tilt(), jnp.asarray(ALPHAS))
    np.testing.assert_allclose(jitted, ufm.sweep(tilt(), ALPHAS), rtol=1e-12, atol=1e-25)
    assert ufm.sweep(tilt(), np.linspace(0, 1, 0)).shape == (0, 6, 9)


def wide_tilt(v=700, contexts=2):
    rng = np.random.default_rng(0)
    logs = -np.log(np.stack([rng.permutation(v) + 1.0 for _ in range(contexts)]))
    rows = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return ufm.ExponentialTilt(rows, rng.normal(size=v))


def extended(tilt, alphas):
    """p [A, m, V] by the definition, in numpy's extended precision."""
    rows, odds = (array.astype(np.longdouble) for array in _arrays(tilt))
    logs = rows[None] + alphas[:, None, None] * odds[None, None, :]
    weights = np.exp(logs - logs.max(axis=2, keepdims=True))
    return (weights / weights.sum(axis=2, keepdims=True)).astype(float)


GRIDS = [*(np.linspace(-4, 4, size) for size in (64, 65, 300)), np.arange(-192, 193) / 16]


@pytest.mark.parametrize("alphas", GRIDS, ids=["64", "65", "300", "as far as e^38"])
def test_uniform_grids_share_exponentials_within_1e13(alphas):
    shares = []
    found = ufm.sweep(wide_tilt(), alphas, ufm.ExponentialTilt.probs, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    each = extended(wide_tilt(), alphas)
    assert found.shape == (alphas.size, 2, 700)
    np.testing.assert_allclose(found, each, rtol=1e-13)
    assert uniform_grid.grid_of(*_arrays(wide_tilt()), alphas) is not None
    plan = uniform_grid.grid_of(*_arrays(wide_tilt()), alphas)
    device = uniform_grid.device_grid_probs(wide_tilt().log_probs, wide_tilt().log_odds, plan)
    np.testing.assert_allclose(device, each, rtol=1e-13)


def _arrays(tilt):
    return np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)


def test_grids_that_cannot_share_exponentials_are_worked_out_one_by_one():
    uneven = np.linspace(-4, 4, 100) ** 3
    wide, far = np.linspace(-4e3, 4e3, 100), np.linspace(-150, -140, 100)
    for alphas in (uneven, wide, far):
        assert uniform_grid.grid_of(*_arrays(wide_tilt()), alphas) is None
        found = ufm.sweep(wide_tilt(), alphas, ufm.ExponentialTilt.probs)
        each = extended(wide_tilt(), alphas[::9])
        # log p_α is rounded in its own last place: e^-690 keeps 690 x 1e-16; below it floats lose digits
        np.testing.assert_allclose(found[::9], each, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_a_large_vocabulary_equal_the_tilt_at_any_strength(dtype):
    few = wide_tilt(5000)
    few = ufm.ExponentialTilt(few.log_probs.astype(dtype), few.log_odds.astype(dtype))
    alphas, shares = ALPHAS.astype(dtype), []
    found = ufm.sweep(few, alphas, ufm.ExponentialTilt.probs, progress=shares.append)
    assert isinstance(found, jax.Array)
    assert found.dtype == dtype
    assert shares == [(i + 1) / 7 for i in range(7)]
    each = np.stack([few.probs(a) for a in alphas])
    # u = log p_α(z) - log p_α(r), down to -700, is off by a few units in its last place
    np.testing.assert_allclose(found, each, rtol=4 * 700 * np.finfo(dtype).eps, atol=1e-300)
    far = np.array([-1e15, 1e15, 1e308]).astype(dtype) if dtype == np.float64 else alphas[-1:]
    ends = np.asarray(ufm.sweep(few, far, ufm.ExponentialTilt.probs))
    np.testing.assert_array_equal(ends, np.stack([few.limit(int(np.sign(a))) for a in far]))


def test_rows_resolve_a_near_tie_however_far_the_other_tokens_lie():
    odds = np.full(5000, -1e10)
    odds[-2:] = 1.0, 1.0 + 30 / 1e8
    few = ufm.ExponentialTilt(np.full((1, 5000), -np.log(5000)), odds)
    for sign in (1, -1):
        mirrored = ufm.ExponentialTilt(few.log_probs, sign * few.log_odds)
        found = ufm.sweep(mirrored, [sign * 1e8], ufm.ExponentialTilt.probs)[0, 0]
        # e^-gap as it is: M is a float, and gap is 30 to its rounding
        gap = 1e8 * (odds[-1] - odds[-2])
        np.testing.assert_allclose(found[-2:], [np.exp(-gap), 1.0], rtol=1e-12)
        assert (found[:-2] == 0).all()


def test_rows_agree_with_extended_precision():
    wide, alphas = wide_tilt(5000), np.array([-30.0, -1.7, 0.0, 0.3, 11.0])
    found = ufm.sweep(wide, alphas, ufm.ExponentialTilt.probs)
    np.testing.assert_allclose(found, extended(wide, alphas), rtol=1e-13)


def test_blocks_tokens_and_progress():
    alphas, shares = np.linspace(-4, 4, 50), []
    whole = ufm.sweep(tilt(), alphas)
    some = ufm.sweep(tilt(), alphas, tokens=[8, 0], progress=shares.append)
    np.testing.assert_allclose(some, whole[..., np.array([8, 0])], rtol=1e-12, atol=1e-25)
    assert shares[-1] == 1.0
    mask = np.isin(np.arange(9), [0, 8])
    by_mask = ufm.sweep(tilt(), alphas, tokens=mask)
    np.testing.assert_allclose(by_mask, some[..., ::-1], rtol=1e-12, atol=1e-25)
    assert ufm.sweep(tilt(), [], progress=shares.append).shape == (0, 6, 9)
    memory = 7 * 16 * 8 * 6 * 9
    blocks = list(ufm.sweep_blocks(tilt(), alphas, memory=memory))
    assert [len(b) for b in blocks] == [7] * 7 + [1]
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=1e-12, atol=1e-25)


def test_a_strength_beyond_float32_is_refused_by_a_tilt_of_float32():
    """It was infinite there, and the probabilities NaN."""
    log_probs = np.log(np.array([[0.5, 0.25, 0.25]], np.float32))
    narrow = ufm.ExponentialTilt(log_probs, np.array([1.0, 0.0, -1.0], np.float32))
    message = r"alphas? = 1e\+39 is more than float32 holds: take less, or a wider dtype"
    for call in (ufm.sweep, ufm.sweep_aggregates, lambda *given: ufm.sweep_top(*given, 1)):
        with pytest.raises(ValueError, match=message):
            call(narrow, [0.0, -1e39])
    with pytest.raises(ValueError, match=message):
        narrow.probs(1e39)
    assert np.isfinite(narrow.probs(3e38)).all()


BAD = [
    ({"alphas": 1.0}, ValueError, r"alphas must have 1 axis; got shape \(\)"),
    ({"alphas": [[0.0]]}, ValueError, r"alphas must have 1 axis; got shape \(1, 1\)"),
    ({"alphas": [0.0, np.nan]}, ValueError, r"alphas\[1\] = nan is not a finite number"),
    ({"alphas": [np.inf]}, ValueError, r"alphas\[0\] = inf is not a finite number"),
    ({"alphas": [1j]}, TypeError, "alphas must hold real numbers; got dtype complex"),
    ({"alphas": [0.0], "batch_size": 0}, ValueError, "batch_size must be at least 1; got 0"),
    ({"alphas": [0.0], "memory": 10}, ValueError, "must hold one strength, 6912 bytes; got 10"),
    ({"alphas": [0.0], "tokens": [9]}, ValueError, "tokens holds 9, outside 0..8"),
    ({"alphas": [0.0], "tokens": []}, ValueError, "tokens names no token: name at least one"),
    ({"alphas": [0.0], "tokens": [0.5]}, ValueError, "must be a sequence of token indices"),
    ({"alphas": [0.0], "batch_size": -2}, ValueError, "batch_size must be at least 1; got -2"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_input_raises(arguments, error, message):
    with pytest.raises(error, match=message):
        ufm.sweep(tilt(), **arguments)
