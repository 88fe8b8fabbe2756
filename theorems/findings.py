"""What we say about the paper's first version, arXiv:2602.02712v1: each finding with an exact example."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import jax
import numpy as np

import ufm
from ufm._json import JSON

from .judging.evaluate import cross_entropy_increase, laws_at, limits
from .judging.instance import Instance
from .tables.exact import exact_instance


class Severity(StrEnum):
    """How much of the paper a finding touches, from the gravest on.

    - `FALSE`: a sentence is not true as it is written.
    - `LOOSE`: a remark leaves out a condition, or holds less widely than it reads.
    - `MISPRINT`: a formula is printed wrongly; what it is used for is right.
    - `ADDITION`: the paper is right; the finding says more.
    """

    FALSE = "false statement"
    LOOSE = "loose remark"
    MISPRINT = "misprint"
    ADDITION = "addition"


class Confirmation(NamedTuple):
    """Whether an example does what its finding says, and the numbers that show it."""

    confirmed: bool
    numbers: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a sentence of the paper's first version leaves out, gets wrong, or can be added to.

    - `id`, `title`; `severity`: how much of the paper it touches; `source`: the version and the place.
    - `says`: what the paper says there, in our words; `truth`: what is true.
    - `witness`: the instance that shows it, in words.
    - `counterexample`: the same in exact rationals as strings; keys as `ufm certify` reads them.
    - `confirm()`: recomputes it.
    - `theorems`: what coq/Statements.v proves of it; `figures`: names in `ufm.plots.GALLERY`.
    """

    id: str
    title: str
    severity: Severity
    source: str
    says: str
    truth: str
    witness: str
    counterexample: dict[str, JSON]
    confirm: Callable[[], Confirmation]
    theorems: tuple[str, ...]
    figures: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("says", "truth", "witness"):
            object.__setattr__(self, name, " ".join(getattr(self, name).split()))

    @property
    def text(self) -> str:
        """What the paper says and what is true, one after the other."""
        return f"{self.says} {self.truth}"


@dataclass(frozen=True)
class _ConceptLaws:
    """The dataset of App. B.3, exactly: a = (1-ε)γ, b = ε ω/(G-1), γ and ω distributions on each concept.

    Its text names all of V, G, ε, γ and ω. With γ = ω uniform it is the dataset of App. B.1.
    """

    epsilon: Fraction
    gamma: tuple[tuple[Fraction, ...], ...]
    omega: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def read(cls, epsilon: str, gamma: str, omega: str) -> "_ConceptLaws":
        """From text such as "3/10 7/10 | 1/2 1/2", with a bar between concepts."""
        laws = [
            tuple(tuple(map(Fraction, law.split())) for law in text.split("|"))
            for text in (gamma, omega)
        ]
        return cls(Fraction(epsilon), *laws)

    @classmethod
    def uniform(cls, groups: int, size: int, epsilon: str) -> "_ConceptLaws":
        law = ((Fraction(1, size),) * size,) * groups
        return cls(Fraction(epsilon), law, law)

    def record(
        self, contexts: list[int], positive: list[int], negative: list[int]
    ) -> dict[str, JSON]:
        """The dataset as `ufm certify` reads it; `contexts`: the concept of each."""
        others = len(self.gamma) - 1
        concept = [k for k, law in enumerate(self.gamma) for _ in law]
        return {
            "in_concept": [str((1 - self.epsilon) * share) for share in chain(*self.gamma)],
            "off_concept": [str(self.epsilon * share / others) for share in chain(*self.omega)],
            "token_concept": concept,
            "contexts": contexts,
            "positive": positive,
            "negative": negative,
        }

    def __str__(self) -> str:
        count, groups = sum(map(len, self.gamma)), len(self.gamma)
        is_same = len({*self.gamma}) == len({*self.omega}) == 1
        shown = [_bracketed(law[:1] if is_same else law) for law in (self.gamma, self.omega)]
        laws = f"γ={shown[0]}, ω={shown[1]}" if shown[0] != shown[1] else f"γ=ω={shown[0]}"
        each = " on each concept" if is_same else ""
        return f"V={count}, G={groups}, ε={self.epsilon}, {laws}{each}"


def _bracketed(laws: tuple[tuple[Fraction, ...], ...]) -> str:
    return "(" + " | ".join(", ".join(map(str, law)) for law in laws) + ")"


