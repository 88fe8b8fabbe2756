"""Prints what `ufm strength` found, as pages for people or as JSON."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ufm import __version__
from ufm.llm.measure.budgets import BUDGETS, KINDS

from .lines import say
from .tables import figure, table

if TYPE_CHECKING:
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.measure.sweet_spots import SweetSpots
    from ufm.llm.strength.choose import ModelStrength, Parabola
    from ufm.llm.strength.report import Request, StrengthReport
    from ufm.llm.text.tokenizer import Tokenizer

_MOST_PROMPTS = 8  # whose sweet spots are listed; --json lists all


def strength_json(
    reports: "list[StrengthReport]",
    request: "Request",
    model: "LanguageModel",
    tokenizer: "Tokenizer",
) -> dict[str, object]:
    """What `ufm strength --json` prints."""
    return {
        "version": __version__,
        "model": model.source.name,
        "fingerprint": model.source.fingerprint,
        "rounding": model.source.rounding,
        "dtype": str(model.dtype),
        "kind": request.kind,
        "budget": request.budget,
        "target_tokens": None if request.target is None else int(request.target.sum()),
        "windows": len(request.windows),
        "length": request.length,
        "seed": request.seed,
        "temperature": request.temperature,
        "positions": "all",
        "blocks": [report.as_json(tokenizer.text_after) for report in reports],
    }


def print_strength(
    reports: "list[StrengthReport]",
    request: "Request",
    model: "LanguageModel",
    tokenizer: "Tokenizer",
    text: Path,
    console: Console,
) -> None:
    """A section for each block, then a line for each when there are several."""
    unit = BUDGETS[request.kind].unit or "of the mass"
    say(console, f"{model.source.name}: {request.kind} budget {request.budget:g} {unit}")
    if model.source.caveat is not None:
        say(console, model.source.caveat)
    say(
        console,
        f"text {text}: {len(request.windows)} windows of up to {request.length} tokens; v is added at "
        "every position, the new ones included",
    )
    if request.target is not None:
        say(console, f"target: {int(request.target.sum())} of {request.target.size} tokens")
    for part in chain.from_iterable(_section(report, request, tokenizer) for report in reports):
        if isinstance(part, str):
            say(console, part)
        else:
            console.print(part)
    if len(reports) > 1:
        console.print()
        console.print(_summary(reports, request))


def _section(
    report: "StrengthReport", request: "Request", tokenizer: "Tokenizer"
) -> Iterator[str | Table]:
    """What is said of one block."""
    yield ""
    yield from _choice(report)
    yield from _costs(report, request)
    if report.spots is not None:
        yield from _spots(report.spots, report.choice)
    yield from _texts(report, request, tokenizer)
    if report.differs_at_zero is None:
        yield "α = 0 is the unsteered model, bit for bit"
    else:
        yield f"α = 0 is NOT the unsteered model: {report.differs_at_zero} differ"


def _choice(report: "StrengthReport") -> Iterator[str]:
    choice, vector = report.choice, report.vector
    where = "after the final norm" if choice.site == "post-norm" else f"after block {choice.layer}"
    yield f"{where}: |v| = {vector.norm:.6g}, median |h| = {vector.hidden_norm:.6g}"
    if not choice.reachable:
        flat = "has levelled off" if choice.is_plateau else "has not levelled off"
        limit = "" if choice.limit is None else f"; its limit for α → ∞ is {choice.limit:.6g}"
        norms = choice.furthest * choice.scale
        yield (
            f"UNREACHABLE: up to α = {choice.furthest:.6g} ({norms:.6g} of a usual hidden state) the "
            f"nearest is {choice.largest:.6g}, at α = {choice.largest_alpha:.6g}; there the spending "
            f"{flat}{limit}"
        )
        return
    low, high = choice.bracket
    yield (
        f"α = {choice.alpha:.9g} in [{low:.9g}, {high:.9g}]: {choice.relative:.6g} of a usual hidden "
        f"state, in [{low * choice.scale:.6g}, {high * choice.scale:.6g}]"
    )
    turn = (
        "the spending never turned back on the way"
        if choice.is_monotone
        else "the spending is NOT monotone: this is its first crossing"
    )
    yield f"searched outward from 0 at {choice.scanned.size} strengths, each √2 times the last: {turn}"


def _costs(report: "StrengthReport", request: "Request") -> Iterator[str | Table]:
    choice = report.choice
    if choice.reachable:
        yield _spending(report, request)
        held = report.held_out_tokens or "none, as there is but one window"
        yield (
            f"tokens: chosen on {choice.tokens}, held out {held}; predicted by the exact derivatives at 0: "
            f"{_formula(choice.parabola(request.kind))}"
        )
        if not math.isnan(choice.quadratic_alpha):
            yield f"that parabola alone would say α = {choice.quadratic_alpha:.6g}"
    if report.prompt_mass is not None:
        before, after = report.prompt_mass
        yield (
            f"target mass on the text at α = 0: {choice.unsteered_target_mass:.6g}; after the prompts: "
            f"{before:.6g} at 0" + (f", {after:.6g} at α" if choice.reachable else "")
        )


def _spending(report: "StrengthReport", request: "Request") -> Table:
    choice = report.choice
    numbers = ("predicted", "chosen on", "held out", "± s.e.")
    spending = table("at α", *numbers, right=numbers)
    for k, (kind, (name, unit)) in enumerate(BUDGETS.items()):
        if kind == "target_mass" and request.target is None:
            continue
        predicted = choice.parabola(kind)(choice.alpha)
        title = f"{name}, {unit}" if unit else name
        mark = " *" if kind == request.kind else ""
        cells = [predicted, choice.spent[k], report.held_out[k], report.held_out_error[k]]
        spending.add_row(title + mark, *map(figure, cells))
    return spending


def _formula(parabola: "Parabola") -> str:
    start = f"{parabola.value:.4g} " if parabola.value else ""
    return f"{start}{parabola.slope:+.4g} α {0.5 * parabola.curvature:+.4g} α²"


def _spots(spots: "SweetSpots", choice: "ModelStrength") -> Iterator[str]:
    prompts, windows = len(spots.windows), enumerate(spots.windows)
    yield (
        f"sweet spots (at most {spots.tolerance:g} of the target's mass on falling tokens, and of the rest's "
        f"on rising ones) on α in [{spots.alphas[0]:.4g}, {spots.alphas[-1]:.4g}]: "
        f"{prompts - spots.windows.count(None)} of {prompts} prompts have one"
    )
    for j, window in islice(windows, _MOST_PROMPTS):
        shown = "none" if window is None else f"[{window[0]:.5g}, {window[1]:.5g}]"
        yield f"  prompt {j}: {shown}"
    if prompts > _MOST_PROMPTS:
        yield f"  … and {prompts - _MOST_PROMPTS} more: see --json"
    alpha, count = spots.best
    if spots.common is not None:
        low, high = spots.common
        yield f"one α serves all prompts: any in [{low:.5g}, {high:.5g}]"
    elif count:
        yield f"no one α serves all prompts; α = {alpha:.5g} serves {count} of {prompts}"
    if choice.reachable:
        yield f"the chosen α serves {spots.serves(choice.alpha)} of {prompts}"


def _texts(report: "StrengthReport", request: "Request", tokenizer: "Tokenizer") -> Iterator[str]:
    from ufm.llm.text.loops import RULE

    how = f"temperature {request.temperature:g}" if request.temperature else "most likely token"
    yield f"continuations of {request.new_tokens} tokens ({how}, seed {request.seed})"
    yield RULE
    yield f"  after: {tokenizer.decode(request.prompts[0])}"
    alphas = list(dict.fromkeys(text.alpha for text in report.continuations))
    for alpha, name in zip(alphas, ("0", "α/2", "α", "2α"), strict=False):
        texts = [text for text in report.continuations if text.alpha == alpha]
        verdicts = Counter(text.loop.verdict for text in texts)
        short = f", {verdicts['too short']} too short to judge" if verdicts["too short"] else ""
        yield f"  {name} = {alpha:.6g}: {verdicts['loops']} of {len(texts)} loop{short}"
        yield f"    {tokenizer.text_after(texts[0].tokens)}"


def _summary(reports: "list[StrengthReport]", request: "Request") -> Table:
    columns = ("block", "α", "α|v|/|h|", "held out", "target mass", "loop at α")
    blocks = table(*columns, right=columns)
    k = KINDS.index(request.kind)
    for report in reports:
        choice = report.choice
        here = [t for t in report.continuations if t.alpha == choice.alpha]
        loops = sum(t.loop.verdict == "loops" for t in here)
        blocks.add_row(
            str(choice.layer),
            figure(choice.alpha) if choice.reachable else "unreachable",
            figure(choice.relative) if choice.reachable else "",
            figure(report.held_out[k]),
            figure(report.held_out[3]),
            f"{loops}/{len(here)}" if here else "",
        )
    return blocks
