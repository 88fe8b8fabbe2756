"""Plain arrays: row l of [blocks, d] is added after block l; rows of zeros steer nothing.

So read hotwire and hidden-directions (`.pt`). Persona vectors have a row for each of the model's hidden
states, [blocks + 1, d]: there row l is of block l - 1, row 0 of the embeddings, and the last row comes after
the final norm, so these two are of no block.
"""

from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np

from ufm._files import write_whole

from ..control_vector import ControlVector
from .content import Content
from .torch_archive import archive_bytes

CONTENT = Content()
_NAME = "directions"  # the name of the tensor in a safetensors file


def write(vector: ControlVector, path: Path, blocks: int | None = None) -> None:
    """Write [blocks, d] as .npy, .safetensors or .pt, by the name; by default up to the last direction."""
    last = vector.layers[-1]
    count = last + 1 if blocks is None else blocks
    if count <= last:
        raise ValueError(f"there is a direction of block {last}, outside 0..{count - 1}")
    rows = np.zeros((count, vector.width), np.result_type(*vector.directions.values()))
    for layer, v in vector.directions.items():
        rows[layer] = v
    if path.suffix == ".npy":
        from io import BytesIO

        out = BytesIO()
        np.save(out, rows, allow_pickle=False)
        write_whole(path, out.getvalue())
    elif path.suffix == ".safetensors":
        from safetensors.numpy import save

        write_whole(path, save({_NAME: rows}))
    else:
        write_whole(path, archive_bytes(rows))


def read_npy(path: Path) -> np.ndarray:
    """The array of a .npy file."""
    try:
        # mapped: a header that promises more than the file holds asks for no memory
        return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError, OSError, TokenError) as error:  # the last: of its header
        raise ValueError(f"it is no .npy file of numbers: {error}") from error


def read_safetensors(path: Path) -> np.ndarray:
    """The one tensor of a safetensors file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            if len(names) == 1:
                return file.get_tensor(names[0])
    except (SafetensorError, TypeError) as error:  # the second: a type that numpy lacks
        raise ValueError(f"it is corrupt or cut short: {error}") from error
    raise ValueError(
        f"it holds {len(names)} tensors; ufm's own file or one array [blocks, d] is read"
    )


def read(array: np.ndarray, layers: Sequence[int] | None, hidden_states: bool) -> ControlVector:
    """The directions in an array [blocks, d]; or in [d], which `layers` must give its one block."""
    if array.ndim == 1:
        if layers is None or len(layers) != 1:
            raise ValueError("it holds one row and does not say of which block: name its layer")
        return ControlVector({layers[0]: array})
    if array.ndim != 2:
        raise ValueError(f"it holds an array of shape {array.shape}, not [blocks, d]")
    whole = ControlVector(dict(enumerate(array)))
    if not hidden_states:
        return whole
    last = len(array) - 1
    if layers is None and {0, last} & whole.directions.keys():
        raise ValueError(
            f"row 0 is of the embeddings and row {last} comes after the final norm, neither is a "
            f"block's output: name layers within 0..{last - 2}"
        )
    return ControlVector({k - 1: v for k, v in whole.directions.items() if 0 < k < last})
