"""What whoever uses a strength should know first."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ufm.llm.measure.budgets import BUDGETS, KINDS

if TYPE_CHECKING:
    from ufm.llm.strength.choice import ModelStrength
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request

# A cliff: at √2 and at 2 times the strength more than so many times the cost, of a parabola 2 and 4.
_STEEP = (3.0, 8.0)
# Weak steering that saves more than this share of the budget makes the text likelier.
_HELPS = 0.2


def cautions(report: "StrengthReport", request: "Request") -> Iterator[str]:
    """What whoever uses the strength should know first."""
    from ufm.llm.strength.report import AROUND
    from ufm.llm.text.loops import ENOUGH

    choice, (price, error), around = report.choice, report.price, report.around
    slope = choice.parabola("cross_entropy").slope * choice.alpha
    yield from _price(choice, price, error, report.held_out_tokens)
    if not choice.is_monotone:
        yield "the spending turned back on the way: this is its first crossing of the budget"
    if around is not None and choice.kind != "target_mass":
        spent = around[:, KINDS.index(choice.kind)]
        here = spent[1]
        cliff = [k for k, most in ((2, _STEEP[0]), (3, _STEEP[1])) if spent[k] > most * here > 0]
        if cliff:
            yield (
                f"a cliff: {spent[cliff[0]]:.3g} {BUDGETS[choice.kind].unit} at "
                f"α = {AROUND[cliff[0]] * choice.alpha:.3g}, {spent[cliff[0]] / here:.2g} times as much"
            )
    if slope < -_HELPS * choice.budget and choice.kind != "target_mass":
        yield (
            f"weak steering makes this text likelier ({slope / choice.alpha:+.2g} α nats a token near 0): "
            "if it is in the concept's own style, choose neutral text"
        )
    loops, at_zero = report.loops_at(choice.alpha), report.loops_at(0.0)
    if loops > at_zero:
        count = len(report.texts_at(0.0))
        yield f"{loops} of {count} texts loop at α, {at_zero} at 0"
    if report.continuations and request.new_tokens < ENOUGH:
        yield f"texts of {request.new_tokens} tokens are too short to judge: a loop may come after them"
    if report.prompt_mass is not None and choice.alpha > 0:  # below 0 a smaller mass was asked for
        fallen = report.prompt_mass.windows.count(None)
        if fallen:
            yield f"after {fallen} of {len(report.prompt_mass.mass)} prompts the concept's mass has not grown"


def _price(choice: "ModelStrength", price: float, error: float, held_out: int) -> Iterator[str]:
    """What is wrong with the price on held-out text: above the budget, or of too little text to tell."""
    cure = "name more text (--text, --text-tokens)"
    if not held_out:
        yield f"the text is one window, so that none of it is held out to measure the price on: {cure}"
    elif math.isnan(error):
        is_dear = choice.kind != "target_mass" and price > choice.budget
        above = f"pays {price:.3g}, more than the budget of {choice.budget:g}, and " * is_dear
        yield (
            f"held-out text {above}is one window, from which no standard error can be told: {cure}"
        )
    elif choice.kind != "target_mass" and price - 2 * error > choice.budget:
        lower = choice.budget * choice.budget / price
        yield (
            f"held-out text pays {price:.3g}, more than the budget of {choice.budget:g} by over two standard "
            f"errors: --budget {lower:.2g} would bring it to about {choice.budget:g}; "
            f"if {price:.3g} is what you can afford, keep it"
        )
