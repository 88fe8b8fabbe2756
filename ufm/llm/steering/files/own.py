"""ufm's own format: safetensors with one tensor a block and everything that is known, as JSON."""

from dataclasses import fields
from pathlib import Path

import numpy as np

from ufm._files import Arrays, read_arrays, write_arrays

from ..control_vector import ControlVector
from ..vector import SteeringVector
from .content import Content

CONTENT = Content(alpha=True, site=True, positions=True, model=True, about=None)
_FIELDS = tuple(f.name for f in fields(ControlVector) if f.name != "directions")


def write(vector: ControlVector, path: Path) -> None:
    """Write the tensors `block.N`, N from 0, and the other fields of the vector as metadata."""
    arrays = {f"block.{layer}": v for layer, v in vector.directions.items()}
    about = {name: getattr(vector, name) for name in _FIELDS}
    write_arrays(path, arrays, {"format": "ufm control vector 1", **about})


def is_ours(path: Path) -> bool:
    """Whether ufm wrote this safetensors file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return "about" in (file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"it is corrupt or cut short: {error}") from error


def read(path: Path) -> ControlVector:
    """A file of `write`, or of `SteeringVector.save`, whose α is 1."""
    arrays, about = read_arrays(path)
    match about:
        case {
            "format": "ufm control vector 1",
            "alpha": float(alpha),
            "site": str(site),
            "positions": str(positions),
            "model": str(model),
            "about": dict(more),
        }:
            return ControlVector(_directions(arrays), alpha, site, positions, model, more)
        case {"format": "ufm control vector 1"}:
            raise ValueError(
                "of alpha, site, positions, model and about one is missing or malformed"
            )
    return ControlVector.of(SteeringVector.read(path))


def _directions(arrays: Arrays) -> dict[int, np.ndarray]:
    found = {}
    for name, v in arrays.items():
        stem, _, number = name.rpartition(".")
        if stem != "block" or not (number.isascii() and number.isdecimal()):
            raise ValueError(f"tensor {name!r} is no direction of a block")
        found[int(number)] = v
    return found
