"""Side effects: what steering does to the mass of any set of tokens, to first order and beyond."""

import numpy as np

import ufm

from ..hypotheses import EXPONENTIAL_PATH, IF_POSITIVE
from ..judging import controls
from ..judging.claim import Claim, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound, worst

SOURCE = "this project; makes Wolf et al. (arXiv:2401.16332) exact"
RANDOM_SETS = 3


def _sets(instance: Instance) -> list[np.ndarray]:
    """The target, the tokens of largest M, every concept, and sets at random [V], none empty or full."""
    generator = instance.random(3)
    drawn = [generator.random(instance.odds.size) < 0.5 for _ in range(RANDOM_SETS)]
    sets = [instance.target, instance.is_top, *instance.concepts.values(), *drawn]
    return [mask for mask in sets if mask.any() and not mask.all()]


def _first_order(instance: Instance) -> Verdict:
    """Where |α|R is small the bound is of its order squared: a slope that is not the covariance breaks it."""
    alphas, verdicts = instance.alphas, []
    reach = np.abs(alphas) / instance.unit
    allowed = reach[:, None] ** 2 / (12 * np.sqrt(3))
    moved = np.exp(instance.curves.log_probs) - instance.probs
    plain = ufm.ExponentialTilt(instance.log_probs, instance.odds)
    for mask in _sets(instance):
        slope = np.asarray(ufm.first_order_effect(plain, mask))
        rest = moved[..., mask].sum(axis=2) - alphas[:, None] * slope
        verdicts.append(
            bound(
                (allowed - np.abs(rest)) / (1 + reach[:, None] + allowed),
                4 * instance.tolerance,
                f"|F_C(α) - F_C(0) - α Cov(1_C, M)| against α²R²/(12√3), {mask.sum()} tokens",
            )
        )
    return worst(*verdicts)


STATEMENT = Statement(
    id="side-effect",
    title="Side effects",
    source=SOURCE,
    idea=r"""
        With $F = F_{j,C}(\alpha)$, $F' = \operatorname{Cov}_{j,\alpha}(1_C, M) = F(1-F)d$, where $d$ is the
        mean of $M$ on $C$ less that off $C$, and $F'' = F(1-F)\bigl((1-2F)d^2 + \operatorname{Var}(M \mid C)
        - \operatorname{Var}(M \mid [V] \setminus C)\bigr)$. A variance on an interval of length $R$ is at
        most the product of the distances of its mean from the ends. What is left is largest where $C$ has all
        of its mass at one end and the rest at the other: $R^2 F(1-F)(1-2F) \le R^2/(6\sqrt{3})$, the third
        cumulant of a coin. Integrate twice. The constant is the best: it is approached as
        $\alpha \to 0$ for two tokens, at $F = (3 - \sqrt{3})/6$.
    """,
    claims=(
        Claim(
            id="side-effect.first-order",
            title="first order",
            text="""The mass of any set C of tokens moves by α Cov(1_C, M), up to α²R²/(12√3); it moves by
                O(α²) if and only if that covariance is 0.""",
            formula=r"""\lvert F_{j,C}(\alpha) - F_{j,C}(0) - \alpha \operatorname{Cov}_j(1_C, M) \rvert \le
                \frac{\alpha^2 R^2}{12\sqrt{3}}, \quad \operatorname{Cov}_j(1_C, M) = \sum_{z \in C} p_j(z)
                \bigl(M(z) - \mathbb{E}_j[M]\bigr), \qquad F_{j,C}(\alpha) - F_{j,C}(0) = O(\alpha^2) \iff
                \operatorname{Cov}_j(1_C, M) = 0"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_first_order,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("side-effect",),
            certificate=NotCertified("proved for all tilts and all sets of tokens"),
        ),
    ),
)
