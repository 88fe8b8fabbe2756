import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import ufm

PROBS = [[0.2, 0.3, 0.1, 0.4], [0.7, 0.1, 0.1, 0.1]]
FIRST, SECOND = [1.5, -0.5, 0.25, 0.0], [0.0, 2.0, -1.0, 0.5]
WEIGHTS = [0.25, 0.75]


def tilt(constant: float = 0.0) -> ufm.ExponentialTilt:
    return ufm.ExponentialTilt(np.log(PROBS), np.array(FIRST) + constant)


def law(row, alpha, beta) -> list:
    """p e^{αM + βM₂}, normalised, at the working precision."""
    weights = [
        mp.mpf(p) * mp.exp(mp.mpf(alpha) * m + mp.mpf(beta) * n)
        for p, m, n in zip(row, FIRST, SECOND, strict=True)
    ]
    return [w / mp.fsum(weights) for w in weights]


def price(alpha, beta):
    """Σπ KL(p_j || p_{j,α,β})."""
    return mp.fsum(
        mp.mpf(w) * mp.mpf(p) * mp.log(mp.mpf(p) / q)
        for w, row in zip(WEIGHTS, PROBS, strict=True)
        for p, q in zip(row, law(row, alpha, beta), strict=True)
    )


@mp.workdps(40)
@pytest.mark.parametrize(("alpha", "beta"), [(0, 0), (0.5, -1.25), (-3, 2), (40, -30)])
def test_cross_talk_is_the_covariance_and_the_slope_of_both_means(alpha, beta):
    found = ufm.cross_talk(tilt(), SECOND, alpha, beta)
    for row, value in zip(PROBS, found, strict=True):

        def mean(values, a, b, row=row):
            return mp.fdot(law(row, a, b), values)

        own = mp.diff(lambda b, mean=mean: mean(FIRST, alpha, b), beta)
        other = mp.diff(lambda a, mean=mean: mean(SECOND, a, beta), alpha)
        assert float(value) == pytest.approx(float(own), rel=1e-11)
        assert float(value) == pytest.approx(float(other), rel=1e-11)


@mp.workdps(40)
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, -1.25), (-3, 2), (0, 1), (1e-6, -2e-6)])
def test_the_price_of_both_and_its_hessian(alpha, beta):
    both = tilt().combined(alpha, SECOND, beta)
    found = float(ufm.cross_entropy_increase(both, 1.0, WEIGHTS))
    assert found == pytest.approx(float(price(alpha, beta)), rel=1e-9)
    first, second = (ufm.ExponentialTilt(both.log_probs_at(1.0), m) for m in (FIRST, SECOND))
    for orders, value in {
        (2, 0): ufm.cross_talk(first, FIRST),
        (1, 1): ufm.cross_talk(tilt(), SECOND, alpha, beta),
        (0, 2): ufm.cross_talk(second, SECOND),
    }.items():
        exact = float(mp.diff(price, (alpha, beta), orders))
        assert float(np.asarray(WEIGHTS) @ np.asarray(value)) == pytest.approx(exact, rel=1e-9)


@mp.workdps(40)
@pytest.mark.parametrize("alpha", [-4.0, -0.1, 1e-6, 0.5, 3.0, 20.0])
def test_what_undoes_the_first_is_the_cheapest_second(alpha):
    found = ufm.undoing_strength(tilt(), SECOND, alpha, WEIGHTS)

    def shift(b):
        return mp.fsum(
            w * (mp.fdot(law(row, alpha, b), SECOND) - mp.fdot(law(row, 0, 0), SECOND))
            for w, row in zip(WEIGHTS, PROBS, strict=True)
        )

    exact = mp.findroot(shift, found)
    assert found == pytest.approx(float(exact), rel=1e-9)
    assert price(alpha, exact) < min(price(alpha, exact + d) for d in (-0.01, 0.01))
    assert (
        found * float(np.asarray(WEIGHTS) @ np.asarray(ufm.cross_talk(tilt(), SECOND))) * alpha < 0
    )


def test_the_opposite_vector_undoes_everything():
    opposite = -2 * np.array(FIRST)
    for alpha in (-3.0, 0.125, 0.5, 1.0, 7.0):
        beta = ufm.undoing_strength(tilt(), opposite, alpha, WEIGHTS)
        assert beta == pytest.approx(alpha / 2, rel=1e-13)
        left = tilt().combined(alpha, opposite, beta)
        assert float(ufm.cross_entropy_increase(left, 1.0, WEIGHTS)) < 1e-25
    assert ufm.undoing_strength(tilt(), SECOND, 0.0, WEIGHTS) == 0


def test_a_constant_in_either_changes_nothing():
    moved = np.array(SECOND) + 2.0**20
    for changed, second in ((tilt(2.0**20), SECOND), (tilt(), moved)):
        for f in (
            lambda t, n: ufm.cross_talk(t, n, 0.5, -1.25),
            lambda t, n: ufm.undoing_strength(t, n, 0.5, WEIGHTS),
            lambda t, n: t.combined(0.5, n, -1.25).probs(1.0),
        ):
            np.testing.assert_allclose(f(changed, second), f(tilt(), SECOND), rtol=1e-9)


def test_it_runs_under_jit_vmap_and_grad():
    alphas = jnp.linspace(-1, 1, 3)
    rows = jax.jit(jax.vmap(lambda a: ufm.cross_talk(tilt(), SECOND, a, 0.5)))(alphas)
    assert rows.shape == (3, 2)

    def cost(a):
        return ufm.cross_entropy_increase(tilt().combined(a, SECOND, 0.5), 1.0, WEIGHTS)

    moved = np.asarray(tilt().combined(0.3, SECOND, 0.5).probs(1.0)) - np.array(PROBS)
    assert float(jax.grad(cost)(0.3)) == pytest.approx(
        float(np.array(WEIGHTS) @ (moved @ np.array(FIRST))), rel=1e-12
    )


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ufm.cross_talk(tilt(), [1.0]), ValueError, r"log_odds must have shape \(4,\)"),
        (lambda: ufm.cross_talk(tilt(), [1.0, np.inf, 0, 0]), ValueError, r"log_odds\[1\] = inf"),
        (
            lambda: ufm.undoing_strength(tilt(), [2.0] * 4, 0.5, WEIGHTS),
            ValueError,
            "log_odds = 2 for every token",
        ),
        (
            lambda: ufm.undoing_strength(tilt(), SECOND, 0.5, [1.0]),
            ValueError,
            r"weights must have shape \(2,\)",
        ),
        (lambda: tilt().combined(np.ones(1), SECOND, 0.5), ValueError, "alpha must be a scalar"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, error, text):
    with pytest.raises(error, match=text):
        call()
