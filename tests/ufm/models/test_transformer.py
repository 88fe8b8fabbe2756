"""Proposition 4.1 on a real (small) transformer, against a re-implementation in plain numpy."""

import functools
import math
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import config

import ufm

NORMS = ("layernorm", "rmsnorm")
BLOCKS, D, T, V = 3, 8, 5, 7
ROUND = 1e-12  # a few hundred float64 operations on numbers of order one to ten
PLACES = [(layer, positions) for layer in range(BLOCKS) for positions in ("all", "last")]


@functools.cache
def model(norm, eps=1e-5):
    return ufm.Transformer.random(
        jax.random.key(7), blocks=BLOCKS, dimension=D, heads=2, vocabulary=V, norm=norm, eps=eps
    )


HIDDEN = jnp.asarray(np.random.default_rng(0).normal(size=(T, D)))
VECTOR = jnp.asarray(np.random.default_rng(1).normal(size=D))


def numpy_norm(norm, x, eps=None):
    eps = norm.eps if eps is None else eps
    y = x - x.mean() if norm.kind == "layernorm" else x
    out = np.asarray(norm.scale) * y / math.sqrt((y @ y) / len(y) + eps)
    return out if norm.bias is None else out + np.asarray(norm.bias)


def centred(model, x):
    return np.asarray(x) - (np.mean(x) if model.final_norm.kind == "layernorm" else 0)


def numpy_gelu(x):
    return np.array([u * 0.5 * math.erfc(-u / math.sqrt(2)) for u in x])


def numpy_states(model, hidden, alpha=0.0, vector=None, layer=None, positions="all"):
    """Token by token, head by head; position t sees `seen`, the positions up to t."""
    x = np.array(hidden)
    for number, block in enumerate(model.blocks):
        block = jax.tree.map(np.asarray, block)
        normed = np.array([numpy_norm(block.attention_norm, row) for row in x])
        for t in range(len(x)):
            for q, k, v, o in zip(block.query, block.key, block.value, block.output, strict=True):
                seen = normed[: t + 1]
                weights = np.exp([(q @ normed[t]) @ (k @ n) / math.sqrt(len(q)) for n in seen])
                x[t] += (
                    o @ sum(w * (v @ n) for w, n in zip(weights, seen, strict=True)) / weights.sum()
                )
        for t in range(len(x)):
            inner = block.up @ numpy_norm(block.mlp_norm, x[t]) + block.up_bias
            x[t] += block.down @ numpy_gelu(inner) + block.down_bias
        if number == layer:
            for t in range(len(x)) if positions == "all" else [len(x) - 1]:
                x[t] += alpha * np.asarray(vector)
    return x


def numpy_logits(model, *args, **kwargs):
    last = numpy_states(model, *args, **kwargs)[-1]
    return np.asarray(model.decoder) @ numpy_norm(model.final_norm, last)


def published(model, vector, alpha, rho):
    """2ρ/(2a - ρ) + d eps/(2(a - ρ)²), times √d max|γ|: the bound on B that `limit_rate_bound` states."""
    w = centred(model, vector)
    a, d, eps = abs(alpha) * np.linalg.norm(w), len(w), model.final_norm.eps
    most = math.sqrt(d) * np.max(np.abs(model.final_norm.scale))
    return most * (2 * rho / (2 * a - rho) + d * eps / (2 * (a - rho) ** 2))


# Forward pass


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("layer", "positions"), PLACES)
def test_steered_pass_matches_numpy(norm, layer, positions):
    for alpha in (-3.0, 0.7, 40.0, 1e8, -1e8):
        place = {"vector": VECTOR, "layer": layer, "positions": positions}
        got = model(norm).hidden_states(HIDDEN, alpha, **place)
        want = numpy_states(model(norm), HIDDEN, alpha, **place)
        np.testing.assert_allclose(got, want, rtol=ROUND, atol=ROUND * max(1, abs(alpha)))
        got = model(norm).logits(HIDDEN, alpha, **place)
        want = numpy_logits(model(norm), HIDDEN, alpha, **place)
        np.testing.assert_allclose(got, want, rtol=0, atol=10 * ROUND)


