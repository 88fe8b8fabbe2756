"""What `ufm strength --json` prints."""

from typing import TYPE_CHECKING

from ufm import __version__

if TYPE_CHECKING:
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request
    from ufm.llm.text.tokenizer import Tokenizer


def strength_json(
    reports: "list[StrengthReport]",
    request: "Request",
    model: "LanguageModel",
    tokenizer: "Tokenizer",
    is_chat: bool,
) -> dict[str, object]:
    """What `ufm strength --json` prints; `is_chat`: prompts were put into the model's chat template."""
    from ufm.llm.strength.as_json import report_as_json

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
        "blocks": [report_as_json(report, tokenizer.text_after) for report in reports],
    }
