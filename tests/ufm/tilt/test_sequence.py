"""Generations of several tokens against every sequence, one by one, at 40 digits."""

from itertools import product

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import ufm

PROBS = np.array([[0.7, 0.2, 0.1], [1e-9, 0.6, 0.4 - 1e-9], [0.05, 0.9, 0.05]])
ODDS = np.array([1.5, -0.25, 0.5])
FOLLOWING = np.array([[0, 1, 2], [2, 0, 1], [1, 1, 0]])
START = np.array([0.25, 0.0, 0.75])
TARGET = np.array([True, False, False])
ALPHAS = (-3.0, -1e-6, 0.0, 0.4, 20.0)


def chain():
    return ufm.ContextChain(ufm.ExponentialTilt(np.log(PROBS), ODDS), FOLLOWING, START)


def exact_law(context, alpha):
    """p_α in exact powers."""
    weights = [
        mp.mpf(float(p)) * mp.exp(mp.mpf(alpha) * mp.mpf(float(m)))
        for p, m in zip(PROBS[context], ODDS, strict=True)
    ]
    return [w / mp.fsum(weights) for w in weights]


def exact(alpha, length):
    """(KL(P_0||P_α), P_α(T appears), the expected number of target tokens)."""
    laws = {a: [exact_law(j, a) for j in range(3)] for a in (0, alpha)}
    divergence = presence = count = mp.mpf(0)
    for start, tokens in product(range(3), product(range(3), repeat=length)):
        probability = {}
        for a, law in laws.items():
            context, probability[a] = start, mp.mpf(float(START[start]))
            for z in tokens:
                probability[a] *= law[context][z]
                context = FOLLOWING[context, z]
        if START[start]:
            divergence += probability[0] * mp.log(probability[0] / probability[alpha])
        number = sum(bool(TARGET[z]) for z in tokens)
        presence += probability[alpha] * (number > 0)
        count += probability[alpha] * number
    return divergence, presence, count


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("length", [1, 2, 4])
def test_every_number_is_that_of_all_sequences(alpha, length):
    with mp.workdps(40):
        want = [float(x) for x in exact(alpha, length)]
    made = chain()
    got = (
        made.divergence(alpha, length),
        made.presence(alpha, TARGET, length),
        made.expected_count(alpha, TARGET, length),
    )
    for found, number in zip(got, want, strict=True):
        assert float(found) == pytest.approx(number, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_bounds_are_those_of_the_contexts_on_the_way(alpha):
    """δ = 1, R̄ = 1.75; context 1 is out of reach for one token, and has the least mass."""
    made = chain()
    for length, contexts in ((1, (0, 2)), (3, (0, 1, 2))):
        with mp.workdps(40):
            start = [
                mp.log(mp.mpf(float(PROBS[j, 0])) / (1 - mp.mpf(float(PROBS[j, 0]))))
                for j in contexts
            ]
            moves = sorted([mp.mpf(alpha), mp.mpf(alpha) * 7 / 4])
            ends = (min(start) + moves[0], max(start) + moves[1])
            masses = [1 / (1 + mp.exp(-x)) for x in ends]
            presence = [float(1 - (1 - f) ** length) for f in masses]
            count = [float(length * f) for f in masses]
        np.testing.assert_allclose(
            made.presence_bounds(alpha, TARGET, length), presence, rtol=1e-13
        )
        np.testing.assert_allclose(made.count_bounds(alpha, TARGET, length), count, rtol=1e-13)
        assert (
            presence[0] <= float(made.presence(alpha, TARGET, length)) <= presence[1] * (1 + 1e-14)
        )
        assert float(made.divergence(alpha, length)) <= float(made.divergence_bound(alpha, length))


def test_bounds_are_attained_in_one_context_with_two_values_of_m():
    tilt = ufm.ExponentialTilt(np.log([[0.2, 0.5, 0.3]]), [1.0, -1.0, -1.0])
    one = ufm.ContextChain(tilt, [[0, 0, 0]], [1.0])
    for alpha in (-2.0, 0.0, 1.0):
        value = one.presence(alpha, TARGET, 5), one.expected_count(alpha, TARGET, 5)
        for found, bounds in zip(
            value,
            (one.presence_bounds(alpha, TARGET, 5), one.count_bounds(alpha, TARGET, 5)),
            strict=True,
        ):
            np.testing.assert_allclose(bounds, [found, found], rtol=1e-14)


def test_presence_can_fall_though_m_separates_the_target():
    """Off T steering prefers the token that leads to where T is rare; both bounds rise."""
    probs = np.array([[0.1, 0.45, 0.45], [0.001, 0.5, 0.499], [0.9, 0.05, 0.05]])
    tilt = ufm.ExponentialTilt(np.log(probs), [0.1, 0.0, -1.0])
    made = ufm.ContextChain(tilt, [[0, 1, 2]] * 3, [1.0, 0.0, 0.0])
    assert float(ufm.separation_margin(tilt, TARGET)) > 0
    assert float(made.presence(0.0, TARGET, 2)) == pytest.approx(0.1 + 0.45 * 0.001 + 0.45 * 0.9)
    assert float(made.presence(2.0, TARGET, 2)) < 0.3
    before, after = (made.presence_bounds(a, TARGET, 2) for a in (0.0, 2.0))
    assert float(after.lower) > float(before.lower)
    assert float(after.upper) > float(before.upper)


@pytest.mark.parametrize("name", ["divergence", "presence", "expected_count"])
def test_derivatives_are_differences(name):
    made = chain()

    def value(alpha):
        extra = () if name == "divergence" else (TARGET,)
        return getattr(made, name)(alpha, *extra, 5)

    step = 1e-5
    difference = (value(0.3 + step) - value(0.3 - step)) / (2 * step)
    for derivative in (jax.grad, jax.jacfwd):
        assert float(jax.jit(derivative(value))(0.3)) == pytest.approx(float(difference), rel=1e-8)


def test_the_slope_of_the_divergence_is_the_expected_gain_of_m_on_the_unsteered_way():
    """d KL/dα = E_0 Σ_t (E_{c_t,α}[M] - E_{c_t,0}[M]), 0 at α = 0."""
    made = chain()
    slope = jax.jit(jax.grad(lambda a: made.divergence(a, 3)))
    assert abs(float(slope(0.0))) < 1e-16
    law, at = np.asarray(made.tilt.probs(0.0)), START
    gain = np.asarray(made.tilt.mean(0.7) - made.tilt.mean(0.0))
    total = 0.0
    for _ in range(3):
        total += at @ gain
        at = np.bincount(FOLLOWING.ravel(), (at[:, None] * law).ravel(), minlength=3)
    assert float(slope(0.7)) == pytest.approx(total, rel=1e-13)


def test_it_can_be_compiled_and_mapped():
    made = chain()
    alphas = jnp.asarray(ALPHAS)
    mapped = jax.jit(jax.vmap(lambda a: made.presence(a, TARGET, 4)))(alphas)
    np.testing.assert_allclose(mapped, [made.presence(a, TARGET, 4) for a in ALPHAS], rtol=1e-14)
    through = jax.jit(lambda c, a: c.presence_bounds(a, TARGET, 4))(made, 0.4)
    np.testing.assert_allclose(through, made.presence_bounds(0.4, TARGET, 4), rtol=1e-14)


@pytest.mark.parametrize(
    ("following", "start", "error", "text"),
    [
        (FOLLOWING[:2], START, ValueError, r"following must have shape \(3, 3\)"),
        (FOLLOWING * 1.0, START, TypeError, "must hold integers"),
        (FOLLOWING + 1, START, ValueError, r"contexts 0\.\.2; it holds 1 to 3"),
        (FOLLOWING - 1, START, ValueError, r"contexts 0\.\.2; it holds -1 to 1"),
        (FOLLOWING, START[:2], ValueError, r"weights must have shape \(3,\)"),
        (FOLLOWING, START * 2, ValueError, "sum to 1"),
    ],
)
def test_a_chain_that_is_none_is_refused(following, start, error, text):
    with pytest.raises(error, match=text):
        ufm.ContextChain(chain().tilt, following, start)


@pytest.mark.parametrize(
    "method", ["divergence", "divergence_bound", "reachable", "presence", "count_bounds"]
)
def test_no_tokens_are_no_sequence(method):
    arguments = {"divergence": (0.1,), "divergence_bound": (0.1,), "reachable": ()}.get(
        method, (0.1, TARGET)
    )
    with pytest.raises(ValueError, match="length must be at least 1; got 0"):
        getattr(chain(), method)(*arguments, 0)
