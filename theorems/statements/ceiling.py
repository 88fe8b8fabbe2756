"""The ceiling of any intervention: the most of the target, and of M, that a price in nats can buy."""

from dataclasses import replace
from typing import Literal

import numpy as np

import ufm

from ..hypotheses import EXPONENTIAL_PATH, WITHIN_BUDGET
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.divergence import kullback_leibler
from ..judging.evaluate import laws_at
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project"
# Strengths in units of 1/R: the budgets are what they cost.
SPENT_AT = np.array([0.1, 1.0, 10.0])
BUDGET = 0.1  # nats, judged whatever the instance's own scale
LEAST_BUDGET = 1e-12  # of a smaller one, too few digits are left in log q/p
STEPS = 45  # halvings of an interval of a factor of 10^6: a price is missed by 1e-12 of itself

Kind = Literal["cross_entropy", "reverse_kl"]


def _ceiling(instance: Instance, kind: Kind, excess: float = 1.0) -> Verdict:
    """No intervention has more of the target than the library's ceiling, and one has as much.

    The interventions spend `excess` times the budget; above 1, for the control, some have more.
    """
    on = instance.probs[:, instance.target].sum(axis=1)
    is_held = on > 0  # by a float
    if not is_held.any():
        return _at_least(np.zeros(1), instance, "no context whose target mass a float holds")
    instance, on, parts = _only(instance, is_held), on[is_held], []
    for budget in _budgets(instance, kind):
        found = ufm.mass_ceiling(on, instance.context_weights, budget, kind=kind)
        if not found.saturated:
            best = _best(instance, kind, found)
            parts += _attained(instance, kind, budget, best, found.mass)
            parts.append(_below(instance, kind, budget * excess, best, found.mass))
    return worst(*parts, _at_least(np.zeros(1), instance, "budgets that pay for mass 1"))


def _only(instance: Instance, contexts: np.ndarray) -> Instance:
    """The model in these contexts [m] bool alone, of which the claims speak as well."""
    if contexts.all():
        return instance
    weights = instance.context_weights[contexts]
    data = instance.data_probs
    return replace(
        instance,
        tilt=ufm.ExponentialTilt(instance.log_probs[contexts], instance.tilt.log_odds),
        context_concept=instance.context_concept[contexts],
        context_weights=weights / weights.sum(),
        positive=None,
        negative=None,
        data_probs=None if data is None else data[contexts],
    )


def _attained(
    instance: Instance, kind: Kind, budget: float, best: np.ndarray, ceiling: float
) -> tuple[Verdict, Verdict]:
    """The distributions p e^`best` of the ceiling's masses cost the budget and hold its mass.

    Of a price, an error of t in `best` changes at most t (min(2, √(2κ)) + κ) (Pinsker), and one of u in F,
    which the library is given rounded, u times Σπ max |best|.
    """
    rounded = np.finfo(float).eps * (np.abs(best).max(axis=1) @ instance.context_weights)
    unit = min(2.0, np.sqrt(2 * budget)) + budget + rounded / instance.tolerance
    miss = (_price(instance, kind, best) - budget) / unit
    return (
        _equal(np.atleast_1d(miss), instance, "price of the best intervention against κ"),
        _equal(
            _mass(instance, best[None]) - ceiling, instance, "its target mass against the ceiling"
        ),
    )


def _below(
    instance: Instance, kind: Kind, budget: float, best: np.ndarray, ceiling: float
) -> Verdict:
    """Interventions of the budget, and the steered models of the grid within it, against the ceiling."""
    rng = instance.random(14)
    scaled = _scaled(instance, kind, budget, _directions(instance, rng, best))
    steered = instance.curves.log_probs - instance.log_probs
    cheap = _price(instance, kind, steered) <= budget * (1 - 1e-9)
    masses = np.append(_mass(instance, scaled), _mass(instance, steered[cheap]))
    return _at_least(ceiling - masses, instance, "the ceiling against interventions within κ")


def _best_mean(instance: Instance) -> Verdict:
    """No intervention that costs as much as steering has a larger Σπ E_q[M], in units of R."""
    log_odds = instance.odds * instance.unit
    parts = []
    for law in laws_at(instance.tilt, SPENT_AT * instance.unit):
        steered = law - instance.log_probs
        price = float(_price(instance, "reverse_kl", steered))
        if price < LEAST_BUDGET:
            continue
        along = np.broadcast_to(log_odds, steered.shape)
        directions = _directions(instance, instance.random(15), along)
        scaled = _scaled(instance, "reverse_kl", price, directions)
        laws = np.exp(instance.log_probs + scaled)
        reached = laws @ log_odds @ instance.context_weights
        best = np.exp(law) @ log_odds @ instance.context_weights
        parts.append(_at_least(best - reached, instance, "E[M] steered against interventions"))
    return worst(*parts, _at_least(np.zeros(1), instance, "prices below all digits"))


