"""Who writes the texts of a concept, and after which tokens."""

from collections.abc import Callable
from dataclasses import dataclass

from ..decoder.model import LanguageModel
from ..text.tokenizer import Tokenizer
from .concept import Concept
from .request import request


@dataclass(frozen=True)
class Author:
    """A model that writes, with its tokenizer; `prompt(k)` are the tokens after which its text k begins."""

    model: LanguageModel
    tokenizer: Tokenizer
    prompt: Callable[[int], list[int]]

    @classmethod
    def asked(
        cls,
        model: LanguageModel,
        tokenizer: Tokenizer,
        concept: Concept,
        template: str,
        *,
        is_for: bool,
    ) -> "Author":
        """An instruct model that is asked by its chat template for texts of the concept, or against it."""
        if tokenizer.template is None:
            raise ValueError(
                f"{tokenizer.name} has no chat template, so that it cannot be asked for texts: take an "
                "instruct model as the writer"
            )

        def prompt(k: int) -> list[int]:
            return tokenizer.encode(tokenizer.chat(request(template, concept, k, is_for=is_for)))

        return cls(model, tokenizer, prompt)

    @classmethod
    def unasked(cls, model: LanguageModel, tokenizer: Tokenizer) -> "Author":
        """A model that goes on from its start token alone."""
        prefix = tokenizer.prefix
        if prefix is None:
            raise ValueError(
                f"{tokenizer.name} names neither a start nor an end token to write after"
            )
        return cls(model, tokenizer, lambda k: [prefix])
