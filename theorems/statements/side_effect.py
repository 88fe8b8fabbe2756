"""Side effects: what steering does to any set of tokens and to other log-odds, and two vectors at once."""

import numpy as np

import ufm

from ..hypotheses import EXPONENTIAL_PATH, IF_POSITIVE, PERFECT_TRAINING
from ..judging import controls
from ..judging.claim import Certified, Claim, NotCertified, Statement
from ..judging.evaluate import along_both, first_order_effect, laws_at, undoing_strengths
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project; makes Wolf et al. (arXiv:2401.16332) exact"
RANDOM_SETS = 3
MOST = 1 / (12 * np.sqrt(3))  # of α²R² times the range of what moves
# How far α reaches when there are two vectors, in units of 1/R; further out hardly anything moves.
REACH = 10.0
STEPS = (0.01, 1.0)  # of β, in units of 1/R₂
UNDONE_AT = (
    -3.0,
    -0.1,
    0.5,
    2.0,
)  # strengths of the first vector that the second undoes, in units of 1/R
ASIDE = (1e-2, 0.3, 3.0)  # how far from there the price is compared, in units of 1/R₂


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
    allowed = MOST * reach[:, None] ** 2
    moved = np.exp(instance.curves.log_probs) - instance.probs
    plain = ufm.ExponentialTilt(instance.log_probs, instance.odds)
    for mask in _sets(instance):
        slope = first_order_effect(plain, mask)
        rest = moved[..., mask].sum(axis=2) - alphas[:, None] * slope
        verdicts.append(
            bound(
                (allowed - np.abs(rest)) / (1 + reach[:, None] + allowed),
                4 * instance.tolerance,
                f"|F_C(α) - F_C(0) - α Cov(1_C, M)| against α²R²/(12√3), {mask.sum()} tokens",
            )
        )
    return worst(*verdicts)


def _second(instance: Instance) -> np.ndarray:
    """M₂ [V] of a second vector: the values of M dealt to the tokens anew, in units of their range."""
    dealt = instance.random(5).permutation(instance.odds)
    return (dealt - dealt.min()) * instance.unit


def _lines(instance: Instance) -> list[tuple[float, float]]:
    """Lines β = start + rate·α of both strengths, as (start, rate): β = 0, and one at random."""
    start, rate = instance.random(6).uniform(-1, 1, size=2)
    return [(0.0, 0.0), (3 * start, rate / instance.unit)]


def _near(instance: Instance) -> np.ndarray:
    """Which of the strengths [A] are within `REACH`."""
    return np.abs(instance.alphas) <= REACH * instance.unit


