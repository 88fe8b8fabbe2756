"""How the cross-entropy grows at large strengths."""

import numpy as np

from ..judging.evaluate import cross_entropy_increase
from ..tables.exact import exact_instance
from .datasets import NINE, NINE_TOKENS
from .finding import Confirmation, Finding, Severity


def _linear() -> Confirmation:
    instance = exact_instance(NINE)
    alphas = np.array([1e3, 2e3, 4e3])
    increase = cross_entropy_increase(instance.tilt, alphas, instance.context_weights, None)
    slope = np.diff(increase) / np.diff(alphas)
    distance = instance.odds.max() - instance.probs @ instance.odds
    grows = bool(np.abs(slope / (instance.context_weights @ distance) - 1).max() < 1e-9)
    text = f"ΔCE(1000) = {increase[0]:.3f} nats, slope {slope[-1]:.6f} nats a unit of α"
    return Confirmation(grows, text)


FINDING = Finding(
    id="finding-5.linear",
    title="In the model the cross-entropy is convex everywhere and grows linearly",
    severity=Severity.ADDITION,
    source="v1, text after Theorem 3.8, p. 6; Sections 4 and 5, pp. 7-8",
    quote="""In light of the previous theorem, ΔCE(α) is locally U-shaped […] implying that the cross-entropy
        plateaus for large |α| since the output distribution becomes input-independent.""",
    says="""ΔCE is locally U-shaped around 0; in transformers it plateaus at large |α|, because
        of the normalisation.""",
    truth="""Both are right. Beyond them: in the UFM, which has no normalisation, ΔCE is strictly
        convex on the whole line and approaches a straight line at either end, unless M is
        constant.""",
    charitable_reading="""The paper is right as it is: its theorem is "local", "the quadratic scaling holds
        only locally around α = 0" (Section 5), and its plateau is one of transformers.""",
    witness=f"No counterexample. On {NINE_TOKENS}, N in C_2",
    counterexample=NINE,
    confirm=_linear,
    theorems=("finding_no_plateau",),
    figures=("bounds",),
)
