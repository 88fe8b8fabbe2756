"""What is asked of a report on a strength."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Request:
    """What `strength_report` looks at; the same for all blocks.

    `windows`: the text; every second one is held out. `prompts`: lists of tokens; the target's mass and
    sweet spots are of the first `measured` of them, continuations of the first `samples`, up to the
    first of the tokens `ends`. `digits`: as of `choose_strength`. `resamples`, `halves`: as of
    `measure_spread`; 0 resamples: no spread is measured.
    """

    budget: float
    windows: Sequence[Sequence[int]]
    prompts: Sequence[Sequence[int]]
    length: int
    kind: str = "cross_entropy"
    target: np.ndarray | None = None
    furthest: float = 256.0
    tolerance: float = 0.1
    digits: int | None = None
    measured: int = 8
    samples: int = 4
    new_tokens: int = 128
    ends: tuple[int, ...] = ()
    temperature: float = 0.0
    seed: int = 0
    resamples: int = 0
    halves: int = 0
