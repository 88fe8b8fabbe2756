"""The options of `ufm llm` and `ufm strength` alike: the model, what it is steered along, what is read."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm.llm.text.examples import example_file, example_names

from ..printing.stages import waiting
from .bad_input import BadInput
from .option import Positional, Rare
from .rules import EXISTING_FILE, at_least, existing, number
from .start import starting_jax

if TYPE_CHECKING:
    import numpy as np

    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.text.tokenizer import Tokenizer

OptionalFile = Annotated[Path | None, EXISTING_FILE]
# What an option is asked for, where it is missing.
_NEEDED = {
    "positive": "prompts of the concept",
    "negative": "prompts of the opposite, or the same file, where it marks them",
    "text": "text to measure the cost on",
    "tokens": "the concept's tokens",
}
_Prompts = Annotated[Path | None, existing("joy", "formal", "french")]


@dataclass(frozen=True)
class SteeringOptions:
    """What is steered, along which vector, and what is read to measure it.

    Args:
        model: smollm2, an id on the Hub, a GGUF file, or a folder with config.json, safetensors and
            tokenizer.json.
        positive: Prompts of the concept: .txt, one a line, or the paper's JSON lines; joy, formal and
            french come with ufm.
        negative: Of the opposite; or the same file, where it marks them.
        contexts: Prompts to look at the steered model on; the negative ones if not given; neutral comes
            with ufm.
        text: UTF-8 text to measure the cross-entropy on, best not seen in training; essays come with
            ufm.
        tokens: The concept's tokens: .txt, one a line, or JSON, {"words": […]}, {"regex": "…"} or a list.
        concept: Which concept of the prompt files, where they hold several.
        layer: Block to steer after, from 0; else the middle one.
        pooling: Hidden state of a prompt: of its last token, or the mean over all.
        normalise: Scale the vector to length 1, so that α is a length in the hidden states' own units.
        dtype: Floating-point type that the model computes in.
        revision: Revision of a model on the Hub.
        chat: Put each prompt into the model's own chat template, as what a user says.
        ignore: Settings of the model's config.json, unknown here, that you know to change nothing.
        length: Tokens in a window of the text; at most as many as the model was made for.
        text_tokens: Read about as many tokens of the text; 0 reads all.
        memory: Gigabytes that the arrays of a batch may take, beside the weights; batches are sized by it.
    """

    model: Annotated[str, Positional("MODEL")]
    positive: _Prompts = None
    negative: _Prompts = None
    contexts: Annotated[Path | None, existing("neutral")] = None
    text: Annotated[Path | None, existing("essays")] = None
    tokens: Annotated[Path | None, existing(*example_names("*_words.json", "*_tokens.json"))] = None
    concept: Annotated[str | None, Rare()] = None
    layer: int | None = None
    pooling: Annotated[Literal["last", "mean"], Rare()] = "last"
    normalise: Annotated[bool, Rare()] = True
    dtype: Annotated[Literal["float32", "float64", "bfloat16"], Rare()] = "float32"
    revision: Annotated[str | None, Rare()] = None
    chat: Annotated[bool, Rare()] = False
    ignore: Annotated[tuple[str, ...], Rare()] = ()
    length: Annotated[int, at_least(2), Rare()] = 128
    text_tokens: Annotated[int, number(lambda value: value >= 0, "0 (all) or more")] = 8192
    memory: Annotated[float, number(lambda value: 0 < value < 1e6, "more than 0"), Rare()] = 1.0

    def __post_init__(self) -> None:
        for name in ("positive", "negative", "contexts", "text", "tokens"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, example_file(given))

    def require(self, command: str, *names: str) -> None:
        """Raise `BadInput` that names all of these options that are not given."""
        missing = [f"--{name} ({_NEEDED[name]})" for name in names if getattr(self, name) is None]
        if missing:
            raise BadInput(f"{command} needs {' and '.join(missing)}")

    def load(self, errors: Console, has_vector: bool = False) -> "Loaded":
        """Start JAX and read what the options name: the small files first, the weights last but one.

        With a vector from elsewhere prompts for and against the concept are not needed, contexts are.
        """
        if self.negative is None and self.contexts is None:
            raise BadInput(
                "name --contexts: prompts that the steered model is looked at on; neutral comes with ufm"
            )
        with starting_jax(errors):
            from ufm.llm.checkpoint.load import load
            from ufm.llm.report.inputs import prompt_sides, read_token_set
            from ufm.llm.text.prompts import encode_prompt, read_prompts
            from ufm.llm.text.tokenizer import load_tokenizer
        with waiting("loading the model …", errors):
            positive = negative = ()
            if self.positive is not None and self.negative is not None:
                positive, negative = prompt_sides(self.positive, self.negative, self.concept)
            contexts = negative
            if self.contexts is not None:
                contexts = read_prompts(self.contexts)
            tokenizer = load_tokenizer(self.model, self.revision)
            model = load(self.model, self.dtype, revision=self.revision, ignore=self.ignore)
            model = replace(model, memory=int(self.memory * 1e9))
            texts: list[tuple[str, ...]] = []
            for prompts in (positive, negative, contexts):
                shown = [
                    tokenizer.chat(prompt.text) if self.chat else prompt.text for prompt in prompts
                ]
                for text, prompt in zip(shown, prompts, strict=True):
                    # for its errors, which name file and line before any work is done
                    encode_prompt(replace(prompt, text=text), tokenizer, model.config)
                texts.append(tuple(shown))
            target = None
            if self.tokens is not None:
                target = read_token_set(self.tokens, tokenizer, model.vocabulary)
        length = min(self.length, model.config.longest or self.length)
        return Loaded(model, tokenizer, texts[0], texts[1], texts[2], target, length)


@dataclass(frozen=True)
class Loaded:
    """What the options name, read: texts of prompts, the token set [V] or None, tokens in a window."""

    model: "LanguageModel"
    tokenizer: "Tokenizer"
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    contexts: tuple[str, ...]
    target: "np.ndarray | None"
    length: int
