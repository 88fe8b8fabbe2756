"""Presence in a process of its own, to be killed: python -m tests.ufm.llm.judge.killed_presence OUT."""

import sys
from pathlib import Path

import jax
import numpy as np

import ufm.llm
from ufm.app.commands.compilation_cache import keep_programs

INSIDE = ufm.llm.Concept("inside", "is about what is inside", "is not", "Is something inside?")
CONTEXTS = ["the is", "is the of", "a", "of the"]


def run(directory: Path, progress=None) -> None:
    jax.config.update("jax_enable_x64", True)
    place = "tests/data/llm/gpt2"
    model, tokenizer = ufm.llm.load(place, "float64"), ufm.llm.load_tokenizer(place)
    judge = ufm.llm.KeywordJudge({"inside": ["in"]})
    steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    given = model, tokenizer, judge, INSIDE, CONTEXTS, steering, np.linspace(-3, 6, 10)
    how = dict(length=12, samples=32, progress=progress)
    ufm.llm.judged_presence(*given, **how, directory=directory / "presence")


if __name__ == "__main__":
    keep_programs()
    run(Path(sys.argv[1]), lambda done, of, stage: print(done, flush=True))
