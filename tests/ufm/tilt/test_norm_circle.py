"""The circle before the final norm against direct evaluation and against 50 digits."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import ufm
from ufm.numerics import arc_moments

KINDS = ["rms", "layer", "rms with bias"]
ALPHAS = [-1e150, -40.0, -1.3, 0.0, 1e-9, 0.7, 3.0, 1e4, 1e300]


def instance(kind, seed=0, m=3, vocabulary=7, d=5):
    rng = np.random.default_rng(seed)
    bias = None if kind == "rms" else rng.normal(size=d)
    return dict(
        unembedding=rng.normal(size=(vocabulary, d)),
        states=3 * rng.normal(size=(m, d)),
        vector=rng.normal(size=d),
        weight=1 + 0.3 * rng.normal(size=d),
        bias=bias,
        eps=0.01,
        centred=kind == "layer",
    )


def circle_of(given):
    return ufm.NormCircle(**given)


def exact_log_probs(given, alpha, j):
    """Log p_j(z) [V] from the definition alone, in 50 digits."""
    with mpmath.workdps(50):
        head, v, scale = (
            mpmath.matrix(given[name].tolist()) for name in ("unembedding", "vector", "weight")
        )
        h, d = given["states"][j].tolist(), len(v)
        x = [mpmath.mpf(h[i]) + mpmath.mpf(alpha) * v[i] for i in range(d)]
        if given["centred"]:
            mean = mpmath.fsum(x) / d
            x = [value - mean for value in x]
        root = mpmath.sqrt(mpmath.fsum(value**2 for value in x) / d + mpmath.mpf(given["eps"]))
        bias = np.zeros(d) if given["bias"] is None else given["bias"]
        y = mpmath.matrix([scale[i] * x[i] / root + mpmath.mpf(float(bias[i])) for i in range(d)])
        logits = list(head * y)
        total = mpmath.log(mpmath.fsum(mpmath.exp(value) for value in logits))
        return [value - total for value in logits]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eps", [0.0, 1e-5, 4.0])
def test_log_probs_are_those_of_50_digits(kind, eps):
    given = instance(kind) | {"eps": eps}
    circle = circle_of(given)
    for alpha in ALPHAS:
        found = np.asarray(circle.log_probs_at(alpha))
        want = np.array([[float(x) for x in exact_log_probs(given, alpha, j)] for j in range(3)])
        np.testing.assert_allclose(found, want, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(circle.probs(alpha), np.exp(want), rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_are_those_of_50_digits(kind):
    given = instance(kind)
    circle = circle_of(given)
    for alpha in [-1e6, -1.3, 0.0, 3.0, 1e9]:
        step = mpmath.mpf(10) ** -15 * (1 + abs(alpha))
        found, probs = circle.log_derivative(alpha), circle.probs(alpha)
        size = np.abs(found).max()
        for j in range(3):
            with mpmath.workdps(50):
                up, down = (
                    exact_log_probs(given, mpmath.mpf(alpha) + s * step, j) for s in (1, -1)
                )
                want = np.array(
                    [float((u - v) / (2 * step)) for u, v in zip(up, down, strict=True)]
                )
            # far out all slopes are tiny: the digits must still be there
            np.testing.assert_allclose(found[j], want, atol=1e-13 * size)
        np.testing.assert_allclose(circle.derivative(alpha), probs * found, rtol=1e-14)
        by_jax = jax.jacfwd(circle.log_probs_at)(alpha)
        np.testing.assert_allclose(by_jax, found, atol=1e-13 * size)


def test_second_derivatives_and_those_in_the_vector_are_exact():
    given = instance("layer")
    circle = circle_of(given)
    second = jax.jit(jax.jacfwd(jax.jacfwd(circle.log_probs_at)))(0.7)
    h = 1e-5
    up, down = circle.log_derivative(0.7 + h), circle.log_derivative(0.7 - h)
    np.testing.assert_allclose(second, (up - down) / (2 * h), atol=1e-8)

    def along(scale):
        return circle_of(given | {"vector": scale * given["vector"]}).logits(0.7)

    # of v times s at α: the same as v at αs
    want = 0.7 * jax.jit(jax.jacfwd(circle.logits))(0.7)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(along))(1.0), want, atol=1e-12)
    assert np.isfinite(jax.jit(jax.jacrev(along))(1.0)).all()


def test_the_angle_limits_and_plateau():
    given = instance("layer")
    circle = circle_of(given)
    ends = [circle.angle(alpha)[0] for alpha in (-1e300, float(circle.closest[0]), 1e300)]
    np.testing.assert_allclose(ends, [-np.pi / 2, 0, np.pi / 2], atol=1e-15)
    beyond = float(circle.closest[0] + circle.width[0])
    assert abs(circle.angle(beyond)[0] - np.pi / 4) < 1e-14
    state = given["states"] - given["states"].mean(axis=1, keepdims=True)
    v = given["vector"] - given["vector"].mean()
    at = state[0] + float(circle.closest[0]) * v
    assert abs(at @ v) < 1e-13
    for sign in (-1, 1):
        far = circle.log_probs_at(sign * 1e15)
        np.testing.assert_allclose(np.exp(far), np.tile(circle.limit(sign), (3, 1)), rtol=1e-12)
        p = np.asarray(circle.probs(0.0))
        want = (p * (np.log(p) - np.log(circle.limit(sign)))).sum(axis=1)
        np.testing.assert_allclose(circle.plateau(sign), want, rtol=1e-12)
    with pytest.raises(ValueError, match="sign must be"):
        circle.limit(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_next_term_tells_which_tokens_end_above_their_plateau(kind, sign):
    given = instance(kind, seed=4) | {"eps": 0.5}
    circle = circle_of(given)
    term, far = np.asarray(circle.approach(sign)), 1e9
    for j in range(3):
        exact = exact_log_probs(given, sign * far, j)
        limit = exact_log_probs(given, sign * mpmath.mpf(10) ** 40, j)
        gap = np.array([float((x - y) * far) for x, y in zip(exact, limit, strict=True)])
        np.testing.assert_allclose(gap, term[j], atol=1e-5)
        # a planted fault: the other end's sign
        assert np.abs(gap - np.asarray(circle.approach(-sign))[j]).max() > 1e-2
    assert (term > 0).any()
    assert (term < 0).any()


def test_the_log_odds_of_two_tokens_turn_once_at_the_angle_of_the_formula():
    circle = circle_of(instance("rms"))
    y, z = 0, 4
    a, b = circle.across[0], circle.along
    tan = float((b[y] - b[z]) / (a[y] - a[z]))
    turn = float(circle.closest[0] + circle.width[0] * tan)
    slope = [
        float(circle.log_derivative(alpha)[0, y] - circle.log_derivative(alpha)[0, z])
        for alpha in (-1e9, turn - 1e-3, turn, turn + 1e-3, 1e9)
    ]
    assert slope[0] * slope[1] > 0
    assert slope[3] * slope[4] > 0
    assert slope[1] * slope[3] < 0
    assert abs(slope[2]) < 1e-12


@pytest.mark.parametrize("vocabulary", [2, 3, 6])
def test_a_probability_may_turn_2v_minus_3_times(vocabulary):
    """All r_y equal and large, in directions of their own: each rival has its moment."""
    at = np.linspace(-1.2, 1.2, vocabulary - 1)
    head = 300 * np.stack([np.append(np.cos(at), 0), np.append(np.sin(at), 0)], axis=1)
    # on the circle of radius √2 of RMSNorm; h⊥ is the first axis, v the second
    circle = ufm.NormCircle(head, [[1.0, 0.0]], [0.0, 1.0], np.ones(2), eps=0.0)
    alphas = np.tan(np.linspace(-1.5, 1.5, 4000))
    slopes = np.asarray(jax.vmap(circle.log_derivative)(jnp.asarray(alphas)))[:, 0, -1]
    assert (np.diff(np.sign(slopes)) != 0).sum() == 2 * vocabulary - 3


def test_nothing_is_nan_in_the_singular_case():
    given = instance("rms") | {"eps": 0.0}
    v = given["vector"]
    given["states"] = np.stack([2.5 * v, -1e-200 * v, np.zeros(5), 1e200 * v])
    circle = circle_of(given)
    np.testing.assert_array_equal(circle.width, 0)
    np.testing.assert_array_equal(circle.across, 0)
    for alpha in (-1e308, -2.5, 0.0, 1e-300, 4.0, 1e308):
        for found in (circle.logits(alpha), circle.derivative(alpha), circle.angle(alpha)):
            assert np.isfinite(found).all()
        assert np.isfinite(jax.jacfwd(circle.log_probs_at)(alpha)).all()
    before, at, after = (circle.logits(float(circle.closest[0]) + s)[0] for s in (-1, 0, 1))
    np.testing.assert_array_equal(before, -circle.along)
    np.testing.assert_array_equal(at, circle.offset)
    np.testing.assert_array_equal(after, circle.along)
    for sign in (-1, 1):
        assert np.isfinite(circle.plateau(sign)).all()
        assert (circle.approach(sign) == 0).all()


def test_lengths_whose_squares_leave_the_floats_cost_nothing():
    plain = instance("layer") | {"eps": 0.0}
    for size in (1e200, 1e-200):
        scaled = plain | {"states": size * plain["states"], "vector": size * plain["vector"]}
        found, want = circle_of(scaled).logits(0.7), circle_of(plain).logits(0.7)
        np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-13)


def test_a_state_that_the_strength_takes_away_keeps_its_digits():
    """At α = -1 nothing but h⊥ is left, a millionth of h: q0 + q1 α + q2 α² would lose twelve digits."""
    given = instance("rms", m=1) | {"eps": 0.0}
    v, across = given["vector"], np.random.default_rng(9).normal(size=5)
    across -= (across @ v) / (v @ v) * v
    given["states"] = (v + 1e-6 * across)[None]
    found = circle_of(given).log_probs_at(-1.0)[0]
    want = [float(x) for x in exact_log_probs(given, -1.0, 0)]
    # h itself is known to 1e-16 of its length, which is 1e-10 of what is left
    np.testing.assert_allclose(found, want, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vector": np.zeros(5)}, "vector is zero"),
        ({"vector": np.full(5, 0.1)}, "a centred norm is blind"),
        ({"vector": np.full(5, 1e-300) * np.arange(5), "states": np.full((1, 5), 1e200)}, "finite"),
        ({"weight": np.ones(4)}, "weight must be 5 wide"),
        ({"eps": -1.0}, "eps must be finite"),
        ({"states": np.full((1, 5), np.nan)}, "not a finite number"),
        ({"vector": np.ones(5, np.float32)}, "must share the unembedding's dtype"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    kind = "rms" if "states" in change else "layer"
    with pytest.raises((ValueError, TypeError), match=message):
        circle_of(instance(kind) | change)


def large(dtype=np.float64, seed=6, m=2, vocabulary=5000, d=12):
    given = instance("layer", seed, m, vocabulary, d)
    arrays = ("unembedding", "states", "vector", "weight", "bias")
    return circle_of(given | {name: given[name].astype(dtype) for name in arrays})


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_a_large_vocabulary_are_the_circle_s_own(dtype):
    circle, shares = large(dtype), []
    alphas = np.concatenate([np.array([-3e38, -1e4, 0.0, 1e-9, 3e38]), np.linspace(-4, 4, 20)])
    found = ufm.sweep(circle, alphas, ufm.NormCircle.probs, progress=shares.append)
    assert isinstance(found, jax.Array)
    assert found.dtype == dtype
    assert shares[-1] == 1.0
    each = np.stack([circle.probs(alpha) for alpha in alphas])
    size = float(sum(np.abs(part).max() for part in (circle.across, circle.along, circle.offset)))
    np.testing.assert_allclose(found, each, rtol=4 * size * np.finfo(dtype).eps)


def test_rows_of_logits_beyond_the_exponential_s_range():
    given = instance("rms", 6, 2, 5000, 12)
    circle = circle_of(given | {"unembedding": 100 * given["unembedding"]})
    found = ufm.sweep(circle, [-1.0, 0.5], ufm.NormCircle.probs)
    each = np.stack([circle.probs(alpha) for alpha in (-1.0, 0.5)])
    assert float(np.abs(circle.across).max()) > 1000
    np.testing.assert_allclose(found, each, rtol=1e-11, atol=1e-300)


def test_rows_where_there_is_no_angle():
    given = instance("rms", 6, 1, 5000, 12) | {"eps": 0.0}
    circle = circle_of(given | {"states": 2.0 * given["vector"][None]})
    alphas = [-2.5, float(circle.closest[0]), 0.0]
    found = ufm.sweep(circle, alphas, ufm.NormCircle.probs)
    np.testing.assert_allclose(found, np.stack([circle.probs(a) for a in alphas]), rtol=1e-12)
    sums = ufm.sweep_aggregates(circle, alphas)
    assert sums.forward_kl[2, 0] == 0
    want = np.log(np.asarray(found[2])) - np.log(np.asarray(found))
    np.testing.assert_allclose(
        sums.forward_kl, (np.asarray(found[2]) * want).sum(axis=-1), rtol=1e-12
    )
    np.testing.assert_array_equal(sums.variance, 0)


def exact_sums(given, alpha, j, tokens):
    """K, mean and variance of dl/dα, entropy, KL(p||p_α) and mass of `tokens`, by 50 digits."""
    with mpmath.workdps(50):
        alpha, step = mpmath.mpf(alpha), mpmath.mpf(10) ** -17

        def at(strength):
            """The logits [V] themselves: those of `exact_log_probs` plus what normalises them."""
            h, v = given["states"][j].tolist(), given["vector"].tolist()
            x = [mpmath.mpf(p) + strength * q for p, q in zip(h, v, strict=True)]
            if given["centred"]:
                mean = mpmath.fsum(x) / len(x)
                x = [value - mean for value in x]
            root = mpmath.sqrt(mpmath.fsum(y * y for y in x) / len(x) + mpmath.mpf(given["eps"]))
            bias = np.zeros(len(x)) if given["bias"] is None else given["bias"]
            scale = given["weight"].tolist()
            y = [s * q / root + b for s, q, b in zip(scale, x, bias.tolist(), strict=True)]
            return list(mpmath.matrix(given["unembedding"].tolist()) * mpmath.matrix(y))

        logits, start = at(alpha), at(mpmath.mpf(0))
        slope = [
            (p - q) / (2 * step) for p, q in zip(at(alpha + step), at(alpha - step), strict=True)
        ]
        totals = [mpmath.log(mpmath.fsum(mpmath.exp(x) for x in one)) for one in (logits, start)]
        p, p0 = (
            [mpmath.exp(x - t) for x in one] for one, t in zip((logits, start), totals, strict=True)
        )
        mean = mpmath.fdot(p, slope)
        kl = mpmath.fdot(
            p0, [x - totals[1] - y + totals[0] for x, y in zip(start, logits, strict=True)]
        )
        return [
            float(value)
            for value in (
                totals[0] - totals[1],
                mean,
                mpmath.fdot(p, [(s - mean) ** 2 for s in slope]),
                -mpmath.fdot(p, [x - totals[0] for x in logits]),
                kl,
                mpmath.fsum(x for x, inside in zip(p, tokens, strict=True) if inside),
            )
        ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_aggregates_agree_with_fifty_digits(kind, scale):
    given = instance(kind, seed=3, vocabulary=40)
    given["unembedding"] *= scale
    circle = circle_of(given)
    alphas = np.array([1e4, -1e9, -7.0, -0.4, 0.0, 1e-8, 1e-3, 0.3, 2.0, 50.0])
    masks = np.stack([np.arange(40) < 6, np.arange(40) % 3 == 0])
    weights = np.array([0.5, 0.2, 0.3])
    found = ufm.sweep_aggregates(circle, alphas, concepts=masks, weights=weights)
    size = float(sum(np.abs(part).max() for part in (circle.across, circle.along, circle.offset)))
    for i, alpha in enumerate(alphas):
        for j in range(3):
            k, mean, variance, entropy, kl, mass = exact_sums(given, alpha, j, masks[0])
            rounding = 4e-15 * (1 + size)
            assert abs(found.log_partition[i, j] - k) <= rounding
            np.testing.assert_allclose(found.variance[i, j], variance, rtol=1e-11)
            assert abs(found.mean[i, j] - mean) <= 1e-12 * (abs(mean) + variance**0.5)
            np.testing.assert_allclose(found.entropy[i, j], entropy, rtol=1e-11)
            np.testing.assert_allclose(
                found.forward_kl[i, j], kl, rtol=1e-11, atol=rounding if abs(alpha) > 0.1 else 1e-40
            )
            np.testing.assert_allclose(found.concept_masses[i, j, 0], mass, rtol=1e-11)
    np.testing.assert_allclose(found.cross_entropy_increase, found.forward_kl @ weights, rtol=1e-14)


def test_any_number_of_aggregates_costs_a_few_anchors(monkeypatch):
    circle, anchors = large(), []

    def counted(*given):
        anchors.append(given)
        return anchor_at(*given)

    anchor_at = arc_moments._anchor_at
    monkeypatch.setattr(arc_moments, "_anchor_at", counted)
    alphas = np.tan(np.linspace(-1.57, 1.57, 20_000))
    found = ufm.sweep_aggregates(circle, alphas)
    assert len(anchors) < 100
    chosen = slice(None, None, 997)
    probs = np.asarray(ufm.sweep(circle, alphas[chosen], ufm.NormCircle.probs))
    entropy = -(probs * np.log(probs)).sum(axis=2)
    np.testing.assert_allclose(found.entropy[chosen], entropy, rtol=1e-11)
    start = np.asarray(circle.probs(0.0))
    kl = (start * (np.log(start) - np.log(probs))).sum(axis=2)
    np.testing.assert_allclose(found.forward_kl[chosen], kl, rtol=1e-10, atol=1e-13)
    # a planted fault: anchors that are trusted six times as far
    radius = arc_moments._radius
    monkeypatch.setattr(arc_moments, "_radius", lambda *given: 6 * radius(*given))
    wrong = ufm.sweep_aggregates(circle, alphas[chosen])
    assert np.abs(wrong.entropy / entropy - 1).max() > 1e-9


def test_aggregates_of_float32_are_worked_out_in_float64():
    circle = large(np.float32)
    found = ufm.sweep_aggregates(circle, np.linspace(-3, 3, 7))
    probs = np.asarray(ufm.sweep(circle, np.linspace(-3, 3, 7), ufm.NormCircle.probs), float)
    np.testing.assert_allclose(found.entropy, -(probs * np.log(probs)).sum(axis=2), rtol=1e-4)


def test_a_sweep_of_a_circle_needs_a_quantity():
    circle = circle_of(instance("rms"))
    with pytest.raises(ValueError, match=r"name a quantity, e.g. ufm.NormCircle.probs"):
        ufm.sweep(circle, [0.0])
    found = ufm.sweep(circle, [0.5, 2.0], ufm.NormCircle.derivative, tokens=[1])
    np.testing.assert_allclose(found[1, :, 0], circle.derivative(2.0)[:, 1], rtol=1e-12)


def test_it_is_what_ufms_norms_give():
    given = instance("layer")
    circle = circle_of(given)
    for alpha in (-3.0, 0.0, 2.0):
        moved = given["states"] + alpha * given["vector"]
        normed = ufm.layer_norm(*map(jnp.asarray, (moved, given["weight"], given["bias"])), 0.01)
        np.testing.assert_allclose(
            circle.logits(alpha), normed @ given["unembedding"].T, rtol=1e-12, atol=1e-13
        )
