"""The checker's own conclusions: what the confirmed evidence says of each claim."""

from collections.abc import Callable
from fractions import Fraction
from math import isinf

from flint import ctx

from .._balls import ball
from . import hypotheses as exact
from .curves import BOUNDS, Balls, dot, peaks_at_zero, target_falls
from .evidence import Evidence
from .fields import JSON, items, mapping, rational, record, require, whole
from .instance import sign_of_logs
from .precision import decide


def confirm_claims(evidence: Evidence, value: JSON) -> dict[str, str]:
    """The verdict of each claim, if the certificate says of each what the evidence says."""
    claims = [
        record(claim, ("id", "verdict", "unmet", "conclusion", "witness"), f"claims[{i}]")
        for i, claim in enumerate(items(value, "claims"))
    ]
    require([claim["id"] for claim in claims] == list(CLAIMS), "the claims are not those known")
    broken = exact.unmet(evidence.curves.laws, evidence.curves.levels)
    return {
        name: _confirm_claim(evidence, name, broken, claim)
        for name, claim in zip(CLAIMS, claims, strict=True)
    }


def _confirm_claim(evidence: Evidence, name: str, broken: set[str], claim: dict[str, JSON]) -> str:
    conclude, needed = CLAIMS[name]
    missing = sorted(broken & set(needed))
    require(claim["unmet"] == missing, f"{name}: the unmet hypotheses are {missing}")
    outcome = conclude(evidence, claim["witness"])
    says = claim["conclusion"]
    require(says == outcome, f"{name}: says {says!r}, where the evidence is {outcome!r}")
    require(outcome == "fails" or claim["witness"] is None, f"{name}: a witness of nothing")
    verdict = "hypotheses unmet" if missing else outcome
    require(claim["verdict"] == verdict, f"{name}: the verdict is {verdict!r}")
    return verdict


# The conclusion of each claim, whatever its hypotheses: "holds", "fails" where the witness shows it,
# or "undecided". A claim that fails without its witness is refused.


def _sign(evidence: Evidence, witness: JSON) -> str:
    """Lemma B.4: M(z) > 0 iff z in T."""
    laws = evidence.curves.laws
    wrong = [z for z, flag in enumerate(laws.instance.target) if (laws.sign(z) > 0) is not flag]
    if not wrong:
        return "holds"
    shown = mapping(witness, "lemma-b4.sign: the witness").get("token")
    require(shown in wrong, "lemma-b4.sign: no witness")
    return "fails"


def _bump(evidence: Evidence, witness: JSON) -> str:
    return "undecided" if any(None in row for row in evidence.peaks) else "holds"


def _unless_constant(expected: dict[str, JSON]) -> Callable[[Evidence, JSON], str]:
    """Claims that hold of every tilt but that of a constant M."""

    def conclude(evidence: Evidence, witness: JSON) -> str:
        if evidence.curves.levels.top:
            return "holds"
        require(witness == expected, "no witness that M is constant")
        return "fails"

    return conclude


def _peak_order(evidence: Evidence, witness: JSON) -> str:
    levels = evidence.curves.levels
    ordered, broken = levels.low > levels.high, levels.low <= levels.high
    for peaks in evidence.peaks:
        on, off = peaks[levels.low], peaks[levels.high]
        if on is None or off is None:
            return "undecided"
        ordered &= off[1] < on[0]
        broken &= levels.low == levels.high or on[1] < off[0]
    if broken:
        _require_disorder(evidence, witness)
        return "fails"
    return "holds" if ordered else "undecided"


def _require_disorder(evidence: Evidence, witness: JSON) -> None:
    """Require a context, a target token and a token off the target that is not below it."""
    instance, of_token = evidence.curves.laws.instance, evidence.curves.levels.of_token
    shown = record(witness, ("context", "target", "other"), "peak-order: the witness")
    j, y, z = (whole(shown[key], f"peak-order: {key}") for key in ("context", "target", "other"))
    is_pair = instance.target[y] and not instance.target[z] and of_token[y] <= of_token[z]
    require(is_pair and j < len(instance.rows), "peak-order: no witness")