@pytest.mark.parametrize("norm", NORMS)
def test_zero_strength_is_no_steering_bit_for_bit(norm):
    plain = np.asarray(model(norm).logits(HIDDEN))
    np.testing.assert_allclose(plain, numpy_logits(model(norm), HIDDEN), rtol=0, atol=10 * ROUND)
    for layer, positions in PLACES:
        place = {"vector": VECTOR, "layer": layer, "positions": positions}
        np.testing.assert_array_equal(model(norm).logits(HIDDEN, 0.0, **place), plain)


def test_no_position_sees_a_later_one():
    changed = HIDDEN.at[3].add(1.0)
    before, after = (model("rmsnorm").hidden_states(h) for h in (HIDDEN, changed))
    np.testing.assert_array_equal(after[:3], before[:3])
    assert jnp.all(jnp.any(after[3:] != before[3:], axis=1))


def test_all_positions_and_the_last_are_different_interventions():
    for layer in range(BLOCKS):
        everywhere, last = (
            model("layernorm").logits(HIDDEN, 2.0, vector=VECTOR, layer=layer, positions=positions)
            for positions in ("all", "last")
        )
        # After the last block no attention is left to carry the other positions over.
        assert bool(jnp.all(everywhere == last)) == (layer == BLOCKS - 1)


# The norms


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1e4, 1e8, -1e8])
@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_norms_match_50_digits(alpha, eps):
    scale, bias, h = HIDDEN[1], HIDDEN[2], HIDDEN[0]
    with mpmath.workdps(50):
        x = [mpmath.mpf(float(h[i])) + alpha * mpmath.mpf(float(VECTOR[i])) for i in range(D)]
        mean = mpmath.fsum(x) / D
        for centre, got in (
            (mpmath.mpf(0), ufm.rms_norm(h + alpha * VECTOR, scale, eps)),
            (mean, ufm.layer_norm(h + alpha * VECTOR, scale, bias, eps)),
        ):
            root = mpmath.sqrt(mpmath.fsum((u - centre) ** 2 for u in x) / D + eps)
            for i in range(D):
                shift = float(bias[i]) if centre else 0.0
                want = float(scale[i]) * (x[i] - centre) / root + shift
                assert abs(want - float(got[i])) < 1e-14


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_eps_free_norms_do_not_depend_on_the_size(size):
    for norm in (lambda x: ufm.rms_norm(x, HIDDEN[1], 0.0),
                 lambda x: ufm.layer_norm(x, HIDDEN[1], HIDDEN[2], 0.0)):  # fmt: skip
        np.testing.assert_allclose(norm(size * VECTOR), norm(VECTOR), rtol=1e-13)


def test_norm_derivatives_are_those_of_the_plain_formula():
    def plain(x):
        y = x - jnp.mean(x)
        return HIDDEN[1] * y / jnp.sqrt(jnp.mean(y**2) + 0.1) + HIDDEN[2]

    def ours(x):
        return ufm.layer_norm(x, HIDDEN[1], HIDDEN[2], 0.1)

    for derivative in (jax.jacfwd, jax.jacrev, jax.hessian):
        got, want = (jax.jit(derivative(f))(VECTOR) for f in (ours, plain))
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-13)


# The limit (Proposition 4.1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("sign", [1, -1])
def test_logits_reach_the_limit_within_the_bound(norm, sign):
    steered = model(norm)
    limit = np.asarray(steered.decoder) @ numpy_norm(
        steered.final_norm, sign * np.asarray(VECTOR), eps=0.0
    )
    np.testing.assert_allclose(steered.limit_logits(VECTOR, sign), limit, rtol=0, atol=10 * ROUND)
    for layer, positions in PLACES:
        rho = steered.remainder_bound(HIDDEN, layer)
        for size in (1e1, 1e2, 1e4, 1e8):
            logits = steered.logits(
                HIDDEN, sign * size, vector=VECTOR, layer=layer, positions=positions
            )
            gap = np.abs(logits - limit)
            bound = steered.logit_rate_bound(VECTOR, sign * size, rho)
            assert np.all(gap <= bound), (layer, positions, size)
        assert np.max(gap) < 1e-5


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("positions", ["all", "last"])
def test_distance_to_the_limit_falls_as_one_over_alpha(norm, positions):
    alphas = np.geomspace(1e3, 1e7, 9)
    place = {"vector": VECTOR, "layer": 0, "positions": positions}
    sweep = jax.jit(jax.vmap(lambda a: model(norm).logits(HIDDEN, a, **place)))
    for sign in (1, -1):
        gaps = jnp.linalg.norm(
            sweep(jnp.asarray(sign * alphas)) - model(norm).limit_logits(VECTOR, sign)[None], axis=1
        )
        slope = np.polyfit(np.log(alphas), np.log(gaps), 1)[0]
        assert slope == pytest.approx(-1, abs=0.01)


