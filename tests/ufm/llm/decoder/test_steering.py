"""One record of what is added where, its keyword form, and the sum h + αv by hand."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ufm.llm
from ufm.llm.decoder.layout import layout_of
from ufm.llm.decoder.steering import add, place, step

VECTOR = np.linspace(-1, 1, 16)
TOKENS = [5, 9, 27]


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


@pytest.mark.parametrize(
    "where", [(0, "all", "residual"), (0, "last", "residual"), (1, "all", "post-norm")]
)
def test_the_keyword_form_is_the_record(model, where):
    fields = dict(zip(("layer", "positions", "site"), where, strict=True))
    steering = ufm.llm.Steering(VECTOR, **fields)
    for call in (model.logits, model.all_logits):
        found = call(TOKENS, 1.5, steering)
        np.testing.assert_array_equal(found, call(TOKENS, 1.5, vector=VECTOR, **fields))
        assert abs(found - call(TOKENS)).max() > 0.1
    found = model.derivatives(TOKENS, steering, alpha=0.5)
    np.testing.assert_array_equal(found, model.derivatives(TOKENS, VECTOR, alpha=0.5, **fields))
    np.testing.assert_array_equal(found[-1], model.derivative(TOKENS, steering, alpha=0.5))


def test_the_keyword_form_takes_a_zero_vector_and_a_traced_one(model):
    zero = np.zeros(16)
    found = model.logits(TOKENS, 3.0, vector=zero, layer=0)
    np.testing.assert_array_equal(found, model.logits(TOKENS))
    logit = lambda v: model.logits(TOKENS, 1.0, vector=v, layer=0)[7]  # noqa: E731
    slope = jax.grad(logit)(zero)
    h = 1e-6
    rise = (logit(h * VECTOR) - logit(-h * VECTOR)) / (2 * h)
    assert abs(slope @ VECTOR - rise) < 1e-8


def test_the_record_of_a_measured_vector():
    measured = SimpleNamespace(values=VECTOR, layer=3, positions="last", site="residual")
    found = ufm.llm.Steering.of(measured)
    assert (found.layer, found.positions, found.site) == (3, "last", "residual")
    np.testing.assert_array_equal(found.vector, VECTOR)
    assert ufm.llm.Steering.of(measured, positions="all").positions == "all"


def test_the_sum_at_all_positions_and_at_the_last():
    mask = np.array([[False, True, True, False], [True, True, True, True]])
    layout = layout_of(jnp.asarray(mask))
    x, v = np.random.default_rng(0).normal(size=(2, 4, 3)), np.array([1.0, -2.0, 0.5])
    sizes = dict(count=2, width=3, dtype=np.dtype(np.float64))
    for positions, last in (("all", None), ("last", [2, 3])):
        want = x.copy()
        for b, alpha in enumerate((0.5, -3.0)):
            rows = slice(None) if last is None else last[b]
            want[b, rows] += alpha * v
        steps = step(jnp.asarray(x), layout, place(v, 1, positions, **sizes))
        found = add(jnp.asarray(x), steps, jnp.array([0.5, -3.0]))
        np.testing.assert_allclose(found, want, rtol=1e-15)
        # one strength serves a batch, and α = 0 changes no bit
        np.testing.assert_array_equal(add(jnp.asarray(x), steps, jnp.zeros(1)), x)


def test_the_sum_is_made_in_the_dtype_of_the_norms():
    x = jnp.full((1, 1, 2), 256.0, jnp.bfloat16)
    v = jnp.array([1.0, 3.0], jnp.float32)
    found = add(x, v[None, None], jnp.array([0.5, 1.0], jnp.float32))
    assert found.dtype == jnp.bfloat16
    # 256.5 and 257 round to 256 in bfloat16, 257.5 and 259 to 258 and 260
    np.testing.assert_array_equal(found.astype(jnp.float32)[:, 0], [[256, 258], [256, 260]])
