"""Assumption 2: a run of Adam brings a UFM to the entropy of its data."""

import jax
import numpy as np

from ufm import UFM, ConceptDataset

from .. import hypotheses
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound

# These two numbers are in the claim's sentence and formula too.
STEPS = 600
# Not rounding: the gap, in nats, that the training run is to close.
GAP = 1e-4


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
    """CE - entropy in nats after full-batch Adam on the instance's table, seed 0."""
    dataset = _as_dataset(instance)
    width = len(instance.concepts) if dimension is None else dimension
    model = UFM.train(dataset, key=jax.random.key(0), steps=STEPS, dimension=width)
    gap = max(float(_gap(model, dataset)), 0.0)
    return bound(-gap, GAP, f"minus the gap after {STEPS} steps")


def _paper() -> Instance:
    return Instance.from_dataset(ConceptDataset.smoothed(epsilon=0.05), [0, 1], [2, 3])


STATEMENT = Statement(
    id="assumption-2",
    title="Perfect training",
    in_short="the model has learnt the data, as training nearly does (App. B.1)",
    source="Assumption 2, Section 3.1",
    idea=r"""
        By Gibbs' inequality no model has a smaller cross-entropy than the entropy of the data, and
        equality holds only for a model whose laws are those of the data. Such a model exists once
        $d$ reaches the rank of the centred matrix $\log P$: factor it as $WH$, since softmax does
        not see what centring takes away. Coq proves the floor and that some $d$ attains it.

        That *training* gets there is no theorem here: the loss is not convex in $(W, H)$ together. The
        check is a run of Adam, a gradient method, with $d = G$; it compares the last loss with the entropy.

        v1 assumes perfect training ("LLMs often exhibit strong memorization of their training data") and
        shows in Appendix B.1 that it "is attainable in our theoretical setting": of a dataset with the
        entropy ≈ 1.3317 its run of gradient descent reaches the loss ≈ 1.3318. It names the formulas of
        that dataset, $a_z = (1 - \varepsilon)/s$ and $b_z = \varepsilon/((G - 1)s)$, and no numbers; $V =
        9$, $G = 3$, $\varepsilon = 1/20$ give 1.331785.
    """,
    claims=(
        Claim(
            id="assumption-2.trained",
            title="training",
            text="""On the ε-smoothed dataset 600 steps of Adam, from a random start with d = G dimensions,
                bring the loss within 1e-4 nats of the entropy of the data.""",
            formula=r"""0 \le \mathrm{CE}(W, H) - \Bigl(-\sum_{j} \pi_j \sum_{z} p_j(z) \log p_j(z)\Bigr) \le
                10^{-4} \quad \text{for } (W, H) \text{ after } 600 \text{ steps of Adam}, \quad d = G \ge
                \operatorname{rank}\left(\left(I - \tfrac{1}{V}\mathbf{1}\mathbf{1}^\top\right) \log
                P\right)""",
            source="Assumption 2, in the setting of Appendix B.1",
            hypotheses=(hypotheses.SMOOTHED, hypotheses.WIDE_ENOUGH),
            conclusion=_trained,
            families=("smoothed",),
            control=Control(
                "wide-enough",
                "one dimension only, below the rank of the log-probabilities",
                _paper,
                lambda instance: _trained(instance, dimension=1),
            ),
            figures=("statements/training",),
            certificate=NotCertified("about training, not about one instance"),
            unproved="""a run of training; Coq proves the least loss, and that some model attains it""",
        ),
    ),
)
