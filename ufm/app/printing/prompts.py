"""Prints what `ufm prompts` wrote: how many texts, one of each kind, and what to do with them."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from .lines import paragraph, say

if TYPE_CHECKING:
    from ufm.llm.concepts.concept_prompts import ConceptPrompts

_SHOWN = 200  # signs of a text


def print_prompts(made: "ConceptPrompts", files: list[Path], model: str, console: Console) -> None:
    """Numbers, the first text of each kind, files, and the command that takes a vector from them."""
    kinds = {
        f"for {made.concept}": made.positive,
        "against it": made.negative,
        "from nothing": made.random,
        "contexts": made.contexts,
    }
    for name, texts in kinds.items():
        if texts:
            words = sum(len(text.split()) for text in texts) / len(texts)
            say(console, f"{name}: {len(texts)} texts of {words:.0f} words, the first of them:")
            shown = " ".join(texts[0].split())
            cut = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
            paragraph(console, f"    {cut}")
    say(console, f"wrote {' '.join(map(str, files))}")
    say(console, "Read the texts and delete those that miss the concept. Then:")
    main, by_name = files[-1], {file.stem.removeprefix(files[-1].stem): file for file in files}
    against = main if made.negative else by_name["_random"]
    contexts = f" --contexts {by_name['_contexts']}" if made.contexts else ""
    sides = f"--positive {main} --negative {against}{contexts}"
    say(console, f"    ufm strength {model} {sides} --pooling mean --text essays")
