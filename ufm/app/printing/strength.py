"""Prints what `ufm strength` found, as pages for people or as JSON."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ufm import __version__
from ufm._visible import visible
from ufm.llm.measure.budgets import BUDGETS, KINDS
from ufm.llm.text.examples import name_of

from .goal import goal_answer, goal_tables
from .lines import name_blocks, paragraph, print_table, say
from .tables import figure, shortened, side_by_side, table

if TYPE_CHECKING:
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.measure.sweet_spots import SweetSpots
    from ufm.llm.strength.choose import ModelStrength
    from ufm.llm.strength.report import Continuation, Request, StrengthReport
    from ufm.llm.strength.spread import Spread
    from ufm.llm.text.tokenizer import Tokenizer

# A cliff: at √2 and at 2 times the strength more than so many times the cost, of a parabola 2 and 4.
_STEEP = (3.0, 8.0)
# Weak steering that saves more than this share of the budget makes the text likelier.
_HELPS = 0.2
_NAMES = ("α/2", "α", "2α")


def strength_json(
    reports: "list[StrengthReport]",
    request: "Request",
    model: "LanguageModel",
    tokenizer: "Tokenizer",
    is_chat: bool,
) -> dict[str, object]:
    """What `ufm strength --json` prints; `is_chat`: prompts were put into the model's chat template."""
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
        "chat": is_chat,
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
    goals: "Sequence[GoalChoice]" = (),
) -> None:
    """A section for each block, then a line for each when there are several.

    Where a presence is the goal, its answer comes first, and what the answer rests on last.
    """
    _show(goal_answer(goals, reports, request.new_tokens), console)
    unit = BUDGETS[request.kind].unit or "of the mass"
    say(console, f"{model.source.name}: {request.kind} budget {request.budget:g} {unit}")
    if model.source.caveat is not None:
        paragraph(console, model.source.caveat)
    paragraph(
        console,
        f"text {name_of(text)}: {len(request.windows)} windows of up to {request.length} tokens; v is added "
        "at every position, the new ones included",
    )
    if request.target is not None:
        say(console, f"target: {int(request.target.sum())} of {request.target.size} tokens")
    lead = "The budget ends at" if goals else "Use"
    for report in reports:
        _show(_section(report, request, tokenizer, console.width, lead), console)
    if len(reports) > 1:
        console.print()
        console.print(_summary(reports, request))
    _show(goal_tables(goals, reports, tokenizer.decode(request.prompts[0]), console.width), console)


def _show(parts: Iterator[str | Table], console: Console) -> None:
    """Print lines and tables."""
    for part in parts:
        if isinstance(part, str):
            paragraph(console, part)
        else:
            print_table(console, part, is_wide=True)


def all_texts(reports: "list[StrengthReport]", request: "Request", tokenizer: "Tokenizer") -> str:
    """All continuations of all contexts, as text to read."""
    parts = []
    for report in reports:
        for text in report.continuations:
            prompt = tokenizer.decode(request.prompts[text.prompt])
            after = tokenizer.text_after(text.tokens)
            end = "ended by the model" if text.ended else f"cut at {len(text.tokens)} tokens"
            parts.append(
                f"=== {name_blocks(report.choice.layer)}, prompt {text.prompt}, α = {text.alpha:.5g}: "
                f"{text.loop.verdict}; {end}\n{prompt}>>>{after}\n"
            )
    return "\n".join(parts)


def _section(
    report: "StrengthReport", request: "Request", tokenizer: "Tokenizer", width: int, lead: str
) -> Iterator[str | Table]:
    """What is said of one block: the answer, which begins with `lead`, then what it rests on."""
    choice = report.choice
    yield ""
    if choice.reachable:
        yield from _answer(report, request, lead)
        yield ""
        yield _spending(report, request)
        yield ""
        yield from _around(report, request)
        yield ""
        yield from _search(report)
        yield from _other_prompts(report)
    else:
        yield _unreachable(report)
    yield from _mass(report)
    if report.spots is not None:
        yield _spots(report.spots, choice)
    if report.inseparability is not None:
        yield _inseparability(report.inseparability)
    yield ""
    yield from _texts(report, request, tokenizer, width)
    yield ""
    if report.differs_at_zero is None:
        yield "α = 0 is the unsteered model, bit for bit"
    else:
        yield f"α = 0 is NOT the unsteered model: {report.differs_at_zero} differ"