@pytest.mark.parametrize("norm", NORMS)
def test_limit_is_that_of_the_eps_free_norm(norm):
    steered = model(norm, eps=1.0)
    far = steered.logits(HIDDEN, 1e8, vector=VECTOR, layer=0)
    np.testing.assert_allclose(far, steered.limit_logits(VECTOR, 1), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(
        steered.limit_logits(VECTOR, 1), model(norm, eps=1e-5).limit_logits(VECTOR, 1)
    )
    # The norm with its eps, which one might take the limit to be, is far away.
    with_eps = steered.decoder @ steered.final_norm(VECTOR)
    assert np.max(np.abs(far - with_eps)) > 0.1


def test_limits_at_both_ends_are_opposite_for_rmsnorm_only():
    up, down = (model("rmsnorm").limit_logits(VECTOR, sign) for sign in (1, -1))
    np.testing.assert_array_equal(up, -down)
    layernorm = model("layernorm")
    total = sum(layernorm.limit_logits(VECTOR, sign) for sign in (1, -1))
    np.testing.assert_allclose(
        total, 2 * layernorm.decoder @ layernorm.final_norm.bias, rtol=0, atol=10 * ROUND
    )
    assert np.max(np.abs(total)) > 0.1


def test_constant_vector_moves_nothing_under_layernorm():
    constant = jnp.full(D, 0.3)
    for layer, positions in PLACES:
        place = {"vector": constant, "layer": layer, "positions": positions}
        for alpha in (-1e3, 1.0, 1e3):
            moved = model("layernorm").logits(HIDDEN, alpha, **place)
            # Rounding of h + alpha v, at unit roundoff times alpha, times the logits' size.
            np.testing.assert_allclose(moved, model("layernorm").logits(HIDDEN), atol=1e-10)
    with pytest.raises(ValueError, match=r"constant, every entry 0\.3.* layernorm removes it"):
        model("layernorm").limit_logits(constant, 1)
    moved = model("rmsnorm").logits(HIDDEN, 1e8, vector=constant, layer=0)
    np.testing.assert_allclose(moved, model("rmsnorm").limit_logits(constant, 1), atol=1e-5)


# The rate and its ingredients


@pytest.mark.parametrize("norm", NORMS)
def test_remainder_stays_below_its_a_priori_bound(norm):
    for layer, positions in PLACES:
        rho = float(model(norm).remainder_bound(HIDDEN, layer))
        for alpha in (0.0, 1.0, -30.0, 1e8, -1e8):
            place = {"vector": VECTOR, "layer": layer, "positions": positions}
            got = float(model(norm).steering_remainder(HIDDEN, alpha, **place))
            assert got <= rho * (1 + ROUND)
            if abs(alpha) < 1e8:  # the difference is meaningful only while alpha v is small
                last = numpy_states(model(norm), HIDDEN, alpha, **place)[-1]
                rest = centred(model(norm), last - alpha * np.asarray(VECTOR))
                assert got == pytest.approx(np.linalg.norm(rest), rel=ROUND)
        if layer == BLOCKS - 1:  # nothing comes later: the bound is the remainder
            assert rho == pytest.approx(got, rel=ROUND)


def test_steering_remainder_converges_where_a_difference_has_lost_it():
    place = {"vector": VECTOR, "layer": 0}
    near, far = (model("rmsnorm").steering_remainder(HIDDEN, a, **place) for a in (1e12, 1e15))
    assert float(near) == pytest.approx(float(far), rel=1e-10)


def test_heads_attending_differently_exceed_the_stacked_spectral_norms():
    # Head 1 copies token 1's first entry, head 2 copies token 2's second; all matrices have norm 1
    # but their common output is sqrt(2) longer than a normed token.
    steered = ufm.Transformer.random(
        jax.random.key(0), blocks=1, dimension=2, heads=2, vocabulary=3, norm="rmsnorm", eps=0.0
    )
    zero = jax.tree.map(jnp.zeros_like, steered.blocks[0])
    one = jnp.ones(2)
    block = eqx.tree_at(
        lambda b: (b.attention_norm.scale, b.query, b.key, b.value, b.output, b.mlp_norm.scale),
        zero,
        (
            one,
            jnp.array([[[0.0, 50.0]], [[0.0, 50.0]]]),
            jnp.array([[[1.0, 0.0]], [[0.0, 1.0]]]),
            jnp.array([[[1.0, 0.0]], [[0.0, 1.0]]]),
            jnp.array([[[1.0], [0.0]], [[0.0], [1.0]]]),
            one,
        ),
    )
    rest = jnp.eye(2)
    increment = jnp.linalg.norm((block(rest, jnp.zeros_like(rest)) - rest)[-1])
    assert float(increment) == pytest.approx(2.0, rel=1e-9)
    assert increment > math.sqrt(2) * (1 + 1e-9)  # norm output sqrt(2), times |output| |value| = 1
    assert increment <= block.largest_increment()


@pytest.mark.parametrize("norm", NORMS)
def test_largest_image_of_a_norm_is_attained_by_one_row(norm):
    final = model(norm, eps=0.0).final_norm
    row = centred(model(norm), VECTOR) / np.asarray(final.scale)
    bias = 0.0 if final.bias is None else row @ np.asarray(final.bias)
    offset = 0.5 * np.sign(bias)
    best = np.asarray(final.scale) * row * (1 if bias >= 0 else -1)
    want = float(abs(row @ numpy_norm(final, best) + offset))
    got = final.largest_image(jnp.asarray(row)[None], jnp.full(1, offset))
    assert float(got) == pytest.approx(want, rel=ROUND)


def test_bias_after_the_mlp_counts():
    dead = jax.tree.map(jnp.zeros_like, model("rmsnorm").blocks[0])
    dead = eqx.tree_at(lambda b: b.down_bias, dead, VECTOR)
    assert float(dead.largest_increment()) == pytest.approx(float(jnp.linalg.norm(VECTOR)))


@pytest.mark.parametrize("norm", NORMS)
def test_block_increments_stay_below_their_bound_on_wild_streams(norm):
    block = model(norm).blocks[1]
    bound = block.largest_increment()
    draws = np.random.default_rng(2).normal(size=(200, T, D))
    scales = 10.0 ** np.random.default_rng(3).uniform(-3, 8, size=(200, T, 1))
    wild = jnp.asarray(draws * scales)
    pieces = jax.vmap(lambda x: block(jnp.zeros_like(x), x))(wild)  # the increment alone
    worst = jnp.max(jnp.linalg.norm(pieces, axis=-1))
    assert 0.1 * bound < worst <= bound  # neither broken nor vacuous


@given(
    st.floats(1e-6, 1.0, exclude_max=True),
    st.floats(0, math.pi),
    st.sampled_from([0.0, 1e-5, 1.0]),
    st.sampled_from(NORMS),
)
def test_rate_bound_holds_and_improves_on_the_sum(ratio, angle, eps, norm):
    steered, vector = model(norm, eps), VECTOR + 3  # LayerNorm sees a fraction of its length
    w, other = centred(steered, vector), centred(steered, HIDDEN[0])
    other -= (other @ w) / (w @ w) * w
    unit = w / np.linalg.norm(w)
    rho = ratio * np.linalg.norm(w)
    rest = rho * (math.cos(angle) * unit + math.sin(angle) * other / np.linalg.norm(other))
    gap = np.linalg.norm(
        numpy_norm(steered.final_norm, rest + w) - numpy_norm(steered.final_norm, w, eps=0.0)
    )
    bound = float(steered.limit_rate_bound(vector, 1.0, rho))
    assert gap <= bound * (1 + 1e-9) + ROUND
    assert bound <= published(steered, vector, 1.0, rho) * (1 + 1e-9)


def test_rate_bound_is_attained_by_a_tangent_remainder():
    steered = model("rmsnorm", eps=0.0)
    steered = eqx.tree_at(lambda m: m.final_norm.scale, steered, jnp.ones(D))
    v, rho = np.zeros(D), 0.6
    v[0] = 1.0
    # y = v + rest is orthogonal to rest.
    rest = rho * np.array([-rho, math.sqrt(1 - rho**2), *np.zeros(D - 2)])
    gap = np.linalg.norm(
        numpy_norm(steered.final_norm, v + rest) - numpy_norm(steered.final_norm, v)
    )
    bound = float(steered.limit_rate_bound(jnp.asarray(v), 1.0, rho))
    assert bound == pytest.approx(gap, rel=1e-12)
    assert published(steered, v, 1.0, rho) > 1.3 * bound


def test_rate_bound_where_the_remainder_may_cancel_the_vector():
    # Beyond rho = 2 |alpha v| the published sum is negative: no bound at all. Ours is trivial.
    steered, length = model("rmsnorm"), float(jnp.linalg.norm(VECTOR))
    most = 2 * math.sqrt(D) * float(jnp.max(jnp.abs(steered.final_norm.scale)))
    for alpha, rho in ((0.0, 1.0), (0.0, 0.0), (1.0, length), (1.0, 3 * length)):
        assert float(steered.limit_rate_bound(VECTOR, alpha, rho)) == pytest.approx(most)
    assert published(steered, VECTOR, 1.0, 3 * length) < 0
    with jax.debug_nans(True):  # not under jit, which hides a NaN that a `where` drops later
        slope = jax.grad(model("rmsnorm", eps=0.0).limit_rate_bound, argnums=1)(VECTOR, 0.0, 1.0)
    assert slope == 0


def test_logit_bound_folds_the_scale_into_the_rows():
    steered = model("layernorm")
    state = steered.limit_rate_bound(VECTOR, 1e3, 2.0) / np.max(np.abs(steered.final_norm.scale))
    want = state * np.linalg.norm(
        np.array(steered.decoder) * np.array(steered.final_norm.scale), axis=1
    )
    np.testing.assert_allclose(steered.logit_rate_bound(VECTOR, 1e3, 2.0), want, rtol=1e-13)


# Transformations and dtypes


@pytest.mark.parametrize("norm", NORMS)
def test_jit_vmap_and_jvp_agree_with_numpy(norm):
    place = {"vector": VECTOR, "layer": 1, "positions": "last"}
    alphas = jnp.array([-1e8, -2.0, 0.0, 1.3, 1e8])
    swept = jax.jit(jax.vmap(lambda a: model(norm).logits(HIDDEN, a, **place)))(alphas)
    want = [numpy_logits(model(norm), HIDDEN, float(a), **place) for a in alphas]
    np.testing.assert_allclose(swept, want, rtol=0, atol=10 * ROUND)
    _, slope = jax.jvp(lambda a: model(norm).logits(HIDDEN, a, **place), (1.3,), (1.0,))
    step = 1e-5
    ends = [numpy_logits(model(norm), HIDDEN, 1.3 + s, **place) for s in (step, -step)]
    # Central differences: step^2 from truncation, 1e-15 / step from rounding.
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=0, atol=1e-8)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_no_nan_on_the_way_to_the_limit(norm, eps):
    steered = model(norm, eps)
    slope = jax.jit(jax.jacfwd(lambda a: steered.logits(HIDDEN, a, vector=VECTOR, layer=0)))
    bound_slope = jax.jit(jax.grad(lambda a: steered.limit_rate_bound(VECTOR, a, 1.0)))
    with jax.debug_nans(True):
        for alpha in (0.0, 1e8, -1e8):
            assert np.all(np.isfinite(slope(alpha)))
            steered.steering_remainder(HIDDEN, alpha, vector=VECTOR, layer=0)
            bound_slope(alpha)
        steered.limit_logits(VECTOR, -1)
    if eps:  # a position at zero is in the domain of a norm with eps
        with jax.debug_nans(True):
            steered.logits(jnp.zeros((T, D)))


