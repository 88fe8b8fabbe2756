"""Lemma B.5 and all higher orders: the derivatives of steered probabilities."""

from math import comb

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebval

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Claim, NotCertified, Statement
from ..judging.evaluate import laws_at, orders_at
from ..judging.instance import Instance
from ..judging.verdict import Verdict, identity, worst

ORDERS = 4
CENTRES = np.array([-2.0, 0.0, 0.7])
_POINTS = 20
_ANGLES = np.pi * (np.arange(_POINTS) + 0.5) / _POINTS
_NODES = np.cos(_ANGLES)


def _differentiation_matrix() -> np.ndarray:
    """D [4, 20]: D @ (values at the nodes) = derivatives of order 1..4 at 0 of the interpolant."""
    modes = np.eye(_POINTS)
    at_zero = [chebval(0.0, chebder(modes, n)) for n in range(1, ORDERS + 1)]
    coefficients = 2 / _POINTS * np.cos(np.arange(_POINTS)[:, None] * _ANGLES)
    coefficients[0] /= 2
    return np.array(at_zero) @ coefficients


_DERIVATIVES = _differentiation_matrix()


def _spectral(values: np.ndarray) -> np.ndarray:
    """Derivatives of order 1..4 at 0 of functions sampled [20, …] at Chebyshev points of [-1, 1].

    A law tilted at complex α is analytic for |Im α| < π/R, so with 1/R as the unit the series
    converges like 6.4^-n: 20 points reach rounding.
    """
    return np.tensordot(_DERIVATIVES, values, axes=1)