def _where(choice: "ModelStrength") -> str:
    if choice.site == "post-norm":
        return "after the final norm"
    return f"after {name_blocks(choice.layer)}" + (
        " at once" if isinstance(choice.layer, tuple) else ""
    )


def _answer(report: "StrengthReport", request: "Request", lead: str) -> Iterator[str]:
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
    yield f"{lead} α = {choice.alpha:.4g} {_where(choice)} ({share}): {spent}"
    for warning in _warnings(report, request):
        yield f"WARNING: {warning}"


def _warnings(report: "StrengthReport", request: "Request") -> Iterator[str]:
    """What whoever uses the strength should know first."""
    from ufm.llm.strength.report import AROUND
    from ufm.llm.text.loops import ENOUGH

    choice, (price, error), around = report.choice, report.price, report.around
    slope = choice.parabola("cross_entropy").slope * choice.alpha
    if choice.kind != "target_mass" and price - 2 * error > choice.budget:
        yield (
            f"held-out text pays {price:.3g}, more than the budget of {choice.budget:g} by over two standard "
            "errors: read more text, or lower --budget"
        )
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
    if request.new_tokens < ENOUGH:
        yield f"texts of {request.new_tokens} tokens are too short to judge: a loop may come after them"
    if report.prompt_mass is not None and choice.alpha > 0:  # below 0 a smaller mass was asked for
        fallen = report.prompt_mass.windows.count(None)
        if fallen:
            yield f"after {fallen} of {len(report.prompt_mass.mass)} prompts the concept's mass has not grown"


def _unreachable(report: "StrengthReport") -> str:
    choice = report.choice
    flat = "has levelled off" if choice.is_plateau else "has not levelled off"
    limit = "" if choice.limit is None else f"; its limit for α → ∞ is {choice.limit:.5g}"
    norms = choice.furthest * choice.scale
    return (
        f"UNREACHABLE: up to α = {choice.furthest:.5g} {_where(choice)} ({norms:.5g} of a usual hidden "
        f"state) the nearest is {choice.largest:.5g}, at α = {choice.largest_alpha:.5g}; there the spending "
        f"{flat}{limit}"
    )


def _spending(report: "StrengthReport", request: "Request") -> Table:
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


def _around(report: "StrengthReport", request: "Request") -> Iterator[Table]:
    """What weaker and stronger steering spends and brings."""
    from ufm.llm.strength.report import AROUND

    choice, mass, around = report.choice, report.prompt_mass, report.around
    if around is None:
        return
    column, parabola = KINDS.index(request.kind), choice.parabola(request.kind)
    shown = [BUDGETS[request.kind].name, "parabola", "perplexity"]
    shown += [] if mass is None else ["mass after prompts"]
    names = ("α", *shown, "loops")
    made = table("around it", *names, right=names, wraps=("mass after prompts",))
    for label, share, spent in zip(("α/2", "α", "√2 α", "2α"), AROUND, around, strict=True):
        alpha = share * choice.alpha
        cells = [figure(spent[column], ".4g"), figure(parabola(alpha), ".4g")]
        cells.append(f"{math.expm1(spent[0]):+.0%}")
        cells += [] if mass is None else [figure(mass.at(alpha), ".3g")]
        texts = report.texts_at(alpha)
        loops = f"{report.loops_at(alpha)}/{len(texts)}" if texts else ""
        made.add_row(label, f"{alpha:.5g}", *cells, loops)
    yield made


