"""How much of the paper's experiments is run: its own numbers, or few enough for two cores in 20 minutes."""

from dataclasses import dataclass, replace

import numpy as np

from ..steering.vector import SteeringVector

UNITS = ("vector", "length", "hidden")


@dataclass(frozen=True)
class Range:
    """`steps` strengths from `least` to `largest`, evenly spread, and 0.

    `unit`: what they are multiples of: the "vector" as measured; the vector scaled to "length" 1; or, as
    lengths |αv|, usual "hidden" states.
    """

    least: float
    largest: float
    steps: int
    unit: str = "vector"

    def alphas(self, vector: SteeringVector) -> np.ndarray:
        """The strengths [A] in multiples of the vector, increasing, 0 among them."""
        unit = {"vector": 1.0, "length": 1 / vector.norm}
        unit["hidden"] = vector.hidden_norm / vector.norm
        return np.union1d(np.linspace(self.least, self.largest, self.steps), 0.0) * unit[self.unit]

    @property
    def words(self) -> str:
        """The range for a reader."""
        of = {
            "vector": "multiples of v as measured",
            "length": "multiples of v scaled to length 1",
            "hidden": "lengths |αv| in usual hidden states",
        }
        return f"{self.steps:,} strengths in [{self.least:g}, {self.largest:g}], {of[self.unit]}"


@dataclass(frozen=True)
class Scale:
    """The numbers of the experiments.

    - `tokens`, `normalised`, `presence`, `cost`: the strengths of next-token curves, of those along v of
      length 1, of texts, and of the cross-entropy.
    - `task`: the strengths at which a task is asked.
    - `samples`, `text_length`: texts after each prompt, and their tokens.
    - `contexts`: prompts of each next-token curve. `followed`: how many likeliest tokens at either end.
    - `runs`: how often P and N are drawn anew for the bands.
    - `prompts`, `prompt_tokens`: texts of P and of each N, where a model is to write them, and their tokens.
    - `text_tokens`: how many tokens of the text are predicted, in windows of `length` predicted ones.
    """

    name: str
    tokens: Range
    normalised: Range
    presence: Range
    cost: Range
    task: Range
    contexts: int
    text_tokens: int
    prompts: int
    prompt_tokens: int
    samples: int
    text_length: int
    length: int = 128
    followed: int = 8
    runs: int = 5

    def in_unit(self, unit: str) -> "Scale":
        """This scale with the strengths of `SMALL` in hidden states, or those of `PAPER` in vectors."""
        other = {"hidden": SMALL, "vector": PAPER}[unit]
        ranges = {
            name: replace(getattr(other, name), steps=getattr(self, name).steps)
            for name in ("tokens", "normalised", "presence", "cost", "task")
        }
        return replace(self, **ranges)


SMALL = Scale(
    "small",
    tokens=Range(-12.0, 12.0, 128, "hidden"),
    normalised=Range(-12.0, 12.0, 128, "hidden"),
    presence=Range(-1.0, 1.0, 9, "hidden"),
    cost=Range(-16.0, 16.0, 48, "hidden"),
    task=Range(-1.0, 1.0, 5, "hidden"),
    contexts=4,
    text_tokens=384,
    prompts=32,
    prompt_tokens=60,
    samples=3,
    text_length=24,
)
# From the text of v1: 500 texts of 300 tokens (Section 4), 32 completions and 10⁶ tokens (Section 5), the
# ends of the ranges (axes of Figures 6, 7, A.1 and A.6), eight tokens (Figure 6), five runs (Figure A.3).
# From the defaults of the official code alone: how many strengths, 16 prompts, 100 tokens a text, windows
# of 128.
PAPER = Scale(
    "paper",
    tokens=Range(-200.0, 200.0, 1024),
    normalised=Range(-2000.0, 2000.0, 1024, "length"),
    presence=Range(-40.0, 40.0, 41),
    cost=Range(-100.0, 100.0, 128),
    task=Range(-10.0, 10.0, 200),
    contexts=16,
    text_tokens=1_048_576,
    prompts=500,
    prompt_tokens=300,
    samples=32,
    text_length=100,
)
SCALES = {scale.name: scale for scale in (SMALL, PAPER)}