def _sampled(instance: Instance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sampled laws [20, 3, m, V], the library's derivatives [4, 3, m, V], cumulants [3, m, 4], in 1/R."""
    alphas = (CENTRES + _NODES[:, None]) * instance.unit
    laws, derivatives, cumulants = orders_at(instance.tilt, alphas, CENTRES * instance.unit, ORDERS)
    powers = instance.unit ** np.arange(1, ORDERS + 1)
    return np.exp(laws), derivatives * powers[:, None, None, None], cumulants * powers


def _derivative(instance: Instance) -> Verdict:
    laws, derivatives, _ = _sampled(instance)
    first = _spectral(laws)[0]
    p = _laws_at_centres(instance)
    formula = p * (instance.odds - (p @ instance.odds)[..., None]) * instance.unit
    errors = np.stack([derivatives[0] - first, formula - first])
    evidence = "dp/dα of the sampled curve against Lemma B.5"
    return identity(errors, instance.tolerance * _POINTS, evidence)


def _laws_at_centres(instance: Instance) -> np.ndarray:
    return np.exp(laws_at(instance.tilt, CENTRES * instance.unit))


def _all_orders(instance: Instance) -> Verdict:
    laws, derivatives, cumulants = _sampled(instance)
    # to differentiate n times at the centre of N Chebyshev points multiplies rounding by up to N^n
    tolerance = instance.tolerance * _POINTS**ORDERS
    token = derivatives - _spectral(laws)
    mass = laws[..., instance.target].sum(-1)
    concept = _concept_orders(instance) - _spectral(mass)
    loss = -(instance.probs[None, None] * np.log(laws)).sum(-1)
    slope = (cumulants[..., 0] - instance.probs @ instance.odds * instance.unit)[None]
    higher = np.moveaxis(cumulants[..., 1:], -1, 0)
    formula = np.concatenate([slope, higher])
    size = 1 + np.abs(instance.log_probs).max()
    return worst(
        identity(token, tolerance, "tokens: Bell polynomials, orders 1-4"),
        identity(concept, tolerance, "target mass: Bell polynomials, orders 1-4"),
        identity((formula - _spectral(loss)) / size, tolerance, "ΔCE: cumulants, orders 1-4"),
    )


def _concept_orders(instance: Instance) -> np.ndarray:
    """F^{(n)} = F Bell_n(κ_1^C - κ_1, …, κ_n^C - κ_n), n = 1..4, at the centres, in units of 1/R."""
    p = _laws_at_centres(instance)
    inside = p * instance.target
    mass = inside.sum(-1)
    # a mass that underflows has no conditional law; nor has it derivatives that could be seen
    weight = inside / np.where(mass > 0, mass, 1.0)[..., None]
    difference = _cumulants(weight, instance) - _cumulants(p, instance)
    values = [np.ones_like(mass)]
    for k in range(ORDERS):
        values.append(sum(comb(k, i) * values[k - i] * difference[i] for i in range(k + 1)))
    return np.stack([mass * v for v in values[1:]])


def _cumulants(weight: np.ndarray, instance: Instance) -> np.ndarray:
    """κ_1..κ_4 of M/R under `weight` [..., V]."""
    log_odds = instance.odds * instance.unit
    mean = weight @ log_odds
    x = log_odds - mean[..., None]
    second, third, fourth = ((weight * x**n).sum(-1) for n in (2, 3, 4))
    return np.stack([mean, second, third, fourth - 3 * second**2])


STATEMENT = Statement(
    id="lemma-b5",
    title="First derivative",
    source="Lemma B.5",
    idea=r"""
        Differentiate $\log p_\alpha(z) = \log p(z) + \alpha M(z) - K(\alpha)$, with
        $K(\alpha) = \log \sum_y p(y) e^{\alpha M(y)}$, and note
        $K'(\alpha) = \mathbb{E}_\alpha[M]$. Everything later about rising and falling is read off
        the sign of $M(z) - \mathbb{E}_\alpha[M]$.
    """,
    claims=(
        Claim(
            id="lemma-b5.derivative",
            title="derivative",
            text="dp_{j,α}(z)/dα = p_{j,α}(z) (M(z) - E_{j,α}[M]).",
            formula=r"""\frac{d}{d \alpha} p_{j,\alpha}(z) = \left(M(z) - \sum_{y=1}^{V} M(y)
                p_{j,\alpha}(y)\right) p_{j,\alpha}(z)""",
            source="Lemma B.5",
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=_derivative,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("statements/derivatives",),
            certificate=NotCertified("an identity, proved for all instances"),
        ),
    ),
)

ALL_ORDERS = Statement(
    id="tilt",
    title="Derivatives of all orders",
    source="this project; extends Lemma B.5",
    idea=r"""
        $p_\alpha = p_0 \exp(\alpha M - K(\alpha) + K(0))$ satisfies $f' = f x_1$ with
        $x_1 = M(z) - \kappa_1(\alpha)$, and $x_1' = -\kappa_2$, $\kappa_n' = \kappa_{n+1}$.
        Whenever $f' = f x_1$ and $x_i' = x_{i+1}$, induction gives
        $f^{(n)} = f\,B_n(x_1, \dots, x_n)$: the complete Bell polynomials obey
        $B_{n+1} = B_n' + x_1 B_n$, which is Pascal's rule summed. For a concept $f = F_C$ and
        $x_1 = \kappa_1^C - \kappa_1$, since $F_C$ is a quotient of two partition functions. The
        loss is a sum of $K_j$ less a line.
    """,
    claims=(
        Claim(
            id="tilt.all-orders",
            title="all orders",
            text="""The n-th derivatives of p_α(z), of F_C(α) and of ΔCE(α) are complete Bell
                polynomials in, and sums of, the cumulants of M under the tilted law.""",
            formula=r"""\frac{d^n p_{j,\alpha}(z)}{d\alpha^n} = p_{j,\alpha}(z)\,
                B_n\bigl(M(z) - \kappa_1, -\kappa_2, \dots, -\kappa_n\bigr), \quad
                F_{j,C}^{(n)} = F_{j,C}\, B_n\bigl(\kappa_1^C - \kappa_1, \dots,
                \kappa_n^C - \kappa_n\bigr), \quad
                \Delta\mathrm{CE}^{(n)}(\alpha) = \sum_{j} \pi_j \bigl(\kappa_n
                - \mathbf{1}_{\{n = 1\}} K_j'(0)\bigr), \quad n \ge 1""",
            source="this project; extends Lemma B.5",
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.PERFECT_TRAINING),
            conclusion=_all_orders,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("statements/derivatives",),
            certificate=NotCertified("an identity, proved for all instances"),
        ),
    ),
)
