"""What a user gives, read: prompts of the concepts, the contexts of the curves, the text."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..decoder.model import LanguageModel
from ..text.examples import example_file
from ..text.prompts import Prompt, encode_prompt, read_prompts
from ..text.tokenizer import Tokenizer
from ..text.windows import window_count, windows
from .directions import Sides
from .scale import Scale
from .study import Study


def read_study(
    model: LanguageModel,
    tokenizer: Tokenizer,
    scale: Scale,
    *,
    concepts: Sequence[str],
    prompts: Sequence[Path],
    contexts: Path,
    text: Path | None,
    layers: Sequence[int],
) -> Study:
    """The study of these concepts, whose prompts are in the files `prompts`, or come with this package.

    Raises `ValueError` for a concept without prompts, and for a file that cannot be read or holds none.
    """
    pool = [prompt for path in prompts for prompt in read_prompts(path)]
    sides = tuple(_sides(concept, pool, model, tokenizer) for concept in dict.fromkeys(concepts))
    kept = read_prompts(contexts)[: scale.contexts]
    rows = tuple(tuple(encode_prompt(each, tokenizer, model.config)) for each in kept)
    found: tuple[tuple[int, ...], ...] = ()
    if text is not None:
        # a token more than are predicted: the first of a window is not
        length = min(scale.length + 1, model.config.longest or scale.length + 1)
        most = window_count(scale.text_tokens, length - 1)
        found = tuple(map(tuple, islice(windows(tokenizer, text, length), most)))
    texts = tuple(each.text for each in kept)
    return Study(model, tokenizer, sides, tuple(layers), texts, rows, found, scale)


def _sides(
    concept: str, pool: Sequence[Prompt], model: LanguageModel, tokenizer: Tokenizer
) -> Sides:
    """P and N of a concept. N is contrastive where it is marked as the concept's own, else random."""
    if not any(prompt.concept == concept for prompt in pool):
        path = example_file(f"{concept}.jsonl" if Path(concept).suffix else concept)
        if not path.is_file() or path.suffix != ".jsonl":
            raise ValueError(
                f"there are no prompts of the concept {concept!r}: name a file that has some with --prompts"
            )
        pool = [*pool, *read_prompts(path)]

    def encoded(found: list[Prompt]) -> list[list[int]]:
        return [encode_prompt(replace(each), tokenizer, model.config) for each in found]

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
