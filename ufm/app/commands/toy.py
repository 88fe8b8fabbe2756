"""`ufm toy`: a small language model to steer, trained on the text that ships with Python."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from rich.console import Console

from ufm._progress import progress_bar

from ..printing.json_output import print_json
from ..printing.lines import entry
from ..printing.streams import Output
from ..printing.training import training_progress
from .bad_input import as_bad_input
from .option import Positional
from .rules import SEED
from .start import need_device


@dataclass(frozen=True)
class Toy:
    """Train a small model to steer, on text that ships with Python.

    Without options it is a GPT-2 of one block and 654,144 parameters, and takes about four minutes on two
    cores.

    Examples:
        ufm toy toy
        ufm llm toy --positive toy/positive.jsonl --negative toy/negative.jsonl
        ufm toy toy4 --blocks 4 --concept backwards

    Args:
        out: A new folder for the model, its prompts, its token set and held-out text.
        seed: Seed of the initial weights and of the batches.
        steps: Training steps; each draws 16 windows of text. A run that was stopped goes on.
        concept: Words in capitals, or words spelled backwards.
        blocks: How many blocks the model has.
        dimension: Width of the residual stream.
        heads: Attention heads.
        context: Longest sequence, in tokens.
        vocabulary: Number of tokens, at most.
        json: Print sizes and losses as JSON on standard output.
    """

    out: Annotated[Path, Positional("FOLDER")]
    seed: Annotated[int, SEED] = 0
    steps: int = 1600
    concept: Literal["uppercase", "backwards"] = "uppercase"
    blocks: int = 1
    dimension: int = 192
    heads: int = 4
    context: int = 64
    vocabulary: int = 1024
    json: bool = False

    def __call__(self) -> int:
        """Train the model, write it and print how well it predicts."""
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ImportError)):
            with errors.status("starting JAX …"):
                from ufm.llm.toy import Settings, make_toy
                from ufm.llm.toy.report import as_text

                need_device()
            settings = Settings(
                seed=self.seed,
                steps=self.steps,
                concept=self.concept,
                blocks=self.blocks,
                dimension=self.dimension,
                heads=self.heads,
                context=self.context,
                vocabulary=self.vocabulary,
            )
            with progress_bar("reading Python's own text", errors) as bar:
                made = make_toy(self.out, settings, training_progress(bar, errors))
        if self.json:
            print_json(asdict(made))
        else:
            for line in as_text(made, self.out, self.concept).splitlines():
                entry(Output(), line)
        return 0
