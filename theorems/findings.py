"""Where the paper is false or loose: each finding with an exact counterexample, recomputed."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

import ufm
from ufm._json import JSON

from .judging.evaluate import cross_entropy_increase, laws_at, limits
from .tables.exact import exact_instance


class Confirmation(NamedTuple):
    """Whether a counterexample does what its finding says, and the numbers that show it."""

    confirmed: bool
    numbers: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A statement of the paper that is false or loose as written.

    - `id`, `title`; `source`: where the paper says it; `text`: what it says, in our words, and what
      is true instead.
    - `counterexample`: exact rationals as strings; keys as `ufm certify` reads them.
    - `confirm()`: recomputes it.
    - `theorems`: what coq/Statements.v proves of it; `figures`: names in `ufm.plots.GALLERY`.
    """

    id: str
    title: str
    source: str
    text: str
    counterexample: dict[str, JSON]
    confirm: Callable[[], Confirmation]
    theorems: tuple[str, ...]
    figures: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "text", " ".join(self.text.split()))


def _uniform(groups: int, size: int, epsilon: str, negative: list[int]) -> dict[str, JSON]:
    """The ε-smoothed dataset, one context per concept, as a record."""
    share, vocabulary = Fraction(epsilon), groups * size
    a, b = str((1 - share) / size), str(share / ((groups - 1) * size))
    concept = np.repeat(range(groups), size).tolist()
    return _record([a] * vocabulary, [b] * vocabulary, concept, negative)


def _record(a: list[str], b: list[str], concept: list[int], negative: list[int]) -> dict[str, JSON]:
    return {
        "in_concept": a,
        "off_concept": b,
        "token_concept": concept,
        "contexts": sorted(set(concept)),
        "positive": [0],
        "negative": negative,
    }


_TWO_BY_TWO = {
    "in_concept": ["3/5", "1/5", "3/5", "1/5"],
    "off_concept": ["1/10"] * 4,
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 0, 1, 1],
    "positive": [0, 1],
    "negative": [2, 3],
}
_LARGE_EPSILON = _record(
    ["33/200", "77/200", "11/50", "33/100", "11/40", "11/40"],
    ["63/400", "27/400", "171/800", "9/800", "9/80", "9/80"],
    [0, 0, 1, 1, 2, 2],
    [1],
)
_NINE = _uniform(3, 3, "1/20", [1])
_TWO_HUMPS = _record(
    ["92318/100000", "2082/100000", "9510/100000", "88690/100000", "93218/100000", "2382/100000"],
    ["1/1000", "2/1000", "1/1000", "40/1000", "10/1000", "5/1000"],
    [0, 0, 1, 1, 2, 2],
    [1, 2],
)
_THREE_INFLECTIONS = _record(
    ["31/100", "101/10000", "6999/10000"], ["3/10", "1/10000", "6899/10000"], [0, 1, 2], [1]
)
_FOUR = _uniform(2, 2, "1/5", [1])


def _in_target() -> Confirmation:
    peak = float(exact_instance(_TWO_BY_TWO).peaks[0, 1])
    return Confirmation(abs(peak + 0.165670148651232) < 1e-12, f"α(c_0, token 1) = {peak:.12f} < 0")


def _off_target() -> Confirmation:
    peaks = exact_instance(_LARGE_EPSILON).peaks[2, :2]
    return Confirmation(bool(peaks.min() < -0.1), f"α(c_2, T) = {peaks.min():.5f} < 0 at ε = 9/20")


def _vanishes() -> Confirmation:
    instance = exact_instance(_NINE)
    ends = instance.concept_curves[2].increase[[0, -1]]
    expected = np.array([-1 / 120, -1 / 120, -19 / 60])
    gone = np.abs(ends - expected).max() < 1e-12
    text = f"Δp(C_3|±∞) = {ends[0, 2]:.6f} on its own context, {ends[0, 0]:.6f} on others; never 0"
    return Confirmation(bool(gone), text)


def _two_humps() -> Confirmation:
    instance = exact_instance(_TWO_HUMPS)
    alphas = np.array([-8.0, -3.0, -1.0, 0.0])
    mass = np.exp(laws_at(instance.tilt, alphas))[:, 0, 2:4].sum(1)
    ends = [float(limits(instance.tilt)[s][0, 2:4].sum()) for s in (-1, 1)]
    turns = [ends[0], *mass, ends[1]]
    moves = np.sign(np.diff(turns))
    shown = ", ".join(f"{v:.3f}" for v in turns)
    return Confirmation(moves.tolist() == [-1, 1, 1, -1, -1], f"F(-∞, -8, -3, -1, 0, +∞) = {shown}")


def _inflections() -> Confirmation:
    """Sign changes of the exact second derivative of the target's mass in the context of N."""
    instance = exact_instance(_THREE_INFLECTIONS)
    alphas = np.linspace(-50.0, 50.0, 2048)
    second = ufm.sweep(instance.tilt, alphas, lambda tilt, alpha: tilt.derivative(alpha, 2)[1, 0])
    signs = np.sign(np.asarray(second))
    changes = int((signs[1:] != signs[:-1]).sum())
    text = f"p'' of the target changes sign {changes} times on [-50, 50]"
    return Confirmation(changes == 3, text)


def _no_bump() -> Confirmation:
    instance = exact_instance(_NINE)
    top = instance.is_top
    flat = bool((top == instance.target).all() and np.isinf(instance.peaks[:, top]).all())
    return Confirmation(flat, f"all {top.sum()} target tokens tie at max M: their peaks are at +∞")


