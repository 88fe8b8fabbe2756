"""What a user gives, read: prompts of the concepts, the contexts of the curves, the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ufm._files import delete_half_written
from ufm._progress import Progress, silent

from ..concepts.concept import CONCEPTS
from ..concepts.write import write_prompts
from ..decoder.model import LanguageModel
from ..judge.judge import Judge
from ..text.examples import example_file
from ..text.prompts import Prompt, encode_prompt, read_prompts
from ..text.tokenizer import Tokenizer
from ..text.windows import window_count, windows
from .directions import Sides
from .scale import Scale
from .study import Study
from .task import Task

# The concepts whose prompts come with this package.
SHIPPED = ("joy", "formal", "french")


@dataclass(frozen=True)
class Author:
    """Who writes the prompts of a concept that has none: `writer`, an instruct model, or the model itself.

    They are kept under `directory`, as files to look at and to edit.
    """

    directory: Path
    writer: tuple[LanguageModel, Tokenizer] | None = None
    progress: Progress = silent

    def write(
        self, concept: str, model: LanguageModel, tokenizer: Tokenizer, scale: Scale
    ) -> list[Prompt]:
        """The prompts of one of the `CONCEPTS`; those that were written before are read."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{concept}.jsonl"
        if not path.is_file():
            delete_half_written(self.directory)
            for left_over in self.directory.glob(f"{concept}_*.jsonl"):
                left_over.unlink()
            made = write_prompts(
                model,
                tokenizer,
                CONCEPTS[concept],
                count=scale.prompts,
                length=scale.prompt_tokens,
                contexts=0,
                writer=self.writer,
                directory=self.directory / f"{concept}.drafts",
                progress=self.progress,
            )
            made.write(path)
        return _with_random(path)


def read_study(
    model: LanguageModel,
    tokenizer: Tokenizer,
    scale: Scale,
    author: Author,
    *,
    concepts: Sequence[str],
    prompts: Sequence[Path],
    contexts: Path,
    text: Path | None,
    layers: Sequence[int],
    judge: Judge | None = None,
    task: Task | None = None,
) -> Study:
    """The study of these concepts; their prompts are in the files `prompts`, come with ufm, or are written.

    Raises `ValueError` for a concept without prompts that none can write, and for a file that cannot be read
    or holds none.
    """
    files = [_with_random(path) for path in prompts]
    named = [x.concept for found in files for x in found if x.concept is not None]
    sides = []
    for concept in dict.fromkeys(concepts or named or SHIPPED):
        pool = [x for found in files if any(x.concept == concept for x in found) for x in found]
        if not pool and concept in SHIPPED:
            pool = read_prompts(example_file(concept))
        elif not pool:
            _check_author(concept, tokenizer, author)
            pool = author.write(concept, model, tokenizer, scale)
        sides.append(_sides(concept, pool, model, tokenizer))
    kept = read_prompts(contexts)[: scale.contexts]
    rows = tuple(tuple(encode_prompt(each, tokenizer, model.config)) for each in kept)
    found: tuple[tuple[int, ...], ...] = ()
    if text is not None:
        # a token more than are predicted: the first of a window is not
        length = min(scale.length + 1, model.config.longest or scale.length + 1)
        most = window_count(scale.text_tokens, length - 1)
        found = tuple(map(tuple, islice(windows(tokenizer, text, length), most)))
    texts = tuple(each.text for each in kept)
    return Study(
        model, tokenizer, tuple(sides), tuple(layers), texts, rows, found, scale, judge, task
    )


def _with_random(path: Path) -> list[Prompt]:
    """The prompts of a file, and those that `ufm prompts` wrote beside it from nothing."""
    beside = path.with_name(f"{path.stem}_random{path.suffix}")
    return [*read_prompts(path), *(read_prompts(beside) if beside.is_file() else ())]


def _check_author(concept: str, tokenizer: Tokenizer, author: Author) -> None:
    """Raise where nobody can write prompts of the concept."""
    missing = (
        f"there are no prompts of the concept {concept!r}: name a file that has some with --prompts"
    )
    if concept not in CONCEPTS:
        raise ValueError(f"{missing}, or take one of {', '.join(CONCEPTS)}")
    asked = tokenizer if author.writer is None else author.writer[1]
    if asked.template is None:
        raise ValueError(
            f"{missing}, or an instruct model that writes them with --writer, for {asked.name} has "
            "no chat template"
        )


def _sides(
    concept: str, pool: Sequence[Prompt], model: LanguageModel, tokenizer: Tokenizer
) -> Sides:
    """P and N of a concept: N is contrastive where marked as the concept's own, random where as none's."""

    def encoded(found: list[Prompt]) -> list[list[int]]:
        return [encode_prompt(each, tokenizer, model.config) for each in found]

    positive = [x for x in pool if x.concept == concept and x.kind != "negative"]
    negative = {
        "random": [x for x in pool if x.concept is None and x.kind == "negative"],
        "contrastive": [x for x in pool if x.concept == concept and x.kind == "negative"],
    }
    kept = {kind: encoded(found) for kind, found in negative.items() if found}
    if not positive or not kept:
        lacking = "negative" if positive else "positive"
        raise ValueError(
            f"there is no {lacking} prompt of the concept {concept!r}: mark some in the file as such"
        )
    return Sides(concept, encoded(positive), kept)
