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

ORDERS = 8
_CENTRES = 3
_POINTS = 16
_HALF_WIDTH = 0.25
_ANGLES = np.pi * (np.arange(_POINTS) + 0.5) / _POINTS
_NODES = np.cos(_ANGLES)


def _differentiation_weights() -> np.ndarray:
    """Weights [16] that turn values at the nodes into the slope of their interpolant at 0."""
    slopes = chebval(0.0, chebder(np.eye(_POINTS)))
    coefficients = 2 / _POINTS * np.cos(np.arange(_POINTS)[:, None] * _ANGLES)
    coefficients[0] /= 2
    return slopes @ coefficients / _HALF_WIDTH


_WEIGHTS = _differentiation_weights()
# What rounding of the values becomes in the slope.
_AMPLIFICATION = float(np.abs(_WEIGHTS).sum())


def _slope(values: np.ndarray) -> np.ndarray:
    """Slopes, in units of R, of functions sampled [16, …] at Chebyshev points within 1/(4R) of a centre.

    A law tilted at complex α is analytic for |Im α| < π/R, so that the series converges like 25^-n: with
    16 points its rest is below 1e-14 also for the seventh derivative, whose terms grow like n^7.
    """
    return np.tensordot(_WEIGHTS, values, axes=1)


def _centres(instance: Instance) -> np.ndarray:
    """Three strengths in units of 1/R, other ones for each instance."""
    return instance.random(1).uniform(-3, 3, _CENTRES)


def _derivative(instance: Instance) -> Verdict:
    """On the whole grid by autodiff of the curve; at three strengths by interpolation as well."""
    alphas = (_centres(instance) + _HALF_WIDTH * _NODES[:, None]) * instance.unit
    laws = np.exp(laws_at(instance.tilt, alphas.ravel())).reshape(
        *alphas.shape, *instance.probs.shape
    )
    # the law at the centre of an even number of nodes is the interpolant's value there
    derivatives = orders_at(instance.tilt, _centres(instance) * instance.unit, 1)[0]
    law = derivatives[..., 0]
    at_centres = law * (instance.odds - (law @ instance.odds)[..., None]) * instance.unit
    library = derivatives[..., 1] * instance.unit
    sampled = _slope(laws)
    return worst(
        _by_autodiff(instance),
        identity(
            np.stack([library - sampled, at_centres - sampled]),
            _AMPLIFICATION * instance.tolerance,
            "dp/dα of the interpolated curve against Lemma B.5",
        ),
    )


def _by_autodiff(instance: Instance) -> Verdict:
    curves = instance.curves
    p = np.exp(curves.log_probs)
    centred = instance.odds - (p @ instance.odds)[..., None]
    errors = p * (curves.slope - centred) * instance.unit
    return identity(errors, 2 * instance.tolerance, "dp/dα by autodiff on the grid")


def _all_orders(instance: Instance) -> Verdict:
    """Each derivative is the slope of the one before it, from the curve itself up to order 8.

    In units of R^n; at scales of M where R^8 is out of range, up to the order that is not.
    """
    top = int((np.arange(1, ORDERS + 1) * abs(np.log10(instance.unit)) < 280).sum())
    alphas = (_centres(instance) + _HALF_WIDTH * np.append(_NODES, 0.0)[:, None]) * instance.unit
    derivatives, cumulants = orders_at(instance.tilt, alphas, ORDERS)
    powers = instance.unit ** np.arange(top + 1)
    token = derivatives[..., : top + 1] * powers
    cumulants = cumulants[..., :top] * powers[1:]
    concept = _concept_orders(token[..., 0], instance, top)
    log_law = laws_at(instance.tilt, alphas.ravel()).reshape(token.shape[:-1])
    loss = -(instance.probs * log_law).sum(-1)[..., None]
    mean = token[..., 0] @ instance.odds * instance.unit
    slope = (mean - instance.probs @ instance.odds * instance.unit)[..., None]
    loss = np.concatenate([loss, slope, cumulants[..., 1:]], axis=-1)
    offset = float(np.asarray(instance.tilt.log_odds)[0] - instance.odds[0]) * instance.unit
    tolerance = _AMPLIFICATION * instance.tolerance
    size = 1 + np.abs(instance.log_probs).max()
    return worst(
        _by_autodiff(instance),
        _chain(token, tolerance, f"tokens: Bell polynomials, orders 1-{top}"),
        _chain(concept, tolerance, f"target mass: Bell polynomials, orders 1-{top}"),
        _chain(loss / size, tolerance, f"ΔCE: cumulants, orders 1-{top}"),
        identity(
            (cumulants[..., 0] - (mean + offset)) / (1 + np.abs(offset)), instance.tolerance, "κ_1"
        ),
    )


def _chain(orders: np.ndarray, tolerance: float, evidence: str) -> Verdict:
    """Whether orders[..., n + 1] at the centre is the slope of orders[..., n] at the nodes before it."""
    errors = orders[-1, ..., 1:] - _slope(orders[:-1, ..., :-1])
    return identity(errors, tolerance, evidence)


def _concept_orders(p: np.ndarray, instance: Instance, top: int) -> np.ndarray:
    """F^{(n)} = F Bell_n(κ_1^C - κ_1, …, κ_n^C - κ_n), n = 0..top, of laws p [..., V], in units of R."""
    inside = p * instance.target
    mass = inside.sum(-1)
    # a mass that underflows has no conditional law; nor has it derivatives that could be seen
    weight = inside / np.where(mass > 0, mass, 1.0)[..., None]
    difference = _cumulants(weight, instance, top) - _cumulants(p, instance, top)
    values = [np.ones_like(mass)]
    for k in range(top):
        values.append(sum(comb(k, i) * values[k - i] * difference[i] for i in range(k + 1)))
    return np.stack([mass * v for v in values], axis=-1)


def _cumulants(weight: np.ndarray, instance: Instance, top: int) -> np.ndarray:
    """κ_1..κ_top of M/R under `weight` [..., V]."""
    log_odds = instance.odds * instance.unit
    mean = weight @ log_odds
    x = log_odds - mean[..., None]
    moments = [np.ones_like(mean), *((weight * x**n).sum(-1) for n in range(1, top + 1))]
    kappa = [np.zeros_like(mean)]
    for n in range(1, top + 1):
        lower = sum(comb(n - 1, k - 1) * kappa[k] * moments[n - k] for k in range(1, n))
        kappa.append(moments[n] - lower)
    return np.stack([mean, *kappa[2:]])


STATEMENT = Statement(
    id="lemma-b5",
    title="First derivative",
    in_short="a token rises while its M exceeds the mean of M",
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
    in_short="every derivative of p, of a concept's mass and of the price, by the cumulants of M",
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
