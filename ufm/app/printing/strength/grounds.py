"""What a strength rests on: the search, the prompts of the vector, and the target after the prompts."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ufm.llm.measure.budgets import BUDGETS

if TYPE_CHECKING:
    from ufm.llm.measure.sweet_spots import SweetSpots
    from ufm.llm.strength.choice import ModelStrength
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.spread import Spread


def search(report: "StrengthReport") -> Iterator[str]:
    """How the strength was found, and how far the derivatives at 0 alone would have led."""
    from ufm.llm.strength.choice import TRUSTED

    choice, vector = report.choice, report.vector
    parabola = choice.parabola(choice.kind)
    low, high = choice.bracket
    yield (
        f"α is in [{low:.5g}, {high:.5g}], {choice.relative:.4g} of a usual hidden state: "
        f"|v| = {vector.norm:.5g}, median |h| = {vector.hidden_norm:.5g}"
    )
    turn = "the spending never turned back" if choice.is_monotone else "the spending turned back"
    yield (
        f"looked outward from 0 at {choice.scanned.size} strengths, then between two: {turn}; a crossing and "
        "its return between two would be missed"
    )
    start = f"{parabola.value:.4g} " if parabola.value else ""
    first = choice.looked_at[0, 0]
    trust = (
        f"within {TRUSTED:.0%} up to α = {choice.trusted:.5g}"
        if choice.trusted
        else f"off by more than {TRUSTED:.0%} at the first strength looked at, α = {first:.5g}"
    )
    alone = choice.quadratic_alpha
    yield (
        f"the exact parabola {start}{parabola.slope:+.4g} α {0.5 * parabola.curvature:+.4g} α² is "
        f"{trust}" + ("" if math.isnan(alone) else f"; alone it says α = {alone:.5g}")
    )


def other_prompts(report: "StrengthReport") -> Iterator[str]:
    """How far the answer rests on which prompts the vector was measured on."""
    from ufm.llm.strength.guarantee import LEVEL as KEPT
    from ufm.llm.strength.spread import LEVEL

    spread, guarantee = report.spread, report.guarantee
    if spread is not None:
        p, n = spread.prompts
        names = {
            "alpha": "α",
            "price": BUDGETS[report.choice.kind].name,
            "mass": "mass after prompts",
        }
        found = {name: spread.interval(name) for name in names}
        parts = [
            f"{title} {found[name].low:.3g} to {found[name].high:.3g}"
            for name, title in names.items()
            if not math.isnan(found[name].low)
        ]
        yield (
            f"with other prompts for the vector ({p} and {n}, {LEVEL:.0%} of {len(spread.resampled.alpha)} "
            f"resamples, to first order): {', '.join(parts)}"
        )
        yield _more_prompts(spread)
    if guarantee is not None:
        yield (
            f"M is known within η = {guarantee.error:.4g} a unit of α at {KEPT:.0%}: up to α = "
            f"{guarantee.alpha:.4g} the true M keeps the budget on the text chosen on"
        )


def _more_prompts(spread: "Spread") -> str:
    """How many prompts would halve the spread, and whether that was checked."""
    p, n = spread.prompts_to_halve
    halves, follows = len(spread.halves.alpha), spread.follows_root
    if follows is None:
        return f"{p} and {n} prompts would halve that if it falls as 1/√n, which --halves 8 checks"
    ratio = spread.halves_error("alpha") / spread.interval("alpha").error
    seen = (
        f"{halves} divisions of the prompts in halves give an α that is "
        f"{spread.halves_shift('alpha'):+.3g} off on average, and {ratio:.2g} times this spread"
    )
    if follows:
        return f"{p} and {n} prompts would halve that: {seen}"
    return f"how many prompts would halve that is unknown: {seen}"


def mass_after_prompts(report: "StrengthReport") -> Iterator[str]:
    """Where the target's mass grows, prompt by prompt."""
    choice, mass = report.choice, report.prompt_mass
    if mass is None:
        return
    yield (
        f"target mass at α = 0: on the text {choice.unsteered_target_mass:.4g}, after the prompts "
        f"{mass.at(0.0):.4g}"
    )
    if not choice.reachable:
        return
    windows = mass.windows
    starts = sorted(abs(window.low) for window in windows if window is not None)
    if starts:
        of = (
            f"{len(starts)} prompts"
            if None not in windows
            else f"{len(starts)} of {len(windows)} prompts"
        )
        yield (
            f"of use: half of what the budget buys after a prompt is there from α = {np.median(starts):.4g} "
            f"on (median of {of}; {starts[0]:.4g} to {starts[-1]:.4g}); at {abs(choice.alpha):.4g} the "
            "budget ends"
        )


def sweet_spots(spots: "SweetSpots", choice: "ModelStrength") -> str:
    """The theory's sweet spot, in one line."""
    prompts = len(spots.windows)
    having = prompts - spots.windows.count(None)
    serves = ""
    if having and choice.reachable:
        serves = f", α is in that of {spots.serves(choice.alpha)}"
    return (
        f"sweet spot of the theory (target tokens rise, all others fall, but for {spots.tolerance:.0%} of "
        f"the mass): {having} of {prompts} prompts have one{serves}"
    )


def inseparability(found: np.ndarray) -> str:
    """How far the vector is from separable, in one line."""
    middle, low, high = (float(x) for x in (np.median(found), found.min(), found.max()))
    return (
        f"inseparability {middle:.3f} (median of {found.size} prompts; {low:.3f} to {high:.3f}): "
        "Var(M | not T) / Var(M), M the slopes of the logits at α = 0; 0 if all that is off the target "
        "falls together"
    )
