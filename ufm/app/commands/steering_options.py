"""The options of `ufm llm` and `ufm strength` alike: the model, what it is steered along, what is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro
from rich.console import Console

from .bad_input import BadInput

_FILES = ("positive", "negative", "contexts", "text", "tokens")


@dataclass(frozen=True)
class SteeringOptions:
    """What is steered, along which vector, and what is read to measure it.

    Args:
        model: A directory with config.json, safetensors and tokenizer.json, or an id on the Hub.
        positive: Prompts of the concept: JSON lines in the paper's formats, or .txt with a prompt a line.
        negative: Prompts of the opposite; may be the same file, where it marks them.
        contexts: Prompts that the steered model is looked at on; the negative ones if not given.
        text: UTF-8 text to measure the cross-entropy on, best not seen in training; ufm strength needs it.
        tokens: The concept's tokens: JSON, a list of texts or numbers or {"regex": "…"}, or .txt, one a line.
        concept: Which concept of the prompt files, where they hold several.
        layer: Block after which the vector is added, from 0; the middle one if not given.
        pooling: Hidden state of a prompt: of its last token, or the mean over all.
        normalise: Scale the vector to length 1, so that α is a length in the hidden states' own units.
        dtype: In which to compute.
        revision: Revision of a model on the Hub.
        length: Tokens a window of the text; at most the model's positions.
        text_tokens: Read about as many tokens of the text; 0 for all.
    """

    model: tyro.conf.Positional[str]
    positive: Path
    negative: Path
    contexts: Path | None = None
    text: Path | None = None
    tokens: Path | None = None
    concept: str | None = None
    layer: int | None = None
    pooling: Literal["last", "mean"] = "last"
    normalise: bool = True
    dtype: Literal["float32", "float64", "bfloat16"] = "float32"
    revision: str | None = None
    length: int = 128
    text_tokens: int = 8192

    def check(self) -> None:
        """Raise on what is wrong whatever the model holds, before anything is loaded."""
        for name in _FILES:
            path = getattr(self, name)
            if path is not None and not path.is_file():
                what = "is a folder, not a file" if path.is_dir() else "does not exist"
                raise BadInput(f"--{name} {path} {what}")
        at_least("length", self.length, 2)
        if self.text_tokens < 0:
            raise BadInput(f"--text-tokens must be 0 (all) or more; got {self.text_tokens}")


# In a signature: these options without a prefix to their names.
Shared = tyro.conf.OmitArgPrefixes[SteeringOptions]


@dataclass(frozen=True)
class Loaded:
    """What the options name, read: texts of prompts, the token set [V] or None, tokens a window."""

    model: Any
    tokenizer: Any
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    contexts: tuple[str, ...]
    target: Any
    length: int


def at_least(name: str, value: int, least: int) -> None:
    """Raise if an option is below the least that makes sense."""
    if value < least:
        raise BadInput(f"--{name.replace('_', '-')} must be at least {least}; got {value}")


def load_shared(shared: SteeringOptions, errors: Console) -> Loaded:
    """Start JAX and read what the options name: the small files first, the weights last but one."""
    with errors.status("starting JAX …"):
        import jax

        jax.config.update("jax_enable_x64", True)
    with errors.status("loading the model …"):
        from ufm.llm.checkpoint.load import load
        from ufm.llm.report.inputs import read_sides, read_token_set
        from ufm.llm.text.prompts import read_prompts
        from ufm.llm.text.tokenizer import load_tokenizer

        p, n = read_sides(shared.positive, shared.negative, shared.concept)
        rows = (
            n if shared.contexts is None else tuple(x.text for x in read_prompts(shared.contexts))
        )
        tokenizer = load_tokenizer(shared.model, shared.revision)
        model = load(shared.model, shared.dtype, revision=shared.revision)
        target = None
        if shared.tokens is not None:
            target = read_token_set(shared.tokens, tokenizer, model.vocabulary)
    length = min(shared.length, model.config.positions or shared.length)
    return Loaded(model, tokenizer, p, n, rows, target, length)
