"""The checker's own conclusions: what the confirmed evidence says of each claim."""

from fractions import Fraction
from math import isinf
from typing import Any

from flint import ctx, fmpz

from .._balls import ball
from .instance import rational, require

# Claim → the hypotheses that an instance may fail to meet.
_MOVES = ("non-constant-log-odds",)
NEEDED: dict[str, tuple[str, ...]] = {
    "lemma-b4.sign": ("assumption-1", "target-contexts"),
    "thm-3.3.bump": ("non-constant-log-odds", "interior-token"),
    "thm-3.3.peak-order": ("separation",),
    "thm-3.3.monotone": _MOVES,
    "remark-3.4.positive-peaks": (
        "concept-laws",
        "target-contexts",
        "context-off-target",
        "small-epsilon",
    ),
    "prop-b1.limit-plus": (),
    "prop-b1.limit-minus": (),
    "thm-3.6.target-increasing": ("separation",),
    "thm-3.6.vanishing": ("interior-concept",),
    "thm-3.6.decreasing": ("non-constant-log-odds", "lowest-concept"),
    "thm-3.8.quadratic": _MOVES,
    "limit.rate": _MOVES,
    "sign-rule": _MOVES,
    "contrastive.geometric-path": ("one-law-each", "non-constant-log-odds"),
    "sweet-spot.nonempty": ("separation",),
    "ce.convex": _MOVES,
    "ce.upper-bounds": _MOVES,
    "ce.lower-bounds": _MOVES,
    "ce.remainder": _MOVES,
    "ce.asymptote": _MOVES,
}


def conclusion(name: str, check: Any, witness: Any) -> str:
    """ "holds", "fails" or "undecided" from what `check` has confirmed; a failure needs its witness."""
    if name.startswith("ce.") and name != "ce.convex":
        return "holds" if name in check.bounds else "undecided"
    return _CONCLUSIONS[name](check, witness)


def _sign(check: Any, witness: Any) -> str:
    wrong = [z for z, flag in enumerate(check.laws.target) if (check.laws.sign(z) > 0) != flag]
    if not wrong:
        return "holds"
    require(
        isinstance(witness, dict) and witness.get("token") in wrong, "lemma-b4.sign: no witness"
    )
    return "fails"


def _bump(check: Any, witness: Any) -> str:
    return "undecided" if any(None in peaks for peaks in check.peaks) else "holds"


def _monotone(check: Any, witness: Any) -> str:
    return _constant_fails(check, witness, {"token": 0})


def _constant_fails(check: Any, witness: Any, expected: dict[str, Any]) -> str:
    if check.top:
        return "holds"
    require(witness == expected, "no witness that M is constant")
    return "fails"


def _peak_order(check: Any, witness: Any) -> str:
    ordered, broken = True, check.low <= check.high
    for peaks in check.peaks:
        first, last = peaks[check.low], peaks[check.high]
        if first is None or last is None:
            return "undecided"
        ordered &= bool(_ends(last)[1] < _ends(first)[0])
        broken &= check.low == check.high or bool(_ends(first)[1] < _ends(last)[0])
    if broken:
        laws, level = check.laws, check.level
        y, z = witness["target"], witness["other"]
        shown = laws.target[y] and not laws.target[z] and level[y] <= level[z]
        require(shown and 0 <= witness["context"] < len(laws.rows), "peak-order: no witness")
        return "fails"
    return "holds" if ordered else "undecided"


def _ends(peak: Any) -> tuple[Any, Any]:
    return peak if isinstance(peak, tuple) else (peak, peak)


def _peak_sign(check: Any, law: int, level: int) -> int | None:
    peak = check.peaks[law][level]
    if peak is None:
        return None
    low, high = _ends(peak)
    if low >= 0 or high <= 0:
        return 1 if low >= 0 else -1
    return 0 if check.curves.rests_at_zero(law, level) else None


def _positive_peaks(check: Any, witness: Any) -> str:
    signs = {}
    for j in check.laws.contexts_off():
        for z, flag in enumerate(check.laws.target):
            if flag:
                signs[j, z] = _peak_sign(check, check.laws.law[j], check.level[z])
    if any(sign is not None and sign <= 0 for sign in signs.values()):
        sign = signs.get((witness["context"], witness["token"]))
        require(sign is not None and sign <= 0, "remark-3.4: no witness")
        return "fails"
    return "undecided" if None in signs.values() else "holds"


def _always(check: Any, witness: Any) -> str:
    return "holds"


def _target_increasing(check: Any, witness: Any) -> str:
    if check.top and check.low >= check.high:
        return "holds"
    if witness is None:
        return "undecided"
    strength, law = witness["strength"], check.laws.law[witness["context"]]
    if strength in ("+inf", "-inf"):
        group = check.levels[check.top if strength == "+inf" else 0]
        wrong = [check.laws.target[z] is (strength == "-inf") for z in group]
        require(check.top > 0 and all(wrong), "target-increasing: the limit is no witness")
    elif check.top:
        at = rational(strength, "target-increasing: strength")
        require(check.curves.target_falls(law, at), "target-increasing: no fall at the witness")
    return "fails"


