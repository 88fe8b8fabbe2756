"""What an estimate of M is good for: log-probabilities, total variation, loss and budget."""

from typing import NamedTuple

import numpy as np

import ufm

from ..hypotheses import EXPONENTIAL_PATH, IF_POSITIVE, PERFECT_TRAINING, SEPARATION
from ..judging import controls
from ..judging.claim import Claim, NotCertified, Statement
from ..judging.evaluate import cross_entropy_increase, laws_at
from ..judging.instance import Instance, log_masses
from ..judging.padding import pad, pad_rows, pad_target
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project"
# Largest errors of the estimates, in units of R; of those for a budget, in units of δ, and below δ/2.
SIZES = (1e-6, 1e-2, 1.0)
MARGINS = (1e-6, 1e-2, 0.4)
ATTAINED_AT = (-1.0, 0.3, 3.0)  # strengths in units of 1/R
BUDGETS = (1e-3, 0.1, 2.0)  # nats


class _Estimate(NamedTuple):
    """The tilt by an estimate M̂, and η as the library finds it."""

    tilt: ufm.ExponentialTilt
    error: float


def _estimate(instance: Instance, error: np.ndarray) -> _Estimate:
    estimated = instance.odds + error
    tilt = ufm.ExponentialTilt(instance.log_probs, estimated)
    return _Estimate(tilt, float(ufm.log_odds_error(estimated, instance.odds)))


def _estimates(instance: Instance) -> list[_Estimate]:
    """Errors of several sizes, of random values and of the two extreme ones, with a constant added."""
    generator, found = instance.random(1), []
    for size in SIZES:
        random = generator.uniform(-1, 1, instance.odds.size)
        for pattern in (random, np.where(instance.target, 1.0, -1.0)):
            found.append(_estimate(instance, (pattern + 0.5) * size / instance.unit))
    return found


def _reach(instance: Instance, alphas: np.ndarray, estimate: _Estimate) -> np.ndarray:
    """1 + |α|(R + η), in which rounding grows with the strength."""
    return 1 + np.abs(alphas) * (1 / instance.unit + estimate.error)


def _log_probability(instance: Instance) -> Verdict:
    alphas, verdicts = instance.alphas, []
    for estimate in _estimates(instance):
        off = laws_at(estimate.tilt, alphas) - instance.curves.log_probs
        slack = 2 * np.abs(alphas) * estimate.error - np.abs(off).max(axis=(1, 2))
        verdicts.append(
            bound(
                slack / _reach(instance, alphas, estimate),
                4 * instance.tolerance,
                f"|log p̂ - log p| against 2|α|η, η = {estimate.error:.3g}",
            )
        )
    return worst(*verdicts)


