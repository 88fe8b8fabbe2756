"""What a toy model is made with; a bad setting is an error before anything starts."""

from dataclasses import dataclass, fields

from ufm._random import check_seed

from ._concepts import CONCEPTS


@dataclass(frozen=True)
class Settings:
    """How to make the toy model; the defaults give that of the README.

    - `seed`: of the start and of the batches; the text, the tokenizer and the prompts are the same
      for all seeds. `steps`, `batch_size` (windows a step), `learning_rate`: of AdamW.
    - `blocks`, `dimension`, `heads`, `context` (tokens), `vocabulary` (at most so many): sizes.
    - `concept`: "uppercase" or "backwards". `switch`: chance that words begin or cease to be of it.
    - `prompts`: how many positive and negative prompts, and contexts of either kind, are written.
    - `words`: in each. `held_out`: characters of held-out text that are written.
    """

    seed: int = 0
    steps: int = 1600
    batch_size: int = 16
    learning_rate: float = 2e-3
    blocks: int = 1
    dimension: int = 192
    heads: int = 4
    context: int = 64
    vocabulary: int = 1024
    concept: str = "uppercase"
    switch: float = 0.05
    prompts: int = 64
    words: int = 8
    held_out: int = 60_000

    def __post_init__(self):
        for field in fields(self):
            value, name = getattr(self, field.name), field.name
            if field.type is int and name != "seed" and value < 1:
                raise ValueError(f"{name} must be at least 1; got {value}")
        check_seed(self.seed)
        if self.concept not in CONCEPTS:
            known = ", ".join(CONCEPTS)
            raise ValueError(f"concept must be one of {known}; got {self.concept!r}")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate must lie in (0, 1); got {self.learning_rate}")
        if not 0 < self.switch < 1:
            raise ValueError(f"switch must lie in (0, 1); got {self.switch}")
        if self.dimension % self.heads:
            raise ValueError(f"dimension {self.dimension} is not a multiple of heads {self.heads}")
        if self.vocabulary < 300:
            raise ValueError(
                f"vocabulary must be at least 300, 256 bytes and some words; got {self.vocabulary}"
            )
        if self.context < 4 * self.words:
            raise ValueError(
                f"context {self.context} is too short for prompts of {self.words} words: it must be at "
                "least 4 tokens a word"
            )
