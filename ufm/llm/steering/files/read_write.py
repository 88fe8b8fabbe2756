"""Steering vectors from and to the files of other tools."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np

from ..control_vector import ControlVector
from ..vector import SteeringVector
from . import gguf, lm_eval, own, paper, rows, svec
from .content import Content
from .torch_archive import read_archive

Format = Literal["ufm", "gguf", "svec", "lm-eval", "paper", "rows"]
FORMATS: tuple[Format, ...] = get_args(Format)

_CONTENT: dict[Format, Content] = {
    "ufm": own.CONTENT,
    "gguf": gguf.CONTENT,
    "svec": svec.CONTENT,
    "lm-eval": lm_eval.CONTENT,
    "paper": paper.CONTENT,
    "rows": rows.CONTENT,
}
_WRITE: dict[Format, Callable[[ControlVector, Path], None]] = {
    "ufm": own.write,
    "gguf": gguf.write,
    "svec": svec.write,
    "lm-eval": lm_eval.write,
    "paper": paper.write,
}
# The formats that a name with this end may have; the first is meant where none is named.
_SUFFIXES: dict[str, tuple[Format, ...]] = {
    ".safetensors": ("ufm", "rows"),
    ".gguf": ("gguf",),
    ".svec": ("svec",),
    ".json": ("svec",),
    ".pt": ("lm-eval", "paper", "rows"),
    ".pth": ("lm-eval", "paper", "rows"),
    ".npy": ("rows",),
}


def read_vector(
    path: str | Path, layers: Sequence[int] | None = None, *, hidden_states: bool = False
) -> ControlVector:
    """The directions in a file of any format that is known, told by its content.

    ufm's own safetensors, GGUF control vectors, `.svec`, lm-eval's steered `.pt`, the paper's
    `layer_i.pt`, and arrays [blocks, d] or [d] in `.npy`, `.safetensors` or `.pt`. `layers`: the blocks
    to take; they give an array [d] its block. `hidden_states`: row l of an array is of block l - 1, as in
    persona vectors. No pickle is run: a `.pt` that holds more than tensors and plain containers is refused.

    Raises `ValueError`, one line, on what is none of these.

    >>> import tempfile, numpy as np, ufm.llm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     notes = ufm.llm.write_vector(ufm.llm.ControlVector({1: np.ones(4)}, 2.0), folder + "/v.svec")
    ...     found = ufm.llm.read_vector(folder + "/v.svec")
    >>> print(found.layers, found.directions[1], *notes)
    (1,) [2. 2. 2. 2.] α = 2 is multiplied into the directions: the strength to apply is 1
    """
    return open_vector(Path(path), layers, hidden_states)[1]


def open_vector(
    path: Path, layers: Sequence[int] | None = None, hidden_states: bool = False
) -> tuple[Format, ControlVector]:
    """What `read_vector` reads, and the format that the file turned out to have."""
    try:
        found, value = _content(path)
        if isinstance(value, np.ndarray):
            value = rows.read(value, layers, hidden_states)
        elif hidden_states:
            raise ValueError("hidden states are rows of a plain array, and this is none")
        return found, value if layers is None else value.only(layers)
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist") from error
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: {error}") from error


def _content(path: Path) -> tuple[Format, ControlVector | np.ndarray]:
    """What is in a file, by its first bytes: a vector, or an array whose rows are to be placed."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"GGUF"):
        return "gguf", gguf.read(path)
    if head.startswith(b"\x93NUMPY"):
        return "rows", rows.read_npy(path)
    if head.startswith(b"PK\x03\x04"):
        return _of_archive(read_archive(path))
    if head[8:9] == b"{":
        if own.is_ours(path):
            return "ufm", own.read(path)
        return "rows", rows.read_safetensors(path)
    if head.lstrip()[:1] == b"{":
        return "svec", svec.read(path)
    if head.startswith(b"\x80"):
        raise ValueError(
            "it is a bare pickle, which can run any code and is never loaded: save it with torch.save "
            "of torch 1.6 or later, or as .npy"
        )
    raise ValueError(f"it is of no format that is read: {', '.join(FORMATS)}")


def _of_archive(value: object) -> tuple[Format, ControlVector | np.ndarray]:
    if isinstance(value, np.ndarray):
        return "rows", value
    if paper.is_ours(value):
        return "paper", paper.read(cast(dict[str, object], value))
    if lm_eval.is_ours(value):
        return "lm-eval", lm_eval.read(cast(dict[str, dict[str, object]], value))
    raise ValueError(
        "it is neither a tensor, nor what lm-eval's steered model reads, nor a layer of the paper's code"
    )


def write_vector(
    vector: ControlVector | SteeringVector,
    path: str | Path,
    format: Format | None = None,
    *,
    blocks: int | None = None,
    hook: str | None = None,
) -> tuple[str, ...]:
    """Write a vector to a file, whole or not at all; a sentence for each thing that the file does not hold.

    `format`: "ufm", "gguf", "svec", "lm-eval", "paper" or "rows"; if it is not named, the end of the
    file's name says it (`.safetensors`, `.gguf`, `.svec`, `.pt` for lm-eval, `.npy` for rows). `blocks`: the
    model's number of blocks, for the rows of an array. `hook`: the module whose children are the model's
    blocks, for lm-eval: "layers", or "h" for GPT-2.

    Raises `ValueError` where the file would say something else than the vector: a post-norm vector, or one
    of the last position, for a tool that has neither, block 0 in GGUF, several blocks in the paper's format.

    >>> import tempfile, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> (vector,) = ufm.llm.steering_vectors(model, [[3, 4], [5, 6]], [[7, 8]], [1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     notes = ufm.llm.write_vector(vector, f"{folder}/v.gguf")
    ...     print(notes[0], ufm.llm.read_vector(f"{folder}/v.gguf").layers)
    directions are rounded to float32 (1,)
    """
    path = Path(path)
    known = _SUFFIXES.get(path.suffix)
    if known is None:
        raise ValueError(f"{path}: name the file {', '.join(_SUFFIXES)}: the end says the format")
    name = known[0] if format is None else format
    if name not in known:
        raise ValueError(f"{path}: {path.suffix} is not of {name}, but of {' or '.join(known)}")
    if (blocks is not None and name != "rows") or (hook is not None and name != "lm-eval"):
        raise ValueError("blocks are of the format rows alone, hook of lm-eval")
    given = vector if isinstance(vector, ControlVector) else ControlVector.of(vector)
    if hook is not None:
        given = replace(given, about={**given.about, "hook": hook})
    held, notes = _CONTENT[name].fit(given, name)
    if name == "rows":
        rows.write(held, path, blocks)
        if blocks is None:
            more = (
                f"there are rows up to block {held.layers[-1]} alone: for all, say how many blocks the model "
                "has (--blocks 30)"
            )
            notes = (*notes, more)
    else:
        _WRITE[name](held, path)
        if name == "lm-eval" and "hook" not in held.about:
            notes = (*notes, "the hooks are layers.N: name the hook h for GPT-2")
    return notes
