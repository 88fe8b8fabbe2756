"""A report in a process of its own, for a test that kills it: python -m tests.ufm.killed_report OUT."""

import sys
from pathlib import Path

import jax
import numpy as np

import ufm.llm
from ufm._progress import silent
from ufm.app.commands.compilation_cache import keep_programs
from ufm.llm.report.make import make_report
from ufm.llm.report.request import Report, Request

# Of one length, so that one program serves them all.
POSITIVE = ("the A of B", "A B C D", "he was A and")
NEGATIVE = ("the one had not", "he was in the", "they are at one")
TEXT = "the cat is in the box and it was on all that they had for a " * 4


def run(directory: Path, text: Path, progress=silent, **changes) -> Report:
    jax.config.update("jax_enable_x64", True)
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    text.write_text(TEXT)
    concept = tokenizer.token_mask(lambda name: name in "ABCDEFGH", model.vocabulary)
    request = Request(
        POSITIVE, NEGATIVE, POSITIVE + NEGATIVE, np.linspace(-40, 40, 64), 1, 20, text=text
    )
    request = Request(**(vars(request) | {"concept": concept} | changes))
    return make_report(model, tokenizer, request, directory, progress)


if __name__ == "__main__":
    keep_programs()
    run(Path(sys.argv[1]), Path(sys.argv[2]), lambda done, total, stage: print(stage, flush=True))
