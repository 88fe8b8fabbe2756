"""The cross-entropy increase for every α: identity, convexity, bounds, asymptotes."""

import numpy as np

from ufm.tilt.cross_entropy_bounds import end_line

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.instance import SMALLEST, Instance
from ..judging.verdict import Outcome, Verdict, bound, identity, strict, supported, worst
from .thm_3_6 import conditional_cumulant

SOURCE = "this project; extends Theorem 3.8"


# Below this many nats the plain sum of the definition has lost digits that the bounds need.
_RESOLVED = 1e-3


def _increase(instance: Instance) -> np.ndarray:
    """ΔCE on `alphas`: by the definition, but where that is below 1e-3 nats by the library."""
    plain = instance.cross_entropy_by_definition
    return np.where(plain > _RESOLVED, plain, instance.cross_entropy_increase)


def _library_agrees(instance: Instance) -> Verdict:
    """The library's ΔCE, which keeps its digits near 0, against the definition on the curves."""
    plain = instance.cross_entropy_by_definition
    errors = (instance.cross_entropy_increase - plain) / (1 + np.abs(plain))
    return identity(errors, instance.tolerance, "ΔCE of the library against CE(f_α) - CE(f)")


def _reach(instance: Instance) -> np.ndarray:
    """y = R|α|."""
    return np.abs(instance.alphas) * instance.odds_range


def _relative(numerator: np.ndarray, size: np.ndarray) -> np.ndarray:
    """`numerator`/`size`, and next to 0 nats an absolute slack that underflow does not decide."""
    return (numerator + SMALLEST) / (size + SMALLEST)


def _rounding(instance: Instance) -> float:
    """Relative error of `_increase`."""
    return instance.tolerance / _RESOLVED


def _kl_identity(instance: Instance) -> Verdict:
    plain = instance.cross_entropy_by_definition
    direct = instance.curves.forward_kl @ instance.context_weights
    errors = (plain - direct) / (1 + np.abs(plain))
    near = _reach(instance) <= 40 + 2 * np.abs(instance.log_probs).max()
    alphas, everything = instance.alphas[near], np.ones(instance.odds.size, bool)
    growth = conditional_cumulant(instance, alphas, everything)
    cumulant = (
        growth - alphas[:, None] * (instance.probs @ instance.odds)
    ) @ instance.context_weights
    by_cumulant = (plain[near] - cumulant) / (1 + np.abs(plain[near]) + _reach(instance)[near])
    evidence = "CE(f_α) - CE(f) against"
    return worst(
        identity(errors, instance.tolerance, f"{evidence} Σπ KL(p||p_α)"),
        identity(by_cumulant, instance.tolerance, f"{evidence} Σπ (K(α) - αK'(0))"),
        _library_agrees(instance),
    )


def _convex(instance: Instance) -> Verdict:
    """Chords of neighbouring strengths lie above the curve: strictly while R|α| <= 5, where curvature
    is far above rounding, and nowhere below it. Where ΔCE has not yet left 0 at R|α| = 5, because one
    token has nearly all the mass, chords strictly above the curve are looked for further out.
    """
    alphas, reach = instance.alphas, _reach(instance)
    share = (alphas[1:-1] - alphas[:-2]) / (alphas[2:] - alphas[:-2])

    def above(values: np.ndarray) -> np.ndarray:
        return (1 - share) * values[:-2] + share * values[2:] - values[1:-1]

    exact, plain = instance.cross_entropy_increase, instance.cross_entropy_by_definition
    ends, largest = exact[:-2] + exact[2:], np.maximum(reach[:-2], reach[2:])
    near = (largest <= 5) & (ends > SMALLEST)
    everywhere = above(plain) / (1 + np.abs(plain[:-2]) + np.abs(plain[2:]))
    if near.any():
        slack, where = above(exact)[near] / ends[near], "R|α| <= 5"
    else:
        slack, where = (
            everywhere[everywhere > instance.tolerance],
            "where rounding does not hide it",
        )
    everywhere = bound(everywhere, instance.tolerance, "chords not below the curve, all α")
    strictly = strict(slack, instance.tolerance, f"chords above the curve, {where}")
    if everywhere.verdict is Outcome.FAILS:
        return everywhere
    return supported(strictly, everywhere, _library_agrees(instance))