def _budgets(instance: Instance, kind: Kind) -> np.ndarray:
    """What steering costs at a few strengths, and a budget in nats."""
    steered = laws_at(instance.tilt, SPENT_AT * instance.unit) - instance.log_probs
    costs = _price(instance, kind, steered)
    return np.append(costs[costs > LEAST_BUDGET], BUDGET)


def _directions(instance: Instance, rng: np.random.Generator, best: np.ndarray) -> np.ndarray:
    """Exponents [K, m, V] to scale: `best`, `best` with noise or in single contexts, 1_T, M, and noise."""
    m, vocabulary = instance.log_probs.shape
    scale = np.ptp(best) or 1.0
    noise = rng.standard_normal((6, m, vocabulary))
    strengths = np.exp(0.3 * rng.standard_normal((2, m, 1)))
    alone = np.zeros((m, 1))
    alone[rng.integers(m)] = 1.0  # one prompt replaced, the others left
    base = best / scale
    common = np.broadcast_to(instance.target.astype(float), best.shape)
    along = np.broadcast_to(instance.odds * instance.unit, best.shape)
    return np.stack([
        base, *(base + 0.01 * noise[:2]), *(base + 0.3 * noise[2:4]), *(base * strengths),
        base * alone, common, along, common + along, *noise[4:],
    ])  # fmt: skip


def _scaled(instance: Instance, kind: Kind, budget: float, directions: np.ndarray) -> np.ndarray:
    """Log q/p [K', m, V] of those tilts by s·`directions` that cost at most the budget, nearly all of it."""
    mean = (instance.probs * directions).sum(axis=2, keepdims=True)
    deviations = (instance.probs * (directions - mean) ** 2).sum(axis=2) @ instance.context_weights
    guess = np.sqrt(2 * budget / np.maximum(deviations, 1e-280))
    low, high = np.log(guess) - np.log(1e3), np.log(guess) + np.log(1e3)
    for _ in range(STEPS):
        middle = (low + high) / 2
        cheap = _price(instance, kind, _moved(instance, directions, middle)) <= budget
        low, high = np.where(cheap, middle, low), np.where(cheap, high, middle)
    change = _moved(instance, directions, low)
    return change[_price(instance, kind, change) <= budget]


def _moved(instance: Instance, directions: np.ndarray, log_scales: np.ndarray) -> np.ndarray:
    """Log q/p [K, m, V] of the tilts by e^`log_scales` [K] times `directions`."""
    growth = np.minimum(np.exp(log_scales), 1e6)[:, None, None] * directions
    return growth - np.logaddexp.reduce(instance.log_probs + growth, axis=2, keepdims=True)


def _best(instance: Instance, kind: Kind, found: ufm.MassCeiling) -> np.ndarray:
    """Log q/p [m, V] of the intervention of the ceiling: constant on T and off T.

    For the cross-entropy it has the masses f on T. Off T, q/p = (1 - f)/(1 - F) is taken as 1/(1 + μf), as
    1 - f has lost its digits where f is next to 1.
    """
    if kind == "reverse_kl":
        growth = found.multiplier * np.where(
            instance.target, 1.0, np.zeros_like(instance.log_probs)
        )
        return growth - np.logaddexp.reduce(instance.log_probs + growth, axis=1, keepdims=True)
    masses = np.asarray(found.masses)
    on = np.log(masses) - np.logaddexp.reduce(instance.log_probs[:, instance.target], axis=1)
    off = -np.log1p(found.multiplier * masses)
    return np.where(instance.target, on[:, None], off[:, None])


def _price(instance: Instance, kind: Kind, change: np.ndarray) -> np.ndarray:
    """Σπ KL(p||q), or Σπ KL(q||p), of log q/p [..., m, V]."""
    log_p = np.broadcast_to(instance.log_probs, change.shape)
    pair = (log_p, change) if kind == "cross_entropy" else (log_p + change, -change)
    return np.asarray(kullback_leibler(*pair) @ instance.context_weights)


def _mass(instance: Instance, change: np.ndarray) -> np.ndarray:
    """Σπ q(T) [K] of log q/p [K, m, V]."""
    law = np.exp(instance.log_probs + change)
    return law[..., instance.target].sum(axis=2) @ instance.context_weights


def _equal(errors: np.ndarray, instance: Instance, evidence: str) -> Verdict:
    return identity(errors, 8 * instance.tolerance, evidence)


def _at_least(slack: np.ndarray, instance: Instance, evidence: str) -> Verdict:
    return bound(slack, 8 * instance.tolerance, evidence)


def _beyond(kind: Kind) -> Control[Instance]:
    return Control(
        "within-budget",
        "interventions that cost twice the budget",
        controls.standard,
        lambda instance: _ceiling(instance, kind, excess=2.0),
    )


_HOW = (
    "For every budget by the Coq theorem, whose hypotheses are checked exactly: every token has mass, the "
    "target is neither empty nor all. At 1/100, 1/10 and 1 nat"
)

