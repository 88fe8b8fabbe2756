"""Theorem 3.6: how the probability of a concept moves."""

import numpy as np

from .. import _controls, hypotheses
from .._instance import Instance
from .._statement import Claim, Control, Statement
from .._verdict import Verdict, bound, identity, strict, supported, worst

SOURCE = "Theorem 3.6"


def conditional_cumulant(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """K_C(α) = log Σ_{z in C} p(z|c_j) e^{αM(z)}, [A, m]."""
    terms = instance.log_probs[:, mask] + alphas[:, None, None] * instance.odds[mask]
    return np.logaddexp.reduce(terms, axis=2)


def nu(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """ν_j(α) = [K_C - K_{not C}](α) - [K_C - K_{not C}](0), [A, m]."""
    zero = np.zeros(1)
    now = conditional_cumulant(instance, alphas, mask) - conditional_cumulant(
        instance, alphas, ~mask
    )
    start = conditional_cumulant(instance, zero, mask) - conditional_cumulant(instance, zero, ~mask)
    return now - start


def tanh_form(instance: Instance, alphas: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Δp(C|α) = (1/2|C|)(tanh((ν+r)/2) - tanh(r/2)), r = logit F_C(0), [A, m]."""
    zero = np.zeros(1)
    r = conditional_cumulant(instance, zero, mask) - conditional_cumulant(instance, zero, ~mask)
    return (np.tanh((nu(instance, alphas, mask) + r) / 2) - np.tanh(r / 2)) / (2 * mask.sum())


def _near(instance: Instance) -> np.ndarray:
    """Strengths below which αM itself is not yet too large to be subtracted."""
    return (
        np.abs(instance.alphas) * instance.odds_range <= 40 + 2 * np.abs(instance.log_probs).max()
    )


def _proper(instance: Instance) -> dict[int, np.ndarray]:
    masks = {-1: instance.target, **instance.concepts}
    return {k: mask for k, mask in masks.items() if not mask.all()}


def _named(concept: int) -> str:
    return "the target" if concept == -1 else f"concept {concept}"


def _tanh(instance: Instance) -> Verdict:
    near, verdicts = _near(instance), []
    alphas = instance.alphas[near]
    # K subtracts terms as large as max|log p| + |α| max|M|, which M's offset may make exceed |α|R
    size = 1 + np.abs(instance.odds).max() * instance.unit
    for k, mask in _proper(instance).items():
        form = tanh_form(instance, alphas, mask)
        tokens = instance.curves.increase[near][:, :, mask].sum(axis=2) / mask.sum()
        library = instance.concept_curves[k].increase[near]
        errors = np.stack([tokens - form, library - form]) / size
        verdicts.append(
            identity(errors, 2 * instance.tolerance, f"Δp(C) against tanh, {_named(k)}")
        )
        verdicts.append(_increment(instance, near, mask, k))
        verdicts.append(_slope(instance, mask, k))
    return worst(*verdicts)


def _increment(instance: Instance, near: np.ndarray, mask: np.ndarray, concept: int) -> Verdict:
    """The library's ν against K_C - K_{not C}, relative to the terms that the latter subtracts."""
    alphas = instance.alphas[near]
    errors = instance.concept_curves[concept].log_odds_increase[near] - nu(instance, alphas, mask)
    terms = 1 + np.abs(instance.log_probs).max() + np.abs(alphas) * np.abs(instance.odds).max()
    return identity(
        errors / terms[:, None], 2 * instance.tolerance, f"ν of the library, {_named(concept)}"
    )


def _slope(instance: Instance, mask: np.ndarray, concept: int) -> Verdict:
    """ν' = E[M|C] - E[M|not C], in units of R, by central differences with step h = 1e-4/R.

    Their error is h²|ν'''|/6 <= h²R³/(18√3)·2, and rounding of ν over h.
    """
    centres = np.array([-1.0, 0.0, 2.0]) * instance.unit
    h = 1e-4 * instance.unit
    difference = nu(instance, centres + h, mask) - nu(instance, centres - h, mask)
    expected = np.zeros_like(difference)
    for part, sign in ((mask, 1), (~mask, -1)):
        log_p = instance.log_probs[:, part] + centres[:, None, None] * instance.odds[part]
        weight = np.exp(log_p - np.logaddexp.reduce(log_p, axis=2, keepdims=True))
        expected += sign * (weight @ instance.odds[part])
    errors = (difference / (2 * h) - expected) * instance.unit
    size = 1 + np.abs(instance.odds).max() * instance.unit
    return identity(errors / size, 1e-8 + 1e4 * instance.tolerance, f"ν' of {_named(concept)}")


def _falls_or_rises(instance: Instance, sign: int, masks: dict[int, np.ndarray]) -> Verdict:
    """Logit F moves in the direction `sign` between all neighbouring strengths where its slope is
    above rounding, and the sum of the token curves nowhere contradicts it.
    """
    verdicts = []
    for k in masks:
        curve = instance.concept_curves[k]
        nu_curve = curve.log_odds_increase
        steps = np.diff(instance.alphas)[:, None] * instance.odds_range
        slack = sign * np.diff(nu_curve, axis=0) / steps
        # E[M|C] - E[M|not C] below rounding: all the mass of both sits on tied tokens
        seen = np.abs(slack) > instance.tolerance
        tokens = instance.curves.increase[:, :, masks[k]].sum(axis=2)
        verdicts.append(
            supported(
                strict(slack[seen], instance.tolerance, f"slope of logit F over R, {_named(k)}"),
                bound(sign * np.diff(tokens, axis=0), instance.tolerance, f"ΣΔp, {_named(k)}"),
            )
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
        ends = instance.curves.increase[[0, -1]][:, :, mask].sum(axis=2) / mask.sum()
        library = instance.concept_curves[k].increase[[0, -1]]
        errors = np.stack([ends - vanished, library - vanished])
        tolerance = instance.tolerance + np.exp(-39)
        verdicts.append(identity(errors, tolerance, f"Δp(C) at ±∞, {_named(k)}"))
    return worst(*verdicts)


def _growth(instance: Instance) -> Verdict:
    moved = instance.alphas != 0
    reach = instance.odds_range * np.abs(instance.alphas[moved])[:, None]
    masks = _proper(instance)
    if not instance.odds_range:  # R|α| = 0, and nothing to divide by
        curves = [instance.concept_curves[k].log_odds_increase for k in masks]
        return identity(np.concatenate(curves), instance.tolerance, "ν where M is constant")
    near = _near(instance)[moved]
    path = {k: _path_nu(instance, mask)[moved][near] for k, mask in masks.items()}
    slack = [1 - np.abs(path[k]) / reach[near] for k in masks]
    slack += [
        1 - np.abs(instance.concept_curves[k].log_odds_increase[moved]) / reach for k in masks
    ]
    # near 0 the plain difference that `path` is keeps few digits of a small ν
    allowed = instance.tolerance * (1 + 1 / float(reach.min()))
    return bound(np.concatenate([s.reshape(-1) for s in slack]), allowed, "1 - |ν|/(R|α|)")


def _path_nu(instance: Instance, mask: np.ndarray) -> np.ndarray:
    """Logit F_C along the path less its value at 0, from the token curves alone."""
    log_p = instance.curves.log_probs
    logit = np.logaddexp.reduce(log_p[..., mask], axis=2) - np.logaddexp.reduce(
        log_p[..., ~mask], axis=2
    )
    start = np.logaddexp.reduce(instance.log_probs[:, mask], axis=1)
    return logit - (start - np.logaddexp.reduce(instance.log_probs[:, ~mask], axis=1))


STATEMENT = Statement(
    "thm-3.6",
    "Concept probability",
    SOURCE,
    (
        Claim(
            "thm-3.6.tanh",
            "tanh form",
            "Δp(C|α) = (1/2|C|)(tanh((ν+r)/2) - tanh(r/2)) with r = logit F_C(0), ν(0) = 0 and "
            "ν' = E_α[M|C] - E_α[M|not C].",
            SOURCE,
            (hypotheses.EXPONENTIAL_PATH,),
            _tanh,
            ("rates", "tilts"),
            Control(
                "exponential-path", "steering before the final norm", _controls.before_the_norm
            ),
        ),
        Claim(
            "thm-3.6.target-increasing",
            "target rises",
            "Δp(T|α) is strictly increasing.",
            SOURCE,
            (hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            _target_increasing,
            ("rates", "tilts"),
            Control("separation", "P and N exchanged: δ < 0", _controls.steered_away),
        ),
        Claim(
            "thm-3.6.vanishing",
            "others vanish",
            "A concept C' other than T that holds no extremal token vanishes: "
            "Δp(C'|α) → -(1/|C'|) Σ_{C'} p at both ends.",
            SOURCE,
            (hypotheses.EXPONENTIAL_PATH, hypotheses.INTERIOR_CONCEPT),
            _vanishing,
            ("rates", "tilts"),
            Control(
                "interior-concept",
                "the concept holds Mbot: at -∞ it takes all the mass",
                _controls.standard,
                lambda instance: _vanishing(instance, instance.off_target_concepts),
            ),
        ),
        Claim(
            "thm-3.6.decreasing",
            "opposite falls",
            "A concept C other than T with max_C M <= min_{not C} M strictly decreases.",
            SOURCE + " (says decreasing; strict holds)",
            (hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING, hypotheses.LOWEST_CONCEPT),
            _decreasing,
            ("contrastive", "tilts"),
            Control(
                "lowest-concept",
                "the concept lies between the two others: it rises, then falls",
                lambda: _between(),
                lambda instance: _decreasing(instance, {2: instance.concepts[2]}),
            ),
        ),
        Claim(
            "thm-3.6.growth",
            "growth",
            "|ν_j(α)| <= R|α|.",
            SOURCE + ", App. B.4",
            (hypotheses.EXPONENTIAL_PATH,),
            _growth,
            ("rates", "tilts"),
            Control(
                "exponential-path",
                "twice the steering vector, after M was measured",
                lambda: _controls.rescaled_vector(2.0),
            ),
        ),
    ),
)


def _between() -> Instance:
    data = _controls.rate_table(["9/10"] * 3, ["1/20"] * 3, [0, 1, 2], 1)
    return Instance.from_dataset(data, [0], [1])
