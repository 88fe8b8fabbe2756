"""Several blocks steered at once: against a plain forward pass that adds by hand, everywhere α goes."""

import json
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

import ufm.llm
from tests.oracle import reference
from ufm.llm.decoder.limits import limit_states
from ufm.llm.strength.prompt_mass import MeanMass

LAYERS = (0, 1, 3)
VECTORS = np.random.default_rng(5).normal(size=(3, 16)) / 4
TOKENS = [5, 9, 27, 3, 14, 40]
ALPHAS = np.array([-3.0, 0.0, 0.5, 2.0])
TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9]]
TARGET = np.arange(64) < 8


@pytest.fixture(scope="module")
def model():
    """The tiny GPT-2 with its two blocks twice."""
    two = ufm.llm.load("tests/data/llm/gpt2", "float64")
    params = replace(two.params, blocks=two.params.blocks * 2)
    return ufm.llm.LanguageModel(params, replace(two.config, blocks=two.config.blocks * 2))


@pytest.fixture(scope="module")
def by_hand():
    """Logits [T, V] of the plain pass; what is added is a list of (block, α, v, positions, site)."""
    state = {
        k: np.float64(v) for k, v in load_file("tests/data/llm/gpt2/model.safetensors").items()
    }
    state = {k.removeprefix("transformer."): v for k, v in state.items()}
    for k in [k for k in state if k.startswith("h.")]:
        _, i, rest = k.split(".", 2)
        state[f"h.{int(i) + 2}.{rest}"] = state[k]
    with open("tests/data/llm/gpt2/config.json") as file:
        config = SimpleNamespace(**json.load(file) | {"n_layer": 4})

    def logits(tokens, alpha, positions="all", layers=LAYERS, vectors=VECTORS):
        steer = [(k, alpha, v, positions, "residual") for k, v in zip(layers, vectors, strict=True)]
        return reference.logits(config, state, tokens, steer)

    return logits


def several(positions="all"):
    return ufm.llm.Steering(VECTORS, LAYERS, positions)


def probabilities(logits):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("positions", ["all", "last"])
def test_logits_are_those_of_adding_by_hand(model, by_hand, positions):
    steering = several(positions)
    swept = ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS, length=8)
    for alpha, row in zip(ALPHAS, swept, strict=True):
        want = by_hand(TOKENS, alpha, positions)
        np.testing.assert_allclose(model.all_logits(TOKENS, alpha, steering), want, atol=1e-12)
        np.testing.assert_allclose(model.logits(TOKENS, alpha, steering), want[-1], atol=1e-12)
        np.testing.assert_allclose(row, want[-1], atol=1e-12)
    np.testing.assert_array_equal(model.all_logits(TOKENS, 0.0, steering), model.all_logits(TOKENS))
    np.testing.assert_array_equal(swept[1], model.logits(TOKENS))
    # planted: each of the three counts
    for k in range(3):
        fewer = by_hand(TOKENS, 2.0, positions, np.delete(LAYERS, k), np.delete(VECTORS, k, 0))
        assert abs(fewer[-1] - swept[3]).max() > 1e-3


@pytest.mark.parametrize("positions", ["all", "last"])
def test_derivatives_are_those_of_nested_jvp(model, positions):
    steering = several(positions)

    def probs(alpha):
        return jax.nn.softmax(model.logits(TOKENS, alpha, steering))

    def slope(alpha):
        return jax.jvp(probs, (alpha,), (1.0,))

    (value, first), (_, second) = jax.jit(lambda a: jax.jvp(slope, (a,), (1.0,)))(0.3)
    found = model.derivatives(TOKENS, steering, alpha=0.3, order=2)
    for row, want in zip(found, [value, first, second], strict=True):
        assert abs(row - want).max() <= 1e-12 * max(1, abs(want).max())


def test_text_costs_what_it_does_by_hand(model, by_hand):
    spend = ufm.llm.TextSpend(model, TEXT, several(), length=8, target=TARGET)
    total = np.zeros(4)
    for row in TEXT:
        p, q = (probabilities(by_hand(row, a))[:-1] for a in (0.0, 1.5))
        z = np.arange(len(row) - 1), row[1:]
        total += [
            np.log(p[z] / q[z]).sum(),
            (p * np.log(p / q)).sum(),
            (q * np.log(q / p)).sum(),
            q[:, TARGET].sum(),
        ]
    np.testing.assert_allclose(spend.at([1.5])[0], total / 10, rtol=1e-10)
    h = 1e-4
    up, down = spend.at([h, -h])
    np.testing.assert_allclose(spend.derivatives()[1], (up - down) / (2 * h), atol=1e-7)
    # the gradient in the rows αv_k: its product with them is the slope in log α
    up, down = spend.at([1.5 * (1 + h), 1.5 * (1 - h)])
    for k, kind in enumerate(ufm.llm.KINDS):
        gradient = spend.gradient(1.5, kind)
        assert gradient.shape == VECTORS.shape
        assert abs((gradient * VECTORS).sum() - (up - down)[k] / (3 * h)) < 1e-7
    # one row moved alone
    moved = VECTORS + h * np.eye(3)[:, [1]] * np.linspace(-1, 1, 16)
    back = 2 * VECTORS - moved
    up, down = (spend.along(rows).at([1.5])[0, 1] for rows in (moved, back))
    slope = spend.gradient(1.5, "forward_kl") * 1.5
    assert abs((up - down) / (2 * h) - slope[1] @ np.linspace(-1, 1, 16)) < 1e-7


