"""Claims of others about steering strength, as the tilt judges them: when each is true.

Who says what, and where, is in `theorems.LITERATURE`. A control here is a counterexample to the sentence
as it is quoted, where the model asks for more than the sentence does.
"""

import numpy as np

import ufm

from ..hypotheses import (
    EXPONENTIAL_PATH,
    IF_POSITIVE,
    IF_SEPARATED,
    INTERIOR_TARGET,
    MOVING,
    ONE_VALUE_EACH,
    ONE_VALUE_OFF_TARGET,
    PERFECT_TRAINING,
    SEPARATION,
    UNCORRELATED,
)
from ..judging import controls
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.evaluate import first_order_effect
from ..judging.instance import Instance, log_masses
from ..judging.shape import mass_slope
from ..judging.verdict import Verdict, bound, identity, strict, worst
from . import thm_3_6, thm_3_8
from .park import pairs_of_tokens
from .side_effect import MOST

SCORES = 3  # things that are measured, drawn for each instance
LEAST = (
    1e-6  # of a score that M alone makes up, so that nothing but rounding is left without that part
)

RUTTE = "von Rütte et al. 2024 (arXiv:2402.14433)"
WOLF = "Wolf et al. 2024 (arXiv:2401.16332)"
PARK = "Park et al. 2024 (arXiv:2311.03658)"
BAS = "Bas and Novak 2025 (arXiv:2511.18284)"
RLHF_BOOK = "The RLHF Book (natolambert/rlhf-book)"


def _line(instance: Instance) -> Verdict:
    """Logit F_T on the straight line between its values at the ends of the strengths looked at."""
    alphas = instance.alphas
    on, off = log_masses(instance.curves.log_probs, instance.target)
    share = ((alphas - alphas[0]) / (alphas[-1] - alphas[0]))[:, None]
    logit = on - off
    chord = (1 - share) * logit[0] + share * logit[-1]
    errors = (logit - chord) / (4 * instance.rounding(alphas[[0, -1]]).max())
    return identity(errors, 1.0, "logit F_T against a straight line in α")


def _benefit(instance: Instance) -> Verdict:
    """The mass of T leaves at a slope of at least δF(1-F), and stays within α²R²/(12√3) of that line."""
    alphas, target = instance.alphas, instance.target
    tilt = ufm.ExponentialTilt(instance.log_probs, instance.odds)
    slope = first_order_effect(tilt, target)
    reach = np.abs(alphas)[:, None] / instance.unit
    allowed = MOST * reach**2
    moved = (np.exp(instance.curves.log_probs) - instance.probs)[..., target].sum(axis=2)
    slack = (allowed - np.abs(moved - alphas[:, None] * slope)) / (1 + reach + allowed)
    start = int(np.flatnonzero(alphas == 0)[0])
    rate = mass_slope(instance, target)[0][start] * instance.unit
    least = instance.margin * instance.unit
    return worst(
        bound(
            slack, 4 * instance.tolerance, "|F_T(α) - F_T(0) - α Cov(1_T, M)| against α²R²/(12√3)"
        ),
        bound(rate - least, 2 * instance.tolerance, "slope of logit F_T at 0, over R, against δ/R"),
        strict(rate, 2 * instance.tolerance, "slope of logit F_T at 0, over R"),
    )


def _damage(instance: Instance, is_uncorrelated: bool = True) -> Verdict:
    """Means of scores whose part along M is taken away, or of 1_T, against α²R²R_g/(12√3)."""
    own = (instance.odds - instance.odds.min()) * instance.unit
    centred = own - (instance.probs @ own)[:, None]
    variance = (instance.probs * centred**2).sum(axis=1)
    reach = np.abs(instance.alphas)[:, None] / instance.unit
    allowed = MOST * reach**2
    moved = np.exp(instance.curves.log_probs) - instance.probs
    verdicts = []
    drawn = instance.random(9).random((SCORES, own.size))
    for score in drawn if is_uncorrelated else [instance.target.astype(float)]:
        scores, size = np.broadcast_to(score, instance.probs.shape), np.ones(len(variance))
        if is_uncorrelated:
            along = (instance.probs * centred * score).sum(axis=1)
            share = np.divide(along, variance, out=np.zeros_like(along), where=variance > 0)
            scores, size = scores - share[:, None] * centred, 1 + np.abs(share)
        width = np.ptp(scores, axis=1)
        width = np.where(
            width > LEAST * size, width, np.inf
        )  # of two tokens nothing is left but a constant
        scores = (scores - scores.min(axis=1, keepdims=True)) / width[:, None]
        effect = (moved * scores).sum(axis=2)
        slack = (allowed - np.abs(effect)) / (1 + reach + allowed)
        text = "|E_α[g] - E_0[g]| against α²R²R_g/(12√3)"
        verdicts.append(bound(slack, 8 * instance.tolerance, text))
    return worst(*verdicts)