def _joined(log_probs: np.ndarray, second: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """log p_{α,β} [A, m, V], from the path log p_α [A, m, V] and β [A] of the second vector."""
    logits = log_probs + betas[:, None, None] * second
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _cross_talk(instance: Instance) -> Verdict:
    """How far each mean is from the line that the library's covariance draws, along α and along β."""
    near, second = _near(instance), _second(instance)
    alphas, path = instance.alphas[near], instance.curves.log_probs[near]
    slopes, own = instance.curves.slope[near], (instance.odds - instance.odds.min()) * instance.unit
    reach, verdicts = np.abs(alphas)[:, None] / instance.unit, []
    for start, rate in _lines(instance):
        betas = start + rate * alphas
        library = along_both(
            instance.tilt, instance.context_weights, second, (start, rate), alphas
        )[0]
        law = np.exp(_joined(path, second, betas))
        centred = slopes - (law * slopes).sum(axis=2, keepdims=True)
        off = ((law * centred) @ second - library) * instance.unit
        verdicts.append(identity(off, 8 * instance.tolerance, "dE[M₂]/dα against Cov(M, M₂)"))
        for step in STEPS:
            moved = (np.exp(_joined(path, second, betas + step)) - law) @ own
            slack = MOST * step**2 - np.abs(moved - step * library * instance.unit)
            verdicts.append(
                bound(
                    slack,
                    8 * instance.tolerance,
                    f"|E[M] - E[M] at β = 0 - β Cov(M, M₂)| against β²R₂²R/(12√3), β = {step}/R₂",
                )
            )
    at_zero = _unsteered(instance, instance.tilt, second)
    moved = (np.exp(path) - instance.probs) @ second
    allowed = MOST * reach**2
    slack = (allowed - np.abs(moved - alphas[:, None] * at_zero)) / (1 + reach + allowed)
    text = "|E_α[M₂] - E_0[M₂] - α Cov(M, M₂)| against α²R²R₂/(12√3)"
    return worst(*verdicts, bound(slack, 8 * instance.tolerance, text))


def _unsteered(instance: Instance, tilt: ufm.ExponentialTilt, second: np.ndarray) -> np.ndarray:
    """Cov_{j,0,0}(M, M₂) [m] by the library, with M of `tilt`."""
    return along_both(tilt, instance.context_weights, second, (0.0, 0.0), np.zeros(1))[0][0]


def _two_vectors(instance: Instance) -> Verdict:
    near, second = _near(instance), _second(instance)
    alphas, path, verdicts = instance.alphas[near], instance.curves.log_probs[near], []
    share = (alphas[1:-1] - alphas[:-2]) / (alphas[2:] - alphas[:-2])
    for start, rate in _lines(instance):
        price = instance.cross_entropy_from(_joined(path, second, start + rate * alphas))
        chord = (1 - share) * price[:-2] + share * price[2:]
        slack = (chord - price[1:-1]) / (1 + price[:-2] + price[2:])
        verdicts.append(bound(slack, 4 * instance.tolerance, "ΔCE(α, β) below its chords"))
        line = (start, rate)
        library = along_both(instance.tilt, instance.context_weights, second, line, alphas)[1]
        errors = (library - price) / (1 + price)
        verdicts.append(identity(errors, 4 * instance.tolerance, "ΔCE(α, β) of the library"))
    verdicts.append(_quadratic(instance, second))
    if instance.odds_range > 0:
        verdicts.append(_undone(instance, second))
    return worst(*verdicts)


def _quadratic(instance: Instance, second: np.ndarray) -> Verdict:
    """Near 0 the price is half the quadratic form of the covariances: what is left is of third order."""
    tilt, other = instance.tilt, ufm.ExponentialTilt(instance.log_probs, second)
    alphas = np.array([a * instance.unit for a in (0.03, -0.02, 0.01, -0.2)])
    betas = np.array([0.02, 0.03, -0.04, -0.1])
    own, mixed, theirs = (
        float(instance.context_weights @ _unsteered(instance, first, values))
        for first, values in ((tilt, instance.odds), (tilt, second), (other, second))
    )
    form = (alphas**2 * own + 2 * alphas * betas * mixed + betas**2 * theirs) / 2
    price = instance.cross_entropy_from(_joined(laws_at(instance.tilt, alphas), second, betas))
    reach = np.abs(alphas) * instance.odds_range + np.abs(betas)
    slack = reach**3 / (36 * np.sqrt(3)) - np.abs(price - form)
    text = "|ΔCE - ½(α, β)Σ(α, β)ᵀ| against (|α|R + |β|R₂)³/(36√3)"
    return bound(slack, 4 * instance.tolerance, text)


def _undone(instance: Instance, second: np.ndarray) -> Verdict:
    """Where the library's β brings the mean of M₂ back, the price is least of all β."""
    alphas, pi = np.array(UNDONE_AT) * instance.unit, instance.context_weights
    path = laws_at(instance.tilt, alphas)
    betas = undoing_strengths(instance.tilt, pi, second, alphas)

    def price(shift: float) -> np.ndarray:
        return instance.cross_entropy_from(_joined(path, second, betas + shift))

    left = ((np.exp(_joined(path, second, betas)) - instance.probs) @ second) @ pi
    # as `Instance.rounding`: M₂ may tell tokens apart by so little that it takes a great β
    rounding = instance.tolerance + 8 * np.finfo(float).eps * np.abs(betas)
    least = price(0.0)
    shifts = [sign * step for step in ASIDE for sign in (1, -1)]
    slack = np.array([(price(shift) - least) / (1 + least) for shift in shifts])
    tolerance = 4 * instance.tolerance
    return worst(
        identity(
            left / rounding, 4.0, "ΣπE[M₂] at the β that undoes α, against its unsteered value"
        ),
        bound(slack, tolerance, "ΔCE(α, β) beside that β, against ΔCE there"),
    )


STATEMENT = Statement(
    id="side-effect",
    title="Side effects",
    in_short="""the mass of any set of tokens moves by α times its covariance with M, up to
        α²R²/(12√3); two vectors disturb each other by their covariance""",
    source=SOURCE,
    idea=r"""
        With $F = F_{j,C}(\alpha)$, $F' = \operatorname{Cov}_{j,\alpha}(1_C, M) = F(1-F)d$, where $d$ is the
        mean of $M$ on $C$ less that off $C$, and $F'' = F(1-F)\bigl((1-2F)d^2 +
        \operatorname{Var}(M \mid C) - \operatorname{Var}(M \mid [V] \setminus C)\bigr)$.
        A variance on an interval of length $R$ is at most the product of the distances of its mean from
        the ends. What is left is largest where $C$ has all of its mass at one end and the rest at the
        other: $R^2 F(1-F)(1-2F) \le R^2/(6\sqrt{3})$, the third
        cumulant of a coin. Integrate twice. The constant is the best: it is approached as
        $\alpha \to 0$ for two tokens, at $F = (3 - \sqrt{3})/6$.

        Of any function $g$ of the token the second derivative of $\mathbb{E}_\alpha[g]$ is
        $\mathbb{E}_\alpha[g\,h]$ with $h = (M - \mathbb{E}_\alpha M)^2 - \operatorname{Var}_\alpha M$ of
        mean 0. It is largest where $g$ is at one end of its range on $\{h > 0\}$ and at the other off it:
        the curvature of a mass again. The log-odds $M_2$ of a second vector are such a $g$.

        Tilting by both is tilting by one, then by the other. So $\Delta\mathrm{CE}(\alpha + x, \beta + y)$
        is $\Delta\mathrm{CE}(\alpha, \beta)$, a linear term in $(x, y)$, and a divergence, which is never
        negative: the price lies above its tangents. Its slope in $\beta$ is
        $\sum_j \pi_j (\mathbb{E}_{j,\alpha,\beta}[M_2] - \mathbb{E}_j[M_2])$: where that is 0 the price is
        least.
    """,
    claims=(
        Claim(
            id="side-effect.first-order",
            title="first order",
            text="""The mass of any set C of tokens moves by α Cov(1_C, M), up to α²R²/(12√3); it moves by
                O(α²) if and only if that covariance is 0.""",
            formula=r"""\lvert F_{j,C}(\alpha) - F_{j,C}(0) - \alpha \operatorname{Cov}_j(1_C, M) \rvert \le
                \frac{\alpha^2 R^2}{12\sqrt{3}}, \quad \operatorname{Cov}_j(1_C, M) = \sum_{z \in C} p_j(z)
                \bigl(M(z) - \mathbb{E}_j[M]\bigr), \qquad F_{j,C}(\alpha) - F_{j,C}(0) = O(\alpha^2)
                \ (\alpha \to 0) \iff \operatorname{Cov}_j(1_C, M) = 0"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_first_order,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("side-effect",),
            certificate=Certified(
                "For all α by the Coq theorems; the covariances of the target, of all other tokens and of "
                "each concept are enclosed, and whether one is 0 is decided exactly, by unique factorisation."
            ),
        ),
        Claim(
            id="side-effect.cross-talk",
            title="cross-talk",
            text="""Two vectors move the mean of each other's log-odds at the same rate, their covariance, so
                that more of the second takes from the first exactly where that is negative. At strength α
                of the first alone the mean of M₂ has moved by α Cov(M, M₂), up to α²R²R₂/(12√3).""",
            formula=r"""\frac{d}{d\beta} \mathbb{E}_{j,\alpha,\beta}[M] =
                \operatorname{Cov}_{j,\alpha,\beta}(M, M_2) =
                \frac{d}{d\alpha} \mathbb{E}_{j,\alpha,\beta}[M_2], \quad p_{j,\alpha,\beta}(z) =
                \frac{p_j(z) e^{\alpha M(z) + \beta M_2(z)}}{\sum_y p_j(y) e^{\alpha M(y) +
                \beta M_2(y)}}, \qquad
                \lvert \mathbb{E}_{j,\alpha,0}[M_2] - \mathbb{E}_{j,0,0}[M_2] - \alpha
                \operatorname{Cov}_{j,0,0}(M, M_2) \rvert \le \frac{\alpha^2 R^2 R_2}{12\sqrt{3}}"""
            + IF_POSITIVE,
            source="this project",
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_cross_talk,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("two-vectors",),
            certificate=NotCertified(
                "proved for all tilts and pairs of vectors; an instance holds one vector"
            ),
        ),
        Claim(
            id="side-effect.two-vectors",
            title="two vectors",
            text="""The price of two vectors is convex in both strengths together, and its Hessian is the
                covariance matrix of their log-odds. At each strength of the first, one strength of the
                second, whose M₂ is not constant, brings the mean of M₂ back to its unsteered value, and
                there the price is least.""",
            formula=r"""\Delta \mathrm{CE}(\alpha, \beta) = \sum_j \pi_j \mathrm{KL}(p_j \Vert
                p_{j,\alpha,\beta}) \text{ is convex in } (\alpha, \beta), \text{ with the Hessian }
                \sum_j \pi_j \operatorname{Cov}_{j,\alpha,\beta}(M_i, M_k), \qquad \sum_j \pi_j \bigl(
                \mathbb{E}_{j,\alpha,\beta}[M_2] - \mathbb{E}_j[M_2] \bigr) = 0 \iff
                \Delta \mathrm{CE}(\alpha, \beta) = \min_{b} \Delta \mathrm{CE}(\alpha, b)"""
            + IF_POSITIVE,
            source="this project",
            hypotheses=(EXPONENTIAL_PATH, PERFECT_TRAINING),
            conclusion=_two_vectors,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("two-vectors",),
            certificate=NotCertified(
                "proved for all tilts and pairs of vectors; an instance holds one vector"
            ),
        ),
    ),
)