def test_single_precision_stays_single():
    steered = ufm.Transformer.random(
        jax.random.key(7), blocks=1, dimension=D, heads=2, vocabulary=V, dtype=jnp.float32
    )
    hidden, vector = HIDDEN.astype(jnp.float32), VECTOR.astype(jnp.float32)
    logits = steered.logits(hidden, 1e8, vector=vector, layer=0)
    assert logits.dtype == jnp.float32
    np.testing.assert_allclose(logits, steered.limit_logits(vector, 1), rtol=0, atol=1e-4)


# Bad input

STEER = {"vector": VECTOR, "layer": 0}
RMS, LAYER = model("rmsnorm"), model("layernorm")
RANDOM = {"key": jax.random.key(0), "blocks": 1, "dimension": 4, "heads": 2, "vocabulary": 3}
BAD = {
    "hidden width": (lambda: RMS.logits(HIDDEN[:, :3]), r"hidden must be \[T >= 1, d = 8\]; got"),
    "hidden axes": (lambda: RMS.logits(HIDDEN[0]), "hidden must have 2 axes; got shape"),
    "no token": (lambda: RMS.logits(HIDDEN[:0]), r"hidden must be .*got shape \(0, 8\)"),
    "alpha alone": (lambda: RMS.logits(HIDDEN, 1.0), "without a vector steers nothing"),
    "traced alpha alone": (
        lambda: jax.grad(lambda a: RMS.logits(HIDDEN, a)[0])(1.0),
        "without a vector steers nothing",
    ),
    "layer alone": (lambda: RMS.logits(HIDDEN, layer=1), "without a vector steers nothing"),
    "vector alone": (
        lambda: RMS.logits(HIDDEN, 1.0, vector=VECTOR),
        r"layer must be one of the blocks 0\.\.2; got None",
    ),
    "layer": (lambda: RMS.hidden_states(HIDDEN, 1.0, vector=VECTOR, layer=3), "0..2; got 3"),
    "negative layer": (lambda: RMS.remainder_bound(HIDDEN, -1), "0..2; got -1"),
    "positions": (
        lambda: RMS.logits(HIDDEN, 1.0, positions="first", **STEER),
        "positions must be 'all' or 'last'; got 'first'",
    ),
    "vector shape": (
        lambda: RMS.logits(HIDDEN, 1.0, vector=VECTOR[:3], layer=0),
        r"stream's shape \(8,\); got \(3,\)",
    ),
    "vector nan": (
        lambda: RMS.logits(HIDDEN, 1.0, vector=VECTOR.at[2].set(jnp.nan), layer=0),
        r"vector\[2\] = nan is not a finite",
    ),
    "alpha array": (lambda: RMS.logits(HIDDEN, jnp.ones(2), **STEER), "scalar; got shape"),
    "alpha infinite": (
        lambda: RMS.logits(HIDDEN, math.inf, **STEER),
        "alpha must be finite; got inf: see limit_logits",
    ),
    "sign": (lambda: RMS.limit_logits(VECTOR, 0), r"sign must be \+1 or -1.*got 0"),
    "zero": (lambda: RMS.limit_logits(jnp.zeros(D), 1), "has no direction"),
    "zero in a rate": (lambda: LAYER.limit_rate_bound(jnp.zeros(D), 1.0, 1.0), "no direction"),
    "constant up to rounding": (
        lambda: LAYER.limit_logits(jnp.full(D, 0.3).at[0].set(0.1 + 0.2), 1),
        "vector is constant",
    ),
    "rho": (lambda: RMS.limit_rate_bound(VECTOR, 1.0, -1.0), "at least 0; got -1.0"),
    "heads": (
        lambda: ufm.Transformer.random(**RANDOM | {"heads": 3}),
        "heads must divide dimension; got 3 heads, 4",
    ),
    "no heads": (lambda: ufm.Transformer.random(**RANDOM | {"heads": 0}), "got 0 heads"),
    "no blocks": (lambda: ufm.Transformer.random(**RANDOM | {"blocks": 0}), "at least one block"),
    "norm": (
        lambda: ufm.Transformer.random(**RANDOM, norm="batchnorm"),
        "norm must be 'layernorm' or 'rmsnorm'; got 'batchnorm'",
    ),
    "eps": (lambda: ufm.Transformer.random(**RANDOM, eps=-1e-5), "eps must be .*got -1e-05"),
    "bias of a rmsnorm": (
        lambda: replace(LAYER.final_norm, kind="rmsnorm"),
        r"a rmsnorm with scale \(8,\) and bias \(8,\)",
    ),
    "no bias": (lambda: replace(LAYER.final_norm, bias=None), "and bias None"),
    "bias shape": (lambda: replace(LAYER.final_norm, bias=jnp.ones(3)), r"bias \(3,\)"),
    "decoder": (lambda: replace(RMS, decoder=jnp.ones((V, 3))), r"must share .* d = 8"),
    "block weights": (
        lambda: replace(RMS.blocks[0], down=jnp.ones((D, 3))),
        r"down must be \(8, 32\); got \(8, 3\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_reason(case, monkeypatch):
    # The run-time type checker would refuse some of the shapes first, with a text of its own.
    monkeypatch.setattr(config, "jaxtyping_disable", True)
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_traced_values_are_not_checked():
    nan = jax.jit(lambda v: RMS.limit_logits(v, 1))(jnp.zeros(D))
    assert np.all(np.isnan(nan))
