"""Theorem 3.3: next-token probabilities rise, peak once and fall."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.instance import Instance
from ..judging.shape import moves_as, peaks_are_maxima, turns_at
from ..judging.verdict import Verdict, bound, strict, supported

SOURCE = "Theorem 3.3"


def _bump(instance: Instance) -> Verdict:
    peaks = instance.peaks
    interior = np.broadcast_to(~(instance.is_top | instance.is_bottom), peaks.shape)
    found = np.isfinite(peaks[interior]) - 1.0
    finite = bound(found, instance.tolerance, "peaks of interior tokens are finite")
    distance = peaks - instance.alphas[:, None, None]
    away = np.abs(distance) > 1e-6 * (np.abs(peaks) + instance.unit)
    direction = np.where(interior & away, np.sign(distance), 0.0)
    inner = np.where(interior, peaks, np.inf)
    turns = turns_at(instance, inner, "sign of the derivative beside each peak")
    moves = moves_as(instance, direction, "rising before α(j,z), falling after it")
    return supported(*turns, moves, finite)


def first_against_last(instance: Instance, mask: np.ndarray) -> np.ndarray:
    """By how much the first maximum on the tokens `mask` comes after the last one off them, [m].

    Relative to |α| + |α'| + 1/R; +∞ beats everything but +∞.
    """
    late = instance.maxima[:, mask].min(axis=1)
    early = instance.maxima[:, ~mask].max(axis=1)
    both = np.isfinite(late) & np.isfinite(early)
    with np.errstate(invalid="ignore"):
        relative = (late - early) / (np.abs(late) + np.abs(early) + instance.unit)
    slack = np.where(both, relative, np.sign(np.where(late == early, 0.0, late > early) - 0.5))
    return np.where(~both & (late == early), 0.0, slack)


def _peak_order(instance: Instance) -> Verdict:
    slack = first_against_last(instance, instance.target)
    evidence = "first maximum on the target against last off it"
    if slack.min() < 0:
        evidence = _out_of_order(instance, int(slack.argmin()))
    return supported(strict(slack, instance.tolerance, evidence), peaks_are_maxima(instance))


def _out_of_order(instance: Instance, context: int) -> str:
    """Which token of the target peaks in a context before which one off it, and where."""
    peaks, tokens = instance.maxima[context], np.arange(len(instance.target))
    first = min(tokens[instance.target], key=lambda z: peaks[z])
    last = max(tokens[~instance.target], key=lambda z: peaks[z])
    return (
        f"in context {context} token {first} of the target peaks {_where(peaks[first])}, "
        f"before token {last} off the target {_where(peaks[last])}"
    )


def _where(peak: float) -> str:
    return f"at α = {peak:.4g}" if np.isfinite(peak) else f"at {'+' if peak > 0 else '-'}∞"


def _monotone(instance: Instance) -> Verdict:
    rising = instance.is_top.astype(float) - instance.is_bottom
    if not rising.any():
        return bound([-1.0], instance.tolerance, "M is constant: every curve is flat")
    direction = np.broadcast_to(rising, instance.curves.log_probs.shape)
    return moves_as(instance, direction, "Mtop rises and Mbot falls on the whole line")


STATEMENT = Statement(
    id="thm-3.3",
    title="Next-token probabilities",
    in_short="a token between the extremes of M has one peak; off-target tokens peak first",
    source=SOURCE,
    idea=r"""
        By Lemma B.5 the curve of token $z$ rises where $\mathbb{E}_\alpha[M] < M(z)$ and falls
        where $\mathbb{E}_\alpha[M] > M(z)$. The mean $\mathbb{E}_\alpha[M] = K'(\alpha)$ has the
        derivative $\operatorname{Var}_\alpha(M) > 0$ unless $M$ is constant (equation (10) of v1), and runs
        from $\min M$ at $-\infty$ to $\max M$ at $+\infty$. So it meets each value strictly between once,
        which is the *bump*, and never reaches the two ends, which is why tokens of $M_{\mathrm{top}}$ only
        rise and those of $M_{\mathrm{bot}}$ only fall.

        The peak is thus a strictly increasing function of $M(z)$, the same for all tokens. Tokens
        of the target have the larger $M$ if $\delta > 0$ and so peak later. Assumption 1 enters
        only through $\delta > 0$, and in the first and the third claim not at all. (v1 has "strictly
        increasing" before a peak and "decreasing" after it, and both are strict; its third bullet is of
        $T \cap M_{\mathrm{top}}$ and of the tokens of $M_{\mathrm{bot}}$ off $T$, which under Assumption 1
        are all.)

        A second proof is what the certificates use: the sum
        $\sum_y p(y)\,(M(y) - M(z))\,e^{\alpha(M(y) - M(z))}$ has no decreasing term and the sign
        opposite to the derivative, so its signs at two strengths settle the derivative on both half
        lines beyond them.
    """,
    claims=(
        Claim(
            id="thm-3.3.bump",
            title="bump",
            text="""Each token outside Mtop and Mbot has one α(j,z): Δp_j(z|α) rises strictly before it,
                falls strictly after.""",
            formula=r"""\text{each } z \notin M_{\mathrm{top}} \cup M_{\mathrm{bot}} \text{ has one }
                \alpha(j,z) \in \mathbb{R} \text{ with } \operatorname{sign}\frac{d
                p_{j,\alpha}(z)}{d\alpha} = \operatorname{sign}\bigl(\alpha(j,z) - \alpha\bigr)
                \text{ for every } \alpha"""
            + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING, hypotheses.INTERIOR_TOKEN),
            conclusion=_bump,
            families=("rates", "varying", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("fig-3", "fig-b1"),
            certificate=Certified(
                "Two balls on either side of the peak, for each value of M and each law."
            ),
        ),
        Claim(
            id="thm-3.3.peak-order",
            title="peak order",
            text="""Off-target tokens peak first: α(j,z') < α(j,z) for z in T, z' not in T,
                counting ±∞.""",
            formula=r"""\alpha(j,z') < \alpha(j,z) \text{ in } [-\infty, +\infty] \quad (z \in T,\ z' \notin
                T;\ \alpha(j,\cdot) = +\infty \text{ on } M_{\mathrm{top}},\ -\infty \text{ on }
                M_{\mathrm{bot}})"""
            + hypotheses.IF_SEPARATED,
            source=SOURCE,
            hypotheses=(hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            conclusion=_peak_order,
            families=("rates", "varying", "tilts"),
            control=Control(
                "separation", "a < b at one token of the target: δ < 0", controls.smaller_rates
            ),
            figures=("peak-map",),
            certificate=Certified(
                "Two balls on either side of the peak, for each value of M and each law. The "
                "brackets of target and other tokens do not overlap."
            ),
        ),
        Claim(
            id="thm-3.3.monotone",
            title="extremal tokens",
            text="""Δp_j(z|α) is strictly increasing in α for z in Mtop and strictly decreasing for z in
                Mbot.""",
            formula=r"""\frac{d p_{j,\alpha}(z)}{d\alpha} > 0 \ (z \in M_{\mathrm{top}}), \quad
                \frac{d p_{j,\alpha}(z)}{d\alpha} < 0 \ (z \in M_{\mathrm{bot}}) \quad
                \text{for every } \alpha \in \mathbb{R}"""
            + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            conclusion=_monotone,
            families=("rates", "varying", "tilts"),
            control=Control(
                "non-constant-log-odds",
                "P and N inside one concept: M is constant",
                controls.negatives_in_target,
            ),
            figures=("fig-3",),
            certificate=Certified(
                "Exactly: which tokens tie at max M and min M, and that M takes two values."
            ),
        ),
    ),
)
