"""How often the target is among n sampled tokens, against the mass that Δp measures."""

import numpy as np

import ufm

from ..hypotheses import EVERY_STEP, EXPONENTIAL_PATH, IF_POSITIVE
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.evaluate import chain_curves, concept_curves, laws_at
from ..judging.instance import Instance, log_masses
from ..judging.sequences import Chain, all_sequences, chain_of, reachable
from ..judging.verdict import Verdict, bound, identity, worst
from .sequence import FIRST_ALONE, sequence_strengths

SOURCE = "this project; makes the text after Theorem 3.6 exact"
TEXTS = (1, 32)  # v1 samples 32 completions a prompt (Section 5)
_TINY = 1e-280
_HALVINGS = 100


def _plain(instance: Instance) -> ufm.ExponentialTilt:
    """The tilt by M, whatever path the instance takes."""
    return ufm.ExponentialTilt(instance.log_probs, instance.odds)


def _total_mass(instance: Instance, chain: Chain, alphas: np.ndarray) -> np.ndarray:
    """E_α Σ_t (F_T(c_t, 0) + |T| Δp(T|c_t, α)) [A], the contexts followed step by step."""
    target, tilt = instance.target, _plain(instance)
    laws = np.exp(laws_at(tilt, alphas))
    increase = concept_curves(tilt, alphas, {0: target})[0].increase
    mass = instance.probs[:, target].sum(axis=1) + target.sum() * increase
    reach = np.tile(chain.start, (alphas.size, 1))
    total = np.zeros(alphas.size)
    for _ in range(chain.length):
        total += (reach * mass).sum(axis=1)
        moved = (reach[:, :, None] * laws).reshape(alphas.size, -1)
        reach = np.zeros_like(reach)
        np.add.at(reach.T, chain.following.ravel(), moved.T)
    return total


def _presence(
    instance: Instance, chain: Chain, alphas: np.ndarray, is_every_step: bool
) -> np.ndarray:
    """P_α(T appears) [A], over all sequences."""
    found = all_sequences(instance, chain, alphas, is_every_step)
    return np.exp(found.log_after) @ found.is_target.any(axis=1)


def _mass(instance: Instance, *, is_every_step: bool = True) -> Verdict:
    chain, alphas = chain_of(instance), sequence_strengths(instance)
    presence = _presence(instance, chain, alphas, is_every_step)
    total = _total_mass(instance, chain, alphas)
    steered = ufm.ContextChain(_plain(instance), chain.following, chain.start)
    library = chain_curves(steered, alphas, instance.target, chain.length).expected_count
    # F(0) + |T| Δp is a difference where the mass is small
    rounding = chain.length * (instance.rounding(alphas) * (presence + total) + instance.tolerance)
    missed = [
        np.exp(texts * np.log1p(-np.minimum(presence, 1 - 1e-16))) - 1 + texts * total
        for texts in TEXTS
    ]
    of = f"P_α(T among {chain.length} tokens)"
    return worst(
        identity((library - total) / rounding, 1.0, "the library's expected number, Σ(F + |T|Δp)"),
        bound((presence - total / chain.length) / rounding, 1.0, f"{of} above the mean mass"),
        bound((total - presence) / rounding, 1.0, f"{of} below {chain.length} times that"),
        *(
            bound(slack / (texts * rounding), 1.0, f"that none of {texts} texts shows T")
            for texts, slack in zip(TEXTS, missed, strict=True)
        ),
    )