def _masses(instance: Instance) -> Verdict:
    """The log-probabilities given that the token is off the target, against their start."""
    off, logs = ~instance.target, (instance.curves.log_probs, instance.log_probs)
    after, before = (p[..., off] - log_masses(p, off)[0][..., None] for p in logs)
    errors = (after - before) / (4 * instance.rounding(instance.alphas)[:, None, None])
    return identity(errors, 1.0, "p_α given that the token is off T, against p given that")


def _inverted_u(instance: Instance) -> Verdict:
    """The slope of logit F_T changes its sign once, from + to -, in every context."""
    slope, expected = mass_slope(instance, instance.target)
    seen = np.abs(expected) > 8 * instance.tolerance * instance.odds_range
    sign = np.where(seen, np.sign(slope), 0.0)
    turns = [int((np.diff(column[column != 0]) != 0).sum()) for column in sign.T]
    ends = np.stack([slope[0], -slope[-1]]) * instance.unit
    return worst(
        strict(ends, instance.tolerance, "slope of logit F_T over R at -∞, and minus that at +∞"),
        bound(1.0 - np.array(turns), instance.tolerance, "one turn of F_T"),
    )


_ON_ALL = NotCertified("when a claim of somebody else holds is proved for all tilts")
_AWAY = Control("separation", "steering away from the target, so that δ < 0", controls.steered_away)
_TARGET_RISES = next(c for c in thm_3_6.STATEMENT.claims if c.id == "thm-3.6.target-increasing")
_QUADRATIC = thm_3_8.STATEMENT.claims[0]

