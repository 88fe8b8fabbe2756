"""Whether steering must raise the loss."""

import jax
import numpy as np

import ufm

from ..judging.evaluate import cross_entropy_increase
from ..judging.instance import Instance
from ..tables.exact import exact_instance
from .datasets import FOUR, FOUR_TOKENS
from .finding import Confirmation, Finding, Severity

_UNEQUAL = FOUR | {"context_weights": ["3/4", "1/4"]}


def _unfinished() -> Confirmation:
    """A UFM that has learnt half of the data's log-odds; and one that is stationary in H, yet not trained.

    The second has W = (1, 0, 0, -1), so that ∂CE/∂h = 0 reads tanh(h/2) = E_data[W] = ±3/10.
    """
    instance = exact_instance(_UNEQUAL)
    weights, data = instance.context_weights, instance.probs
    trained = ufm.UFM.from_log_probs(instance.log_probs)
    half = ufm.UFM(trained.decoder, trained.embeddings / 2)
    still = ufm.UFM(np.array([[1.0], [0], [0], [-1]]), 2 * np.arctanh([[0.3], [-0.3]]))
    tilt = ufm.ExponentialTilt.from_model(half, [0], [1])
    increase = cross_entropy_increase(tilt, np.array([0.25]), weights, data)[0]
    slope, slope_at_rest = _slope(half, instance), _slope(still, instance)
    direct = weights @ (np.asarray(tilt.probs(0.0)) - data) @ np.asarray(tilt.log_odds)
    misfit = np.abs(np.asarray(jax.nn.softmax(still.logits())) - data).max()
    helps = increase < -1e-3 and slope < 0 and abs(slope - direct) < 1e-12
    text = (
        f"ΔCE'(0) = <Σ_j ∂CE/∂h_j, v> = {slope:.6f}, ΔCE(1/4) = {increase:.6f} nats; "
        "slope 0 at a stationary H that is not trained"
    )
    return Confirmation(bool(helps and abs(slope_at_rest) < 1e-15 and misfit > 0.05), text)


def _slope(model: ufm.UFM, instance: Instance) -> float:
    """ΔCE'(0) = <Σ_j ∂CE/∂h_j, v>, the gradient by automatic differentiation, P = {0}, N = {1}."""

    def cross_entropy(embeddings: jax.Array) -> jax.Array:
        fitted = jax.nn.log_softmax(ufm.UFM(model.decoder, embeddings).logits())
        return -instance.context_weights @ (instance.probs * fitted).sum(axis=1)

    gradient = jax.grad(cross_entropy)(model.embeddings)
    return float(gradient.sum(axis=0) @ (model.embeddings[0] - model.embeddings[1]))


FINDING = Finding(
    id="finding-6.degrading",
    title="Before training ends, steering can lower the loss",
    severity=Severity.LOOSE,
    source="v1, text after Theorem 3.8, p. 6",
    quote="""Simply put, steering necessarily degrades global performance.""",
    says="""Steering necessarily degrades global performance: a reading of the theorem, which
        assumes perfect training (Assumption 2).""",
    truth="""Right under Assumption 2, at every α; the sentence does not repeat the condition.
        Without it ΔCE'(0) = <Σ_j ∂CE/∂h_j, v>: 0 wherever H is stationary for the loss, and
        possibly negative elsewhere.""",
    charitable_reading="""The sentence sums up a theorem that begins "Under Assumption 2", and need not
        repeat it. So read it is right, and not near 0 alone.""",
    witness=f"""{FOUR_TOKENS}, π=(3/4, 1/4); N in C_2, and H half of what training would
        reach""",
    counterexample=_UNEQUAL,
    confirm=_unfinished,
    theorems=(
        "finding_degrades_slope",
        "finding_degrades",
        "finding_degrades_gradient",
        "finding_degrades_stationary",
    ),
)
