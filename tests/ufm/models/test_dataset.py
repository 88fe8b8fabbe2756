"""Datasets: the closed forms, counting by hand, sampling, and bad input as tables."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from hypothesis import given, settings

import ufm
from ufm.strategies import datasets

ENTROPY = 1.331784891  # -(0.95 log(0.95/3) + 0.05 log(0.05/6)): V=9, G=3, ε=0.05


def test_smoothed_is_the_closed_form():
    data = ufm.ConceptDataset.smoothed(concepts=3, size=3, epsilon=0.05)
    own = np.asarray(data.context_concept)[:, None] == np.asarray(data.token_concept)
    np.testing.assert_allclose(data.next_token_probs, np.where(own, 0.95 / 3, 0.05 / 6), rtol=1e-14)
    h = -(0.95 * np.log(0.95 / 3) + 0.05 * np.log(0.05 / 6))
    np.testing.assert_allclose(data.entropy(), h, rtol=1e-14)
    assert abs(h - ENTROPY) < 1e-9
    assert data.context_concept.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.contexts.tolist()[:3] == [[0, 0, 0], [0, 0, 1], [3, 3, 3]]
    assert data.concept_contexts(1) == [2, 3]
    assert data.concept_tokens(2).tolist() == [False] * 6 + [True] * 3


def test_from_rates_with_interleaved_concepts():
    concept = [0, 1, 0, 1]
    data = ufm.ConceptDataset.from_rates([0.6, 0.6, 0.2, 0.2], [0.1] * 4, concept)
    np.testing.assert_allclose(data.next_token_probs[0], [0.6, 0.1, 0.2, 0.1])
    np.testing.assert_allclose(data.next_token_probs[2], [0.1, 0.6, 0.1, 0.2])
    assert data.contexts.tolist()[2] == [1, 1, 1]


def test_rates_may_depend_on_the_context():
    """App. B.1: a_z may differ between contexts of one concept, b may not."""
    a = np.array([[0.6, 0.2, 0, 0], [0.3, 0.5, 0, 0], [0, 0, 0.4, 0.4], [0, 0, 0.7, 0.1001]])
    a[3] = [0, 0, 0.65, 0.15]
    data = ufm.ConceptDataset.from_rates(a, [0.1] * 4, [0, 0, 1, 1])
    np.testing.assert_allclose(data.next_token_probs[1], [0.3, 0.5, 0.1, 0.1])
    np.testing.assert_allclose(data.next_token_probs[3], [0.1, 0.1, 0.65, 0.15])


def test_from_concept_laws_by_hand():
    gamma, omega = [0.3, 0.7, 0.5, 0.5], [0.4, 0.6, 0.9, 0.1]
    data = ufm.ConceptDataset.from_concept_laws(gamma, omega, 0.1, [0, 0, 1, 1])
    np.testing.assert_allclose(data.next_token_probs[0], [0.27, 0.63, 0.09, 0.01], rtol=1e-14)
    np.testing.assert_allclose(data.next_token_probs[2], [0.04, 0.06, 0.45, 0.45], rtol=1e-14)


def test_from_pairs_counts_by_hand():
    contexts = [[2, 2], [0, 1], [0, 1], [0, 1], [0, 1], [2, 2]]
    data = ufm.ConceptDataset.from_pairs(contexts, [2, 0, 0, 1, 2, 2], [0, 0, 1])
    assert data.contexts.tolist() == [[0, 1], [2, 2]]
    assert data.next_token_probs.tolist() == [[0.5, 0.25, 0.25], [0, 0, 1]]
    np.testing.assert_allclose(data.context_weights, [4 / 6, 2 / 6])
    assert data.context_concept.tolist() == [0, 1]
    # a zero probability adds nothing: H = 2/3 · 3/2 log 2
    np.testing.assert_allclose(data.entropy(), np.log(2), rtol=1e-14)
    smooth = ufm.ConceptDataset.from_pairs(contexts, [2, 0, 0, 1, 2, 2], [0, 0, 1], smoothing=1.0)
    np.testing.assert_allclose(smooth.next_token_probs, [[3 / 7, 2 / 7, 2 / 7], [0.2, 0.2, 0.6]])
    np.testing.assert_allclose(smooth.context_weights, [4 / 6, 2 / 6])


def test_samples_converge_at_the_rate_of_counting():
    data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    for pairs in (2_000, 20_000):
        counted = data.sample(jax.random.key(1), pairs=pairs)
        p = np.asarray(data.next_token_probs)
        sd = np.sqrt(p * (1 - p) / (pairs / 6))
        z = (np.asarray(counted.next_token_probs) - p) / sd
        assert np.abs(z).max() < 4.5  # 54 cells: 4.5 sd has odds of 4e-4
        assert 0.6 < np.sqrt((z**2).mean()) < 1.4  # and they do scatter as counts do
        np.testing.assert_allclose(counted.context_weights, 1 / 6, atol=4.5 / np.sqrt(6 * pairs))
        np.testing.assert_allclose(counted.context_weights.sum(), 1)
    again = data.sample(jax.random.key(1), pairs=20_000)
    assert (again.next_token_probs == counted.next_token_probs).all()


def test_samples_follow_the_context_weights():
    base = ufm.ConceptDataset.smoothed(2, 2)
    weights = [0.7, 0.1, 0.1, 0.1]
    data = ufm.ConceptDataset(
        base.next_token_probs, base.token_concept, base.context_concept, weights, base.contexts
    )
    counted = data.sample(jax.random.key(0), pairs=50_000)
    np.testing.assert_allclose(counted.context_weights, weights, atol=0.01)  # 4.9 sd


@settings(max_examples=25)
@given(datasets(max_concepts=3, max_size=3))
def test_entropy_is_the_plain_sum(data):
    p, weights = np.asarray(data.next_token_probs), np.asarray(data.context_weights)
    np.testing.assert_allclose(data.entropy(), -weights @ (p * np.log(p)).sum(axis=1), rtol=1e-12)


def test_entropy_has_a_gradient_at_zero_probabilities_without_nan():
    data = ufm.ConceptDataset.from_pairs([[0], [1]], [0, 1], [0, 1])
    with jax.debug_nans(True):
        assert data.entropy() == 0
        jax.grad(lambda d: d.entropy(), allow_int=True)(data)


def test_float32_is_kept():
    base = ufm.ConceptDataset.smoothed()
    data = ufm.ConceptDataset(
        np.float32(base.next_token_probs),
        base.token_concept,
        base.context_concept,
        np.float32(base.context_weights),
        base.contexts,
    )
    assert data.next_token_probs.dtype == np.float32
    assert data.entropy().dtype == np.float32


def made(**changes):
    """A valid dataset of three tokens and two contexts, with some fields replaced."""
    fields = {
        "next_token_probs": [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]],
        "token_concept": [0, 0, 1],
        "context_concept": [0, 1],
        "context_weights": [0.5, 0.5],
        "contexts": [[0, 1], [2, 2]],
    }
    return ufm.ConceptDataset(**{**fields, **changes})


BAD_FIELDS = [
    (
        {"next_token_probs": [0.5, 0.5]},
        ValueError,
        r"next_token_probs must have 2 axes; got shape \(2,\)",
    ),
    (
        {"next_token_probs": np.full((2, 3), 1j)},
        TypeError,
        "must hold real numbers; got dtype complex",
    ),
    (
        {"next_token_probs": [[0.5, 0.3, 0.2], [0.2, 0.2, 0.5]]},
        ValueError,
        "context 1 sum to 0.9, not 1",
    ),
    (
        {"next_token_probs": [[0.9, 0.3, -0.2], [0, 0, 1]]},
        ValueError,
        r"p\(token 2\|context 0\) = -0.2 is",
    ),
    (
        {"next_token_probs": [[np.nan, 1, 0], [0, 0, 1]]},
        ValueError,
        r"\[0, 0\] = nan is not a finite",
    ),
    ({"token_concept": [0, 1]}, ValueError, r"token_concept must have shape \(3,\); got \(2,\)"),
    (
        {"token_concept": [0.0, 0.0, 1.0]},
        ValueError,
        "token_concept must hold integers; got dtype float",
    ),
    ({"token_concept": [0, 0, 2]}, ValueError, r"concepts 0, 1, 2, … without a gap; got \[0, 2\]"),
    ({"token_concept": [0, 0, 0]}, ValueError, "at least 2 concepts"),
    ({"token_concept": [-1, 0, 1]}, ValueError, r"without a gap; got \[-1, 0, 1\]"),
    (
        {"context_concept": [0, 1, 1]},
        ValueError,
        r"context_concept must have shape \(2,\); got \(3,\)",
    ),
    ({"context_concept": [0, 2]}, ValueError, r"context 1 has concept 2, outside 0..1"),
    ({"context_weights": [0.5, 0.6]}, ValueError, "context_weights sum to 1.1, not 1: divide"),
    (
        {"context_weights": [1.0, 0.0]},
        ValueError,
        "context 1 has weight 0.0: weights must be positive",
    ),
    ({"context_weights": [np.nan, 1.0]}, ValueError, r"context_weights\[0\] = nan"),
    ({"context_weights": [1.0]}, ValueError, r"context_weights must have shape \(2,\); got \(1,\)"),
    ({"contexts": [[0, 1]]}, ValueError, r"contexts must have shape \(2, 2\); got \(1, 2\)"),
    ({"contexts": [0, 1]}, ValueError, "contexts must have shape"),
    ({"contexts": [[0, 3], [2, 2]]}, ValueError, "contexts holds token 3, outside 0..2"),
    ({"contexts": [[-1, 0], [2, 2]]}, ValueError, "contexts holds token -1"),
    (
        {"contexts": [[0, 2], [2, 2]]},
        ValueError,
        "context 0 is of concept 0 but its token 2 is of concept 1",
    ),
    ({"contexts": np.zeros((2, 0), int)}, ValueError, "at least one token each"),
    (
        {"contexts": [[0, 1], [0, 1]], "context_concept": [0, 0]},
        ValueError,
        r"context 1 = \[0, 1\] is listed twice: merge the rows",
    ),
    (
        {
            "next_token_probs": np.zeros((0, 3)),
            "context_concept": np.zeros(0, int),
            "context_weights": np.zeros(0),
            "contexts": np.zeros((0, 2), int),
        },
        ValueError,
        "at least one context",
    ),
]


@pytest.mark.parametrize(("changes", "error", "message"), BAD_FIELDS)
def test_bad_fields_raise(changes, error, message):
    made()
    with pytest.raises(error, match=message) as caught:
        made(**changes)
    assert "\n" not in str(caught.value)


Data, HALF, TWO = ufm.ConceptDataset, [0.5] * 4, [0, 0, 1, 1]
BAD_BUILDS = [
    (lambda: Data.smoothed(concepts=1), "concepts must be at least 2; got 1"),
    (lambda: Data.smoothed(size=0), "size must be at least 1 token per concept; got 0"),
    (
        lambda: Data.smoothed(epsilon=0.0),
        r"epsilon must lie in \(0, \(G-1\)/G\) = \(0, 0.666667\); got 0.0",
    ),
    (lambda: Data.smoothed(epsilon=2 / 3), "got 0.66"),
    (lambda: Data.smoothed(epsilon=np.nan), "got nan"),
    (lambda: Data.smoothed(size=1), "concept 0 has 1 tokens, so only 1 contexts of length 3"),
    (lambda: Data.smoothed(contexts_per_concept=0), "must be at least 1; got 0 and 3"),
    (lambda: Data.smoothed(context_length=0), "must be at least 1; got 2 and 0"),
    (lambda: Data.from_rates([0.1, 0.7] * 2, [0.1] * 4, TWO), "token 0 has a = 0.1 and b = 0.1"),
    (
        lambda: Data.from_rates([0.05, 0.75] * 2, [0.1] * 4, TWO),
        "needs 1 > a > b > 0; token 0 has a = 0.05",
    ),
    (lambda: Data.from_rates([0.5, 0.5] * 2, [0.0] * 4, TWO), "token 0 has a = 0.5 and b = 0.0"),
    (lambda: Data.from_rates([0.6, 0.3] * 2, [0.1] * 4, TWO), "sum to 1.1, not 1: normalise"),
    (lambda: Data.from_rates([0.6, np.nan] * 2, [0.1] * 4, TWO), "token 1 has a = nan"),
    (
        lambda: Data.from_rates([0.6, 0.2], [0.1] * 4, TWO),
        r"shape \(4,\) or \(4, 4\) and off_concept",
    ),
    (lambda: Data.from_rates(HALF, [0.1], TWO), r"got \(4,\) and \(1,\)"),
    (
        lambda: Data.from_rates(HALF, HALF, [0.0, 0.0, 1.0, 1.0]),
        "token_concept must be a vector of integers",
    ),
    (lambda: Data.from_rates([0.5] * 2, [0.1] * 2, [0] * 2), "at least 2 concepts"),
    (lambda: Data.from_rates([], [], np.zeros(0, int)), r"vector of integers; got shape \(0,\)"),
    (lambda: Data.from_concept_laws(HALF, HALF, 0.5, TWO), r"epsilon must lie in \(0, \(G-1\)/G\)"),
    (
        lambda: Data.from_concept_laws([0.5] * 3, HALF, 0.1, TWO),
        "in_law must be 4 positive numbers",
    ),
    (
        lambda: Data.from_concept_laws(HALF, [1, 0, 0.5, 0.5], 0.1, TWO),
        "off_law must be 4 positive",
    ),
    (lambda: Data.from_concept_laws([0.6] * 4, HALF, 0.1, TWO), "concept 0 sums to 1.2"),
    (
        lambda: Data.from_concept_laws(HALF, HALF, 0.1, [0] * 4),
        "must name at least 2 concepts; got 1",
    ),
    (lambda: Data.from_pairs([[0]], [0, 1], [0, 1]), r"n >= 1; got \(1, 1\) and \(2,\)"),
    (lambda: Data.from_pairs(np.zeros((0, 2), int), [], [0, 1]), r"got \(0, 2\) and \(0,\)"),
    (lambda: Data.from_pairs([0], [0], [0, 1]), r"got \(1,\) and \(1,\)"),
    (
        lambda: Data.from_pairs([[0.0]], [0], [0, 1]),
        "contexts must hold token numbers; got dtype float",
    ),
    (
        lambda: Data.from_pairs([[0]], [0.5], [0, 1]),
        "next_tokens must hold token numbers; got dtype fl",
    ),
    (lambda: Data.from_pairs([[0]], [2], [0, 1]), "next_tokens holds token 2, outside 0..1"),
    (lambda: Data.from_pairs([[-1]], [0], [0, 1]), "contexts holds token -1, outside 0..1"),
    (
        lambda: Data.from_pairs([[0, 1]], [0], [0, 1]),
        "context 0 is of concept 0 but its token 1 is of",
    ),
    (
        lambda: Data.from_pairs([[0]], [0], [0, 1], -1.0),
        "smoothing must be >= 0 and finite; got -1.0",
    ),
    (
        lambda: Data.from_pairs([[0]], [0], [0, 1], np.inf),
        "smoothing must be >= 0 and finite; got inf",
    ),
    (lambda: made().sample(jax.random.key(0), 1), "was not drawn in 1 pairs: draw more pairs"),
    (lambda: made().sample(jax.random.key(0), 0), "pairs must be at least 1; got 0"),
    (
        lambda: made().sample(jax.random.key(0), 9, -1.0),
        "smoothing must be >= 0 and finite; got -1.0",
    ),
]


@pytest.mark.parametrize(("build", "message"), BAD_BUILDS)
def test_bad_builds_raise(build, message):
    with pytest.raises(ValueError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_import_stays_light():
    code = (
        "import sys, ufm; dir(ufm); "
        "heavy = {'sympy', 'matplotlib', 'hypothesis', 'torch', 'transformers'} & set(sys.modules); "
        "ufm.ConceptDataset, ufm.UFM, ufm.ExponentialTilt, ufm.peak_strengths, ufm.choose_strength; "
        "heavy |= {'sympy', 'matplotlib', 'hypothesis', 'torch', 'transformers'} & set(sys.modules); "
        "print(sorted(heavy))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["concept_tokens", "concept_contexts"])
@pytest.mark.parametrize("concept", [-1, 3])
def test_a_concept_that_is_not_there_is_refused(name, concept):
    with pytest.raises(ValueError, match=rf"concept must be in 0..2; got {concept}"):
        getattr(ufm.ConceptDataset.smoothed(), name)(concept)
