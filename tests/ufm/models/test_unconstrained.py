"""The UFM: closed-form fit, training to the entropy, steering, bad input."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from ufm.strategies import steerings

ENTROPY = 1.331784891  # -(0.95 log(0.95/3) + 0.05 log(0.05/6)): V=9, G=3, ε=0.05


@settings(max_examples=20)
@given(steerings(max_concepts=3, max_size=3))
def test_fit_is_perfect(steering):
    data = steering[0]
    model = ufm.UFM.fit(data)
    assert model.decoder.shape[1] <= int(data.token_concept.max()) + 1
    np.testing.assert_allclose(
        jax.nn.softmax(model.logits()), data.next_token_probs, rtol=1e-12, atol=1e-12
    )


def test_fit_pads_and_refuses_too_few_dimensions():
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    wide = ufm.UFM.fit(data, dimension=7)
    assert wide.decoder.shape == (9, 7)
    np.testing.assert_allclose(wide.logits(), ufm.UFM.fit(data).logits(), atol=1e-13)
    assert (wide.decoder[:, 2:] == 0).all()
    with pytest.raises(
        ValueError, match=r"dimension 1 is below 2, the rank of .*; pass dimension >= 2"
    ):
        ufm.UFM.fit(data, dimension=1)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_dimension_of_a_fit_is_the_rank_of_its_table(rank):
    """Singular values from 1e4 on, a hundred times smaller each: noise is counted from the largest."""
    rng = np.random.default_rng(rank)
    left, right = rng.normal(size=(6, rank)), rng.normal(size=(rank, 9))
    table = jax.nn.log_softmax(1e2 * (left * 1e-2 ** np.arange(rank)) @ right)
    model = ufm.UFM.from_log_probs(table)
    assert model.embeddings.shape == (6, rank)
    np.testing.assert_allclose(jax.nn.log_softmax(model.logits()), table, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("asked", "dimension"), [(None, 4), (1, 1), (7, 7)])
def test_training_is_of_the_dimension_asked_for_or_one_a_concept(asked, dimension):
    data = ufm.ConceptDataset.smoothed(concepts=4, size=2)
    model = ufm.UFM.train(data, key=jax.random.key(0), steps=1, dimension=asked)
    assert model.decoder.shape == (8, dimension)
    assert model.embeddings.shape == (8, dimension)
    assert model.losses.shape == (2,)


@pytest.mark.parametrize("dimension", [4, 100])
def test_training_starts_from_logits_of_variance_one(dimension):
    data = ufm.ConceptDataset.smoothed(concepts=6, size=6, contexts_per_concept=6)
    model = ufm.UFM.train(
        data, key=jax.random.key(0), steps=1, dimension=dimension, learning_rate=1e-9
    )
    assert 0.5 < float(model.logits().var()) < 2


def test_uniform_table_fits_in_one_dimension():
    model = ufm.UFM.from_log_probs(np.full((2, 3), np.log(1 / 3)))
    np.testing.assert_allclose(jax.nn.softmax(model.logits()), 1 / 3, rtol=1e-14)


@pytest.mark.parametrize("optimizer", ["adam", "gradient-descent"])
def test_training_reaches_the_entropy(optimizer):
    data = ufm.ConceptDataset.smoothed(concepts=3, size=3, epsilon=0.05)
    calls = []
    model = ufm.UFM.train(
        data,
        key=jax.random.key(0),
        steps=2000,
        optimizer=optimizer,
        progress=lambda *state: calls.append(state),
    )
    assert abs(float(model.cross_entropy(data)) - ENTROPY) < 1e-4
    assert model.losses.shape == (2001,)
    # the history starts where a Gaussian start does, and ends at the trained model's own loss
    assert model.losses[0] > 1.5
    # compiled and eager sums may differ in their order: two units in the last place
    np.testing.assert_allclose(model.losses[-1], model.cross_entropy(data), rtol=4.5e-16)
    assert (np.asarray(model.losses) >= ENTROPY - 1e-9).all()
    assert [done for done, _, _ in calls] == list(range(100, 2001, 100))
    assert calls[-1][1:] == (2000, f"loss {model.losses[-2]:.6f} nats")
    np.testing.assert_allclose(model.gap(data), model.losses[-1] - data.entropy(), atol=1e-15)


def test_training_is_the_same_with_and_without_progress():
    data, key = ufm.ConceptDataset.smoothed(), jax.random.key(3)
    plain = ufm.UFM.train(data, key=key, steps=30)
    watched = ufm.UFM.train(data, key=key, steps=30, progress=lambda *_: None)
    np.testing.assert_allclose(plain.losses, watched.losses, rtol=1e-12)
    other = ufm.UFM.train(data, key=jax.random.key(4), steps=30)
    assert abs(float(other.losses[0] - plain.losses[0])) > 1e-3


def test_the_first_step_of_gradient_descent_is_the_gradient():
    data, key = ufm.ConceptDataset.smoothed(), jax.random.key(3)
    two = ufm.UFM.train(data, key=key, steps=2, optimizer="gradient-descent", learning_rate=1e-3)
    one = ufm.UFM.train(data, key=key, steps=1, optimizer="gradient-descent", learning_rate=1e-3)
    slope = jax.grad(lambda w: ufm.UFM(w, one.embeddings).cross_entropy(data))(one.decoder)
    np.testing.assert_allclose(two.decoder, one.decoder - 1e-3 * slope, rtol=1e-12, atol=1e-15)


@settings(max_examples=15)
@given(steerings(min_concepts=3, max_concepts=3, min_size=2, max_size=2))
def test_steering_the_model_is_the_tilt(steering):
    data, positive, negative = steering
    model, tilt = ufm.UFM.fit(data), ufm.ExponentialTilt.from_dataset(data, positive, negative)
    vector = ufm.difference_of_means(model.embeddings, positive, negative)
    for alpha in (-2.0, 0.5, 3.0):
        steered = jax.nn.softmax(model.steer(vector, alpha))
        np.testing.assert_allclose(steered, tilt.probs(alpha), rtol=1e-10, atol=1e-12)


def test_steering_by_zero_changes_no_bit():
    model = ufm.UFM.fit(ufm.ConceptDataset.smoothed())
    vector = ufm.difference_of_means(model.embeddings, [0, 1], [2, 3])
    assert (model.steer(vector, 0.0) == model.logits()).all()
    jitted = jax.jit(lambda a: model.steer(vector, a))(0.7)
    np.testing.assert_allclose(jitted, model.steer(vector, 0.7), rtol=1e-13)


def test_transformations_go_through_a_model():
    model = ufm.UFM.fit(ufm.ConceptDataset.smoothed())
    doubled = jax.tree.map(lambda x: 2 * x, model)
    np.testing.assert_allclose(doubled.logits(), 4 * model.logits(), rtol=1e-14)
    many = jax.vmap(lambda s: model.steer(s * np.ones(2), 1.0))(np.arange(3.0))
    assert many.shape == (3, 6, 9)


def small():
    return ufm.UFM(np.ones((3, 2)), np.ones((4, 2)))


def train(**keywords):
    return ufm.UFM.train(ufm.ConceptDataset.smoothed(), key=jax.random.key(0), **keywords)


def unsmoothed():
    return ufm.ConceptDataset.from_pairs([[0], [1]], [0, 1], [0, 1])


BAD = [
    (
        lambda: ufm.UFM(np.ones((3, 2)), np.ones((4, 3))),
        ValueError,
        r"must share d; got \(3, 2\) and \(4",
    ),
    (lambda: ufm.UFM(np.ones(3), np.ones((4, 3))), ValueError, "decoder must have 2 axes"),
    (lambda: ufm.UFM(np.ones((3, 2)), np.ones(2)), ValueError, "embeddings must have 2 axes"),
    (
        lambda: ufm.UFM([[np.nan]], [[1.0]]),
        ValueError,
        r"decoder\[0, 0\] = nan is not a finite number",
    ),
    (lambda: ufm.UFM([[1.0]], [[np.inf]]), ValueError, r"embeddings\[0, 0\] = inf"),
    (lambda: ufm.UFM([[1j]], [[1.0]]), TypeError, "decoder must hold real numbers"),
    (
        lambda: ufm.UFM(np.ones((3, 2)), np.float32(np.ones((4, 2)))),
        TypeError,
        "decoder and embeddings must share a dtype; got float64 and float32",
    ),
    (lambda: small().steer([1.0], 1.0), ValueError, r"vector must have shape \(2,\); got \(1,\)"),
    (lambda: small().steer([[1.0, 1.0]], 1.0), ValueError, "vector must have 1 axis"),
    (
        lambda: small().steer([1.0, 1.0], np.ones(2)),
        ValueError,
        r"alpha must be a scalar; got shape \(2,\)",
    ),
    (
        lambda: small().steer([1.0, 1.0], np.nan),
        ValueError,
        "alpha must be a finite number; got nan",
    ),
    (
        lambda: small().steer([1.0, np.nan], 1.0),
        ValueError,
        r"vector\[1\] = nan is not a finite number",
    ),
    (
        lambda: ufm.UFM.fit(unsmoothed()),
        ValueError,
        r"p\(token 1\|context 0\) = 0 has no logit: count with",
    ),
    (lambda: ufm.UFM.from_log_probs([[0.0, -np.inf]]), ValueError, r"log_probs\[0, 1\] = -inf"),
    (lambda: ufm.UFM.from_log_probs([0.0]), ValueError, "log_probs must have 2 axes"),
    (lambda: train(steps=0), ValueError, "steps must be at least 1; got 0"),
    (lambda: train(dimension=0), ValueError, "dimension must be at least 1; got 0"),
    (
        lambda: train(optimizer="lbfgs"),
        ValueError,
        'must be "adam" or "gradient-descent"; got \'lbfgs\'',
    ),
    (
        lambda: train(learning_rate=-1.0),
        ValueError,
        "learning_rate must be positive and finite; got -1.0",
    ),
    (
        lambda: train(learning_rate=0.0),
        ValueError,
        "learning_rate must be positive and finite; got 0.0",
    ),
    (
        lambda: train(learning_rate=np.inf),
        ValueError,
        "learning_rate must be positive and finite; got inf",
    ),
    (
        lambda: train(learning_rate=np.nan),
        ValueError,
        "learning_rate must be positive and finite; got nan",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_raises(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
