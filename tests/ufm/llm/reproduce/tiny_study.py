"""The paper's experiments on a tiny model: python -m tests.ufm.llm.reproduce.tiny_study OUT FIGURE …

runs some of them, or all; with --split the weights are split over the devices.
"""

import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

import ufm.llm
from tests.ufm.llm.report.killed_report import NEGATIVE, POSITIVE, TEXT
from ufm._progress import Progress, silent
from ufm.app.commands.compilation_cache import keep_programs
from ufm.llm.checkpoint.spread import load_spread
from ufm.llm.judge.keywords import KeywordJudge
from ufm.llm.reproduce.directions import Sides
from ufm.llm.reproduce.experiments import chosen
from ufm.llm.reproduce.laboratory import Laboratory
from ufm.llm.reproduce.make import Reproduction, judge, open_laboratory, run
from ufm.llm.reproduce.plan import Cost, Share, make_plan
from ufm.llm.reproduce.scale import SMALL, Range
from ufm.llm.reproduce.study import Study

SCALE = replace(
    SMALL,
    name="tiny",
    tokens=Range(-4.0, 4.0, 12, "hidden"),
    normalised=Range(-30.0, 30.0, 8, "length"),
    presence=Range(-1.0, 1.0, 4, "hidden"),
    cost=Range(-8.0, 8.0, 6, "hidden"),
    task=Range(-2.0, 2.0, 2, "hidden"),
    contexts=3,
    text_tokens=20,
    length=10,
    followed=3,
    runs=2,
    samples=2,
    text_length=4,
)

_ALL = Share()
JUDGE = KeywordJudge({"joy": ["A", "B", "C", "D"], "evil": ["the", "in"]})


class Likeliest:
    """A task of 8 questions: whether the likeliest token after a prompt is still the unsteered model's."""

    name = words = "likeliest"

    def scores(self, model, tokenizer, steering, alpha):
        found = []
        for k in range(8):
            prompt = [3 + k, 20, 5]
            found.append(
                model.logits(prompt, alpha, steering).argmax() == model.logits(prompt).argmax()
            )
        return np.array(found, float)


def study(is_split: bool = False) -> Study:
    """Two concepts, one with both kinds of N, after both blocks."""
    jax.config.update("jax_enable_x64", True)
    model = load_spread("tests/data/llm/gpt2", "float64", is_split=is_split)
    tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    letters, words = ([tokenizer.encode(text) for text in side] for side in (POSITIVE, NEGATIVE))
    concepts = (
        Sides("joy", letters, {"contrastive": words, "random": letters[:1] + words[:2]}),
        Sides("evil", words, {"contrastive": letters}),
    )
    tokens = tokenizer.encode(TEXT)
    windows = tuple(tuple(tokens[k : k + 11]) for k in (0, 10))
    rows = tuple(map(tuple, letters))
    return Study(
        model, tokenizer, concepts, (0, 1), POSITIVE, rows, windows, SCALE, JUDGE, Likeliest()
    )


def measure(
    directory: Path,
    figures: list[str],
    share: Share = _ALL,
    progress: Progress = silent,
    is_split: bool = False,
) -> Laboratory:
    """A share of the measurements."""
    laboratory = open_laboratory(study(is_split), directory, silent)
    plan = make_plan(laboratory, chosen(figures))
    run(laboratory, Cost(dict.fromkeys(plan.of(share, laboratory), 1.0), 0, 0), progress)
    return laboratory


def reproduce(
    directory: Path, figures: list[str] | None = None, progress: Progress = silent
) -> Reproduction:
    """All of it, judged."""
    laboratory = measure(directory, figures or [], progress=progress)
    return judge(laboratory, make_plan(laboratory, chosen(figures or [])))


if __name__ == "__main__":
    keep_programs()
    measure(
        Path(sys.argv[1]),
        [figure for figure in sys.argv[2:] if figure != "--split"],
        is_split="--split" in sys.argv,
        progress=lambda done, total=1, stage="": print(stage, flush=True),
    )
