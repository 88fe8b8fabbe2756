"""Assumption 2: gradient training of a UFM reaches the entropy of its data."""

import jax
import numpy as np

from ufm import UFM, ConceptDataset

from .. import hypotheses
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound

STEPS = 600
# Not rounding: the gap, in nats, that the training run is to close.
GAP = 1e-4


def trained_gap(instance: Instance, dimension: int | None = None) -> float:
    """CE - entropy in nats after full-batch Adam on the instance's table, seed 0."""
    dataset = _as_dataset(instance)
    width = len(instance.concepts) if dimension is None else dimension
    model = UFM.train(dataset, key=jax.random.key(0), steps=STEPS, dimension=width)
    return float(_gap(model, dataset))


@jax.jit
def _gap(model: UFM, dataset: ConceptDataset) -> jax.Array:
    return model.gap(dataset)


def _as_dataset(instance: Instance) -> ConceptDataset:
    """The table as data; every context is given distinct tokens of its concept."""
    words = []
    for j, k in enumerate(instance.context_concept):
        tokens = np.flatnonzero(instance.token_concept == k)
        words.append([int(tokens[(j // tokens.size**i) % tokens.size]) for i in range(8)])
    return ConceptDataset(
        instance.probs / instance.probs.sum(axis=1, keepdims=True),
        instance.token_concept,
        instance.context_concept,
        instance.context_weights,
        words,
    )


def _trained(instance: Instance, dimension: int | None = None) -> Verdict:
    return bound(
        -max(trained_gap(instance, dimension), 0.0), GAP, f"minus the gap after {STEPS} steps"
    )


def _paper() -> Instance:
    return Instance.from_dataset(ConceptDataset.smoothed(epsilon=0.05), [0, 1], [2, 3])


STATEMENT = Statement(
    "assumption-2",
    "Perfect training",
    "Assumption 2, Section 2",
    (
        Claim(
            "assumption-2.trained",
            "training",
            "Gradient training on the ε-smoothed dataset comes within 1e-4 nats of the entropy of the data.",
            "Assumption 2; the paper's Fig. 2 dataset has entropy 1.331785 nats",
            (hypotheses.SMOOTHED, hypotheses.WIDE_ENOUGH),
            _trained,
            ("smoothed",),
            Control(
                "wide-enough",
                "one dimension only, below the rank of the log-probabilities",
                _paper,
                lambda instance: _trained(instance, dimension=1),
            ),
        ),
    ),
)
