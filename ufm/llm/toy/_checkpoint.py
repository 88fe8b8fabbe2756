"""A training that goes on after a kill: weights, optimiser and losses in one file, whole or not there."""

from collections.abc import Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ufm._files import read_arrays, write_arrays
from ufm._json import JSON

from ..decoder.params import Params

State = tuple[Params, optax.OptState]


class Checkpoint:
    """The file of one training, about which `about` says all that its numbers depend on."""

    def __init__(self, path: Path, about: Mapping[str, JSON]):
        self.path, self.about = path, dict(about)

    def check(self) -> None:
        """Raise `ValueError` if the file is there, and about another training; clear what kills left."""
        for left_over in self.path.parent.glob(f".{self.path.name}.*.part"):
            left_over.unlink(missing_ok=True)
        if self.path.exists():
            self._read()

    def read(self, like: State) -> tuple[State, np.ndarray] | None:
        """The state, shaped `like` this one, and the losses of the steps behind it; None without a file."""
        if not self.path.exists():
            return None
        arrays = self._read()
        losses = arrays.pop("losses")
        shapes, tree = jax.tree.flatten(like)
        read = (arrays[name] for name in sorted(arrays))
        # a number is kept as an array of one
        leaves = [jnp.asarray(x).reshape(y.shape) for x, y in zip(read, shapes, strict=True)]
        return jax.tree.unflatten(tree, leaves), losses

    def write(self, state: State, losses: np.ndarray) -> None:
        """Keep the state after so many losses."""
        leaves = {f"leaf-{i:04d}": np.asarray(x) for i, x in enumerate(jax.tree.leaves(state))}
        write_arrays(self.path, {**leaves, "losses": losses}, self.about)

    def delete(self) -> None:
        """The training is done."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, np.ndarray]:
        arrays, before = read_arrays(self.path)
        for name in sorted({*before, *self.about}):
            if before.get(name) != self.about.get(name):
                raise ValueError(
                    f"{self.path} is of another training: {name} was {before.get(name)!r}, now it is "
                    f"{self.about.get(name)!r}; delete it, or name another folder"
                )
        return arrays