def _upper(instance: Instance) -> Verdict:
    increase, bounds = _increase(instance), instance.cross_entropy_bounds
    moved = instance.alphas != 0
    upper = {
        "Hoeffding": bounds.hoeffding,
        "Bennett": bounds.bennett,
        "two-point": bounds.two_point,
    }
    below = [
        # divided first: a bound that overflows to infinity holds
        bound(
            1 - (increase / (value + SMALLEST))[moved],
            _rounding(instance),
            f"{name} bound, relative",
        )
        for name, value in upper.items()
    ]
    return supported(worst(*below), _library_agrees(instance))


def _lower(instance: Instance) -> Verdict:
    increase, bounds = _increase(instance), instance.cross_entropy_bounds
    moved = instance.alphas != 0
    slack = _relative(increase - bounds.lower, increase)[moved]
    over = (increase - bounds.target) / (1 + increase)
    above = worst(
        bound(slack, _rounding(instance), "σ²(e^{-y}+y-1)/R²"),
        bound(over, instance.tolerance, "Σπ kl(F_T(0)||F_T(α))"),
    )
    return supported(above, _library_agrees(instance))


def _remainder(instance: Instance) -> Verdict:
    """Slack relative to the bound, for R|α| >= 0.01: below, ΔCE - ½σ²α² is all rounding."""
    seen = _reach(instance) >= 0.01
    allowed = instance.cross_entropy_bounds.remainder[seen]
    difference = (_increase(instance) - instance.cross_entropy_bounds.quadratic)[seen]
    # by definition: an error over y³/62 where ΔCE > 1e-3, so y > 0.09; else 8/y times a relative one
    tolerance = 1e5 * instance.tolerance
    slack = 1 - np.abs(difference) / allowed
    return supported(
        bound(slack, tolerance, "|ΔCE - ½σ²α²| against R³|α|³/(36√3)"), _library_agrees(instance)
    )


def _asymptote(instance: Instance) -> Verdict:
    verdicts, increase = [], _increase(instance)
    for sign, extremal in ((1, instance.is_top), (-1, instance.is_bottom)):
        side = sign * instance.alphas > 0
        alphas = np.abs(instance.alphas[side])
        slopes, log_mass = end_line(instance.tilt, sign)
        log_rest = np.logaddexp.reduce(instance.log_probs[:, ~extremal], axis=1)
        slope = instance.context_weights @ slopes
        line = alphas * slope + instance.context_weights @ log_mass
        gap = np.abs(instance.odds[extremal][0] - instance.odds[~extremal]).min()
        excess = np.exp(np.minimum(log_rest - log_mass - alphas[:, None] * gap, 700.0))
        remainder = increase[side] - line
        size = 1 + increase[side] + alphas * slope + np.abs(log_mass).max()
        slack = np.stack([remainder, excess @ instance.context_weights - remainder]) / size
        evidence = f"distance to the line, α → {sign * np.inf}"
        verdicts.append(bound(slack, instance.tolerance, evidence))
    return supported(worst(*verdicts), _library_agrees(instance))


_PATH = (hypotheses.PERFECT_TRAINING, hypotheses.EXPONENTIAL_PATH)
_MOVING = (*_PATH, hypotheses.MOVING)
_TWICE = controls.rescaled("twice", 2.0)
_BY_COQ = Certified(
    "For all α by the Coq theorem, whose hypotheses (distributions of positive rationals that sum to one, "
    "weights, the order of M) are checked exactly. Both sides are enclosed at six strengths besides, and "
    "certain there."
)