def _linear() -> Confirmation:
    instance = exact_instance(_NINE)
    alphas = np.array([1e3, 2e3, 4e3])
    increase = cross_entropy_increase(instance.tilt, alphas, instance.context_weights, None)
    slope = np.diff(increase) / np.diff(alphas)
    distance = instance.odds.max() - instance.probs @ instance.odds
    grows = bool(np.abs(slope / (instance.context_weights @ distance) - 1).max() < 1e-9)
    text = f"ΔCE(1000) = {increase[0]:.3f} nats, slope {slope[-1]:.6f}: no plateau"
    return Confirmation(grows, text)


def _unfinished() -> Confirmation:
    """The model has learnt one half of the data's log-odds: a small steer finishes the work."""
    instance = exact_instance(_FOUR)
    half = instance.log_probs / 2
    half -= np.logaddexp.reduce(half, axis=1, keepdims=True)
    tilt = ufm.ExponentialTilt(half[:1], instance.odds)
    data = instance.probs[:1]
    increase = cross_entropy_increase(tilt, np.array([0.25]), np.ones(1), data)[0]
    text = f"ΔCE(1/4) = {increase:.6f} nats < 0 before training ends"
    return Confirmation(bool(increase < -1e-3), text)


def _wrong_limit() -> Confirmation:
    instance = exact_instance(_FOUR)
    limit = float(limits(instance.tilt)[1][0, 2] - instance.probs[0, 2])
    text = f"Δp(token 2|+∞) = {limit:.6f}; eq (9) gives -0.4"
    return Confirmation(abs(limit + 0.1) < 1e-12, text)


FINDINGS: tuple[Finding, ...] = (
    Finding(
        id="finding-1.in-target",
        title="Target peaks can be negative inside the target",
        source="Remark 3.4, main text",
        text="""Says that target tokens peak at positive strengths, for every context. For a
            context of the target itself it fails: such a token can have had its peak already at
            α = 0.""",
        counterexample=_TWO_BY_TWO,
        confirm=_in_target,
        theorems=("finding_remark_3_4",),
    ),
    Finding(
        id="finding-1.large-epsilon",
        title="Target peaks can be negative outside the target",
        source="Remark 3.4, main text",
        text="""Fails also off the target when ε is large; true below the ε0 of the proof, and
            with no condition for contexts of a contrastive N. In general α(j,z) > 0 iff M(z)
            exceeds a difference of mean divergences (claim sign-rule).""",
        counterexample=_LARGE_EPSILON,
        confirm=_off_target,
        theorems=("finding_remark_3_4_outside",),
    ),
    Finding(
        id="finding-2.vanishing",
        title="A concept vanishes rather than returns",
        source="text after Theorem 3.6",
        text="""Says that a concept between target and opposite comes back to its unsteered value
            at large strength. The theorem's own limit is minus its mean probability: it
            vanishes.""",
        counterexample=_NINE,
        confirm=_vanishes,
        theorems=("finding_vanishing",),
        figures=("vanishing",),
    ),
    Finding(
        id="finding-3.two-humps",
        title="There are more than three behaviours",
        source="text after Theorem 3.6",
        text="""Counts three behaviours of a concept: rising, falling, one hump. With N of two
            concepts a mass can fall, rise and fall again.""",
        counterexample=_TWO_HUMPS,
        confirm=_two_humps,
        theorems=("finding_three_behaviours",),
        figures=("two-humps",),
    ),
    Finding(
        id="finding-3.inflections",
        title="Not every concept curve is sigmoidal",
        source="text after Theorem 3.6",
        text="""Calls the curves sigmoidal. At V = 3 the mass of the target, which only rises,
            can have three inflections.""",
        counterexample=_THREE_INFLECTIONS,
        confirm=_inflections,
        theorems=("finding_sigmoidal",),
    ),
    Finding(
        id="finding-4.no-bump",
        title="Target tokens of the uniform dataset never bump",
        source="text after Theorem 3.3",
        text="""Says that most tokens show a bump. On the paper's own uniform dataset all tokens
            of the target tie at max M, so each of them rises for ever.""",
        counterexample=_NINE,
        confirm=_no_bump,
        theorems=("finding_no_bump",),
        figures=("fig-4",),
    ),
    Finding(
        id="finding-5.linear",
        title="The cross-entropy has no plateau in the model",
        source="text after Theorem 3.8",
        text="""Describes ΔCE as U-shaped near 0 and then level. It is strictly convex on the
            whole line and grows linearly; a plateau comes from normalisation alone (Proposition
            4.1).""",
        counterexample=_NINE,
        confirm=_linear,
        theorems=("finding_no_plateau",),
        figures=("bounds",),
    ),
    Finding(
        id="finding-6.degrading",
        title="Steering need not raise the loss",
        source="text after Theorem 3.8",
        text="""Says that steering necessarily degrades the loss. That needs perfect training:
            else the slope at 0 is Σπ(E_model M - E_data M), which may be negative. Here the
            model has half the data's log-odds.""",
        counterexample=_FOUR,
        confirm=_unfinished,
        theorems=("finding_degrades_slope", "finding_degrades"),
    ),
    Finding(
        id="finding-7.limit-formula",
        title="The limits of Proposition B.1 are misprinted off the target",
        source="Proposition B.1, eqs (5), (8), (9)",
        text="""Gives limits that are wrong for tokens off the target. The limit is the law
            conditioned on Mtop (Mbot), less the unsteered one.""",
        counterexample=_FOUR,
        confirm=_wrong_limit,
        theorems=("finding_prop_b1_eq_9",),
        figures=("fig-4",),
    ),
)
