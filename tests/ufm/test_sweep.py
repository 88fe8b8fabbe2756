"""Sweeps equal one call a strength, whatever the batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ufm

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


BAD = [
    ({"alphas": 1.0}, ValueError, r"alphas must have 1 axes; got shape \(\)"),
    ({"alphas": [[0.0]]}, ValueError, r"alphas must have 1 axes; got shape \(1, 1\)"),
    ({"alphas": [0.0, np.nan]}, ValueError, r"alphas\[1\] = nan is not a finite number"),
    ({"alphas": [np.inf]}, ValueError, r"alphas\[0\] = inf is not a finite number"),
    ({"alphas": [1j]}, TypeError, "alphas must hold real numbers; got dtype complex"),
    ({"alphas": [0.0], "batch_size": 0}, ValueError, "batch_size must be at least 1; got 0"),
    ({"alphas": [0.0], "batch_size": -2}, ValueError, "batch_size must be at least 1; got -2"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_input_raises(arguments, error, message):
    with pytest.raises(error, match=message):
        ufm.sweep(tilt(), **arguments)
