"""Tensors of a model directory: safetensors files, one or many, read one tensor at a time."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from safetensors import SafetensorError, safe_open

from ufm._checks import finite

from ..decoder.blocks import at_least_float32

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_FLOATS = ("F64", "F32", "F16", "BF16")
# Of an array of the checkpoint, and where to split it, the array as the model keeps it.
Place = Callable[..., jax.Array]
# enough of each file to tell two checkpoints apart without reading gigabytes
_FINGERPRINT_BYTES = 1 << 20


class TensorFiles:
    """The tensors of a model directory by name; each is read, checked and placed when asked for.

    `prefixes` are cut off the names. Raises `ValueError` on pickle files only, a corrupt or
    truncated file, a missing shard, or a tensor of a type that is not floating point.
    """

    def __init__(self, directory: Path, prefixes: tuple[str, ...] = ()):
        self.files = _find(directory)
        self._where: dict[str, tuple[Path, str]] = {}
        self._open: dict[Path, safe_open] = {}
        for path in self.files:
            for stored in list(self._handle(path).keys()):
                name = stored
                for prefix in prefixes:
                    name = name.removeprefix(prefix)
                if name in self._where:
                    raise ValueError(f"{path}: tensor {stored} is there twice")
                self._where[name] = (path, stored)
        self.unread = set(self._where)

    def __contains__(self, name: str) -> bool:
        return name in self._where

    def read(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The tensor `name`, of its stored dtype; it must be of this `shape` and finite."""
        if name not in self._where:
            raise ValueError(f"{self.files[0].parent}: tensor {name} is missing")
        path, stored = self._where[name]
        self.unread.discard(name)
        view = self._handle(path).get_slice(stored)
        if tuple(view.get_shape()) != shape:
            raise ValueError(
                f"{path}: {stored} has shape {tuple(view.get_shape())}; config.json asks for {shape}"
            )
        if view.get_dtype() not in _FLOATS:
            raise ValueError(
                f"{path}: {stored} is stored as {view.get_dtype()}; only {', '.join(_FLOATS)} are "
                "read: quantised weights must be converted first"
            )
        array = view[:]
        finite(f"{path}: {stored}", array)
        return array

    def fingerprint(self) -> str:
        """A digest of each file's header and first megabyte of data: it identifies a checkpoint."""
        digest = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                header = int.from_bytes(file.read(8), "little")
                digest.update(file.read(header + _FINGERPRINT_BYTES))
                digest.update(str(path.stat().st_size).encode())
        return digest.hexdigest()[:16]

    def _handle(self, path: Path) -> safe_open:
        if path not in self._open:
            try:
                self._open[path] = safe_open(path, framework="numpy")
            except SafetensorError as error:
                raise ValueError(
                    f"{path} is corrupt or cut short ({error}): fetch it again"
                ) from error
        return self._open[path]


def _find(directory: Path) -> list[Path]:
    """The safetensors files that hold the weights."""
    index = directory / _INDEX
    if index.is_file():
        try:
            shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            files = [directory / Path(name).name for name in sorted(set(shards.values()))]
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"{index} is not an index of safetensors files: {error}") from error
        for path in files:
            if not path.is_file():
                raise ValueError(f"{path} is missing, though {_INDEX} names it")
        return files
    if (directory / _SINGLE).is_file():
        return [directory / _SINGLE]
    pickles = sorted(path.name for kind in _PICKLES for path in directory.glob(kind))
    if pickles:
        raise ValueError(
            f"{directory} holds weights as pickle only ({pickles[0]}), which can run any code and is "
            "never loaded: save the model as safetensors"
        )
    raise ValueError(f"{directory} holds no {_SINGLE} and no {_INDEX}")


def placer(
    dtype: np.dtype,
    devices: tuple[jax.Device, ...] | None,  # pyright: ignore[reportInvalidTypeForm]
) -> Place:
    """A function (array, split=axis) → JAX array of `dtype`, split over `devices` along that axis.

    An axis that the devices do not divide evenly is not split: each device then holds it all.
    Norms (`wide=True`) are kept in float32 at least.
    """
    mesh = None if devices is None else jax.sharding.Mesh(np.array(devices), ("model",))

    def place(array: np.ndarray, split: int | None = None, wide: bool = False) -> jax.Array:
        host = array.astype(at_least_float32(dtype) if wide else dtype)
        if mesh is None:
            return jnp.asarray(host)
        spec: list[str | None] = [None] * host.ndim
        if split is not None and host.shape[split] % mesh.size == 0:
            spec[split] = "model"
        return jax.device_put(host, NamedSharding(mesh, PartitionSpec(*spec)))

    return place