STATEMENT = Statement(
    id="ce",
    title="Cross-entropy for every strength",
    in_short="""the price is convex, at most α²R²/8, at most R³|α|³/(36√3) off ½σ²α², and tends to
        a line""",
    source=SOURCE,
    idea=r"""
        - *KL identity*: with perfect training the data's law is $p_j$, so the increase is
          $\sum_j \pi_j \mathrm{KL}(p_j \Vert p_{j,\alpha})$; put
          $\log p_{j,\alpha} = \log p_j + \alpha M - K_j + K_j(0)$ into it.
        - *Convexity*: $\Delta\mathrm{CE}'' = \sum_j \pi_j \operatorname{Var}_{j,\alpha}(M)$,
          positive since every token has mass.
        - *Upper bounds*: a variance on an interval of length $R$ is at most $R^2/4$: integrate
          twice (Hoeffding). The third cumulant is at most $R$ times the variance, so
          $\operatorname{Var}_\alpha e^{\mp R\alpha}$ is monotone: integrate twice again. For
          Bennett's bound, $e^{\alpha x}$ lies below the parabola that touches it at $-\sigma^2/b$
          and meets it at $b$; its mean depends on $\sigma^2$ alone and is attained by the law on
          those two points.
        - *Lower bounds*: the same monotone variance from below; and merging all tokens into $T$ and
          the rest can only lose divergence (log-sum inequality).
        - *Remainder*: a third central moment on an interval of length $R$ is at most
          $R^3/(6\sqrt3)$: majorise $y^3$ by a chord or a tangent, whose mean is known because $y$
          has mean 0. Integrate three times.
        - *Asymptote*: $K_j(\alpha) = \alpha \max M + \log(p + \mathrm{rest})$ with the rest of
          {ref}`the rate of the limits <statement-limit>`, and $0 \le \log(1 + x) \le x$.
    """,
    claims=(
        Claim(
            id="ce.kl-identity",
            title="KL identity",
            text="ΔCE(α) = Σ_j π_j KL(p_j || p_{j,α}) = Σ_j π_j (K_j(α) - α K_j'(0)).",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \sum_{j} \pi_j\, \mathrm{KL}(p_j \Vert p_{j,\alpha}) =
                \sum_{j} \pi_j \bigl(K_j(\alpha) - \alpha K_j'(0)\bigr) \quad \text{(Assumption 2)}""",
            source=SOURCE,
            hypotheses=_PATH,
            conclusion=_kl_identity,
            families=("rates", "tilts"),
            control=Control(
                "assumption-2",
                "the data do not follow the model's law",
                controls.unfinished_training,
            ),
            figures=("bounds",),
            certificate=NotCertified("an identity, proved for all instances"),
        ),
        Claim(
            id="ce.convex",
            title="convexity",
            text="ΔCE is strictly convex on the whole line.",
            formula=r"""\Delta\mathrm{CE}''(\alpha) = \sum_{j} \pi_j \operatorname{Var}_{j,\alpha}(M) > 0
                \quad \text{for every } \alpha \in \mathbb{R}, \text{ if } M \text{ is not constant}""",
            source=SOURCE,
            hypotheses=_MOVING,
            conclusion=_convex,
            families=("rates", "tilts"),
            control=Control(
                "exponential-path",
                "steering before the final norm: the loss levels off",
                controls.before_the_norm,
            ),
            figures=("bounds",),
            certificate=Certified(
                "For all α by the Coq theorem, whose hypotheses are checked exactly: M takes two values, "
                "and every token has mass."
            ),
        ),
        Claim(
            id="ce.upper-bounds",
            title="upper bounds",
            text="""ΔCE <= α²R²/8, ΔCE <= σ²(e^y - y - 1)/R² with y = R|α|, and the two-point
                Bennett bound.""",
            formula=r"""\Delta\mathrm{CE}(\alpha) \le \frac{R^2\alpha^2}{8}, \quad
                \Delta\mathrm{CE}(\alpha) \le
                \frac{\sigma^2 (e^{R\lvert \alpha \rvert} - R\lvert \alpha \rvert - 1)}{R^2}, \quad
                \Delta\mathrm{CE}(\alpha) \le
                \sum_{j} \pi_j \log\frac{b_j^2 e^{-\lvert \alpha \rvert\sigma_j^2/b_j}
                + \sigma_j^2 e^{\lvert \alpha \rvert b_j}}
                {b_j^2 + \sigma_j^2}, \quad \sigma_j^2 = \operatorname{Var}_j(M),\
                \sigma^2 = \sum_{j} \pi_j \sigma_j^2,\
                b_j = \begin{cases} \max M - \mathbb{E}_j[M] & \alpha > 0 \\
                \mathbb{E}_j[M] - \min M & \alpha < 0 \end{cases}
                \quad \text{if } M \text{ is not constant}""",
            source=SOURCE,
            hypotheses=_MOVING,
            conclusion=_upper,
            families=("rates", "tilts"),
            control=_TWICE,
            figures=("bounds",),
            certificate=_BY_COQ,
        ),
        Claim(
            id="ce.lower-bounds",
            title="lower bounds",
            text="ΔCE >= σ²(e^{-y} + y - 1)/R² with y = R|α|, and ΔCE >= Σ π kl(F_T(0) || F_T(α)).",
            formula=r"""\Delta\mathrm{CE}(\alpha) \ge \frac{\sigma^2 (e^{-R\lvert \alpha \rvert}
                + R\lvert \alpha \rvert - 1)}{R^2}, \quad \Delta\mathrm{CE}(\alpha) \ge \sum_{j} \pi_j
                \operatorname{kl}\bigl(F_{j,T}(0) \Vert F_{j,T}(\alpha)\bigr), \quad
                \sigma^2 = \sum_{j} \pi_j \operatorname{Var}_j(M),\ \operatorname{kl}(x \Vert y) = x
                \log\frac{x}{y} + (1-x) \log\frac{1-x}{1-y}""",
            source=SOURCE,
            hypotheses=_MOVING,
            conclusion=_lower,
            families=("rates", "tilts"),
            control=controls.rescaled("half", 0.5),
            figures=("bounds",),
            certificate=_BY_COQ,
        ),
        Claim(
            id="ce.remainder",
            title="remainder",
            text="|ΔCE - ½σ²α²| <= R³|α|³/(36√3).",
            formula=r"""\left\lvert \Delta\mathrm{CE}(\alpha) - \tfrac{1}{2}\sigma^2\alpha^2\right\rvert \le
                \frac{R^3 \lvert \alpha \rvert^3}{36\sqrt{3}}, \qquad
                \sigma^2 = \sum_{j} \pi_j \operatorname{Var}_j(M)""",
            source=SOURCE,
            hypotheses=_MOVING,
            conclusion=_remainder,
            families=("rates", "tilts"),
            control=_TWICE,
            figures=("statements/remainder",),
            certificate=_BY_COQ,
        ),
        Claim(
            id="ce.asymptote",
            title="linear asymptote",
            text="""As α → +∞, ΔCE = α Σπ(Mmax - E_j M) + Σπ log p_j(Mtop) + r with 0 <= r <=
                Σπ((1-F)/F)e^{-αg}, F the unsteered mass of Mtop; likewise at -∞.""",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \alpha \sum_{j} \pi_j \bigl(\max M -
                \mathbb{E}_j[M]\bigr) + \sum_{j} \pi_j \log p_j(M_{\mathrm{top}}) + r(\alpha), \quad
                0 \le r(\alpha) \le \sum_{j} \pi_j \frac{1 -
                p_j(M_{\mathrm{top}})}{p_j(M_{\mathrm{top}})}\, e^{-\alpha g} \quad (\alpha \ge 0),
                \quad g = \max M - \max_{[V] \setminus M_{\mathrm{top}}} M \quad \text{(as } \alpha
                \to -\infty \text{ the same with } -M, -\alpha \text{ for } M, \alpha\text{)}"""
            + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=_MOVING,
            conclusion=_asymptote,
            families=("rates", "tilts"),
            control=_TWICE,
            figures=("bounds",),
            certificate=_BY_COQ,
        ),
    ),
)
