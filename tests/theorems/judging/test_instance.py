from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm
from theorems.judging import controls


def _float32():
    tilt = controls.standard().tilt
    return ufm.ExponentialTilt(
        tilt.log_probs.astype(jnp.float32), tilt.log_odds.astype(jnp.float32)
    )


# The field to replace in the standard instance (V = 4, m = 4), by what, and what is said of it.
BAD_INPUT = [
    ({"target": np.array([True, False])}, ValueError, r"target must have shape \(4,\); got \(2,\)"),
    ({"target": np.array([1, 1, 0, 0])}, ValueError, "target must be of kind bool; got dtype int"),
    ({"target": np.ones(4, bool)}, ValueError, "some but not all of the 4 tokens; got 4"),
    ({"target": np.zeros(4, bool)}, ValueError, "some but not all of the 4 tokens; got 0"),
    ({"token_concept": np.array([0, 0, 1])}, ValueError, r"token_concept must have shape \(4,\)"),
    ({"token_concept": np.array([0, 0, 1, 0.5])}, ValueError, "token_concept must be of kind int"),
    ({"context_concept": np.zeros((4, 1), int)}, ValueError, r"context_concept .* got \(4, 1\)"),
    ({"context_concept": np.ones(4, bool)}, ValueError, "context_concept must be of kind int"),
    ({"context_weights": np.full(3, 1 / 3)}, ValueError, r"context_weights .* \(4,\); got \(3,\)"),
    ({"context_weights": np.full(4, 0.2)}, ValueError, r"sum to 1; least 0\.2, sum 0\.8"),
    ({"context_weights": np.array([1.5, -0.5, 0, 0])}, ValueError, r"positive .* least -0\.5"),
    ({"context_weights": np.array([0.5, 0.5, 0, 0])}, ValueError, "must be positive and sum to 1"),
    ({"context_weights": np.full(4, np.nan)}, ValueError, "must be positive and sum to 1"),
    ({"tilt": _float32}, TypeError, "need float64, got float32: switch on"),
    ({"negative": None}, ValueError, "positive and negative go together"),
    ({"positive": None}, ValueError, "positive and negative go together"),
    ({"positive": (0, 2)}, ValueError, "positive and negative share context 2"),
    ({"negative": (2, 4)}, ValueError, r"negative holds context 4, outside 0\.\.3"),
    ({"positive": (-1,)}, ValueError, r"positive holds context -1, outside 0\.\.3"),
    ({"positive": ()}, ValueError, "positive is empty"),
    ({"negative": (2, 2)}, ValueError, "negative repeats a context"),
]


@pytest.mark.parametrize(("changed", "error", "message"), BAD_INPUT)
def test_bad_input_to_an_instance_is_refused(changed, error, message):
    changed = {name: value() if callable(value) else value for name, value in changed.items()}
    with pytest.raises(error, match=message):
        replace(controls.standard(), **changed)


def test_an_instance_of_a_dataset_takes_the_concept_of_the_first_positive_context():
    data = ufm.ConceptDataset.smoothed()
    instance = theorems.Instance.from_dataset(data, [2, 3], [0, 5])
    assert instance.target.tolist() == [False] * 3 + [True] * 3 + [False] * 3
    assert (instance.positive, instance.negative) == ((2, 3), (0, 5))
    other = theorems.Instance.from_dataset(data, [2, 3], [0, 5], target_concept=2)
    assert other.target.tolist() == [False] * 6 + [True] * 3
