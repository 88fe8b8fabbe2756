"""Tensors of a checkpoint, read one at a time; from safetensors files, one or many."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from safetensors import SafetensorError, safe_open

from ufm._checks import finite
from ufm._text import read_json

from ..decoder.params import at_least_float32

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_FLOATS = ("F64", "F32", "F16", "BF16")
# Makes an array of the checkpoint, told where to split it, into the array that the model keeps.
Place = Callable[..., jax.Array]
# enough of each file to tell two checkpoints apart without reading gigabytes
FINGERPRINT_BYTES = 1 << 20


class TensorFiles(ABC):
    """The tensors of a checkpoint by name, as Hugging Face names and lays them out.

    Each is read, checked and placed when asked for. `where` they are is named in errors; `unread` are
    the names that nobody asked for yet; `rounding` says to what the weights were rounded, if so.
    """

    where: Path
    unread: set[str]
    rounding: str | None = None
    asked_by: str  # what settles the shapes

    @abstractmethod
    def __contains__(self, name: str) -> bool: ...

    @abstractmethod
    def fingerprint(self) -> str:
        """A digest of the header and the first megabyte of data: it identifies a checkpoint."""

    @abstractmethod
    def stored(self, name: str) -> tuple[Path, str]:
        """The file that holds the tensor `name`, and its name there; of a missing one, where it would be."""

    @abstractmethod
    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the tensor `name`."""

    @abstractmethod
    def array(self, name: str) -> np.ndarray:
        """The tensor `name`; a type that is not read is an error naming it."""

    def read(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The tensor `name`; it must be of this `shape` and finite."""
        path, stored = self.stored(name)
        if name not in self:
            raise ValueError(f"{self.where}: tensor {stored} is missing")
        self.unread.discard(name)
        if self.shape(name) != shape:
            raise ValueError(
                f"{path}: {stored} has shape {self.shape(name)}; {self.asked_by} asks for {shape}"
            )
        array = self.array(name)
        finite(f"{path}: {stored}", array)
        return array


class SafetensorFiles(TensorFiles):
    """The safetensors files of a model directory, one or many.

    `prefixes` are cut off the names. Raises `ValueError` on pickle files only, a corrupt or
    truncated file, a missing shard, or a tensor of a type that is not floating point.
    """

    asked_by = "config.json"

    def __init__(self, directory: Path, prefixes: tuple[str, ...] = ()):
        self.where = directory
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

    def stored(self, name: str) -> tuple[Path, str]:
        """The file that holds the tensor `name`, and its name there."""
        return self._where.get(name, (self.where, name))

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the tensor `name`."""
        return tuple(self._slice(name).get_shape())

    def array(self, name: str) -> np.ndarray:
        """The tensor `name`, of its stored dtype."""
        view = self._slice(name)
        if view.get_dtype() not in _FLOATS:
            path, stored = self._where[name]
            raise ValueError(
                f"{path}: {stored} is stored as {view.get_dtype()}; only {', '.join(_FLOATS)} are "
                "read: quantised weights must be converted first"
            )
        return view[:]

    def fingerprint(self) -> str:
        """A digest of each file's header and first megabyte of data."""
        digest = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                header = int.from_bytes(file.read(8), "little")
                digest.update(file.read(header + FINGERPRINT_BYTES))
                digest.update(str(path.stat().st_size).encode())
        return digest.hexdigest()[:16]

    def _slice(self, name: str):
        path, stored = self._where[name]
        return self._handle(path).get_slice(stored)

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
    index, single = directory / _INDEX, directory / _SINGLE
    if index.is_file():
        files = _shards(index)
        missing = [path for path in files if not path.is_file()]
        if not missing and single.is_file() and single not in files:
            raise ValueError(
                f"{directory} holds two sets of weights, {_SINGLE} and the {len(files)} files of {_INDEX}: "
                "move the one away that is not the model's"
            )
        if not missing:
            return files
        if not single.is_file():
            raise ValueError(f"{missing[0]} is missing, though {_INDEX} names it")
        # the index is left over from before the shards were made one
    if single.is_file():
        return [single]
    pickles = sorted(path.name for kind in _PICKLES for path in directory.glob(kind))
    if pickles:
        raise ValueError(
            f"{directory} holds weights as pickle only ({pickles[0]}), which can run any code and is "
            "never loaded: save the model as safetensors"
        )
    raise ValueError(f"{directory} holds no {_SINGLE} and no {_INDEX}")


def _shards(index: Path) -> list[Path]:
    """The files that an index names, in order."""
    about = read_json(index)
    shards = about.get("weight_map") if isinstance(about, dict) else None
    names = {str(name) for name in shards.values()} if isinstance(shards, dict) else set[str]()
    if not names:
        raise ValueError(f"{index} is not an index of safetensors files: it has no weight_map")
    return [index.with_name(Path(name).name) for name in sorted(names)]


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
