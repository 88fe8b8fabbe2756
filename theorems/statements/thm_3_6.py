"""Theorem 3.6: how the probability of a concept moves."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.instance import Instance, log_masses
from ..judging.shape import mass_moves, mass_slope
from ..judging.verdict import Verdict, bound, identity, supported, worst

SOURCE = "Theorem 3.6"


def conditional_cumulant(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """K_C(α) = log Σ_{z in C} p(z|c_j) e^{αM(z)}, [A, m]."""
    terms = instance.log_probs[:, mask] + alphas[:, None, None] * instance.odds[mask]
    return np.logaddexp.reduce(terms, axis=2)


def _logit(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Logit F_C(α) = [K_C - K_{not C}](α), [A, m]."""
    on, off = (conditional_cumulant(instance, alphas, part) for part in (mask, ~mask))
    return on - off


def nu(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """ν_j(α) = [K_C - K_{not C}](α) - [K_C - K_{not C}](0), [A, m]."""
    return _logit(instance, alphas, mask) - _logit(instance, np.zeros(1), mask)


def tanh_form(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Δp(C|α) = (tanh((ν+r)/2) - tanh(r/2)) / (2|C|), r = logit F_C(0), [A, m]."""
    r = _logit(instance, np.zeros(1), mask)
    return (np.tanh((nu(instance, alphas, mask) + r) / 2) - np.tanh(r / 2)) / (2 * mask.sum())


def _near(instance: Instance) -> np.ndarray:
    """Strengths below which αM itself is not yet too large to be subtracted."""
    largest = 40 + 2 * np.abs(instance.log_probs).max()
    return np.abs(instance.alphas) * instance.odds_range <= largest


def _proper(instance: Instance) -> dict[int, np.ndarray]:
    masks = {-1: instance.target, **instance.concepts}
    return {k: mask for k, mask in masks.items() if not mask.all()}


def _named(concept: int) -> str:
    return "the target" if concept == -1 else f"concept {concept}"


def _tanh(instance: Instance) -> Verdict:
    near, verdicts = _near(instance), []
    alphas = instance.alphas[near]
    for k, mask in _proper(instance).items():
        form = tanh_form(instance, alphas, mask)
        path = np.exp(instance.curves.log_probs[near]) - instance.probs
        tokens = [
            increase[:, :, mask].sum(axis=2) / mask.sum()
            for increase in (path, instance.curves.increase[near])
        ]
        library = instance.concept_curves[k].increase[near]
        errors = np.stack([*tokens, library]) - form
        verdicts += [
            identity(errors, 2 * instance.tolerance, f"Δp(C) against tanh, {_named(k)}"),
            _increment(instance, near, mask, k),
            _slope(instance, near, mask, k),
        ]
    return worst(*verdicts)


def _increment(instance: Instance, near: np.ndarray, mask: np.ndarray, concept: int) -> Verdict:
    """The library's ν against K_C - K_{not C}, relative to the terms that the latter subtracts."""
    alphas = instance.alphas[near]
    errors = instance.concept_curves[concept].log_odds_increase[near] - nu(instance, alphas, mask)
    terms = 1 + np.abs(instance.log_probs).max() + np.abs(alphas) * np.abs(instance.odds).max()
    return identity(
        errors / terms[:, None], 2 * instance.tolerance, f"ν of the library, {_named(concept)}"
    )


def _slope(instance: Instance, near: np.ndarray, mask: np.ndarray, concept: int) -> Verdict:
    """ν' of the curve, by autodiff, against E[M|C] - E[M|not C], in units of R."""
    slope, expected = mass_slope(instance, mask)
    errors = (slope - expected)[near] * instance.unit
    return identity(errors, 2 * instance.tolerance, f"ν' of {_named(concept)}")


def _logistic(instance: Instance) -> Verdict:
    """F' of the path, by autodiff, against F(1-F)(E[M|C] - E[M|not C]), and |F'| against R/4; over R."""
    curves, verdicts = instance.curves, []
    for k, mask in _proper(instance).items():
        law = np.exp(curves.log_probs)
        slope = (law * curves.slope)[..., mask].sum(axis=2) * instance.unit
        on, off = law[..., mask].sum(axis=2), law[..., ~mask].sum(axis=2)
        expected = on * off * mass_slope(instance, mask)[1] * instance.unit
        verdicts += [
            identity(slope - expected, 2 * instance.tolerance, f"F' of {_named(k)}"),
            bound(0.25 - np.abs(slope), 2 * instance.tolerance, f"1/4 - |F'|/R of {_named(k)}"),
        ]
    return worst(*verdicts)


def _falls_or_rises(instance: Instance, sign: int, masks: dict[int, np.ndarray]) -> Verdict:
    near = _near(instance)
    verdicts = (
        supported(mass_moves(instance, mask, sign, _named(k)), _increment(instance, near, mask, k))
        for k, mask in masks.items()
    )
    return worst(*verdicts)


def _target_increasing(instance: Instance) -> Verdict:
    return _falls_or_rises(instance, 1, {-1: instance.target})


def _decreasing(instance: Instance, masks: dict[int, np.ndarray] | None = None) -> Verdict:
    return _falls_or_rises(instance, -1, masks or hypotheses.lowest_concepts(instance))


def _vanishing(instance: Instance, masks: dict[int, np.ndarray] | None = None) -> Verdict:
    verdicts = []
    for k, mask in (masks or hypotheses.interior_concepts(instance)).items():
        vanished = -instance.probs[:, mask].sum(axis=1) / mask.sum()
        path = np.exp(instance.curves.log_probs[[0, -1]]) - instance.probs
        ends = [
            increase[:, :, mask].sum(axis=2) / mask.sum()
            for increase in (path, instance.curves.increase[[0, -1]])
        ]
        library = instance.concept_curves[k].increase[[0, -1]]
        errors = np.stack([*ends, library]) - vanished
        tolerance = instance.tolerance + np.exp(-39)
        verdicts.append(identity(errors, tolerance, f"Δp(C) at ±∞, {_named(k)}"))
    return worst(*verdicts)


def _growth(instance: Instance) -> Verdict:
    moved = instance.alphas != 0
    reach = instance.odds_range * np.abs(instance.alphas[moved])[:, None]
    masks = _proper(instance)
    library = {k: instance.concept_curves[k].log_odds_increase for k in masks}
    if not instance.odds_range:  # R|α| = 0, and nothing to divide by
        curves = np.concatenate(list(library.values()))
        return identity(curves, instance.tolerance, "ν where M is constant")
    near = _near(instance)[moved]
    path = {k: _path_nu(instance, mask)[moved][near] for k, mask in masks.items()}
    slack = [1 - np.abs(path[k]) / reach[near] for k in masks]
    slack += [1 - np.abs(library[k][moved]) / reach for k in masks]
    # near 0 the plain difference that `path` is keeps few digits of a small ν
    allowed = instance.tolerance * (1 + 1 / float(reach.min()))
    return bound(np.concatenate([s.reshape(-1) for s in slack]), allowed, "1 - |ν|/(R|α|)")


def _path_nu(instance: Instance, mask: np.ndarray) -> np.ndarray:
    """Logit F_C along the path less its value at 0, from the token curves alone."""
    on, off = log_masses(instance.curves.log_probs, mask)
    on_at_zero, off_at_zero = log_masses(instance.log_probs, mask)
    return (on - off) - (on_at_zero - off_at_zero)


def _between() -> Instance:
    data = controls.rate_table(["9/10"] * 3, ["1/20"] * 3, [0, 1, 2], 1)
    return Instance.from_dataset(data, [0], [1])


STATEMENT = Statement(
    id="thm-3.6",
    title="Concept probability",
    in_short="""the target's share rises, along a tanh of a reparametrised α; a concept without
        extremes vanishes, one below all others falls""",
    source=SOURCE,
    idea=r"""
        Split the partition function into the parts inside and outside $C$. Then
        $F_C = Z_C/(Z_C + Z_{\bar C})$ is a logistic function of
        $\log Z_C - \log Z_{\bar C} = r + \nu(\alpha)$, and
        $\operatorname{logistic}(x) = \tfrac12(1 + \tanh(x/2))$ is the *tanh form*. Differentiating
        the two log-partitions gives $\nu' = \mathbb{E}_\alpha[M|C] - \mathbb{E}_\alpha[M|\bar C]$,
        and $F_C' = F_C(1 - F_C)\,\nu'$, the *logistic equation* (12) of v1, with a rate that depends on
        $\alpha$. $F(1 - F) \le 1/4$ and $\lvert \nu' \rvert \le R$ bound it: a grid of strengths that
        are $h$ apart misses no mass by more than $hR/8$.

        - *Target rises*: if $\delta > 0$ the first mean is the larger one at every $\alpha$, by at
          least $\delta$.
        - *Opposite falls*: if all of $C$ lies weakly below the rest, $\nu' \le 0$; equality would
          make $M$ constant.
        - *Growth*: both means lie in an interval of length $R$, so $\lvert \nu' \rvert \le R$ and
          $\lvert \nu \rvert \le R \lvert \alpha \rvert$.
        - *Others vanish*: by Proposition B.1 all mass goes to $M_{\mathrm{top}}$ or
          $M_{\mathrm{bot}}$, of which the concept holds nothing.

        A logistic function of a *monotone* $\nu$ need not be sigmoidal, and $\nu$ need not be
        monotone: hence the findings on this theorem.
    """,
    claims=(
        Claim(
            id="thm-3.6.tanh",
            title="tanh form",
            text="""Δp_j(C|α) is the rise of tanh((ν_j+r_j)/2) from α = 0, over 2|C|, with r_j = logit
                F_{j,C}(0), ν_j(0) = 0 and ν_j' = E_{j,α}[M|C] - E_{j,α}[M|not C].""",
            formula=r"""\Delta p_j(C \mid \alpha) = \frac{\tanh{\left(\frac{\nu_{j}(\alpha)}{2} +
                \frac{r_{j}}{2} \right)} - \tanh{\left(\frac{r_{j}}{2} \right)}}{2 {\lvert C
                \rvert}}, \quad r_j = \log\frac{F_{j,C}(0)}{1 - F_{j,C}(0)}, \quad \nu_j(0) = 0,
                \quad \nu_j'(\alpha) = \mathbb{E}_{j,\alpha}[M \mid C] - \mathbb{E}_{j,\alpha}[M
                \mid [V] \setminus C] \quad \text{if } \emptyset \ne C \ne [V]""",
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=_tanh,
            families=("rates", "varying", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("statements/concept-log-odds",),
            certificate=NotCertified("an identity, proved for all instances"),
        ),
        Claim(
            id="thm-3.6.logistic",
            title="logistic equation",
            text="""F_C solves the logistic equation F' = F(1-F)(E_α[M|C] - E_α[M|not C]), so that
                |F'| <= R/4: h more of strength moves no mass by more than hR/4.""",
            formula=r"""F_{j,C}'(\alpha) = F_{j,C}(\alpha)\,\bigl(1 - F_{j,C}(\alpha)\bigr)\,\bigl(
                \mathbb{E}_{j,\alpha}[M \mid C] - \mathbb{E}_{j,\alpha}[M \mid [V] \setminus C]
                \bigr), \qquad \lvert F_{j,C}'(\alpha) \rvert \le \frac{R}{4} \quad \text{if }
                \emptyset \ne C \ne [V]""",
            source="Theorem 3.6, equation (12) of its proof",
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=_logistic,
            families=("rates", "varying", "tilts"),
            control=controls.rescaled("half", 0.5),
            figures=("statements/concept-log-odds",),
            certificate=Certified("For all α by the Coq theorems; R is enclosed."),
        ),
        Claim(
            id="thm-3.6.target-increasing",
            title="target rises",
            text="Δp_j(T|α) is strictly increasing in α.",
            formula=r"""\frac{d}{d\alpha}\,\Delta p_j(T \mid \alpha) > 0 \quad \text{for every }
                \alpha \in \mathbb{R}"""
            + hypotheses.IF_SEPARATED,
            source=SOURCE,
            hypotheses=(hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            conclusion=_target_increasing,
            families=("rates", "varying", "tilts"),
            control=Control("separation", "P and N exchanged: δ < 0", controls.steered_away),
            figures=("fig-4",),
            certificate=Certified("Exactly: the least M on the target exceeds the largest off it."),
        ),
        Claim(
            id="thm-3.6.vanishing",
            title="others vanish",
            text="""A concept C other than T that holds no token of Mtop or Mbot vanishes: Δp_j(C|α) →
                -(1/|C|) Σ_C p_j at both ends.""",
            formula=r"""\lim_{\alpha \to \pm\infty} \Delta p_j(C \mid \alpha) = - \frac{\sum_{y=1}^{V}
                \mathbf{1}_{C}(y) p_{j}(y)}{{\lvert C \rvert}} \quad \text{if } C \cap
                (M_{\mathrm{top}} \cup M_{\mathrm{bot}}) = \emptyset""",
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.INTERIOR_CONCEPT),
            conclusion=_vanishing,
            families=("rates", "varying", "tilts"),
            control=Control(
                "interior-concept",
                "the concept holds Mbot: at -∞ it takes all the mass",
                controls.standard,
                lambda instance: _vanishing(instance, instance.off_target_concepts),
            ),
            figures=("fig-4", "vanishing"),
            certificate=Certified("Exactly: the concept holds no token of Mtop or Mbot."),
        ),
        Claim(
            id="thm-3.6.decreasing",
            title="opposite falls",
            text="""Of a concept C other than T with max_C M <= min_{not C} M, Δp_j(C|α) is strictly
                decreasing in α.""",
            formula=r"""\frac{d}{d\alpha}\,\Delta p_j(C \mid \alpha) < 0 \quad \text{for every }
                \alpha \in \mathbb{R}, \quad \text{if } \max_{C} M \le \min_{[V] \setminus C} M
                \text{ and } M \text{ is not constant}""",
            source=SOURCE + " (says decreasing; strict holds)",
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING, hypotheses.LOWEST_CONCEPT),
            conclusion=_decreasing,
            families=("contrastive", "tilts"),
            control=Control(
                "lowest-concept",
                "the concept lies between the two others: it rises, then falls",
                _between,
                lambda instance: _decreasing(instance, {2: instance.concepts[2]}),
            ),
            figures=("fig-4",),
            certificate=Certified("Exactly: the order of M between the concept and the rest."),
        ),
        Claim(
            id="thm-3.6.growth",
            title="growth",
            text="|ν_j(α)| <= R|α|.",
            formula=r"""
                \lvert \nu_j(\alpha) \rvert \le R\,\lvert \alpha \rvert, \qquad R = \max M - \min M""",
            source=SOURCE + ", App. B.4",
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=_growth,
            families=("rates", "varying", "tilts"),
            control=controls.rescaled("twice", 2.0),
            figures=("statements/concept-log-odds",),
            certificate=Certified("For all α by the Coq theorem; R is enclosed."),
        ),
    ),
)
