"""Separable concepts (Park et al.): what steering leaves alone among tokens with the same M."""

import numpy as np

from ..hypotheses import EXPONENTIAL_PATH, IF_POSITIVE
from ..judging import controls
from ..judging.claim import Certified, Claim, Statement
from ..judging.instance import Instance, log_masses
from ..judging.verdict import Verdict, bound, identity, strict, worst

SOURCE = "this project; after Park et al. (arXiv:2311.03658), Theorem 2.5"
RANDOM_SETS = 3


def _sets(instance: Instance) -> list[np.ndarray]:
    """What is off the target, every concept, and sets at random [V]: those of two tokens or more."""
    generator = instance.random(7)
    drawn = [generator.random(instance.odds.size) < 0.5 for _ in range(RANDOM_SETS)]
    sets = [~instance.target, *instance.concepts.values(), *drawn]
    return [mask for mask in sets if mask.sum() > 1]


def pairs_of_tokens(instance: Instance) -> list[Verdict]:
    """Log-odds of neighbours in the order of M never turn, or never move.

    In units of rounding, of which each difference may hold one.
    """
    unit = 4 * instance.rounding(instance.alphas)
    order = np.argsort(instance.odds, kind="stable")
    pairs = np.diff(instance.curves.log_probs[..., order])
    is_tied = np.diff(instance.odds[order]) == 0
    verdicts = []
    if is_tied.any():
        moved = pairs - np.diff(instance.log_probs[:, order])
        still = np.abs(moved[..., is_tied]) / unit[:, None, None]
        verdicts.append(identity(still, 1.0, "log-odds of two tokens with the same M"))
    if (~is_tied).any():
        apart = pairs[..., ~is_tied]
        steps = np.diff(apart, axis=0) / (unit[1:] + unit[:-1])[:, None, None]
        verdicts.append(
            bound(steps, 1.0, "log-odds of two tokens rise with α towards the larger M")
        )
        rise = (apart[-1] - apart[0]) / (unit[-1] + unit[0])
        verdicts.append(strict(rise, 1.0, "log-odds of two tokens from end to end"))
    return verdicts


def _separable(instance: Instance) -> Verdict:
    """Log-odds of two tokens, and distributions given a set."""
    unit = 4 * instance.rounding(instance.alphas)
    given = (_given(instance, mask, unit) for mask in _sets(instance))
    return worst(*pairs_of_tokens(instance), *given)


def _given(instance: Instance, mask: np.ndarray, unit: np.ndarray) -> Verdict:
    """The distribution given the set is the same at every strength, or moves by the last of them."""
    after = instance.curves.log_probs[..., mask]
    before = instance.log_probs[:, mask]
    moved = (after - np.logaddexp.reduce(after, axis=-1, keepdims=True)) - (
        before - np.logaddexp.reduce(before, axis=-1, keepdims=True)
    )
    sizes = np.abs(moved).max(axis=2) / unit[:, None]
    if np.ptp(instance.odds[mask]) == 0:
        return identity(sizes, 1.0, f"p_α given {mask.sum()} tokens with the same M, against p")
    return strict(sizes[[0, -1]], 1.0, f"p_α given {mask.sum()} tokens with different M, against p")


def _together(instance: Instance) -> Verdict:
    """Masses off the target over 1 - F_T, against a factor of e^{|α|R_off}, R_off the range of M off T."""
    off = ~instance.target
    alphas, spread = instance.alphas, float(np.ptp(instance.odds[off]))
    rest = log_masses(instance.curves.log_probs, off)[0] - log_masses(instance.log_probs, off)[0]
    generator, moves = instance.random(8), []
    drawn = [off & (generator.random(off.size) < 0.5) for _ in range(RANDOM_SETS)]
    for mask in (*instance.off_target_concepts.values(), *drawn):
        if mask.any():
            after = log_masses(instance.curves.log_probs, mask)[0]
            moves.append(after - log_masses(instance.log_probs, mask)[0] - rest)
    moves.extend(np.moveaxis(instance.curves.log_probs - instance.log_probs, 2, 0)[off] - rest)
    slack = np.abs(alphas)[:, None] * spread - np.abs(np.stack(moves))
    return bound(
        slack / (4 * instance.rounding(alphas)[:, None]),
        1.0,
        f"|log F_C(α)/F_C(0) - log (1 - F_T(α))/(1 - F_T(0))| against |α|R_off, R_off = {spread:.3g}",
    )


STATEMENT = Statement(
    id="park",
    title="Separable concepts",
    in_short="""the distribution given a set of tokens stays exactly if M is constant on the set;
        off the target concepts move together, up to a factor""",
    source=SOURCE,
    idea=r"""
        The distribution given a set of tokens is itself a tilt by $M$, of the distribution given the set:
        what normalises the whole drops out. It is constant iff $M$ is. Given two tokens it is the logistic
        function of $\log p(z)/p(y) + \alpha(M(z) - M(y))$.

        Park et al. speak of pairs of words that differ in one binary concept. Along the vector of a
        concept $W$, says their Theorem 2.5, the probability of the word with $W$ given that it is this
        one or its counterpart without increases, and that of one of two words that differ in a causally
        separable concept, given the two, is constant. In a softmax model this is $M(y) < M(z)$ of the
        first pair and $M(y) = M(z)$ of the second, which their definition of the vector provides.
        Nothing is wrong there. But the masses off the target are not constant: the distribution given
        "not the target" is, and all of them fall together as the target's rises. Nor does a difference
        of means usually have an $M$ that is constant off the target; `ufm.inseparability` says how far
        it is from that.
    """,
    claims=(
        Claim(
            id="park.separable",
            title="separable",
            text="""The distribution given a set S of tokens, such as all off the target, is the same at every
                strength if and only if M is constant on S; of two tokens, the one with the larger M
                gains on the other.""",
            formula=r"""\frac{p_{j,\alpha}(z)}{F_{j,S}(\alpha)} = \frac{p_j(z)}{F_{j,S}(0)} \ \text{ for all }
                \alpha \text{ and } z \in S \iff M \text{ is constant on } S, \qquad
                \frac{p_{j,\alpha}(z)}{p_{j,\alpha}(y) + p_{j,\alpha}(z)} \text{ increases in } \alpha
                \iff M(y) < M(z)"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_separable,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("separable",),
            certificate=Certified(
                "For all α by the Coq theorems; whether M is constant on the target, off it and on each "
                "concept is decided exactly."
            ),
        ),
        Claim(
            id="park.together",
            title="together",
            text="""Off the target all concepts move together: the mass of any set C off T moves as 1 - F_T,
                exactly if M is constant off T, and otherwise up to a factor of e^{|α| R_off}, where R_off
                is the range of M off T.""",
            formula=r"""e^{-\lvert \alpha \rvert R_{\mathrm{off}}} \le
                \frac{F_{j,C}(\alpha)}{F_{j,C}(0)} \cdot \frac{1 - F_{j,T}(0)}{1 - F_{j,T}(\alpha)} \le
                e^{\lvert \alpha \rvert R_{\mathrm{off}}} \quad \text{for all } C \subset [V] \setminus T,
                \qquad R_{\mathrm{off}} = \max_{[V] \setminus T} M - \min_{[V] \setminus T} M"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_together,
            families=("rates", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("separable",),
            certificate=Certified(
                "For all α by the Coq theorem; R_off is enclosed, and 0 exactly where M is constant off the "
                "target."
            ),
        ),
    ),
)
