"""The laws of a report, judged on what was measured."""

from dataclasses import asdict, replace

from ..decoder.limits import only_head_follows
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..laws import hump, plateau, tanh
from ..laws.bumps import bump_law, paper_protocol
from ..laws.circle import circle_shapes
from ..laws.hypotheses import no_limit, no_tilt, unmet_hypotheses
from ..laws.law import Law
from ..laws.log_odds import odds_law
from ..measure.slopes import Slopes
from ..measure.token_curves import Curves
from .measure import Measured


def judge_laws(
    model: LanguageModel, rows: dict[str, list[list[int]]], found: Measured, margin: float | None
) -> tuple[Law, ...]:
    """Each law with its verdict, and the hypothesis of its theorem that is unmet.

    `rows`: the prompts as tokens. `margin`: how far the concept's log-odds are above all others.
    """
    is_last = only_head_follows(model, Steering.of(found.vector))
    has_norm, is_capped = model.config.has_final_norm, model.config.final_softcap is not None
    untilted = no_tilt(is_last, is_capped, has_norm)
    unlimited = no_limit(is_last, has_norm)
    linear = found.cost.evidence.get("linear_share")
    share = linear if isinstance(linear, float) else None
    unmet = unmet_hypotheses(untilted, unlimited, margin, share)
    mass, hump_of_mass = _concept_laws(found.curves)
    laws = (
        _bumps(model, rows, found, untilted is None),
        mass,
        found.cost,
        _plateau(found.slopes, unlimited is None, found.why_no_limits),
        odds_law(found.agreement, model.blocks),
        hump_of_mass,
    )
    return tuple(law.under(unmet[law.id]) for law in laws)


def _bumps(
    model: LanguageModel, rows: dict[str, list[list[int]]], found: Measured, is_tilt: bool
) -> Law:
    """The shapes of the curves, and of those after the last block what the circle says of them."""
    curves = found.curves
    law = bump_law(
        curves.tokens,
        curves.unsteered,
        curves.increase,
        found.slopes.slopes,
        alphas=curves.alphas,
        is_tilt=is_tilt,
        beside=(paper_protocol(found.paper),),
    )
    circle = circle_shapes(model, rows["contexts"], Steering.of(found.vector), curves.tokens)
    if circle is None:
        return law
    evidence = law.evidence | {"circle": asdict(circle)}
    return replace(law, why=f"{law.why}; {circle.words}", evidence=evidence)


def _concept_laws(curves: Curves) -> tuple[Law, Law]:
    """The tanh and the hump of the concept's mass."""
    if curves.concept_mass is None:
        why = "no concept given: name its tokens with --tokens"
        return tanh.STATEMENT.not_asked(why), hump.STATEMENT.not_asked(why)
    both = curves.alphas, curves.concept_mass
    return tanh.tanh_law(*both), hump.hump_law(*both)


def _plateau(slopes: Slopes, has_limit: bool, why_none: str) -> Law:
    if slopes.far_distance is not None:
        return plateau.plateau_law(slopes.far, slopes.far_distance)
    if not has_limit:
        return plateau.STATEMENT.judged("hypotheses unmet", None, "there is no such limit", {})
    return plateau.STATEMENT.not_asked(why_none)
