"""The checker's own conclusions: what the confirmed evidence says of each claim."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isinf

from .._balls import ball
from . import hypotheses as exact
from .curves import BOUNDS, Balls, dot, peaks_at_zero, slope_sign
from .evidence import Evidence, is_narrowest
from .fields import JSON, items, record, require, require_witness, same, shown, whole
from .instance import Levels
from .logarithms import is_zero_sum, sign_of_logs
from .masses import decreasing, target_increasing, vanishing
from .precision import decide
from .sets import pair_ratios


def confirm_claims(evidence: Evidence, value: JSON, known: Sequence[str]) -> dict[str, str]:
    """The verdict of each known claim, if the certificate says of each what the evidence says."""
    claims = [
        record(claim, ("id", "verdict", "unmet", "conclusion", "witness"), f"claims[{i}]")
        for i, claim in enumerate(items(value, "claims"))
    ]
    is_full = same([claim["id"] for claim in claims], list(known))
    require(is_full, f"the claims are not those known, in their order: {', '.join(known)}")
    missing = unmet(evidence, known)
    return {
        name: _confirm_claim(evidence, name, missing[name], claim)
        for name, claim in zip(known, claims, strict=True)
    }


def unmet(evidence: Evidence, known: Sequence[str]) -> dict[str, list[str]]:
    """The hypotheses of each known claim that the instance does not meet."""
    broken = exact.unmet(evidence.curves.laws, evidence.curves.levels)
    return {name: sorted(broken & set(CLAIMS[name][1])) for name in known}


def _confirm_claim(
    evidence: Evidence, name: str, missing: list[str], claim: dict[str, JSON]
) -> str:
    conclude, _ = CLAIMS[name]
    require(same(claim["unmet"], missing), f"{name}: the unmet hypotheses are {missing}")
    outcome = conclude(evidence, claim["witness"])
    says = claim["conclusion"]
    require(says == outcome, f"{name}: says {says!r}, where the evidence is {outcome!r}")
    require(outcome == "fails" or claim["witness"] is None, f"{name}: a witness of nothing")
    verdict = "hypotheses unmet" if missing else outcome
    require(claim["verdict"] == verdict, f"{name}: the verdict is {verdict!r}")
    return verdict


# The conclusion of each claim, whatever its hypotheses: "holds", "fails" where the witness shows it,
# or "undecided". A claim that fails without its witness is refused, and so is one that is left undecided
# where the checker decides it.


def _sign(evidence: Evidence, witness: JSON) -> str:
    """Lemma B.4: M(z) > 0 iff z in T."""
    laws, levels = evidence.curves.laws, evidence.curves.levels
    is_above = [laws.sign(z) > 0 for z in levels.first]
    flags = enumerate(laws.instance.target)
    wrong = [z for z, flag in flags if is_above[levels.of_token[z]] is not flag]
    if not wrong:
        return "holds"
    given = record(witness, ("token",), "lemma-b4.sign: the witness")
    is_wrong = whole(given["token"], "lemma-b4.sign: token") in wrong
    require(is_wrong, "lemma-b4.sign: the witness shows no wrong sign")
    return "fails"


def _bump(evidence: Evidence, witness: JSON) -> str:
    return "undecided" if any(None in row for row in evidence.peaks) else "holds"


def _unless_constant(name: str, right: dict[str, JSON]) -> Callable[[Evidence, JSON], str]:
    """Claims that hold of every tilt but that of a constant M."""

    def conclude(evidence: Evidence, witness: JSON) -> str:
        if evidence.curves.levels.top:
            return "holds"
        require_witness(name, witness, right)
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
    given = record(witness, ("context", "target", "other"), "peak-order: the witness")
    j, y, z = (whole(given[key], f"peak-order: {key}") for key in ("context", "target", "other"))
    is_there = j < len(instance.rows) and max(y, z) < len(of_token)
    is_pair = is_there and instance.target[y] and not instance.target[z]
    is_shown = is_pair and of_token[y] <= of_token[z]
    require(is_shown, "peak-order: the witness shows no peak of the target before another")


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
        given = record(witness, ("context", "token"), "remark-3.4: the witness")
        key = (
            whole(given["context"], "remark-3.4: context"),
            whole(given["token"], "remark-3.4: token"),
        )
        require(key in wrong, "remark-3.4: the witness shows no peak at α <= 0")
        return "fails"
    return "undecided" if None in signs.values() else "holds"


def _peak_sign(evidence: Evidence, law: int, level: int) -> int | None:
    """The sign of a peak: 0 where it is at 0 exactly, None where that is open."""
    peak = evidence.peaks[law][level]
    if peak is None:
        return None
    if peak[0] >= 0 or peak[1] <= 0:  # the peak lies strictly inside its bracket
        return 1 if peak[0] >= 0 else -1
    # where the curve still rises at 0, its peak is after 0
    side = slope_sign(evidence.curves, law, level, Fraction(0))
    return 0 if side is None and peaks_at_zero(evidence.curves, law, level) else side


def _always(evidence: Evidence, witness: JSON) -> str:
    return "holds"


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
    other = [j for j in instance.negative if of_context[j] != start]
    if other:
        given = record(witness, ("context",), "geometric-path: the witness")
        is_other = whole(given["context"], "geometric-path: context") in other
        require(is_other, f"geometric-path: the contexts of N of another law are {shown(other)}")
        return "fails"
    weights = dict(enumerate(laws.shares))
    weights[start] += 1
    weights[goal] -= 1
    broken = [
        z
        for z in range(1, len(instance.target))
        if not is_zero_sum((w, laws.rows[c][z] / laws.rows[c][0]) for c, w in weights.items() if w)
    ]
    if not broken:
        return "holds"
    given = record(witness, ("context", "token"), "geometric-path: the witness")
    is_in = whole(given["context"], "geometric-path: context") in instance.negative
    is_broken = whole(given["token"], "geometric-path: token") in broken
    require(is_in and is_broken, "geometric-path: the witness shows no other path")
    return "fails"


def _sweet_spot(evidence: Evidence, witness: JSON) -> str:
    """In each law a window, of a length of 4δ/R² or more."""
    levels = evidence.curves.levels
    if levels.low <= levels.high:
        require_witness("sweet-spot.nonempty", witness, {"context": 0})
        return "fails"
    for window, row in zip(evidence.windows, evidence.peaks, strict=True):
        if window is None:
            return "undecided"
        if isinf(window[0]) or isinf(window[1]):
            continue
        length = Fraction(window[1]) - Fraction(window[0])
        if not decide(
            lambda bits, length=length: _is_long(evidence.curves.at(bits), levels, length)
        ):
            ends = (row[levels.high], row[levels.low])
            is_sharp = all(is_narrowest(peak, evidence.unit) for peak in ends)
            require(
                is_sharp,
                "sweet-spot: brackets too wide to show that it is 4δ/R² long; make them anew",
            )
            return "undecided"
    return "holds"


def _is_long(balls: Balls, levels: Levels, length: Fraction) -> bool | None:
    """Whether a length is more than 4δ/R², if that is certain."""
    excess = ball(length) * balls.range * balls.range - 4 * balls.gap(levels.low, levels.high)
    return True if excess > 0 else False if excess < 0 else None


def _bounded(evidence: Evidence, witness: JSON) -> str:
    """What is proved of every M that is not constant; of a constant one it is left open."""
    return "holds" if evidence.curves.levels.top else "undecided"


def _separated(evidence: Evidence, witness: JSON) -> str:
    """What is proved of every M with δ > 0; without it, it is left open."""
    levels = evidence.curves.levels
    return "holds" if levels.low > levels.high else "undecided"


def _pairs(evidence: Evidence, witness: JSON) -> str:
    """δ >= g - τ, of sums of logarithms: Σ e_j log p_j(z)/p_j(y) - log e^{g-τ} / unit >= 0."""
    laws, levels = evidence.curves.laws, evidence.curves.levels
    least, most = pair_ratios(laws.instance)
    z, y = levels.first[levels.low], levels.first[levels.high]
    terms = [(e, row[z] / row[y]) for e, row in zip(laws.exponents, laws.rows, strict=True)]
    sign = sign_of_logs([*terms, (-int(1 / laws.instance.unit), least / most)])
    return "holds" if sign >= 0 else "fails"


# Claim → its conclusion, and the hypotheses that an instance may fail to meet.
_MOVES = ("non-constant-log-odds",)
_REMARK = ("concept-laws", "target-contexts", "context-off-target", "small-epsilon")
_APART = ("separation",)
CLAIMS: dict[str, tuple[Callable[[Evidence, JSON], str], tuple[str, ...]]] = {
    "lemma-b4.sign": (_sign, ("assumption-1", "target-contexts")),
    "thm-3.3.bump": (_bump, ("non-constant-log-odds", "interior-token")),
    "thm-3.3.peak-order": (_peak_order, ("separation",)),
    "thm-3.3.monotone": (_unless_constant("thm-3.3.monotone", {"token": 0}), _MOVES),
    "remark-3.4.positive-peaks": (_positive_peaks, _REMARK),
    "prop-b1.limit-plus": (_always, ()),
    "prop-b1.limit-minus": (_always, ()),
    "thm-3.6.target-increasing": (target_increasing, ("separation",)),
    "thm-3.6.vanishing": (vanishing, ("interior-concept",)),
    "thm-3.6.decreasing": (decreasing, ("non-constant-log-odds", "lowest-concept")),
    "thm-3.8.quadratic": (_always, _MOVES),
    "limit.rate": (_always, _MOVES),
    "sign-rule": (_sign_rule, _MOVES),
    "contrastive.geometric-path": (_geometric_path, ("one-law-each", "non-constant-log-odds")),
    "sweet-spot.nonempty": (_sweet_spot, ("separation",)),
    "ce.convex": (_unless_constant("ce.convex", {"strength": "0"}), _MOVES),
    **dict.fromkeys(BOUNDS, (_bounded, _MOVES)),
    "thm-3.6.growth": (_always, ()),
    "thm-3.6.logistic": (_always, ()),
    "half-saturation.bounds": (_separated, _APART),
    "strength.budget": (_separated, _APART),
    "ceiling.reverse-kl": (_always, ()),
    "ceiling.forward-kl": (_always, ()),
    "ceiling.mean-log-odds": (_always, ()),
    "side-effect.first-order": (_always, ()),
    "park.separable": (_always, ()),
    "park.together": (_always, ()),
    "sequence.divergence": (_always, ()),
    "sequence.presence": (_always, ()),
    "sequence.count": (_always, ()),
    "presence.half": (_always, ()),
    "sign-separation.order": (_bounded, _MOVES),
    "sign-separation.pairs": (_pairs, ()),
    "prompt-free.tilt": (_bounded, _MOVES),
}
# Version of the format → the claims that its certificates have.
KNOWN = {1: tuple(CLAIMS)[:20], 2: tuple(CLAIMS)}

# Of these claims the checker decides the hypotheses, exactly: for every α they hold by theorems of
# theorems/coq/Statements.v about all laws. The others it evaluates on the instance, exactly or in balls.
THEOREMS: dict[str, tuple[str, ...]] = {
    "thm-3.3.monotone": ("thm_3_3_monotone",),
    "prop-b1.limit-plus": ("prop_b1_limit_plus",),
    "prop-b1.limit-minus": ("prop_b1_limit_minus",),
    "thm-3.6.target-increasing": ("thm_3_6_target_increasing",),
    "thm-3.6.vanishing": ("thm_3_6_vanishing",),
    "thm-3.6.decreasing": ("thm_3_6_decreasing",),
    "thm-3.8.quadratic": ("thm_3_8_quadratic",),
    "limit.rate": ("limit_rate", "limit_rate_minus"),
    "ce.convex": ("ce_convex",),
    "ce.upper-bounds": ("ce_upper_bounds", "ce_upper_bennett"),
    "ce.lower-bounds": ("ce_lower_bounds", "ce_lower_merged"),
    "ce.remainder": ("ce_remainder",),
    "ce.asymptote": ("ce_asymptote", "ce_asymptote_minus"),
    "thm-3.6.growth": ("thm_3_6_growth",),
    "thm-3.6.logistic": ("thm_3_6_logistic", "thm_3_6_steepest"),
    "half-saturation.bounds": ("half_saturation_once",),
    "strength.budget": ("strength_budget", "strength_budget_best", "strength_feasible"),
    "ceiling.reverse-kl": ("ceiling_reverse_kl",),
    "ceiling.forward-kl": ("ceiling_forward_kl",),
    "ceiling.mean-log-odds": ("ceiling_mean_log_odds",),
    "side-effect.first-order": ("side_effect_first_order", "side_effect_second_order"),
    "park.separable": ("park_separable", "park_pair"),
    "park.together": ("park_together",),
    "sequence.divergence": ("sequence_divergence_bound", "sequence_divergence_convex"),
    "sequence.presence": ("sequence_presence",),
    "sequence.count": ("sequence_count",),
    "presence.half": ("presence_half", "presence_earlier"),
    "sign-separation.order": ("sign_separation_signs", "sign_separation_order"),
    "prompt-free.tilt": ("prompt_free_tilt", "prompt_free_single", "prompt_free_ends"),
}
