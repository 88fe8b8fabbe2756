"""Files that are whole or not there: safetensors and JSON, written aside, then renamed."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ._json import JSON

Arrays = dict[str, np.ndarray]


def cache_folder() -> Path:
    """Where ufm keeps what it need not work out again: `ufm` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ufm"


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that, killed at any moment, the file is whole or was never there."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):  # gone after the rename, or never there
            aside.unlink()


def already_there(path: Path) -> str:
    """What is said of a file that is there and is not to be lost."""
    return f"{path} exists: name a new file, or delete this one"


def delete_half_written(*folders: Path) -> None:
    """Delete the files that `write_whole` had begun in these folders when it was killed."""
    for folder in folders:
        for left_over in folder.glob(".*.part"):
            left_over.unlink(missing_ok=True)


def write_json(path: Path, data: Mapping[str, JSON]) -> None:
    """Write `data` as JSON, whole or not at all."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    # half a surrogate pair, of a file's name, becomes the escape that JSON has for it
    write_whole(path, (text + "\n").encode("utf-8", "backslashreplace"))


def write_arrays(path: Path, arrays: Arrays, about: Mapping[str, JSON]) -> None:
    """Write arrays and what is to be known of them (JSON) as safetensors, whole or not at all."""
    from safetensors.numpy import save  # of the extra [llm]

    # one entry: the format keeps several in no fixed order, and equal runs are to give equal files
    metadata = {"about": json.dumps(about, ensure_ascii=False, allow_nan=False, sort_keys=True)}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_whole(path, save(contiguous, metadata))


def read_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:  # whoever reads checks
    """What `write_arrays` wrote; anything else raises `ValueError`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist") from error
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path} is not a safetensors file written by ufm: {error}") from error


def digest(*parts: object) -> str:
    """A short SHA-256 of arrays (dtype, shape, bytes), strings and JSON data."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(f"{part.dtype}{part.shape}".encode())
            found.update(np.ascontiguousarray(part).tobytes())
        else:
            found.update(json.dumps(part, sort_keys=True).encode())
    return found.hexdigest()[:16]
