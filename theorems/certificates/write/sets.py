"""What claims about sets of tokens need of an instance: margins of M, covariances, prompts that end alike."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb, ctx

from theorems.tables.exact import ExactInstance
from ufm._json import JSON

from .._balls import PRECISIONS, ball
from .cross_entropy import CrossEntropy
from .dyadic import enclosure, texts
from .evidence import Evidence
from .levels import is_zero_combination
from .roots import SHARP, unseen


def margins(evidence: Evidence) -> dict[str, JSON]:
    """R, δ = min_T M - max_{not T} M, max_T M - min_{not T} M, and e^g and e^τ of the pairs of P and N."""
    instance = evidence.instance
    on, off = _places(evidence, on_target(instance)), _places(evidence, off_target(instance))
    return {
        "range": _difference(evidence, evidence.count - 1, 0),
        "least": _difference(evidence, min(on), max(off)),
        "most": _difference(evidence, max(on), min(off)),
        "pairs": [str(ratio) for ratio in pair_ratios(instance)],
    }


def pair_ratios(instance: ExactInstance) -> tuple[Fraction, Fraction]:
    """The least p_i(z)/p_k(z) of the target, and the largest off it, over all i in P and k in N."""
    up, down = ([instance.rows[j] for j in side] for side in (instance.positive, instance.negative))
    least = min(min(p[z] for p in up) / max(n[z] for n in down) for z in on_target(instance))
    most = max(max(p[z] for p in up) / min(n[z] for n in down) for z in off_target(instance))
    return least, most


def on_target(instance: ExactInstance) -> list[int]:
    """The tokens of the target."""
    return [z for z, flag in enumerate(instance.target) if flag]


def off_target(instance: ExactInstance) -> list[int]:
    """The tokens off the target."""
    return [z for z, flag in enumerate(instance.target) if not flag]


def sets(evidence: Evidence) -> list[dict[str, JSON]]:
    """Of the target, all other tokens and each concept: F(0), the range of M on it, and Cov(1, M) by law."""
    instance = evidence.instance
    named: dict[str | int, Sequence[int]] = {
        "target": on_target(instance),
        "rest": off_target(instance),
    }
    return [
        {
            "set": name,
            "masses": [str(sum(row[z] for z in tokens)) for row in evidence.levels.rows],
            "range": _difference(evidence, max(places), min(places)),
            "covariances": [
                _covariance(evidence, c, tokens) for c in range(len(evidence.levels.rows))
            ],
        }
        for name, tokens in {**named, **instance.concepts}.items()
        for places in [_places(evidence, tokens)]
    ]


def prompts(evidence: Evidence) -> list[list[int]]:
    """The laws in groups of equal p given Mtop: at α → ∞ two prompts end alike iff they are of one group."""
    found: dict[tuple[Fraction, ...], list[int]] = {}
    for c, row in enumerate(evidence.levels.rows):
        mass = evidence.levels.masses(c)[-1]
        law = tuple(row[z] / mass for z in evidence.levels.tokens[-1])
        found.setdefault(law, []).append(c)
    return list(found.values())


def _places(evidence: Evidence, tokens: Sequence[int]) -> list[int]:
    return [evidence.levels.level[z] for z in tokens]


def _difference(evidence: Evidence, high: int, low: int) -> JSON:
    """M of one level less that of another."""
    return _sharp(
        evidence, lambda curve: curve.log_odds[high] - curve.log_odds[low], lambda: high == low
    )


def _covariance(evidence: Evidence, row: int, tokens: Sequence[int]) -> JSON:
    """Cov(1_C, M) = Σ_{z in C} p(z) (M(z) - E M)."""
    law, level = evidence.levels.rows[row], evidence.levels.level

    def value(curve: CrossEntropy) -> arb:
        mean = curve.rows[row].mean
        return sum((ball(law[z]) * (curve.log_odds[level[z]] - mean) for z in tokens), arb(0))

    return _sharp(evidence, value, lambda: _is_uncorrelated(evidence, row, tokens))


def _is_uncorrelated(evidence: Evidence, row: int, tokens: Sequence[int]) -> bool:
    """Whether Σ_z p(z) (1_C(z) - F_C) M(z) = 0 exactly, a sum of logarithms of rationals."""
    levels, law = evidence.levels, evidence.levels.rows[row]
    mass = sum(law[z] for z in tokens)
    weights = [-mass * p for p in levels.masses(row)]
    for z in tokens:
        weights[levels.level[z]] += law[z]
    first = [group[0] for group in levels.tokens]
    return is_zero_combination(
        [
            (share * weight, other[z])
            for share, other in zip(levels.shares, levels.rows, strict=True)
            for weight, z in zip(weights, first, strict=True)
            if share * weight
        ]
    )


def _sharp(
    evidence: Evidence, value: Callable[[CrossEntropy], arb], is_zero: Callable[[], bool]
) -> JSON:
    """A number in an interval that is narrow beside it, or ["0", "0"] where it is 0 exactly."""
    for precision in PRECISIONS:
        curve = evidence.curve(precision)
        with ctx.workprec(precision):
            found = value(curve)
            if found.rel_accuracy_bits() >= SHARP:
                return texts(enclosure(found))
        if precision == PRECISIONS[0] and is_zero():
            return ["0", "0"]
    raise ValueError(unseen("margins or covariances of M"))
