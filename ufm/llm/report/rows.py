"""What a report reads, as tokens: prompts, and windows of a text."""

from ..decoder.model import LanguageModel
from ..text.prompts import Prompt, encode_prompt
from ..text.tokenizer import Tokenizer
from ..text.windows import window_count, windows
from .request import Request

_TOKEN_BYTES = 4  # a token of English text has about so many


def encode_prompts(
    model: LanguageModel, tokenizer: Tokenizer, request: Request
) -> dict[str, list[list[int]]]:
    """The prompts as tokens. A prompt that does not fit the model is refused now, not after the sweeps."""
    rows = {
        name: [
            encode_prompt(Prompt(text, where=f"prompt {j} of {name}"), tokenizer, model.config)
            for j, text in enumerate(getattr(request, name))
        ]
        for name in ("positive", "negative", "contexts")
    }
    if request.text is not None:
        next(windows(tokenizer, request.text, window_length(model, request)))
    return rows


def count_windows(model: LanguageModel, request: Request) -> int:
    """About how many windows of the text are read."""
    if request.text is None:
        return 0
    whole = -(-request.text.stat().st_size // _TOKEN_BYTES)
    tokens = min(request.text_tokens or whole, whole)
    return window_count(tokens, window_length(model, request)) or 0


def window_length(model: LanguageModel, request: Request) -> int:
    """Tokens of a window of the text."""
    return min(request.length, model.config.longest or request.length)
