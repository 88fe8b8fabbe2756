"""Conclusions on the masses of concepts: whether the target's rises, and those of others vanish or fall."""

from fractions import Fraction

from . import hypotheses as exact
from .curves import target_falls
from .evidence import Evidence
from .fields import JSON, rational, record, require, require_witness, same, whole
from .instance import Levels
from .precision import PRECISIONS


def target_increasing(evidence: Evidence, witness: JSON) -> str:
    """F_T rises where no target token is below another; elsewhere the witness shows that it does not."""
    levels, of_context = evidence.curves.levels, evidence.curves.laws.of_context
    if levels.top and levels.low >= levels.high:
        return "holds"
    if witness is None:
        is_seen = not levels.top or _is_fall_seen(evidence)
        require(
            not is_seen, "target-increasing: left undecided where F_T does not rise; make it anew"
        )
        return "undecided"
    given = record(witness, ("context", "strength"), "target-increasing: the witness")
    context, strength = whole(given["context"], "target-increasing: context"), given["strength"]
    require(context < len(of_context), f"target-increasing: there is no context {context}")
    if strength in ("+inf", "-inf"):
        is_fall = _ends_wrongly(evidence, strength == "+inf")
    else:
        at = rational(strength, "target-increasing: strength")  # any will do where M is constant
        is_fall = not levels.top or target_falls(evidence.curves, of_context[context], at)
    require(is_fall, "target-increasing: F_T does not fall at the witness")
    return "fails"


def _is_fall_seen(evidence: Evidence) -> bool:
    """Whether F_T is seen to fall at the ends, or where a certificate that looks finds it."""
    if any(_ends_wrongly(evidence, is_plus) for is_plus in (True, False)):
        return True
    for law, row in enumerate(evidence.peaks):
        middles = [(Fraction(ends[0]) + Fraction(ends[1])) / 2 for ends in row[1:-1] if ends]
        for at in (Fraction(0), *evidence.strengths, *middles):
            if target_falls(evidence.curves, law, at, PRECISIONS[:1]):
                return True
    return False


def _ends_wrongly(evidence: Evidence, is_plus: bool) -> bool:
    """Whether Mtop holds no target token, or Mbot nothing else."""
    levels, target = evidence.curves.levels, evidence.curves.laws.instance.target
    group = levels.tokens[levels.top if is_plus else 0]
    return levels.top > 0 and all(target[z] is not is_plus for z in group)


def vanishing(evidence: Evidence, witness: JSON) -> str:
    """Concepts without tokens of Mtop and Mbot vanish; where there is none, all off the target are meant."""
    curves = evidence.curves
    others = exact.off_target_concepts(curves.laws.instance)
    if exact.interior_concepts(curves.laws.instance, curves.levels) or not others:
        return "holds"
    if witness is None and evidence.version == 1:  # which leaves open which concepts are meant
        return "undecided"
    tokens, is_plus = _concept_at_an_end("thm-3.6.vanishing", witness, others)
    end = curves.levels.top if is_plus else 0
    is_kept = any(curves.levels.of_token[z] == end for z in tokens)
    require(is_kept, "thm-3.6.vanishing: the concept of the witness vanishes there")
    return "fails"


def _concept_at_an_end(
    name: str, witness: JSON, others: dict[int, list[int]]
) -> tuple[list[int], bool]:
    """The tokens of a witness's concept, which is off the target, and whether its strength is +∞."""
    require(
        witness is not None, f"{name}: it fails, and the witness names no concept; make it anew"
    )
    given = record(witness, ("concept", "strength"), f"{name}: the witness")
    concept, strength = whole(given["concept"], f"{name}: concept"), given["strength"]
    require(concept in others, f"{name}: concept {concept} is not off the target")
    is_end = same(strength, "+inf") or same(strength, "-inf")
    require(is_end, f"{name}: the strength of the witness is neither +inf nor -inf")
    return others[concept], strength == "+inf"


def decreasing(evidence: Evidence, witness: JSON) -> str:
    """Concepts below all others decrease, unless M is constant; where there is none, all are meant.

    A concept rises at an end where its extreme of M is above that of all other tokens.
    """
    name, levels = "thm-3.6.decreasing", evidence.curves.levels
    found = exact.lowest_concepts(evidence.curves.laws.instance, levels)
    if found and not levels.top:
        require_witness(name, witness, {"concept": min(found)})
        return "fails"
    others = exact.off_target_concepts(evidence.curves.laws.instance)
    if found or not others:
        return "holds"
    if witness is None:
        rising = [
            k for k, c in others.items() if any(_rises(levels, c, end) for end in (True, False))
        ]
        is_left = evidence.version == 1 or not rising
        require(
            is_left,
            f"{name}: left undecided where concept {min(rising, default=0)} rises; make it anew",
        )
        return "undecided"
    require(
        _rises(levels, *_concept_at_an_end(name, witness, others)),
        f"{name}: no rise at the witness",
    )
    return "fails"


def _rises(levels: Levels, tokens: list[int], is_plus: bool) -> bool:
    """Whether the mass of the tokens rises towards α = +∞, or comes from -∞ rising."""
    own = {levels.of_token[z] for z in tokens}
    rest = {level for z, level in enumerate(levels.of_token) if z not in tokens}
    return max(own) > max(rest) if is_plus else min(own) > min(rest)
