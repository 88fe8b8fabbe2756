"""A run that can be killed at any moment: its parts are files, each whole or not there."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from ufm._files import Arrays, delete_half_written, read_arrays, write_arrays, write_json
from ufm._json import JSON
from ufm._progress import Progress

from ..checkpoint.load import read_json


class Journal:
    """The directory of one run: what it computes (`run.json`) and the parts done so far.

    Opened again, it must be asked for the same; a setting that differs raises `ValueError` naming it.
    """

    def __init__(self, directory: str | Path, settings: Mapping[str, JSON]):
        self.directory = Path(directory)
        self.parts = self.directory / "parts"
        self.parts.mkdir(parents=True, exist_ok=True)
        delete_half_written(self.directory, self.parts)
        path = self.directory / "run.json"
        if path.exists():
            before = read_json(path)
            for name in sorted({*before, *settings}):
                if before.get(name) != settings.get(name):
                    raise ValueError(
                        f"{directory} holds another run: {name} was {before.get(name)!r}, now it is "
                        f"{settings.get(name)!r}; take another directory, or delete this one"
                    )
        else:
            write_json(path, settings)

    def part(self, name: str, make: Callable[[], Arrays], about: Mapping[str, JSON]) -> Arrays:
        """The part `name` about this input: read if it is there, else made and written.

        Raises `ValueError` where the part that is there is about another input.
        """
        path = self.parts / f"{name}.safetensors"
        if path.exists():
            arrays, before = read_arrays(path)
            if before != about:
                raise ValueError(
                    f"{self.directory} holds a run on another text: file {name} differs"
                )
            return arrays
        arrays = make()
        write_arrays(path, arrays, about)
        return arrays

    def stacked(
        self,
        parts: Mapping[str, Mapping[str, JSON]],
        make: Callable[[int], Arrays],
        progress: Progress,
    ) -> Arrays:
        """The parts of these names, with what each is about, stacked along a new first axis.

        `make(k)` makes the k-th where it is missing; `progress` is called after each.
        """
        found = []
        for k, (name, about) in enumerate(parts.items()):
            found.append(self.part(name, partial(make, k), about))
            progress(k + 1, len(parts))
        return {key: np.stack([part[key] for part in found]) for key in found[0]}

    def finish(self, arrays: Arrays, summary: Mapping[str, JSON]) -> None:
        """Write the results: results.safetensors and results.json."""
        write_arrays(self.directory / "results.safetensors", arrays, summary)
        write_json(self.directory / "results.json", summary)