def _search(report: "StrengthReport") -> Iterator[str]:
    """How the strength was found, and how far the derivatives at 0 alone would have led."""
    from ufm.llm.strength.choose import TRUSTED

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
    trust = f"up to α = {choice.trusted:.5g}" if choice.trusted else "nowhere looked at"
    alone = choice.quadratic_alpha
    yield (
        f"the exact parabola {start}{parabola.slope:+.4g} α {0.5 * parabola.curvature:+.4g} α² is within "
        f"{TRUSTED:.0%} {trust}" + ("" if math.isnan(alone) else f"; alone it says α = {alone:.5g}")
    )


def _other_prompts(report: "StrengthReport") -> Iterator[str]:
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


def _mass(report: "StrengthReport") -> Iterator[str]:
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
        middle = starts[len(starts) // 2]
        yield (
            f"of use: half of what the budget buys after a prompt is there from α = {middle:.4g} on (median "
            f"of {len(windows)} prompts; {starts[0]:.4g} to {starts[-1]:.4g}); at {abs(choice.alpha):.4g} "
            "the budget ends"
        )


def _spots(spots: "SweetSpots", choice: "ModelStrength") -> str:
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


def _inseparability(found: np.ndarray) -> str:
    """How far the vector is from separable, in one line."""
    middle, low, high = (float(x) for x in (np.median(found), found.min(), found.max()))
    return (
        f"inseparability {middle:.3f} (median of {found.size} prompts; {low:.3f} to {high:.3f}): "
        "Var(M | not T) / Var(M), M the slopes of the logits at α = 0; 0 if all that is off the target "
        "falls together"
    )


def _texts(
    report: "StrengthReport", request: "Request", tokenizer: "Tokenizer", width: int
) -> Iterator[str | Table]:
    """The texts of the first prompt side by side."""
    how = f"temperature {request.temperature:g}" if request.temperature else "most likely tokens"
    count = len(report.texts_at(0.0))
    more = f"; those of all {count} prompts: --texts FILE" if count > 1 else ""
    yield f"texts of up to {request.new_tokens} tokens ({how}, seed {request.seed}){more}"
    yield f"after: {tokenizer.decode(request.prompts[0])}"
    alphas = list(dict.fromkeys(text.alpha for text in report.continuations))
    names = ["α = 0", *(f"{n} = {a:.5g}" for n, a in zip(_NAMES, alphas[1:], strict=False))]
    verdicts = [_verdicts(report, alpha) for alpha in alphas]
    first = [_cut(tokenizer, report.texts_at(alpha)[0]) for alpha in alphas]
    yield side_by_side(names, [verdicts, first], width)


def _verdicts(report: "StrengthReport", alpha: float) -> Text:
    texts = report.texts_at(alpha)
    counts = Counter(text.loop.verdict for text in texts)
    short = f", {counts['too short']} too short" if counts["too short"] else ""
    return Text(f"{counts['loops']} of {len(texts)} loop{short}", style="dim")


def _cut(tokenizer: "Tokenizer", text: "Continuation") -> Text:
    shown = visible(tokenizer.text_after(text.tokens).strip())
    short = shortened(shown)
    return Text(short + (" [end]" if text.ended and short == shown else ""))


def _summary(reports: "list[StrengthReport]", request: "Request") -> Table:
    columns = ("block", "α", "α|v|/|h|", "held out", "target mass", "loop at α")
    blocks = table(*columns, right=columns)
    k = KINDS.index(request.kind)
    for report in reports:
        choice = report.choice
        here = report.texts_at(choice.alpha)
        blocks.add_row(
            str(choice.layer),
            figure(choice.alpha) if choice.reachable else "unreachable",
            figure(choice.relative) if choice.reachable else "",
            figure(report.held_out[k]),
            figure(report.held_out[3]),
            f"{report.loops_at(choice.alpha)}/{len(here)}" if here else "",
        )
    return blocks