def _positive_peaks(evidence: Evidence, witness: JSON) -> str:
    """Remark 3.4: the peaks of target tokens in contexts off the target lie at α > 0."""
    laws, levels = evidence.curves.laws, evidence.curves.levels
    signs = {
        (j, z): _peak_sign(evidence, laws.of_context[j], levels.of_token[z])
        for j in exact.contexts_off_target(laws.instance)
        for z, flag in enumerate(laws.instance.target)
        if flag
    }
    wrong = [key for key, sign in signs.items() if sign is not None and sign <= 0]
    if wrong:
        shown = mapping(witness, "remark-3.4: the witness")
        require((shown.get("context"), shown.get("token")) in wrong, "remark-3.4: no witness")
        return "fails"
    return "undecided" if None in signs.values() else "holds"


def _peak_sign(evidence: Evidence, law: int, level: int) -> int | None:
    """The sign of a peak: 0 where it is at 0 exactly, None where that is open."""
    peak = evidence.peaks[law][level]
    if peak is None:
        return None
    if peak[0] >= 0 or peak[1] <= 0:  # the peak lies strictly inside its bracket
        return 1 if peak[0] >= 0 else -1
    return 0 if peaks_at_zero(evidence.curves, law, level) else None


def _always(evidence: Evidence, witness: JSON) -> str:
    return "holds"


def _target_increasing(evidence: Evidence, witness: JSON) -> str:
    """F_T rises where no target token is below another; elsewhere the witness shows that it falls."""
    levels = evidence.curves.levels
    if levels.top and levels.low >= levels.high:
        return "holds"
    if witness is None:
        return "undecided"
    shown = record(witness, ("context", "strength"), "target-increasing: the witness")
    context, strength = whole(shown["context"], "target-increasing: context"), shown["strength"]
    law = evidence.curves.laws.of_context[context]
    if strength in ("+inf", "-inf"):
        require(_ends_wrongly(evidence, strength == "+inf"), "target-increasing: no witness")
    elif levels.top:
        at = rational(strength, "target-increasing: strength")
        is_fall = target_falls(evidence.curves, law, at)
        require(is_fall, "target-increasing: no fall at the witness")
    return "fails"


def _ends_wrongly(evidence: Evidence, is_plus: bool) -> bool:
    """Whether Mtop holds no target token, or Mbot nothing else."""
    levels, target = evidence.curves.levels, evidence.curves.laws.instance.target
    group = levels.tokens[levels.top if is_plus else 0]
    return levels.top > 0 and all(target[z] is not is_plus for z in group)


def _vanishing(evidence: Evidence, witness: JSON) -> str:
    """Concepts without tokens of Mtop and Mbot vanish; without one it is open which are meant."""
    curves = evidence.curves
    found = exact.interior_concepts(curves.laws.instance, curves.levels)
    return "holds" if found or not exact.off_target_concepts(curves.laws.instance) else "undecided"


def _decreasing(evidence: Evidence, witness: JSON) -> str:
    """Concepts below all others decrease, unless M is constant; without one it is open which are meant."""
    curves = evidence.curves
    found = exact.lowest_concepts(curves.laws.instance, curves.levels)
    if found and not curves.levels.top:
        require(witness == {"concept": min(found)}, "decreasing: no witness")
        return "fails"
    return "holds" if found or not exact.off_target_concepts(curves.laws.instance) else "undecided"


def _quadratic(evidence: Evidence, witness: JSON) -> str:
    """From the cubic remainder; of a constant M, 0 = 0."""
    is_known = not evidence.curves.levels.top or "ce.remainder" in evidence.bounds
    return "holds" if is_known else "undecided"


def _sign_rule(evidence: Evidence, witness: JSON) -> str:
    """The side of M(z) on which Σ_y p(y) M(y) lies, written as divergences, is that of the peak."""
    if not evidence.curves.levels.top:
        return "undecided"
    curves = evidence.curves
    agrees = decide(lambda bits: _do_sides_agree(evidence, curves.at(bits)) or None)
    return "holds" if agrees else "undecided"