def _one_each(
    a: list[str], b: list[str], concept: list[int], negative: list[int]
) -> dict[str, JSON]:
    """Rates of Assumption 1 with one context per concept, P that of the first."""
    return {
        "in_concept": a,
        "off_concept": b,
        "token_concept": concept,
        "contexts": sorted(set(concept)),
        "positive": [0],
        "negative": negative,
    }


_SMALL_EPSILON = _ConceptLaws.read("1/5", "3/4 1/4 | 3/4 1/4", "1/2 1/2 | 1/2 1/2")
_LARGE_EPSILON = _ConceptLaws.read(
    "9/20", "3/10 7/10 | 2/5 3/5 | 1/2 1/2", "7/10 3/10 | 19/20 1/20 | 1/2 1/2"
)
_NINE_TOKENS = _ConceptLaws.uniform(3, 3, "1/20")
_FOUR_TOKENS = _ConceptLaws.uniform(2, 2, "1/5")

_IN_TARGET = _SMALL_EPSILON.record([0, 0, 1, 1], [0, 1], [2, 3])
_OFF_TARGET = _LARGE_EPSILON.record([0, 1, 2], [0], [1])
_NINE = _NINE_TOKENS.record([0, 1, 2], [0], [1])
_FOUR = _FOUR_TOKENS.record([0, 1], [0], [1])
_UNEQUAL = _FOUR | {"context_weights": ["3/4", "1/4"]}
_TWO_HUMPS = _one_each(
    ["92318/100000", "2082/100000", "9510/100000", "88690/100000", "93218/100000", "2382/100000"],
    ["1/1000", "2/1000", "1/1000", "40/1000", "10/1000", "5/1000"],
    [0, 0, 1, 1, 2, 2],
    [1, 2],
)
_THREE_INFLECTIONS = _one_each(
    ["31/100", "101/10000", "6999/10000"], ["3/10", "1/10000", "6899/10000"], [0, 1, 2], [1]
)


def _in_target() -> Confirmation:
    peak = float(exact_instance(_IN_TARGET).peaks[0, 1])
    return Confirmation(abs(peak + 0.165670148651232) < 1e-12, f"α(c_0, token 1) = {peak:.12f} < 0")


def _off_target() -> Confirmation:
    peaks = exact_instance(_OFF_TARGET).peaks[2, :2]
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
    rises = bool((top == instance.target).all() and np.isinf(instance.peaks[:, top]).all())
    bumps = int(np.isfinite(instance.peaks).all(axis=0).sum())
    text = f"all {top.sum()} target tokens tie at max M: their peaks are at +∞; {bumps} of {top.size} bump"
    return Confirmation(rises and 2 * bumps < top.size, text)


def _linear() -> Confirmation:
    instance = exact_instance(_NINE)
    alphas = np.array([1e3, 2e3, 4e3])
    increase = cross_entropy_increase(instance.tilt, alphas, instance.context_weights, None)
    slope = np.diff(increase) / np.diff(alphas)
    distance = instance.odds.max() - instance.probs @ instance.odds
    grows = bool(np.abs(slope / (instance.context_weights @ distance) - 1).max() < 1e-9)
    text = f"ΔCE(1000) = {increase[0]:.3f} nats, slope {slope[-1]:.6f} nats a unit of α"
    return Confirmation(grows, text)


def _unfinished() -> Confirmation:
    """A UFM that has learnt half of the data's log-odds; and one that is stationary in H, yet not trained.

    The second has W = (1, 0, 0, -1), so that ∂CE/∂h = 0 reads tanh(h/2) = E_data[W] = ±3/10.
    """
    instance = exact_instance(_UNEQUAL)
    weights, data = instance.context_weights, instance.probs
    trained = ufm.UFM.from_log_probs(instance.log_probs)
    half = ufm.UFM(trained.decoder, trained.embeddings / 2)
    still = ufm.UFM(np.array([[1.0], [0], [0], [-1]]), 2 * np.arctanh([[0.3], [-0.3]]))
    tilt = ufm.ExponentialTilt.from_model(half, [0], [1])
    increase = cross_entropy_increase(tilt, np.array([0.25]), weights, data)[0]
    slope, slope_at_rest = _slope(half, instance), _slope(still, instance)
    direct = weights @ (np.asarray(tilt.probs(0.0)) - data) @ np.asarray(tilt.log_odds)
    misfit = np.abs(np.asarray(jax.nn.softmax(still.logits())) - data).max()
    helps = increase < -1e-3 and slope < 0 and abs(slope - direct) < 1e-12
    text = (
        f"ΔCE'(0) = <Σ_j ∂CE/∂h_j, v> = {slope:.6f}, ΔCE(1/4) = {increase:.6f} nats; "
        "slope 0 at a stationary H that is not trained"
    )
    return Confirmation(bool(helps and abs(slope_at_rest) < 1e-15 and misfit > 0.05), text)


