"""Theorem 3.8: the cross-entropy grows quadratically near zero."""

import numpy as np

from ..hypotheses import EXPONENTIAL_PATH, MOVING, PERFECT_TRAINING
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.evaluate import cross_entropy_increase, laws_at
from ..judging.instance import SMALLEST, Instance
from ..judging.verdict import Verdict, bound, identity, supported


def quadratic_coefficient(instance: Instance) -> float:
    """½ Σ_j π_j Var_j(M/R), in nats per unit of (Rα)²."""
    return 0.5 * instance.relative_variance


def _quadratic(instance: Instance) -> Verdict:
    """|ΔCE/(½σ²α²) - 1| <= R|α| for R|α| = 10^-1 … 10^-8, both signs: so it tends to 0.

    The third cumulant is at most Rσ² in size, whence the quotient is within R|α|/3 (1 + R|α|) of 1.
    Where σ²α² is next to the smallest float, 1e-290 takes its place in the denominator.
    """
    steps = 10.0 ** -np.arange(1, 9)
    alphas = np.concatenate([steps, -steps]) * instance.unit
    increase = cross_entropy_increase(
        instance.tilt, alphas, instance.context_weights, instance.data_probs
    )
    reach = np.abs(alphas) * instance.odds_range
    expected = quadratic_coefficient(instance) * reach**2
    slack = reach - np.abs(increase - expected) / (expected + SMALLEST)
    return supported(
        bound(slack, instance.tolerance, "|ΔCE/(½σ²α²) - 1| against R|α|"),
        identity(
            increase - instance.cross_entropy_from(laws_at(instance.tilt, alphas)),
            instance.tolerance,
            "ΔCE of the library against CE(f_α) - CE(f)",
        ),
    )


STATEMENT = Statement(
    id="thm-3.8",
    title="Cross-entropy near zero",
    in_short="near 0 the price of a perfectly trained model is ½σ²α²",
    source="Theorem 3.8",
    idea=r"""
        With perfect training
        $\Delta\mathrm{CE}(\alpha) = \sum_j \pi_j (K_j(\alpha) - \alpha K_j'(0))$, whose value and
        slope at 0 vanish and whose second derivative there is
        $\sum_j \pi_j \operatorname{Var}_j(M)$. Taylor's formula does the rest; Coq bounds the slope
        of the difference by $\epsilon \lvert \alpha \rvert$ and integrates. Without perfect
        training the slope at 0 is
        $\sum_j \pi_j(\mathbb{E}_{\mathrm{model}} M - \mathbb{E}_{\mathrm{data}} M)$, which is why
        the hypothesis is needed.
    """,
    claims=(
        Claim(
            id="thm-3.8.quadratic",
            title="quadratic",
            text="ΔCE(α) = ½ Σ_j π_j Var_j(M) α² + o(α²).",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \frac{\alpha^{2}}{2} \sum_{j=1}^{m} \pi_{j}
                \operatorname{Var}_{j}(M) + o(\alpha^2) \quad \text{(Assumption 2)}""",
            source="Theorem 3.8",
            hypotheses=(PERFECT_TRAINING, MOVING, EXPONENTIAL_PATH),
            conclusion=_quadratic,
            families=("rates", "varying", "tilts"),
            control=Control(
                "assumption-2",
                "the data do not follow the model's law: a linear term appears",
                controls.unfinished_training,
            ),
            figures=("fig-5",),
            certificate=Certified("From the cubic remainder, which is certified."),
        ),
    ),
)