def _log_odds(instance: Instance, way: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Logit F_T of the tilt by M, [..., contexts on the way], at `alphas` that broadcast to that."""
    logits = instance.log_probs[way] + alphas[..., None] * instance.odds
    on, off = log_masses(logits, instance.target)
    return on - off


def _reaching(instance: Instance, way: np.ndarray, level: float) -> np.ndarray:
    """The strength at which logit F_T of each context on the way is `level`, by bisection; needs δ > 0."""
    on, off = instance.odds[instance.target], instance.odds[~instance.target]
    missing = level - _log_odds(instance, way, np.zeros(way.size))
    ends = np.stack([missing / instance.margin, missing / (on.max() - off.min())])
    low, high = ends.min(axis=0), ends.max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_before = _log_odds(instance, way, middle) < level
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return (low + high) / 2


def _half(instance: Instance, *, is_every_step: bool = True) -> Verdict:
    """At strengths of the grid, and where the claim has nothing to spare."""
    chain = chain_of(instance)
    way, alphas = reachable(chain), sequence_strengths(instance)
    edge = float(np.log(np.expm1(np.log(2) / chain.length)))
    on, off = instance.odds[instance.target], instance.odds[~instance.target]
    widest = on.max() - off.min()
    if instance.margin > 0:
        turns = [_reaching(instance, way, level) for level in (edge, 0.0)]
        alphas = np.unique(
            np.concatenate([alphas, *(f(x) for x in turns for f in (np.min, np.max))], axis=None)
        )
    log_odds = _log_odds(instance, way, np.repeat(alphas[:, None], way.size, axis=1))
    presence = _presence(instance, chain, alphas, is_every_step)
    # of the log-odds, of which presence, at 1/2, moves by at most half as much a token
    rounding = chain.length * (instance.rounding(alphas) + 1e-12 * (1 + np.abs(edge)))
    least, most = log_odds.min(axis=1), log_odds.max(axis=1)
    share, is_saturated = f"2^(-1/{chain.length})", least >= -rounding
    slacks = [
        ((presence - 0.5)[least >= edge - rounding], f"every mass >= 1 - {share}"),
        ((0.5 - presence)[most <= edge + rounding], f"every mass <= 1 - {share}"),
    ]
    if widest > 0 and is_saturated.any():
        back = -edge / widest
        earlier = _presence(instance, chain, alphas[is_saturated] - back, is_every_step)
        slacks.append((earlier - 0.5, f"{back:.3g} before half saturation"))
    tolerance = 4 * float(rounding.max())
    judged = [
        bound(slack, tolerance, f"P_α(T) and 1/2, {where}") for slack, where in slacks if slack.size
    ]
    # at no strength are all masses on one side, as where steering moves nothing
    either = 0.5 - np.abs(presence - 0.5)
    return worst(
        *judged or [bound(either, tolerance, "P_α(T) in [0, 1], of which no more is said")]
    )


STATEMENT = Statement(
    id="presence",
    title="Presence in sampled text",
    in_short="""whether T is among n tokens lies between its mean mass and n times that; it is in
        half of the texts at a mass of 1 - 2^{-1/n}""",
    source=SOURCE,
    idea=r"""
        v1 on what a judge sees in sampled text, after Theorem 3.6: "$\Delta p(C \mid \alpha)$ may vary
        while the corresponding concept tokens $C$ remain too low-probability to be sampled with noticeable
        frequency", and "Once concept tokens $C$ become sufficiently likely, the sampling-based concept
        probability becomes more aligned with our $\Delta p(C \mid \alpha)$". Both can be made exact, for
        texts of $L$ tokens that are all steered.

        *Mass.* Let $\bar F$ be the mean over the steps of $F_T(0) + \lvert T \rvert\,\Delta p(T)$, in the
        contexts that the text comes through. $L \bar F$ is the expected number of target tokens; this is at
        least 1 where there is one, and never more than $L$, hence $\bar F \le P(T \text{ appears}) \le L
        \bar F$. So all of $S$ texts miss $T$ with a probability of at least $1 - S L \bar F$ (Bernoulli),
        however often $\Delta p$ doubles meanwhile: the first sentence.

        *Half.* If at every step the mass is $f$, $T$ appears with the probability $1 - (1 - f)^L$: one
        half at $f = 1 - 2^{-1/L}$, where $\operatorname{logit} f = \log(2^{1/L} - 1) \approx -\log(L/\log
        2)$. Of 300 tokens that is a mass of 0.0023. (v1 writes its prompt sets at this length, and does
        not say how long its 32 completions are; its code has 100.) The log-odds of the mass move by at
        most $\bar R$ a unit of strength, so half of the texts show $T$ earlier than half of the mass is
        there, by at least $\log(L/\log 2)/\bar R$ or nearly so. The second sentence is right about the
        direction: where the contexts are alike, presence and mass rise together. But a curve of presence
        is the sigmoid of another quantity, and saturates while $\Delta p$ is still small; the strength at
        which it is one half is no half saturation, and depends on how long the texts are.
        `ufm.ContextChain` and `ufm.llm.predicted_presence` predict it at the length that is sampled.
    """,
    claims=(
        Claim(
            id="presence.mass",
            title="mass and presence",
            text="""The probability that T is among L tokens lies between the mean mass on the way,
                F(0) + |T|Δp, and L times it. None of S texts shows T with a probability of at least 1
                less SL times it.""",
            formula=r"""\bar F(\alpha) \le P_\alpha(z_t \in T \text{ for some } t \le L) \le L \bar
                F(\alpha), \quad \bigl(1 - P_\alpha(z_t \in T \text{ for some } t)\bigr)^S \ge 1 - S L \bar
                F(\alpha), \qquad \bar F(\alpha) = \frac{1}{L}\, \mathbb{E}_{P_\alpha} \sum_{t=1}^{L}
                \bigl[F_{c_t,T}(0) + \lvert T \rvert\, \Delta p_{c_t}(T \mid \alpha)\bigr]"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH, EVERY_STEP),
            conclusion=_mass,
            families=("rates", "tilts"),
            control=Control(
                "every-step",
                FIRST_ALONE,
                controls.standard,
                lambda instance: _mass(instance, is_every_step=False),
            ),
            figures=("statements/presence",),
            certificate=NotCertified(
                "proved for all tilts and all chains of contexts, with no constant of an instance in it"
            ),
        ),
        Claim(
            id="presence.half",
            title="half of the texts",
            text="""T is in half of the texts of L tokens once its mass is f = 1 - 2^{-1/L} on the way, and
                not before it is f somewhere: at least log((1-f)/f) / R̄ before every context is half
                saturated.""",
            formula=r"""P_\alpha(T) \ge \tfrac{1}{2} \text{ if } F_{j,T}(\alpha) \ge 1 - 2^{-1/L} \text{ for
                every } j, \quad P_\alpha(T) \le \tfrac{1}{2} \text{ if } F_{j,T}(\alpha) \le 1 - 2^{-1/L}
                \text{ for every } j, \qquad P_{\alpha - \beta}(T) \ge \tfrac{1}{2} \text{ if }
                F_{j,T}(\alpha) \ge \tfrac{1}{2} \text{ for every } j, \quad \beta = \frac{1}{\bar{R}}
                \log\frac{1}{2^{1/L} - 1}, \quad \bar{R} = \max_T M - \min_{[V] \setminus T} M > 0"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH, EVERY_STEP),
            conclusion=_half,
            families=("rates", "tilts"),
            control=Control(
                "every-step",
                FIRST_ALONE,
                controls.standard,
                lambda instance: _half(instance, is_every_step=False),
            ),
            figures=("statements/presence",),
            certificate=Certified(
                "For all α, all L and every way through the contexts of the instance by the Coq theorems; "
                "R̄ is enclosed."
            ),
        ),
    ),
)
