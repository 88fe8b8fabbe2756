"""Lemma B.4 as an assumption: what it is equivalent to, and what is enough for it."""

import numpy as np

import ufm

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.instance import Instance
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, bound, identity, strict, supported, worst
from .thm_3_3 import first_against_last

SOURCE = "this project; makes Appendix B.1 exact"
RANDOM_SETS = 3


def _targets(instance: Instance) -> list[np.ndarray]:
    """The target, all other tokens, every concept, and sets at random [V], none empty or full."""
    generator = instance.random(9)
    drawn = [generator.random(instance.odds.size) < 0.5 for _ in range(RANDOM_SETS)]
    sets = [instance.target, ~instance.target, *instance.concepts.values(), *drawn]
    return [mask for mask in sets if mask.any() and not mask.all()]


def _order(instance: Instance) -> Verdict:
    """Where a set is separated its tokens peak last in every context, and where it is not, in none."""
    verdicts = [peaks_are_maxima(instance)]
    for mask in _targets(instance):
        slack = first_against_last(instance, mask)
        offset = -instance.odds[~mask].max()
        is_signed = np.array_equal(instance.odds + offset > 0, mask)
        if instance.odds[mask].min() > instance.odds[~mask].max():
            evidence = f"first maximum on {mask.sum()} separated tokens against last off them"
            verdicts.append(strict(slack, instance.tolerance, evidence))
        else:
            evidence = f"last maximum off {mask.sum()} tokens, not separated, against first on them"
            verdicts.append(bound(-slack, instance.tolerance, evidence))
            is_signed = not is_signed
        wrong = float(not is_signed)
        verdicts.append(identity([wrong], 0.0, "M - max M off the set is positive on the set"))
    return supported(verdicts[1], *verdicts)


def _pairs(instance: Instance) -> Verdict:
    """δ against g - τ, in units of R, of M as it is given and as the library measures it."""
    log_p, target = instance.log_probs, instance.target
    sets = instance.positive or (), instance.negative or ()
    p, n = (log_p[list(indices)] for indices in sets)
    ratios = p[:, None] - n[None]
    least, most = ratios[..., target].min(), ratios[..., ~target].max()
    library = np.asarray(ufm.log_odds(log_p, *sets))
    deltas = [odds[target].min() - odds[~target].max() for odds in (instance.odds, library)]
    slack = (np.array(deltas) - (least - most)) * instance.unit
    tolerance = 4e-15 * np.abs(log_p).max() * instance.unit
    evidence = "δ/R less (g - τ)/R over pairs of contexts"
    alone = bound(slack, tolerance, evidence)
    if ratios.shape[:2] == (1, 1):  # one pair: M is its ratio, and there is nothing to spare
        return worst(alone, identity(slack, tolerance, f"{evidence}, one pair"))
    return alone


def against_the_vector() -> Instance:
    """The standard instance, with M of -v and P and N those of v."""
    base = controls.standard()
    return controls.with_log_odds(base, -base.odds)


STATEMENT = Statement(
    id="sign-separation",
    title="Lemma B.4 as an assumption",
    in_short="""M is positive on T alone up to a constant, δ > 0, tokens of T peak last: three
        ways to say one thing, and what is enough for it""",
    source=SOURCE,
    idea=r"""
        v1 says in Appendix B.1: "our main theorems continue to hold verbatim as long as the same
        sign-separation property holds for the log-odds $M$ (Lemma B.4)", and "if we see Lemma B.4 as an
        assumption, then our results work"; only Remark 3.4 is not among them. They do, and need less. A
        constant added to $M$ changes no curve, and on a real model $W v$ gives $M$ only up to one; so what
        can be asked for is that *some* offset makes $M$ positive exactly on $T$. That is $\delta > 0$, the
        hypothesis `separation` of this project's statements: of the peak order, the rising target, sweet
        spots, half saturation and budgets. The bump, the limits, the vanishing concepts and the cost do
        without it. For the peak order it is not only enough, but needed, and one context decides for all:
        peaks come in the order of $M$, in whichever context they are looked at.

        When does it hold? $M(z)$ is the mean of $\log p_i(z) - \log p_k(z)$ over the pairs of a positive
        and a negative context. So if this is at least $g$ on the target, in every pair, and at most $\tau$
        off it, $\delta \ge g - \tau$. Under Assumption 1, with $a_{j,z}$ that depends on the context (App.
        B.1), $\tau \le 0 < g$. With a $b_{j,z}$ that depends on it as well the lemma "may fail", v1 says,
        and what enforces it "typically leads to a less interpretable assumption". This is one that can be
        interpreted: on the target $a$ exceeds $b$ by a larger factor, $e^g$, than $e^\tau$, by which the
        other tokens differ between contexts. Both are read off the contexts of $P$ and $N$, before
        anything is trained or steered. v1 adds that the lemma "seems to be true in practice see Appendix
        A", which has no figure of it. The page on the laws of language models has $\delta$ for four lists
        of words that we chose: against all other tokens it is below 0 for each.
    """,
    claims=(
        Claim(
            id="sign-separation.order",
            title="an equivalent",
            text="""For every set T of tokens three things are one: M + c is positive exactly on T for some
                c; δ > 0; the tokens of T peak after all others, in one context or in all.""",
            formula=r"""\exists c: \bigl( M(z) + c > 0 \iff z \in T \bigr) \iff \delta = \min_T M -
                \max_{[V] \setminus T} M > 0 \iff \alpha(j,z') < \alpha(j,z) \text{ for all } z \in T,\ z'
                \notin T"""
            + hypotheses.IF_MOVING,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            conclusion=_order,
            families=("rates", "varying", "tilts"),
            control=controls.rescaled("minus", -1.0),
            figures=("peak-map",),
            certificate=Certified(
                "By the Coq theorems, whose hypothesis is checked exactly: M is not constant. δ is enclosed, "
                "and 0 exactly where it is."
            ),
        ),
        Claim(
            id="sign-separation.pairs",
            title="pairs of contexts",
            text="""If log p_i(z)/p_k(z) is at least g on the target and at most τ off it, for every i in P
                and k in N, then δ >= g - τ, with no rates a and b asked for.""",
            formula=r"""\delta \ge g - \tau, \qquad g = \min_{i \in P,\, k \in N,\, z \in T} \log
                \frac{p_i(z)}{p_k(z)}, \quad \tau = \max_{i \in P,\, k \in N,\, z \notin T} \log
                \frac{p_i(z)}{p_k(z)}"""
            + hypotheses.IF_POSITIVE,
            source="this project; extends Appendix B.1",
            hypotheses=(hypotheses.DIFFERENCE_OF_MEANS,),
            conclusion=_pairs,
            families=("rates", "varying", "uneven"),
            control=Control(
                "difference-of-means",
                "M of -v: P and N exchanged in M, but not in the record",
                against_the_vector,
            ),
            figures=("statements/log-odds",),
            certificate=Certified(
                "Exactly: e^g and e^τ are rationals, and δ less g - τ is a sum of logarithms of rationals, "
                "whose sign is certain."
            ),
        ),
    ),
)
