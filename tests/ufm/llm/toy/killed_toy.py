"""A toy of few words in a process of its own, to be killed: python -m tests.ufm.llm.toy.killed_toy OUT."""

import sys
from pathlib import Path

import numpy as np

from ufm._progress import silent
from ufm.app.commands.compilation_cache import keep_programs
from ufm.llm.toy import Corpus, Settings, make_toy

SETTINGS = Settings(
    steps=2400,
    batch_size=4,
    blocks=2,
    dimension=16,
    heads=2,
    context=32,
    vocabulary=320,
    prompts=8,
    held_out=3000,
)

WORDS = ("the", "cat", "saw", "no", "dog", "on", "that", "mat", "and", "she", "sat", "by", "it")


def run(directory: Path, progress=silent) -> None:
    if not (directory / "toy").exists():  # a kill just before the end leaves nothing to do
        make_toy(directory / "toy", SETTINGS, progress, _corpus())


def _corpus() -> Corpus:
    """Paragraphs of words drawn from a few, so that nothing is read but this."""
    draw = np.random.default_rng(0)

    def document():
        return tuple(" ".join(draw.choice(WORDS, 20)) for _ in range(10))

    sizes = {"train": 20, "prompts": 2, "held-out": 4}
    return Corpus({part: tuple(document() for _ in range(n)) for part, n in sizes.items()})


if __name__ == "__main__":
    keep_programs()
    run(Path(sys.argv[1]))
