"""The exponential tilt against mpmath, jet, nested jvp and finite differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from jax.experimental import jet

import ufm
from tests import oracles
from ufm.numerics.cumulants import bell
from ufm.strategies import tilts

FEW = settings(max_examples=30)
ALPHAS = [0.0, 1e-12, -1e-3, 0.7, -4.0, 60.0, -1e4, 1e8, -1e8]


def tilt_of(probs, odds):
    log_p = np.log(np.asarray(probs, dtype=float))
    return ufm.ExponentialTilt(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True), odds)


def hard():
    """Two laws on five tokens: p from 1e-300, M with a near tie of 1e-12."""
    return tilt_of(
        [[0.3, 1e-300, 0.5, 1e-40, 0.2], [1e-200, 0.6, 0.1, 0.3, 1e-12]],
        [2.0, 2.0 + 1e-12, -1.0, 0.25, -3.0],
    )


def mild():
    return tilt_of(
        [[0.1, 0.2, 0.3, 0.15, 0.25], [0.5, 0.05, 0.05, 0.3, 0.1]], [1.3, -0.7, 2.2, 0.4, -1.8]
    )


def plain(tilt, alpha):
    return jax.nn.softmax(tilt.log_probs + alpha * tilt.log_odds[None, :], axis=1)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_log_probs_match_mpmath(alpha):
    # log p_α is up to 5e8 here; where it is next to 0 it is an e^u with |u| <= 700, so 700 eps at most
    exact = oracles.table(oracles.log_probs_at, hard(), alpha)
    np.testing.assert_allclose(hard().log_probs_at(alpha), exact, rtol=1e-12, atol=1e-307)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_probs_mean_and_centred_match_mpmath(alpha):
    tilt = hard()
    exact = oracles.table(oracles.probs, tilt, alpha)
    # exp turns the absolute error of log p_α (up to 700 eps where p does not underflow) into a relative one
    np.testing.assert_allclose(tilt.probs(alpha), exact, rtol=1e-12, atol=1e-307)
    np.testing.assert_allclose(
        tilt.mean(alpha), oracles.table(oracles.mean, tilt, alpha), rtol=1e-13
    )
    exact = oracles.table(oracles.centred, tilt, alpha)
    np.testing.assert_allclose(tilt.centred(alpha), exact, rtol=1e-12, atol=2e-15)


def test_centred_keeps_its_digits_where_it_is_tiny():
    """At α = 1e14 the near tie is half resolved: centred is of order 1e-13, M of order one."""
    tilt = tilt_of([[0.4, 0.4, 0.2]], [1.0, 1.0 + 1e-12, -1.0])
    exact = oracles.table(oracles.centred, tilt, 3e12)
    assert abs(exact[0, 1]) < 1e-12
    np.testing.assert_allclose(tilt.centred(3e12)[:, :2], exact[:, :2], rtol=1e-10)


@pytest.mark.parametrize("alpha", [1e8, -1e8])
@pytest.mark.parametrize("apart", [30.0, 3e4])
def test_a_near_tie_is_resolved_however_far_the_other_tokens_lie(alpha, apart):
    """Two tokens differ by `apart` in the exponent αM, 1e18 in size, in which they are equal to rounding."""
    odds = np.sign(alpha) * np.array([-1e10, 1.0, 1.0 + apart / abs(alpha)])
    tilt = tilt_of([[0.4, 0.3, 0.3], [1e-200, 1e-100, 1.0]], odds)
    exact = oracles.table(oracles.log_probs_at, tilt, alpha)
    assert -1e-12 < exact[0, 2] <= 0
    np.testing.assert_allclose(tilt.log_probs_at(alpha), exact, rtol=1e-12, atol=1e-307)


@pytest.mark.parametrize("alpha", [1e8, -1e8])
def test_the_likelier_of_a_tie_is_found_however_large_m_is(alpha):
    """αM = 1e18, beside which log p = -57 is lost."""
    tilt = tilt_of([[0.4, 1e-25, 0.6]], np.sign(alpha) * np.array([-1e10, 1e10, 1e10]))
    exact = oracles.table(oracles.log_probs_at, tilt, alpha)
    assert -1e-24 < exact[0, 2] < 0
    np.testing.assert_allclose(tilt.log_probs_at(alpha), exact, rtol=1e-12, atol=1e-307)


@FEW
@given(tilts(max_contexts=2, max_tokens=5))
def test_any_tilt_matches_mpmath(tilt):
    for alpha in (0.3, -1e4):
        exact = oracles.table(oracles.log_probs_at, tilt, alpha)
        # u = difference of two numbers up to 690: 3e-13 absolute, on a log p of any size
        np.testing.assert_allclose(tilt.log_probs_at(alpha), exact, rtol=1e-10, atol=1e-307)


@pytest.mark.parametrize("alpha", [0.0, 0.7, -4.0, 25.0])
def test_cumulants_match_mpmath(alpha):
    exact = oracles.table(oracles.cumulants, mild(), alpha, 6)
    # κ_n is a sum of products of central moments up to R^n: error eps R^n at most where it cancels
    scale = 4.0 ** np.arange(1, 7)
    # where κ_n has not died out it is good to ten digits
    np.testing.assert_allclose(mild().cumulants(alpha, 6), exact, rtol=1e-10, atol=1e-17)
    assert (np.abs(np.asarray(mild().cumulants(alpha, 6)) - exact) <= 1e-14 * scale).all()
    np.testing.assert_allclose(mild().variance(alpha), exact[:, 1], rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.7, -2.0])
def test_derivatives_match_jet_nested_jvp_and_mpmath(alpha):
    tilt = mild()
    first = plain(tilt, alpha)
    _, series = jet.jet(lambda a: plain(tilt, a), (alpha,), ((1.0, *[0.0] * 5),))
    f, nested = lambda a: plain(tilt, a), []
    for _ in range(4):
        f = lambda a, g=f: jax.jvp(g, (a,), (1.0,))[1]  # noqa: E731
        nested.append(f(alpha))
    np.testing.assert_allclose(tilt.derivative(alpha, 0), first, rtol=1e-14)
    for n in range(1, 7):
        ours, scale = tilt.derivative(alpha, n), 4.0**n
        exact = oracles.table(oracles.derivative, tilt, alpha, n)
        np.testing.assert_allclose(ours, exact, rtol=1e-10, atol=1e-14 * scale)
        np.testing.assert_allclose(ours, series[n - 1], rtol=1e-9, atol=1e-13 * scale)
        if n <= len(nested):
            np.testing.assert_allclose(ours, nested[n - 1], rtol=1e-9, atol=1e-13 * scale)


def test_orders_whose_binomials_are_no_integers_of_64_bits():
    tilt = ufm.ExponentialTilt(np.log([[0.5, 0.2, 0.3]]), np.array([0.3, -1.0, 0.7]))
    want = oracles.derivative(tilt.log_probs[0], tilt.log_odds, 0.3, 80)
    want = [float(x) for x in want]
    np.testing.assert_allclose(tilt.derivative(0.3, 80)[0], want, rtol=1e-12)


@pytest.mark.parametrize("order", range(1, 7))
def test_derivatives_match_finite_differences_of_the_order_below(order):
    tilt, h = mild(), 1e-4
    ours = tilt.derivative(0.3, order)
    difference = (tilt.derivative(0.3 + h, order - 1) - tilt.derivative(0.3 - h, order - 1)) / (
        2 * h
    )
    # truncation h²/6 |p^{(n+2)}| <= 1e-8/6 R^{n+2}, rounding 1e-16 R^n / h
    np.testing.assert_allclose(ours, difference, atol=1e-7 * 4.0 ** (order - 1))


def test_bell_polynomials():
    x = [jnp.asarray(float(v)) for v in (2, 3, 5, 7, 11)]
    a, b, c, d, _ = (2, 3, 5, 7, 11)
    assert bell(x[:1])[-1] == a
    assert bell(x[:2])[-1] == a**2 + b
    assert bell(x[:3])[-1] == a**3 + 3 * a * b + c
    assert bell(x[:4])[-1] == a**4 + 6 * a**2 * b + 4 * a * c + 3 * b**2 + d
    assert bell([jnp.asarray(1.0)] * 6)[-1] == 203  # the sixth Bell number


@pytest.mark.parametrize("sign", [1, -1])
def test_limit_is_where_probs_go_and_ties_share_it(sign):
    tilt = tilt_of([[0.1, 0.2, 0.3, 0.4], [0.4, 0.1, 0.4, 0.1]], [2.0, 2.0, -1.0, -1.0])
    np.testing.assert_allclose(tilt.limit(sign), tilt.probs(sign * 50.0), rtol=1e-14, atol=1e-60)
    assert (tilt.limit(sign) > 0).sum() == 4


def test_limit_of_a_near_tie_is_one_token():
    assert hard().limit(1)[0, 1] == 1.0
    assert (hard().extremal_tokens(1) == jnp.array([False, True, False, False, False])).all()


@pytest.mark.parametrize("make", [mild, hard])
def test_alpha_zero_is_unsteered_exactly(make):
    tilt = make()
    # the pivot's own log-sum is taken afresh: equal to the last place, exactly so for Δp
    np.testing.assert_array_max_ulp(tilt.log_probs_at(0.0), tilt.log_probs, maxulp=4)
    assert (ufm.probability_increase(tilt, 0.0) == 0).all()
    assert (ufm.forward_kl(tilt, 0.0) == 0).all()
    assert (ufm.reverse_kl(tilt, 0.0) == 0).all()
    tokens = np.array([True, False, True, False, False])
    assert (ufm.concept_increase(tilt, 0.0, tokens) == 0).all()
    assert (ufm.concept_log_odds_increase(tilt, 0.0, tokens) == 0).all()


def test_a_constant_added_to_the_odds_changes_nothing():
    tilt = mild()
    shifted = ufm.ExponentialTilt(tilt.log_probs, tilt.log_odds + 64.0)
    np.testing.assert_allclose(shifted.probs(3.0), tilt.probs(3.0), rtol=1e-12)


@pytest.mark.parametrize("name", ["probs", "log_probs_at", "mean", "variance", "derivative"])
def test_jit_and_vmap_agree_with_eager(name):
    tilt, alphas = hard(), jnp.array([0.0, 0.7, -60.0, 1e8])
    eager = np.stack([getattr(tilt, name)(a) for a in alphas])
    for transform in (lambda f: jax.vmap(f), lambda f: jax.jit(jax.vmap(f))):
        found = transform(lambda a: getattr(tilt, name)(a))(alphas)
        np.testing.assert_allclose(found, eager, rtol=1e-13, atol=1e-300)
    rows = jax.vmap(lambda r: eqx.tree_at(lambda t: t.log_probs, tilt, r[None]).probs(0.7)[0])
    np.testing.assert_allclose(rows(tilt.log_probs), tilt.probs(0.7), rtol=1e-14)


def test_the_constructor_works_under_jit():
    tilt = mild()
    made = jax.jit(lambda p, m: ufm.ExponentialTilt(p, m).probs(1.0))
    np.testing.assert_allclose(made(tilt.log_probs, tilt.log_odds), tilt.probs(1.0), rtol=1e-14)


@pytest.mark.parametrize("alpha", [0.0, 0.7, -60.0])
def test_gradients_are_those_of_a_plain_softmax(alpha):
    tilt = mild()
    weights = jnp.arange(10.0).reshape(2, 5)

    def loss(f):
        return lambda p, m, a: (weights * f(ufm.ExponentialTilt(p, m), a)).sum()

    arguments = (tilt.log_probs, tilt.log_odds, alpha)
    ours = jax.grad(loss(lambda t, a: t.probs(a)), argnums=(0, 1, 2))(*arguments)
    theirs = jax.grad(loss(plain), argnums=(0, 1, 2))(*arguments)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    slope = jax.jvp(tilt.probs, (alpha,), (1.0,))[1]
    np.testing.assert_allclose(slope, tilt.derivative(alpha), rtol=1e-10, atol=1e-14)


def test_no_nan_is_made_on_the_way():
    """Under debug_nans a NaN raises even where a later select would hide it."""
    tokens = np.array([True, False, True, False, False])
    with jax.debug_nans(True):
        for alpha in (0.0, 0.7, -1e4, 1e8):
            tilt = hard()
            tilt.derivative(alpha, 3)
            ufm.probability_increase(tilt, alpha)
            ufm.forward_kl(tilt, alpha)
            ufm.reverse_kl(tilt, alpha)
            ufm.concept_increase(tilt, alpha, tokens)
            jax.grad(lambda a, t=tilt: ufm.forward_kl(t, a).sum())(alpha)
            jax.grad(lambda a, t=tilt: ufm.concept_increase(t, a, tokens).sum())(alpha)
        ufm.peak_strengths(hard())
        hard().limit(1)


def test_float32_is_kept():
    tilt = ufm.ExponentialTilt(np.log(np.float32([[0.5, 0.5]])), np.float32([1.0, -1.0]))
    assert tilt.probs(0.5).dtype == np.float32
    assert ufm.forward_kl(tilt, 0.5).dtype == np.float32
    assert ufm.probability_increase(tilt, 0.5).dtype == np.float32


HALF = np.log([[0.5, 0.5]])
BAD_TILTS = [
    (
        np.log(0.5) * np.ones(2),
        [1.0, 0.0],
        ValueError,
        r"log_probs must have 2 axes; got shape \(2,\)",
    ),
    (HALF, [[1.0, 0.0]], ValueError, r"log_odds must have 1 axis; got shape \(1, 2\)"),
    (HALF, [1.0, 0.0, 2.0], ValueError, r"log_odds must have shape \(2,\), one entry per token"),
    (HALF, [1.0, np.nan], ValueError, r"log_odds\[1\] = nan is not a finite number"),
    (HALF, [1.0, np.inf], ValueError, r"log_odds\[1\] = inf"),
    ([[0.0, -np.inf]], [1.0, 0.0], ValueError, r"log_probs\[0, 1\] = -inf: the tilt needs p > 0"),
    ([[0.0, np.nan]], [1.0, 0.0], ValueError, r"log_probs\[0, \d\] = nan: the tilt needs p > 0"),
    ([[0.5, 0.5]], [1.0, 0.0], ValueError, r"row 0 of log_probs sums to 3.297\d* in probability"),
    ([[-0.1, -0.1]], [1.0, 0.0], ValueError, "pass normalised log-probabilities"),
    (np.zeros((1, 0)), np.zeros(0), ValueError, "must hold a context and a token"),
    (np.zeros((0, 2)), np.zeros(2), ValueError, "must hold a context and a token"),
    (HALF, np.float32([1.0, 0.0]), TypeError, "share a dtype; got float64 and float32"),
    (HALF + 0j, [1.0, 0.0], TypeError, "log_probs must hold real numbers; got dtype complex"),
    (HALF, [True, False], TypeError, "log_odds must hold real numbers; got dtype bool"),
]


@pytest.mark.parametrize(("log_probs", "odds", "error", "message"), BAD_TILTS)
def test_bad_tilts_raise(log_probs, odds, error, message):
    with pytest.raises(error, match=message) as caught:
        ufm.ExponentialTilt(log_probs, odds)
    assert "\n" not in str(caught.value)


BAD_CALLS = [
    (
        lambda t: t.probs(np.zeros(2)),
        ValueError,
        r"alpha must be a scalar; got shape \(2,\): use ufm.sw",
    ),
    (lambda t: t.probs(jnp.ones(3)), ValueError, r"got shape \(3,\)"),
    (lambda t: t.probs(1j), TypeError, "alpha must be a real number; got dtype complex"),
    (lambda t: t.cumulants(0.0, 0), ValueError, "order must be at least 1; got 0"),
    (lambda t: t.derivative(0.0, -1), ValueError, "order must be at least 0; got -1"),
    (lambda t: t.limit(0), ValueError, r"sign must be \+1 or -1; got 0"),
    (lambda t: t.probs(np.nan), ValueError, "alpha must be a finite number; got nan"),
    (lambda t: t.probs(np.inf), ValueError, r"alpha must be a finite number; got inf: .*limit"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD_CALLS)
def test_bad_calls_raise(call, error, message):
    with pytest.raises(error, match=message):
        call(mild())


def test_a_zero_probability_has_no_tilt():
    counted = ufm.ConceptDataset.from_pairs([[0], [1]], [0, 1], [0, 1])
    with pytest.raises(
        ValueError, match=r"p\(token 1\|context 0\) = 0 has no log-odds: count with sm"
    ):
        ufm.ExponentialTilt.from_dataset(counted, [0], [1])


def test_from_model_agrees_with_from_dataset():
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    exact = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    fitted = ufm.ExponentialTilt.from_model(ufm.UFM.fit(data), [0, 1], [2, 3])
    np.testing.assert_allclose(fitted.log_probs, exact.log_probs, atol=1e-13)
    np.testing.assert_allclose(fitted.log_odds, exact.log_odds, atol=1e-13)
    assert (fitted.extremal_tokens(1) == exact.extremal_tokens(1)).all()