def _slope(model: ufm.UFM, instance: Instance) -> float:
    """ΔCE'(0) = <Σ_j ∂CE/∂h_j, v>, the gradient by automatic differentiation, P = {0}, N = {1}."""

    def cross_entropy(embeddings: jax.Array) -> jax.Array:
        fitted = jax.nn.log_softmax(ufm.UFM(model.decoder, embeddings).logits())
        return -instance.context_weights @ (instance.probs * fitted).sum(axis=1)

    gradient = jax.grad(cross_entropy)(model.embeddings)
    return float(gradient.sum(axis=0) @ (model.embeddings[0] - model.embeddings[1]))


def _wrong_limit() -> Confirmation:
    instance = exact_instance(_FOUR)
    limit = float(limits(instance.tilt)[1][0, 2] - instance.probs[0, 2])
    text = f"Δp(token 2|+∞) = {limit:.6f}; eq (9) gives -0.4"
    return Confirmation(abs(limit + 0.1) < 1e-12, text)


FINDINGS: tuple[Finding, ...] = (
    Finding(
        id="finding-1.in-target",
        title="Target peaks can be negative inside the target",
        severity=Severity.LOOSE,
        source="v1, Remark 3.4, main text",
        says="""On the γ/ω dataset of App. B.3 target tokens bump only at positive strengths. The
            main text names no condition on c_j and ε; the proof there takes c_j outside T and
            ε < ε0.""",
        truth="""The condition on c_j is needed: in a context of T a target token can have its peak
            at a negative strength, also below ε0 (here 0.277).""",
        witness=f"{_SMALL_EPSILON}; c_0 in T",
        counterexample=_IN_TARGET,
        confirm=_in_target,
        theorems=("finding_remark_3_4",),
    ),
    Finding(
        id="finding-1.large-epsilon",
        title="Target peaks can be negative outside the target",
        severity=Severity.LOOSE,
        source="v1, Remark 3.4, main text",
        says="""On the γ/ω dataset of App. B.3, whose ε may be anything below (G-1)/G, target tokens
            bump only at positive strengths. The proof there takes ε < ε0 for some ε0 < (G-1)/G.""",
        truth="""The condition on ε is needed outside T too (here ε0 = 0.408), except in contexts of
            a contrastive N. In general α(j,z) > 0 iff M(z) exceeds a difference of mean divergences
            (claim sign-rule).""",
        witness=f"{_LARGE_EPSILON}; N in C_2, c_2 in C_3",
        counterexample=_OFF_TARGET,
        confirm=_off_target,
        theorems=("finding_remark_3_4_outside",),
    ),
    Finding(
        id="finding-2.vanishing",
        title="A concept vanishes rather than returns",
        severity=Severity.FALSE,
        source="v1, text after Theorem 3.6",
        says="""Δp(C'|α) of a concept C' without tokens of extremal log-odds converges back to its
            unsteered value.""",
        truth="""It tends to minus the mean probability of C', as the theorem itself says: the
            concept vanishes at both ends.""",
        witness=f"{_NINE_TOKENS}; N in C_2, C'=C_3",
        counterexample=_NINE,
        confirm=_vanishes,
        theorems=("finding_vanishing",),
        figures=("vanishing",),
    ),
    Finding(
        id="finding-3.two-humps",
        title="There are more than three behaviours",
        severity=Severity.LOOSE,
        source="v1, text after Theorem 3.6",
        says="""A concept shows one of three behaviours: T rises, a concept without extremal tokens
            has one limit at both ends, a concept below all others falls.""",
        truth="""Each of the three is right, but a concept can be none of these. With N of two
            concepts the mass of one can fall, rise and fall again.""",
        witness="""V=6, G=3, b=(1, 2 | 1, 40 | 10, 5)/1000, a=b+941/1000 u,
            u=(98, 2 | 10, 90 | 98, 2)/100; N of C_2 and C_3, c_0 in T, C=C_2""",
        counterexample=_TWO_HUMPS,
        confirm=_two_humps,
        theorems=("finding_three_behaviours",),
        figures=("two-humps",),
    ),
    Finding(
        id="finding-3.inflections",
        title="Not every concept curve is sigmoidal",
        severity=Severity.LOOSE,
        source="v1, text after Theorem 3.6",
        says="""All concept curves are tanh-shaped up to a reparametrisation of α, and that of T
            has a sigmoidal shape.""",
        truth="""The tanh form with its reparametrisation is right. In α itself the rising curve of
            T can have three inflections, where a sigmoid has one.""",
        witness="V=3, G=3, b=(3000 | 1 | 6899)/10000, a=b+1/100; N and c_1 in C_2",
        counterexample=_THREE_INFLECTIONS,
        confirm=_inflections,
        theorems=("finding_sigmoidal",),
    ),
    Finding(
        id="finding-4.no-bump",
        title="Target tokens of the uniform dataset never bump",
        severity=Severity.LOOSE,
        source="v1, text after Theorem 3.3",
        says="""Most tokens show a bump; a few, those of extremal log-odds, keep rising or
            falling.""",
        truth="""How many depends on the dataset. On the uniform one of App. B.1 all tokens of T tie
            at max M and rise for ever, and all of a contrastive N tie at min M.""",
        witness=f"{_NINE_TOKENS}; N in C_2",
        counterexample=_NINE,
        confirm=_no_bump,
        theorems=("finding_no_bump",),
        figures=("fig-4",),
    ),
    Finding(
        id="finding-5.linear",
        title="In the model the cross-entropy is convex everywhere and grows linearly",
        severity=Severity.ADDITION,
        source="v1, text after Theorem 3.8; Sections 4 and 5",
        says="""ΔCE is locally U-shaped around 0; in transformers it plateaus at large |α|, because
            of the normalisation.""",
        truth="""Both are right. Beyond them: in the UFM, which has no normalisation, ΔCE is strictly
            convex on the whole line and approaches a straight line at either end, unless M is
            constant.""",
        witness=f"No counterexample. On {_NINE_TOKENS}, N in C_2",
        counterexample=_NINE,
        confirm=_linear,
        theorems=("finding_no_plateau",),
        figures=("bounds",),
    ),
    Finding(
        id="finding-6.degrading",
        title="Before training ends, steering can lower the loss",
        severity=Severity.LOOSE,
        source="v1, text after Theorem 3.8",
        says="""Steering necessarily degrades global performance: a reading of the theorem, which
            assumes perfect training (Assumption 2).""",
        truth="""Right under Assumption 2, at every α; the sentence does not repeat the condition.
            Without it ΔCE'(0) = <Σ_j ∂CE/∂h_j, v>: 0 wherever H is stationary for the loss, and
            possibly negative elsewhere.""",
        witness=f"""{_FOUR_TOKENS}, π=(3/4, 1/4); N in C_2, and H half of what training would
            reach""",
        counterexample=_UNEQUAL,
        confirm=_unfinished,
        theorems=(
            "finding_degrades_slope",
            "finding_degrades",
            "finding_degrades_gradient",
            "finding_degrades_stationary",
        ),
    ),
    Finding(
        id="finding-7.limit-formula",
        title="Equations (8) and (9) take the wrong rate for tokens off the target",
        severity=Severity.MISPRINT,
        source="v1, proof of Proposition B.1, eqs (8) and (9)",
        says="""The limit of Δp at +∞ is 1[z in Mtop] a_z/Σ a - a_z if c_j is in T, and the same
            with b otherwise.""",
        truth="""Eq (5), the proposition itself, is right, and so are (8) and (9) for z in T. For z
            outside T the limit is minus p(z|c_j), which is a_z exactly where c_j is in the concept
            of z.""",
        witness=f"{_FOUR_TOKENS}; c_0 in T, token 2 in C_2",
        counterexample=_FOUR,
        confirm=_wrong_limit,
        theorems=("finding_prop_b1_eq_9",),
        figures=("fig-4",),
    ),
)
