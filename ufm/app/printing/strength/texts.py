"""The continuations of the prompts, as a table and as text to read."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ufm._visible import visible

from ..lines import name_blocks
from ..tables import shortened, side_by_side

if TYPE_CHECKING:
    from ufm.llm.strength.continuations import Continuation
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request
    from ufm.llm.text.tokenizer import Tokenizer

_NAMES = ("α/2", "α", "2α")


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


def texts(
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