def test_sweeps_strengths_and_texts_take_several_blocks(model, by_hand, tmp_path):
    steering = several()
    found = ufm.llm.sweep_curves(
        model, [TOKENS], steering, ALPHAS, tmp_path / "curves", concept=TARGET, top=4, order=1
    )
    want = [probabilities(by_hand(TOKENS, a)[-1])[TARGET].sum() for a in ALPHAS]
    np.testing.assert_allclose(found.concept_mass[0], want, atol=1e-13)
    cost = ufm.llm.sweep_cost(model, TEXT, steering, ALPHAS, tmp_path / "cost", length=8)
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8)
    np.testing.assert_allclose(cost.increase, spend.at(ALPHAS)[:, 0], rtol=1e-12)
    slopes = ufm.llm.sweep_slopes(
        model, [TOKENS], np.arange(5)[None], steering, [0.7], tmp_path / "slopes"
    )
    h = 1e-5
    up, down = (np.log(probabilities(by_hand(TOKENS, 0.7 + t)[-1])) for t in (h, -h))
    np.testing.assert_allclose(slopes.slopes[0, 0], (up - down)[:5] / (2 * h), atol=1e-8)
    chosen = ufm.llm.choose_strength(spend, budget=0.05, kind="forward_kl", hidden_norm=1.0)
    assert chosen.layer == LAYERS
    assert abs(spend.at([chosen.alpha])[0, 1] - 0.05) < 1e-12
    assert chosen.relative == pytest.approx(chosen.alpha * np.linalg.norm(VECTORS))
    made = ufm.llm.generate(model, TOKENS, steering, [0.0, 4.0], count=5)
    for row, alpha in zip(made, (0.0, 4.0), strict=True):
        whole = [*TOKENS, *row]
        for t in range(5):
            assert by_hand(whole[: 6 + t], alpha)[-1].argmax() == row[t]
    mass = MeanMass(model, [TOKENS], steering, TARGET)
    up, down = mass.at(2.0 * (1 + 1e-5)), mass.at(2.0 * (1 - 1e-5))
    assert abs((mass.gradient(2.0) * VECTORS).sum() - (up - down) / 4e-5) < 1e-9


def test_far_out_only_the_sum_of_the_rows_is_left(model, by_hand):
    low, high = np.asarray(model.unembed(limit_states(model, several())))
    for alpha, want in ((-1e7, low), (1e7, high)):
        np.testing.assert_allclose(by_hand(TOKENS, alpha)[-1], want, atol=1e-5)
    cancelled = ufm.llm.Steering(np.stack([VECTORS[0], -VECTORS[0]]), (0, 1))
    assert limit_states(model, cancelled) is None


def test_measured_vectors_with_weights_and_files_become_one_steering(model):
    found = ufm.llm.steering_vectors(model, [[3, 4], [5, 6]], [[7, 8], [9, 2]])
    both = ufm.llm.Steering.of([found[2], found[0]], weights=[0.5, -1])
    assert both.layers == (0, 2)
    np.testing.assert_array_equal(both.vector, [-found[0].values, 0.5 * found[2].values])
    control = ufm.llm.ControlVector({0: VECTORS[0], 3: VECTORS[2]}).steering()
    assert control.layers == (0, 3)
    np.testing.assert_array_equal(control.vector, VECTORS[[0, 2]])


BAD = [
    (dict(vector=VECTORS, layer=(1, 0, 3)), "increasing order"),
    (dict(vector=VECTORS, layer=(0, 0, 3)), "increasing order"),
    (dict(vector=VECTORS, layer=(0, 1, 4)), "layer 4 is out of range"),
    (dict(vector=VECTORS, layer=(0, 1)), r"shape \(2, 16\), a row of the model's width"),
    (dict(vector=VECTORS, layer=0), r"shape \(16,\)"),
    (dict(vector=VECTORS[:1], layer=(3,), site="post-norm"), "follows one block"),
]


@pytest.mark.parametrize(("fields", "message"), BAD)
def test_what_does_not_fit_is_refused(model, fields, message):
    with pytest.raises(ValueError, match=message):
        model.logits(TOKENS, 1.0, ufm.llm.Steering(**fields))


def test_vectors_that_cannot_be_added_together_are_refused(model):
    found = ufm.llm.steering_vectors(model, [[3, 4]], [[7, 8]])
    for vectors, weights, message in [
        (found, [1.0], "4 numbers other than 0"),
        (found, [1.0, 0.0, 1.0, 1.0], "4 numbers other than 0"),
        ([found[0], replace(found[1], positions="last")], None, "one site and positions"),
        (found[0], [1.0], "weights are of several vectors"),
    ]:
        with pytest.raises(ValueError, match=message):
            ufm.llm.Steering.of(vectors, weights=weights)
    # rows are added to one stream, so their lengths add up
    long = ufm.llm.Steering(np.full((4, 16), 1.0), (0, 1, 2, 3))
    with pytest.raises(ValueError, match="overflow"):
        model.logits(TOKENS, 5e152, long)
