"""A run that can be killed at any moment: its parts are files, each whole or not there."""

from pathlib import Path
from typing import Any

import numpy as np

from ufm._files import read_arrays, write_arrays, write_json

from ..checkpoint.load import read_json


class Journal:
    """The directory of one run: what it computes (`run.json`) and the parts done so far.

    Opened again, it must be asked for the same; a setting that differs raises `ValueError` naming it.
    """

    def __init__(self, directory: str | Path, settings: dict[str, Any]):
        self.directory = Path(directory)
        self.parts = self.directory / "parts"
        self.parts.mkdir(parents=True, exist_ok=True)
        for left_over in [*self.directory.glob(".*.part"), *self.parts.glob(".*.part")]:
            left_over.unlink(missing_ok=True)
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

    def read(self, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """A part that is done, or None."""
        path = self._path(name)
        return read_arrays(path) if path.exists() else None

    def write(self, name: str, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
        """Add a part."""
        write_arrays(self._path(name), arrays, about)

    def finish(self, arrays: dict[str, np.ndarray], summary: dict[str, Any]) -> None:
        """Write the results: results.safetensors and results.json."""
        write_arrays(self.directory / "results.safetensors", arrays, summary)
        write_json(self.directory / "results.json", summary)

    def _path(self, name: str) -> Path:
        return self.parts / f"{name}.safetensors"
