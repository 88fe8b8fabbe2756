"""What is reproduced: the model, the concepts, the blocks, the prompts and the text, and how much of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ufm._files import digest
from ufm._json import JSON

from ..decoder.model import LanguageModel
from ..judge.judge import Judge
from ..text.tokenizer import Tokenizer
from .directions import Sides
from .scale import Scale
from .task import Task


@dataclass(frozen=True, eq=False)
class Study:
    """All that the numbers depend on.

    - `concepts`: their prompts as tokens. `layers`: the blocks that are steered, each by its own vector.
    - `contexts`: the prompts of the next-token curves, as texts, and `rows` as tokens.
    - `windows`: the text for the cross-entropy as windows of tokens.
    - `judge`: who says whether a text shows a concept; None where nobody is asked.
    - `task`: questions to the steered model; None where there are none.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    concepts: tuple[Sides, ...]
    layers: tuple[int, ...]
    contexts: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    windows: tuple[tuple[int, ...], ...]
    scale: Scale
    judge: Judge | None = None
    task: Task | None = None

    @property
    def middle(self) -> int:
        """The steered block that is nearest to the middle of the model."""
        return min(self.layers, key=lambda layer: abs(layer - self.model.blocks // 2))

    @property
    def predicted(self) -> int:
        """How many tokens of the text are predicted."""
        return sum(len(row) - 1 for row in self.windows)

    def settings(self) -> dict[str, JSON]:
        """What a folder of this study's runs is about, to refuse another's."""
        return {
            "kind": "reproduce",
            "model": self.model.source.name,
            "fingerprint": self.model.source.fingerprint,
            "dtype": str(self.model.dtype),
            "scale": digest(str(self.scale)),
            "concepts": [sides.concept for sides in self.concepts],
            "prompts": [_of(sides) for sides in self.concepts],
            "layers": list(self.layers),
            "contexts": digest(list(self.contexts)),
            "text": digest(list(map(list, self.windows))),
        }


def _of(sides: Sides) -> str:
    negative = {kind: list(map(list, rows)) for kind, rows in sides.negative.items()}
    return digest(list(map(list, sides.positive)), negative)


def default_layers(blocks: int) -> tuple[int, ...]:
    """An early, a middle, a late and the last block: at a quarter, half and three quarters of the model.

    >>> from ufm.llm.reproduce.study import default_layers
    >>> print(default_layers(30), default_layers(12), default_layers(2))
    (7, 15, 22, 29) (3, 6, 9, 11) (0, 1)
    """
    return tuple(sorted({blocks // 4, blocks // 2, 3 * blocks // 4, blocks - 1}))


def depth_of(layer: int, blocks: int) -> str:
    """Where a block is, in a word."""
    if layer == blocks - 1:
        return "last"
    return ("early", "middle", "late")[int(np.digitize(layer / blocks, [0.4, 0.65]))]


def named(layers: Sequence[int], blocks: int) -> str:
    """Blocks for a reader: "7 (early), 15 (middle)"."""
    return ", ".join(f"{layer} ({depth_of(layer, blocks)})" for layer in layers)