STATEMENT = Statement(
    id="literature",
    title="Claims of others",
    in_short="sentences made elsewhere, each with what it needs to be true",
    source="claims made elsewhere",
    idea=r"""
        Each is a corollary. Where $M$ is $b + c$ on $T$ and $b$ off it, the slope of
        $\operatorname{logit} F_T$, $\mathbb{E}[M \mid T] - \mathbb{E}[M \mid [V] \setminus T]$, is $c$ at
        every strength: the tanh of $\alpha$ itself. The price near 0 is that of Theorem 3.8. A score $g$
        of tokens is in the part of a second vector's $M_2$: without covariance its mean moves by no more
        than the remainder of cross-talk. A token keeps its probability at every strength only if
        $\mathbb{E}_\alpha[M] = M(z)$ at all of them, and that mean increases unless $M$ is constant: as the
        mass of a set, what is off the target stays only where nothing is steered. Given that the token is
        off the target, it stays where $M$ is constant there.
    """,
    claims=(
        Claim(
            id="literature.tanh",
            title="tanh of the strength",
            text="""The mass of T follows a tanh of α itself, F_{j,T} = (1 + tanh((r_j + cα)/2))/2 with one c
                for all contexts, where M has one value on T and one off it.""",
            formula=r"""\operatorname{logit} F_{j,T}(\alpha) = \operatorname{logit} F_{j,T}(0) + c \alpha
                \quad \text{if } p_j > 0, \ M = b + c \text{ on } T \text{ and } M = b \text{ off it}""",
            source=RUTTE,
            hypotheses=(EXPONENTIAL_PATH, ONE_VALUE_EACH),
            conclusion=_line,
            families=("shaped",),
            control=Control(
                "one-value-each", "M with two values on T and two off it", controls.two_values_each
            ),
            figures=("tanh",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.quadratic",
            title="quadratic price",
            text="""The cross-entropy grows as a square near 0, ΔCE(α) = ½ Σ_j π_j Var_j(M) α² + o(α²), where
                the data follow the model.""",
            formula=_QUADRATIC.formula,
            source=RUTTE,
            hypotheses=(PERFECT_TRAINING, MOVING, EXPONENTIAL_PATH),
            conclusion=_QUADRATIC.conclusion,
            families=("rates", "tilts"),
            control=_QUADRATIC.control,
            figures=("fig-5",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.benefit",
            title="linear benefit",
            text="""The mass of a separated target leaves its start on a line of slope
                Cov(1_T, M) >= δ F_T (1 - F_T) > 0, up to α²R²/(12√3).""",
            formula=r"""\lvert F_{j,T}(\alpha) - F_{j,T}(0) - \alpha \operatorname{Cov}_j(1_T, M) \rvert \le
                \frac{\alpha^2 R^2}{12\sqrt{3}}, \qquad \operatorname{Cov}_j(1_T, M) \ge
                \delta F_{j,T}(0) \bigl(1 - F_{j,T}(0)\bigr) > 0"""
            + IF_SEPARATED,
            source=WOLF,
            hypotheses=(EXPONENTIAL_PATH, SEPARATION),
            conclusion=_benefit,
            families=("rates", "tilts"),
            control=_AWAY,
            figures=("side-effect",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.damage",
            title="quadratic damage",
            text="""The mean of a score g of the tokens, such as the probability of a right answer, moves by
                at most α²R²R_g/(12√3), where g has no covariance with M and R_g is its range.""",
            formula=r"""\lvert \mathbb{E}_{j,\alpha}[g] - \mathbb{E}_j[g] \rvert \le
                \frac{\alpha^2 R^2 R_g}{12\sqrt{3}} \quad \text{if } p_j > 0 \text{ and }
                \operatorname{Cov}_j(g, M) = 0, \qquad R_g = \max_{[V]} g - \min_{[V]} g""",
            source=WOLF,
            hypotheses=(EXPONENTIAL_PATH, UNCORRELATED),
            conclusion=_damage,
            families=("rates", "tilts"),
            control=Control(
                "uncorrelated",
                "the mass of T itself, which the vector moves at first order",
                controls.standard,
                lambda instance: _damage(instance, is_uncorrelated=False),
            ),
            figures=("side-effect",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.pairs",
            title="pairs of words",
            text="""Given that the next token is one of two, the share of the one with the larger M
                increases, and where M is the same it does not move.""",
            formula=r"""\frac{p_{j,\alpha}(z)}{p_{j,\alpha}(y) + p_{j,\alpha}(z)} \text{ increases in }
                \alpha \text{ if } M(y) < M(z), \text{ and is constant if } M(y) = M(z)"""
            + IF_POSITIVE,
            source=PARK,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=lambda instance: worst(*pairs_of_tokens(instance)),
            families=("rates", "tilts", "shaped"),
            control=controls.BEFORE_THE_NORM,
            figures=("separable",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.masses",
            title="masses off the target",
            text="""Where M has one value off T, every token and concept off T keeps its probability given
                that the next token is off T, at every strength: the masses off T all move as 1 - F_T.""",
            formula=r"""\frac{p_{j,\alpha}(z)}{1 - F_{j,T}(\alpha)} = \frac{p_j(z)}{1 - F_{j,T}(0)} \quad
                \text{for all } z \in [V] \setminus T, \text{ if } p_j > 0 \text{ and } M
                \text{ is constant on } [V] \setminus T""",
            source=PARK,
            hypotheses=(EXPONENTIAL_PATH, ONE_VALUE_OFF_TARGET),
            conclusion=_masses,
            families=("shaped",),
            control=Control(
                "one-value-off-target", "M with two values off T", controls.two_values_each
            ),
            figures=("separable",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.monotone",
            title="monotone in the strength",
            text="""The mass of a separated target increases in α on the whole line: it is amplified the more
                by α > 0, and suppressed the more by α < 0, the larger |α|.""",
            formula=r"""F_{j,T}(\alpha) < F_{j,T}(\beta) \text{ for all } \alpha < \beta"""
            + IF_SEPARATED,
            source=RLHF_BOOK,
            hypotheses=(EXPONENTIAL_PATH, SEPARATION),
            conclusion=_TARGET_RISES.conclusion,
            families=("rates", "tilts"),
            control=_AWAY,
            figures=("fig-4",),
            certificate=_ON_ALL,
        ),
        Claim(
            id="literature.inverted-u",
            title="inverted U",
            text="""The probability of a target that is one token outside Mtop and Mbot rises up to one
                strength and falls from there on.""",
            formula=r"""\operatorname{sign} \frac{d p_{j,\alpha}(z)}{d\alpha} =
                \operatorname{sign}\bigl(\alpha(j,z) - \alpha\bigr), \ \alpha(j,z) \in \mathbb{R}, \quad
                \text{if } T = \{z\}, \ \min M < M(z) < \max M \text{ and } p_j > 0""",
            source=BAS,
            hypotheses=(EXPONENTIAL_PATH, INTERIOR_TARGET),
            conclusion=_inverted_u,
            families=("shaped",),
            control=Control(
                "interior-target", "a separated target, which only rises", controls.standard
            ),
            figures=("fig-3",),
            certificate=_ON_ALL,
        ),
    ),
)
