"""Proposition B.1: where the next-token law goes at large strength, and how fast."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Statement
from ..judging.evaluate import limits
from ..judging.instance import Instance, log_masses
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "Proposition B.1"


def limit_law(instance: Instance, sign: int) -> np.ndarray:
    """1[z in Mtop] p(z|c_j) / Σ_{Mtop} p(·|c_j) [m, V] for `sign` +1; Mbot for -1."""
    log_p = np.where(
        instance.is_top if sign > 0 else instance.is_bottom, instance.log_probs, -np.inf
    )
    return np.exp(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True))


def _limit(instance: Instance, sign: int) -> Verdict:
    """The last strengths looked at are so large that the rest of the mass is below e^-40."""
    law = limit_law(instance, sign)
    end = -1 if sign > 0 else 0
    ends = np.stack(
        [np.exp(instance.curves.log_probs[end]) - instance.probs, instance.curves.increase[end]]
    )
    errors, library = ends - (law - instance.probs), limits(instance.tilt)[sign] - law
    return worst(
        identity(errors, instance.tolerance + np.exp(-39), "Δp at the last strength"),
        identity(library, instance.tolerance, "ExponentialTilt.limit"),
    )


def _rate(instance: Instance) -> Verdict:
    """Total variation against ((1-F)/F) e^{-|α| g}, F the mass and g the gap of the extremal tokens."""
    verdicts = []
    for sign, extremal in ((1, instance.is_top), (-1, instance.is_bottom)):
        gap = np.abs(instance.odds[extremal][0] - instance.odds[~extremal]).min()
        inside, outside = log_masses(instance.log_probs, extremal)
        side = instance.alphas * sign > 0
        reach = np.minimum(outside - inside - np.abs(instance.alphas[side, None]) * gap, 1.0)
        law = np.exp(instance.curves.log_probs[side])
        variation = 0.5 * np.abs(law - limit_law(instance, sign)).sum(axis=2)
        evidence = f"total variation, α → {sign * np.inf}"
        verdicts.append(bound(np.exp(reach) - variation, instance.tolerance, evidence))
    return worst(*verdicts)


_MASSES_AND_GAP = Certified(
    "Exact masses of Mtop and Mbot, and a lower bound of the gap of M in the rate of the limit."
)

STATEMENT = Statement(
    id="prop-b1",
    title="Large-strength limits",
    in_short="at large strengths only the tokens of largest M are left, in proportion to p",
    source=SOURCE,
    idea=r"""
        Divide numerator and denominator of the tilt by $e^{\alpha \max M}$. The terms of
        $M_{\mathrm{top}}$ stay as they are and all others tend to 0 as $\alpha \to +\infty$, so
        what remains is the distribution given $M_{\mathrm{top}}$. For $\alpha \to -\infty$ replace
        $M$ by $-M$. Ties cost nothing: that distribution keeps the proportions of $p$. (These are equations
        (5) and (6) of v1.)
    """,
    claims=(
        Claim(
            id="prop-b1.limit-plus",
            title="limit at +∞",
            text="Δp_j(z|α) → 1[z in Mtop] p_j(z)/Σ_{Mtop} p_j - p_j(z) as α → +∞.",
            formula=r"""\lim_{\alpha \to +\infty} \Delta p_j(z \mid \alpha) =
                \frac{\mathbf{1}_{M_{\mathrm{top}}}(z) p_{j}(z)}{\sum_{y=1}^{V}
                \mathbf{1}_{M_{\mathrm{top}}}(y) p_{j}(y)} - p_{j}(z)"""
            + hypotheses.IF_POSITIVE,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=lambda instance: _limit(instance, 1),
            families=("rates", "varying", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("fig-3",),
            certificate=_MASSES_AND_GAP,
        ),
        Claim(
            id="prop-b1.limit-minus",
            title="limit at -∞",
            text="Δp_j(z|α) → 1[z in Mbot] p_j(z)/Σ_{Mbot} p_j - p_j(z) as α → -∞.",
            formula=r"""\lim_{\alpha \to -\infty} \Delta p_j(z \mid \alpha) =
                \frac{\mathbf{1}_{M_{\mathrm{bot}}}(z) p_{j}(z)}{\sum_{y=1}^{V}
                \mathbf{1}_{M_{\mathrm{bot}}}(y) p_{j}(y)} - p_{j}(z)"""
            + hypotheses.IF_POSITIVE,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=lambda instance: _limit(instance, -1),
            families=("rates", "varying", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("fig-b1",),
            certificate=_MASSES_AND_GAP,
        ),
    ),
)

RATE = Statement(
    id="limit",
    title="Rate of the limits",
    in_short="""the mass that is not yet at its limit falls like e^{-|α|g}, where g > 0 is the gap
        from the extreme of M to its next value""",
    source="this project; extends Proposition B.1",
    idea=r"""
        Factor $e^{\alpha \max M}$ out of the partition function: what is left is
        $F + \mathrm{rest}(\alpha)$ with $F = p(M_{\mathrm{top}})$ and
        $0 \le \mathrm{rest}(\alpha) \le (1-F)\,e^{-\alpha g}$. The total variation to the limit is
        the mass that has not yet arrived, which is
        $\mathrm{rest}/(F + \mathrm{rest}) \le \mathrm{rest}/F$. At $-\infty$ the same with $-M$.
    """,
    claims=(
        Claim(
            id="limit.rate",
            title="exponential rate",
            text="""The total variation between p_α and its limit is at most ((1-F)/F) e^{-|α|g},
                with F the unsteered mass of Mtop (Mbot) and g the gap of M to the next value.""",
            formula=r"""\mathrm{TV}(p_{j,\alpha}, p_{j,+\infty}) = 1 - p_{j,\alpha}(M_{\mathrm{top}}) \le
                \frac{1 - p_j(M_{\mathrm{top}})}{p_j(M_{\mathrm{top}})}\, e^{-\alpha g} \quad
                (\alpha \ge 0), \qquad g = \max M - \max_{[V] \setminus M_{\mathrm{top}}} M"""
            + hypotheses.IF_MOVING,
            source="this project; extends Proposition B.1",
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            conclusion=_rate,
            families=("rates", "tilts"),
            control=controls.rescaled("half", 0.5),
            figures=("statements/rate",),
            certificate=_MASSES_AND_GAP,
        ),
    ),
)