def _vanishing(check: Any, witness: Any) -> str:
    is_vacuous = not check.laws.parts()
    return "holds" if is_vacuous or check.laws.interior(check.level, check.top) else "undecided"


def _decreasing(check: Any, witness: Any) -> str:
    found = check.laws.lowest(check.level)
    if found and not check.top:
        require(witness == {"concept": min(found)}, "decreasing: no witness")
        return "fails"
    return "holds" if found or not check.laws.parts() else "undecided"


def _quadratic(check: Any, witness: Any) -> str:
    return "holds" if not check.top or "ce.remainder" in check.bounds else "undecided"


def _convex(check: Any, witness: Any) -> str:
    return _constant_fails(check, witness, {"strength": "0"})


def _sign_rule(check: Any, witness: Any) -> str:
    """Side of M(z) against Σ_y p(y) M(y), written as divergences, and side of the peak."""
    if not check.top:
        return "undecided"
    agrees = any(_sides_agree(check, precision) for precision in (256, 1024, 4096))
    return "holds" if agrees else "undecided"


def _sides_agree(check: Any, precision: int) -> bool:
    laws = check.laws
    with ctx.workprec(precision):
        odds = laws.odds([group[0] for group in check.levels], precision)
        logs = [[ball(p).log() for p in row] for row in laws.kept]
        for c, row in enumerate(laws.kept):
            divergences = [
                sum(
                    (ball(p) * (u - v) for p, u, v in zip(row, logs[c], other, strict=True)),
                    ball(0),
                )
                for other in logs
            ]
            threshold = -sum(
                (ball(w) * d for w, d in zip(laws.kept_shares, divergences, strict=True)), ball(0)
            )
            for k, m in enumerate(odds):
                side = 1 if m > threshold else -1 if m < threshold else 0
                sign = 1 if k == check.top else -1 if k == 0 else _peak_sign(check, c, k)
                if sign != side:
                    return False
    return True


def _geometric_path(check: Any, witness: Any) -> str:
    """With one law in N: M(z) - log(p_T(z)/p_N(z)) is the same for all z, by whole numbers."""
    laws = check.laws
    start, goal = (laws.law[indices[0]] for indices in (laws.negative, laws.positive))
    if any(laws.law[j] != start for j in laws.negative):
        require(laws.law[witness["context"]] != start, "geometric-path: no witness")
        return "fails"
    scale = sum(laws.exponent[j] for j in laws.positive)  # e_j sum to ± scale over P and N
    exponents = list(laws.kept_exponent)
    exponents[start] += scale
    exponents[goal] -= scale
    for z in range(1, len(laws.target)):
        over, under = fmpz(1), fmpz(1)
        for row, e in zip(laws.kept, exponents, strict=True):
            ratio = row[z] / row[0]
            over *= fmpz(ratio.numerator if e > 0 else ratio.denominator) ** abs(e)
            under *= fmpz(ratio.denominator if e > 0 else ratio.numerator) ** abs(e)
        if over != under:
            require(isinstance(witness, dict) and "token" in witness, "geometric-path: no witness")
            return "fails"
    return "holds"


def _sweet_spot(check: Any, witness: Any) -> str:
    if check.low <= check.high:
        require(witness == {"context": 0}, "sweet-spot: no witness")
        return "fails"
    for window in check.windows:
        if window is None or not window[0] < window[1]:
            return "undecided"
        if isinf(window[0]) or isinf(window[1]):
            continue
        with ctx.workprec(256):
            delta, spread = check.curves.gap(check.low, check.high), check.curves.gap(check.top, 0)
            if not ball(Fraction(window[1] - window[0])) * spread * spread > 4 * delta:
                return "undecided"
    return "holds"


_CONCLUSIONS = {
    "lemma-b4.sign": _sign,
    "thm-3.3.bump": _bump,
    "thm-3.3.peak-order": _peak_order,
    "thm-3.3.monotone": _monotone,
    "remark-3.4.positive-peaks": _positive_peaks,
    "prop-b1.limit-plus": _always,
    "prop-b1.limit-minus": _always,
    "thm-3.6.target-increasing": _target_increasing,
    "thm-3.6.vanishing": _vanishing,
    "thm-3.6.decreasing": _decreasing,
    "thm-3.8.quadratic": _quadratic,
    "limit.rate": _always,
    "sign-rule": _sign_rule,
    "contrastive.geometric-path": _geometric_path,
    "sweet-spot.nonempty": _sweet_spot,
    "ce.convex": _convex,
}