def _variation(law: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Total variation of two distributions, given by their logarithms [..., V]."""
    return np.abs(np.exp(law) - np.exp(other)).sum(axis=-1) / 2


def _total_variation(instance: Instance) -> Verdict:
    alphas, verdicts = instance.alphas, [_attained(instance)]
    for estimate in _estimates(instance):
        distance = _variation(laws_at(estimate.tilt, alphas), instance.curves.log_probs)
        slack = np.tanh(np.abs(alphas) * estimate.error / 2) - distance.max(axis=1)
        verdicts.append(
            bound(
                slack / _reach(instance, alphas, estimate),
                4 * instance.tolerance,
                f"TV(p̂, p) against tanh(|α|η/2), η = {estimate.error:.3g}",
            )
        )
    return worst(*verdicts)


def _attained(instance: Instance) -> Verdict:
    """The bound is reached by the error that turns logit F_T(α) round: M̂ = M - 2(logit F_T(α)/α) 1_T."""
    errors = []
    for alpha in np.array(ATTAINED_AT) * instance.unit:
        path = laws_at(instance.tilt, np.array([alpha]))[0]
        on, off = log_masses(path, instance.target)
        for j in range(min(3, len(path))):
            shift = -2 * (on[j] - off[j]) / alpha * instance.target
            estimate = _estimate(instance, shift)
            law = laws_at(estimate.tilt, np.array([alpha]))[0, j : j + 1]
            error = _variation(law, path[j : j + 1]) - np.tanh(abs(alpha) * estimate.error / 2)
            errors.append(error / (1 + abs(on[j]) + abs(off[j])))
    return identity(
        np.concatenate(errors),
        8 * instance.tolerance,
        "TV(p̂, p) against tanh(|α|η/2) where it is reached",
    )


def _cross_entropy(instance: Instance) -> Verdict:
    alphas, verdicts = instance.alphas, []
    true_cost = instance.cross_entropy_by_definition
    for estimate in _estimates(instance):
        plain = instance.cross_entropy_from(laws_at(estimate.tilt, alphas))
        library = cross_entropy_increase(
            estimate.tilt, alphas, instance.context_weights, instance.data_probs
        )
        scale = _reach(instance, alphas, estimate) + np.abs(true_cost)
        for name, cost in (("", plain), (" of the library", library)):
            slack = 2 * np.abs(alphas) * estimate.error - np.abs(cost - true_cost)
            evidence = f"|ΔĈE{name} - ΔCE| against 2|α|η, η = {estimate.error:.3g}"
            verdicts.append(bound(slack / scale, 4 * instance.tolerance, evidence))
    return worst(*verdicts)


def _feasible(instance: Instance) -> Verdict:
    """Estimates that keep the target ahead, of which some say that steering costs less than it does."""
    reached, verdicts = np.array([_choose(instance, None, kappa) for kappa in BUDGETS]), []
    away = np.sign(instance.odds[:, None] - instance.odds).mean(axis=1)
    for size in MARGINS:
        random = instance.random(2).uniform(-1, 1, instance.odds.size)
        for pattern in (random, -away):
            estimate = _estimate(instance, pattern * size * instance.margin)
            chosen = np.array([_choose(instance, estimate, kappa) for kappa in BUDGETS])
            is_float = np.isfinite(chosen)
            if is_float.any():
                verdicts += _kept(instance, estimate, chosen[is_float], is_float, reached)
    return worst(*verdicts) if verdicts else bound([0.0], 0.0, "no budget is spent by a float")


def _kept(
    instance: Instance,
    estimate: _Estimate,
    chosen: np.ndarray,
    is_float: np.ndarray,
    reached: np.ndarray,
) -> tuple[Verdict, ...]:
    """What the chosen strengths cost by the definition, with the true M, against κ and κ - 4αη."""
    budgets = np.array(BUDGETS)[is_float]
    cost = instance.cross_entropy_from(laws_at(instance.tilt, chosen))
    scale = _reach(instance, chosen, estimate) + np.abs(cost)
    tolerance, known = 8 * instance.tolerance, f", η = {estimate.error:.3g}"
    least = budgets - 4 * chosen * estimate.error
    # a strength that spends κ is known to a relative rounding error over κ
    ahead = (reached[is_float] - chosen) / (chosen * scale / np.minimum(budgets, 1.0))
    return (
        bound((budgets - cost) / scale, tolerance, f"ΔCE(α̂) against κ{known}"),
        bound((cost - least) / scale, tolerance, f"ΔCE(α̂) against κ - 4α̂η{known}"),
        bound(ahead, tolerance, f"α̂ against α_κ{known}"),
    )


def _choose(instance: Instance, estimate: _Estimate | None, budget: float) -> float:
    """The library's strength for a budget, on the estimate or on the true M."""
    if estimate is None:
        tilt, error = ufm.ExponentialTilt(instance.log_probs, instance.odds), 0.0
    else:
        tilt, error = estimate
    padded = pad(tilt)
    return ufm.choose_strength(
        padded,
        pad_rows(instance.context_weights, padded),
        target=pad_target(tilt, instance.target),
        budget=budget,
        log_odds_error=error,
    ).alpha


_ESTIMATE = r"\quad \eta = \min_{c} \max_{z} \lvert M'(z) - M(z) - c \rvert"
_CONTROL = controls.rescaled("twice", 2.0)
_NOT_CERTIFIED = NotCertified(
    "proved for all tilts; about two vectors, of which an instance holds one"
)

STATEMENT = Statement(
    id="estimated",
    title="Estimated vectors",
    in_short="""an error η of M costs at most 2|α|η in log-probability and in nats, and
        tanh(|α|η/2) in total variation""",
    source=SOURCE,
    idea=r"""
        Up to a constant $c$, which changes no distribution, the error $e = M' - M$ is at most $\eta$,
        half its range. The tilt by $M'$ is the tilt of $p_\alpha$ by $e$: $\log p'_\alpha - \log p_\alpha =
        \alpha e - \log \mathbb{E}_\alpha[e^{\alpha e}]$, where both terms are within
        $\lvert \alpha \rvert \eta$ of $\alpha c$. Averaged over the data, whatever they are, this is the
        difference of the two losses. The log-odds of any set of tokens move by at most
        $2 \lvert \alpha \rvert \eta$ (Theorem 3.6 for $e$), and $\sigma(r + s) - \sigma(r)$ is at most
        $\tanh(s/4)$, with equality at $r = -s/2$; the total variation is that of the tokens that
        gained. A budget is then kept by leaving $2 \alpha \eta$ of it unspent; the estimated cost and
        $2 \alpha \eta$ both increase with $\alpha$, so one strength does so.
    """,
    claims=(
        Claim(
            id="estimated.log-probability",
            title="log-probability",
            text="""With an estimate of M that is off by at most η, up to a constant, no log-probability is
                off by more than 2|α|η.""",
            formula=r"""\lvert \log p'_{j,\alpha}(z) - \log p_{j,\alpha}(z) \rvert \le
                2 \lvert \alpha \rvert \eta,"""
            + _ESTIMATE
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_log_probability,
            families=("rates", "tilts"),
            control=_CONTROL,
            figures=("estimated",),
            certificate=_NOT_CERTIFIED,
        ),
        Claim(
            id="estimated.total-variation",
            title="total variation",
            text="""With an estimate of M that is off by at most η, up to a constant, the steered
                distribution is off by at most tanh(|α|η/2) in total variation.""",
            formula=r"""\frac{1}{2} \sum_{z=1}^{V} \lvert p'_{j,\alpha}(z) - p_{j,\alpha}(z) \rvert \le
                \tanh\frac{\lvert \alpha \rvert \eta}{2},"""
            + _ESTIMATE
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_total_variation,
            families=("rates", "tilts"),
            control=_CONTROL,
            figures=("estimated",),
            certificate=_NOT_CERTIFIED,
        ),
        Claim(
            id="estimated.cross-entropy",
            title="cross-entropy",
            text="""With an estimate of M that is off by at most η, up to a constant, the cost is off by at
                most 2|α|η, whatever the data.""",
            formula=r"""\lvert \Delta\mathrm{CE}'(\alpha) - \Delta\mathrm{CE}(\alpha) \rvert \le
                2 \lvert \alpha \rvert \eta,"""
            + _ESTIMATE
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH,),
            conclusion=_cross_entropy,
            families=("rates", "tilts"),
            control=_CONTROL,
            figures=("estimated",),
            certificate=_NOT_CERTIFIED,
        ),
        Claim(
            id="estimated.feasible",
            title="feasible strength",
            text="""One strength α > 0 spends κ - 2αη of the estimated cost; with the true M it costs at
                most κ and at least κ - 4αη, and is no larger than the strength that spends κ.""",
            formula=r"""\Delta\mathrm{CE}'(\alpha) + 2 \alpha \eta = \kappa > 0 \text{ has one root }
                \alpha > 0, \quad \kappa - 4 \alpha \eta \le \Delta\mathrm{CE}(\alpha) \le \kappa, \quad
                \alpha \le \alpha_\kappa, \quad \Delta\mathrm{CE}(\alpha_\kappa) = \kappa
                \quad \text{if } M \text{ and } M' \text{ separate } T""",
            source=SOURCE,
            hypotheses=(SEPARATION, PERFECT_TRAINING, EXPONENTIAL_PATH),
            conclusion=_feasible,
            families=("rates", "tilts"),
            control=_CONTROL,
            figures=("estimated",),
            certificate=_NOT_CERTIFIED,
        ),
    ),
)