STATEMENT = Statement(
    id="ceiling",
    title="Ceiling of any intervention",
    in_short="""the most of the target that any intervention has at its price; of the mean of M,
        steering buys the most""",
    source=SOURCE,
    idea=r"""
        Steering, fine-tuning, prompting and filtering all put some $q_j$ in the place of $p_j$. Termwise
        $\ln x \le x - 1$ gives, for the tilt $t$ of $p$ by $\alpha M$,
        $\alpha(E_q[M] - E_t[M]) = \mathrm{KL}(q\|p) - \mathrm{KL}(t\|p) - \mathrm{KL}(q\|t)$: what costs no
        more has no larger mean, and $M = 1_T$ is the target's mass. For the other divergence the same
        inequality at $q/t$, where $t$ has mass $f$ with $f - F = \mu f(1-f)$, gives
        $\mathrm{KL}(p\|q) - \mathrm{KL}(p\|t) \ge \mu(q(T) - f)$. There the best strength of $1_T$,
        $\operatorname{logit} f_j - \operatorname{logit} F_j$, differs by context: one strength for all
        prompts is not the best, even of the best vector. The Coq theorems take $\beta$ or $\mu$ as given and
        $\kappa$ as its price; that every $\kappa$ is the price of one is computed here.
    """,
    claims=(
        Claim(
            id="ceiling.reverse-kl",
            title="reverse divergence",
            text="""No intervention q_j with Σπ KL(q_j||p_j) <= κ has more of the target, Σπ q_j(T), than
                Σπ σ(r_j + β), where β > 0 solves Σπ kl(σ(r_j + β)||F_j) = κ; only the tilt by β·1_T has as
                much.""",
            formula=r"""\sum_j \pi_j q_j(T) \le \sum_j \pi_j \sigma(r_j + \beta) \quad \text{if }
                \sum_j \pi_j \mathrm{KL}(q_j \Vert p_j) \le \kappa =
                \sum_j \pi_j \mathrm{kl}(\sigma(r_j + \beta) \Vert F_j), \ \beta > 0, \quad
                r_j = \log \frac{F_j}{1 - F_j}""",
            source=SOURCE,
            hypotheses=(WITHIN_BUDGET,),
            conclusion=lambda instance: _ceiling(instance, "reverse_kl"),
            families=("rates", "tilts"),
            control=_beyond("reverse_kl"),
            figures=("ceiling",),
            certificate=Certified(
                f"{_HOW} the multiplier β, as e^β, and the ceiling are enclosed."
            ),
        ),
        Claim(
            id="ceiling.forward-kl",
            title="cross-entropy",
            text="""No intervention q_j with Σπ KL(p_j||q_j) <= κ has more of the target, Σπ q_j(T), than
                Σπ f_j, where f_j - F_j = μ f_j (1 - f_j) and μ > 0 solves Σπ kl(F_j||f_j) = κ; only the q_j
                that keep p_j given T and given not T, with the mass f_j on T, have as much.""",
            formula=r"""\sum_j \pi_j q_j(T) \le \sum_j \pi_j f_j \quad \text{if }
                \sum_j \pi_j \mathrm{KL}(p_j \Vert q_j) \le \kappa =
                \sum_j \pi_j \mathrm{kl}(F_j \Vert f_j), \quad
                f_j = \frac{\mu - 1 + \sqrt{(1-\mu)^2 + 4\mu F_j}}{2\mu}, \ \mu > 0""",
            source=SOURCE,
            hypotheses=(WITHIN_BUDGET,),
            conclusion=lambda instance: _ceiling(instance, "cross_entropy"),
            families=("rates", "tilts"),
            control=_beyond("cross_entropy"),
            figures=("ceiling",),
            certificate=Certified(f"{_HOW} the multiplier μ and the ceiling are enclosed."),
        ),
        Claim(
            id="ceiling.mean-log-odds",
            title="mean log-odds",
            text="""Of all q_j with Σπ KL(q_j||p_j) <= Σπ KL(p_{j,α}||p_j), α > 0, the tilt by αM, with one α
                for all contexts, has the largest Σπ E_{q_j}[M].""",
            formula=r"""\sum_j \pi_j E_{q_j}[M] \le \sum_j \pi_j E_{p_{j,\alpha}}[M] \quad \text{if }
                \sum_j \pi_j \mathrm{KL}(q_j \Vert p_j) \le
                \sum_j \pi_j \mathrm{KL}(p_{j,\alpha} \Vert p_j), \ \alpha > 0""",
            source=SOURCE,
            hypotheses=(WITHIN_BUDGET, EXPONENTIAL_PATH),
            conclusion=_best_mean,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("ceiling",),
            certificate=Certified(
                f"{_HOW} α and the rise of Σπ E[M], the largest at that price, are enclosed."
            ),
        ),
    ),
)
