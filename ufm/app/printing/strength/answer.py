"""The strength to use, what it costs, and what weaker and stronger steering costs."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from ufm.llm.measure.budgets import BUDGETS, KINDS

from ..lines import name_blocks
from ..tables import figure, table
from .cautions import cautions

if TYPE_CHECKING:
    from ufm.llm.strength.choice import ModelStrength
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request


def answer(report: "StrengthReport", request: "Request", lead: str) -> Iterator[str]:
    """The line to act on, and what may be wrong with it."""
    choice, (price, error) = report.choice, report.price
    on = "held-out text" if report.held_out_tokens else "the text it was chosen on"
    spread = "" if math.isnan(error) else f" ± {error:.2g}"
    loss = (report.held_out if report.held_out_tokens else choice.spent)[0]
    perplexity = f"perplexity {math.expm1(loss):+.0%}"
    name, unit = BUDGETS[choice.kind]
    if choice.kind == "cross_entropy":
        spent = f"{price:+.3g}{spread} {unit} on {on} ({perplexity})"
    else:
        spent = f"{name} {price:.3g}{spread} on {on} ({loss:+.3g} nats a token, {perplexity})"
    if report.prompt_mass is not None:
        before, after = (report.prompt_mass.at(a) for a in (0.0, choice.alpha))
        spent += f", concept's mass after the prompts {before:.2g} → {after:.2g}"
    share = f"{choice.relative:.0%} of a usual hidden state"
    yield f"{lead} α = {choice.alpha:.4g} {where_added(choice)} ({share}): {spent}"
    for warning in cautions(report, request):
        yield f"WARNING: {warning}"


def where_added(choice: "ModelStrength") -> str:
    """Where v is added, in words."""
    if choice.site == "post-norm":
        return "after the final norm"
    return f"after {name_blocks(choice.layer)}" + (
        " at once" if isinstance(choice.layer, tuple) else ""
    )


def unreachable(report: "StrengthReport") -> str:
    """How near the spending came to a budget that no strength reaches."""
    choice = report.choice
    flat = "has levelled off" if choice.is_plateau else "has not levelled off"
    limit = "" if choice.limit is None else f"; its limit for α → ∞ is {choice.limit:.5g}"
    norms = choice.furthest * choice.scale
    return (
        f"UNREACHABLE: up to α = {choice.furthest:.5g} {where_added(choice)} ({norms:.5g} of a usual hidden "
        f"state) the nearest is {choice.largest:.5g}, at α = {choice.largest_alpha:.5g}; there the spending "
        f"{flat}{limit}"
    )


def spending(report: "StrengthReport", request: "Request") -> Table:
    """What is spent at the strength, kind by kind."""
    choice = report.choice
    numbers = ("parabola", "chosen on", "held out", "± s.e.")
    spending = table(f"at α = {choice.alpha:.5g}", *numbers, right=numbers)
    for k, (kind, (name, unit)) in enumerate(BUDGETS.items()):
        if kind == "target_mass" and request.target is None:
            continue
        predicted = choice.parabola(kind)(choice.alpha)
        title = f"{name}, {unit}" if unit else f"{name} on the text"
        mark = " *" if kind == request.kind else ""
        cells = [predicted, choice.spent[k], report.held_out[k], report.held_out_error[k]]
        spending.add_row(title + mark, *(figure(x, ".4g") for x in cells))
    shares = {
        "efficiency at KL(p0||pα)": report.efficiency,
        "share of that KL on the target": report.on_target,
    }
    for name, share in shares.items():
        if not math.isnan(share):
            shown = f"{share:.1%}"
            cells = ["", shown] if report.held_out_tokens else [shown, ""]
            spending.add_row(name, "", *cells, "")
    held = str(report.held_out_tokens) if report.held_out_tokens else "none"
    spending.add_row("tokens", "", str(choice.tokens), held, "")
    return spending


def around(report: "StrengthReport", request: "Request") -> Iterator[Table]:
    """What weaker and stronger steering spends and brings."""
    from ufm.llm.strength.report import AROUND

    choice, mass, around = report.choice, report.prompt_mass, report.around
    if around is None:
        return
    column, parabola = KINDS.index(request.kind), choice.parabola(request.kind)
    half = "held out" if report.held_out_tokens else "chosen on"
    shown = [f"{BUDGETS[request.kind].name},\n{half}", "parabola,\nchosen on", "\nperplexity"]
    shown += [] if mass is None else ["mass after\nprompts"]
    names = ("\nα", *shown, *["\nloops"] * bool(report.continuations))
    made = table("\naround it", *names, right=names)
    for label, share, spent in zip(("α/2", "α", "√2 α", "2α"), AROUND, around, strict=True):
        alpha = share * choice.alpha
        cells = [figure(spent[column], ".4g"), figure(parabola(alpha), ".4g")]
        cells.append(f"{math.expm1(spent[0]):+.0%}")
        cells += [] if mass is None else [figure(mass.at(alpha), ".3g")]
        texts = report.texts_at(alpha)
        if report.continuations:
            cells.append(f"{report.loops_at(alpha)}/{len(texts)}" if texts else "")
        made.add_row(label, f"{alpha:.5g}", *cells)
    yield made