def _do_sides_agree(evidence: Evidence, balls: Balls) -> bool:
    laws = evidence.curves.laws
    p = [[ball(x) for x in row] for row in laws.rows]
    logs = [[x.log() for x in row] for row in p]
    for law, row in enumerate(p):
        divergences = [
            dot(row, [own - its for own, its in zip(logs[law], other, strict=True)])
            for other in logs
        ]
        threshold = -dot([ball(share) for share in laws.shares], divergences)
        for k, m in enumerate(balls.log_odds):
            side = 1 if m > threshold else -1 if m < threshold else 0
            if _peak_sign(evidence, law, k) != side:
                return False
    return True


def _geometric_path(evidence: Evidence, witness: JSON) -> str:
    """With one law p_N in N: p_N(z) e^{M(z)}/p_T(z) is the same for all z, exactly."""
    laws = evidence.curves.laws
    instance, of_context = laws.instance, laws.of_context
    start, goal = of_context[instance.negative[0]], of_context[instance.positive[0]]
    if any(of_context[j] != start for j in instance.negative):
        context = mapping(witness, "geometric-path: the witness").get("context")
        is_shown = of_context[whole(context, "geometric-path: context")] != start
        require(is_shown, "geometric-path: no witness")
        return "fails"
    once = sum(instance.exponents[j] for j in instance.positive)  # the share of P, and of N
    exponents = list(laws.exponents)
    exponents[start] += once
    exponents[goal] -= once
    for z in range(1, len(instance.target)):
        ratios = [row[z] / row[0] for row in laws.rows]
        if sign_of_logs(zip(exponents, ratios, strict=True)) != 0:
            shown = mapping(witness, "geometric-path: the witness")
            require("token" in shown, "geometric-path: no witness")
            return "fails"
    return "holds"


def _sweet_spot(evidence: Evidence, witness: JSON) -> str:
    """In each law a window, of a length of 4δ/R² or more."""
    levels = evidence.curves.levels
    if levels.low <= levels.high:
        require(witness == {"context": 0}, "sweet-spot: no witness")
        return "fails"
    for window in evidence.windows:
        if window is None:
            return "undecided"
        if isinf(window[0]) or isinf(window[1]):
            continue
        with ctx.workprec(320):
            balls = evidence.curves.at(320)
            length = ball(Fraction(window[1]) - Fraction(window[0]))
            least = 4 * balls.gap(levels.low, levels.high)
            if not length * balls.range * balls.range > least:
                return "undecided"
    return "holds"


def _bounded(name: str) -> Callable[[Evidence, JSON], str]:
    return lambda evidence, witness: "holds" if name in evidence.bounds else "undecided"


# Claim → its conclusion, and the hypotheses that an instance may fail to meet.
_MOVES = ("non-constant-log-odds",)
_REMARK = ("concept-laws", "target-contexts", "context-off-target", "small-epsilon")
CLAIMS: dict[str, tuple[Callable[[Evidence, JSON], str], tuple[str, ...]]] = {
    "lemma-b4.sign": (_sign, ("assumption-1", "target-contexts")),
    "thm-3.3.bump": (_bump, ("non-constant-log-odds", "interior-token")),
    "thm-3.3.peak-order": (_peak_order, ("separation",)),
    "thm-3.3.monotone": (_unless_constant({"token": 0}), _MOVES),
    "remark-3.4.positive-peaks": (_positive_peaks, _REMARK),
    "prop-b1.limit-plus": (_always, ()),
    "prop-b1.limit-minus": (_always, ()),
    "thm-3.6.target-increasing": (_target_increasing, ("separation",)),
    "thm-3.6.vanishing": (_vanishing, ("interior-concept",)),
    "thm-3.6.decreasing": (_decreasing, ("non-constant-log-odds", "lowest-concept")),
    "thm-3.8.quadratic": (_quadratic, _MOVES),
    "limit.rate": (_always, _MOVES),
    "sign-rule": (_sign_rule, _MOVES),
    "contrastive.geometric-path": (_geometric_path, ("one-law-each", "non-constant-log-odds")),
    "sweet-spot.nonempty": (_sweet_spot, ("separation",)),
    "ce.convex": (_unless_constant({"strength": "0"}), _MOVES),
    **{name: (_bounded(name), _MOVES) for name in BOUNDS},
}
