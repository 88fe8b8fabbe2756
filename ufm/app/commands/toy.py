"""`ufm toy`: a small language model to steer, trained on the text that ships with Python."""

import sys
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from ufm._progress import bar_on

from ..printing.json_output import print_json
from .bad_input import BadInput


def toy(
    out: tyro.conf.Positional[Path],
    /,
    seed: int = 0,
    steps: int = 1600,
    dimension: int = 192,
    heads: int = 4,
    context: int = 64,
    vocabulary: int = 1024,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Train a small language model to steer, on the English text that ships with Python.

    Args:
        out: A new folder for the model, its prompts, its token set and held-out text.
        seed: Of the start and the batches.
        steps: Of training; each draws 16 windows of text.
        dimension: Width of the residual stream.
        heads: Of attention.
        context: Longest sequence, in tokens.
        vocabulary: Tokens, at most.
        json: Print sizes and losses as JSON on standard output.
    """

    errors = Console(stderr=True)
    with errors.status("starting JAX …"):
        from ufm.llm.toy import Settings, make_toy
        from ufm.llm.toy._report import as_text, progress_on
    try:
        settings = Settings(
            seed=seed,
            steps=steps,
            dimension=dimension,
            heads=heads,
            context=context,
            vocabulary=vocabulary,
        )
        with bar_on(errors) as bar:
            made = make_toy(out, settings, progress_on(bar, errors, steps))
    except ValueError as error:
        raise BadInput(str(error)) from error
    if json:
        from dataclasses import asdict

        print_json(asdict(made))
    else:
        sys.stdout.write(as_text(made, out))
    return 0
