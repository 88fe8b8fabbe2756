"""The file format GGUF: metadata and tensors, of which each is brought to float32 when asked for.

The header is read here and not by `gguf.GGUFReader`, which takes seconds and hundreds of megabytes for
a vocabulary of 150,000 tokens; the package `gguf` knows the quantised types.
"""

import hashlib
import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ufm._json import JSON

from .weights import FINGERPRINT_BYTES

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")  # a text begins with its length
# How a value of each type is stored: little-endian, as llama.cpp writes it.
_NUMBERS = dict(enumerate(["<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<f4", "?"]))
_NUMBERS |= {10: "<u8", 11: "<i8", 12: "<f8"}
# Values brought to float32 at a time: the rows of a large tensor are not all there twice.
_PIECE = 1 << 22
# These types store a number as it is; all others round blocks of numbers to few bits.
_PLAIN = ("F32", "F16", "BF16")


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in the file: its shape, slowest axis first, its type and where its bytes are."""

    shape: tuple[int, ...]
    kind: str
    start: int
    size: int


class GgufFile:
    """A GGUF file: `metadata` by key, `tensors` by name.

    Raises `ValueError`, one line, on a file that is something else, corrupt, cut short, a part of
    several, or with a tensor of an unknown type; `ImportError` without the package gguf.
    """

    def __init__(self, path: Path):
        self.path = path
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError(f"{path} is not a GGUF file")
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._read_header()
        except (struct.error, UnicodeDecodeError, IndexError, OverflowError) as error:
            raise ValueError(f"{path} is corrupt or cut short ({error}): fetch it again") from error
        parts = self.metadata.get("split.count", 1)
        if parts not in (0, 1):
            raise ValueError(
                f"{path} is one of {parts} parts: join them with `llama-gguf-split --merge`"
            )

    def array(self, name: str) -> np.ndarray:
        """The tensor `name` in float32; a type that `gguf` cannot dequantise is an error naming it."""
        from gguf import GGMLQuantizationType, dequantize

        tensor = self.tensors[name]
        raw = np.frombuffer(self._bytes, np.uint8, tensor.size, tensor.start)
        width = tensor.shape[-1]
        rows = raw.reshape(-1, tensor.size * width // math.prod(tensor.shape))
        found = np.empty((rows.shape[0], width), np.float32)
        step = max(1, _PIECE // width)
        try:
            for first in range(0, len(rows), step):
                piece = rows[first : first + step]
                found[first : first + step] = dequantize(piece, GGMLQuantizationType[tensor.kind])
        except NotImplementedError as error:
            raise ValueError(
                f"{self.path}: tensor {name} is of type {tensor.kind}, which is not read"
            ) from error
        return found.reshape(tensor.shape)

    @property
    def rounding(self) -> str | None:
        """The types that the tensors were rounded to, the most frequent first; None for full precision."""
        kinds = [tensor.kind for tensor in self.tensors.values() if tensor.kind not in _PLAIN]
        return ", ".join(sorted(set(kinds), key=lambda kind: -kinds.count(kind))) or None

    def fingerprint(self) -> str:
        """A digest of the header and the first megabyte of data: it identifies a checkpoint."""
        digest = hashlib.sha256(self._bytes[: self._data + FINGERPRINT_BYTES])
        digest.update(str(len(self._bytes)).encode())
        return digest.hexdigest()[:16]

    def _read_header(self) -> None:
        values = _Values(self._bytes, len(_MAGIC))
        version = values.number("<u4")
        if version not in _VERSIONS:
            raise ValueError(
                f"{self.path} is of GGUF version {version}; known are {_VERSIONS[0]} and {_VERSIONS[1]}, "
                "little-endian"
            )
        tensors, keys = values.number("<u8"), values.number("<u8")
        self.metadata: dict[str, JSON] = {}
        for _ in range(keys):
            key = values.text()
            if key in self.metadata:
                raise ValueError(f"{self.path}: key {key} is there twice")
            self.metadata[key] = values.value(values.number("<u4"), self.path, key)
        found = [self._read_tensor(values) for _ in range(tensors)]
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError(f"{self.path}: general.alignment must be positive; got {alignment!r}")
        self._data = -(-values.at // alignment) * alignment
        self.tensors: dict[str, StoredTensor] = {}
        for name, shape, kind, offset, size in found:
            start = self._data + offset
            if name in self.tensors:
                raise ValueError(f"{self.path}: tensor {name} is there twice")
            if start + size > len(self._bytes):
                raise ValueError(f"{self.path} is cut short: tensor {name} lies beyond its end")
            self.tensors[name] = StoredTensor(shape, kind, start, size)

    def _read_tensor(self, values: "_Values") -> tuple[str, tuple[int, ...], str, int, int]:
        """Name, shape, type, offset and bytes of the next tensor."""
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

        name = values.text()
        shape = tuple(values.number("<u8") for _ in range(values.number("<u4")))[::-1]
        kind, offset = values.number("<u4"), values.number("<u8")
        if not shape or 0 in shape:
            raise ValueError(f"{self.path}: tensor {name} has shape {shape}")
        try:
            known = GGMLQuantizationType(kind)
        except ValueError as error:
            raise ValueError(f"{self.path}: tensor {name} has the unknown type {kind}") from error
        block, size = GGML_QUANT_SIZES[known]
        if shape[-1] % block:
            raise ValueError(
                f"{self.path}: rows of {shape[-1]} in tensor {name} are no multiple of the {block} in a "
                f"block of {known.name}"
            )
        return name, shape, known.name, offset, math.prod(shape) // block * size


class _Values:
    """Reads one value after the other from the header."""

    def __init__(self, data: mmap.mmap, at: int):
        self.data, self.at = data, at

    def number(self, kind: str) -> int:
        return int(self._numbers(kind, 1)[0])

    def text(self) -> str:
        return self._texts(1)[0]

    def value(self, kind: int, path: Path, key: str) -> JSON:
        if kind == _STRING:
            return self.text()
        if kind in _NUMBERS:
            return self._numbers(_NUMBERS[kind], 1)[0]
        if kind != _ARRAY:
            raise ValueError(f"{path}: key {key} is of the unknown type {kind}")
        kind, length = self.number("<u4"), self.number("<u8")
        if kind == _STRING:
            return self._texts(length)
        if kind not in _NUMBERS:
            raise ValueError(f"{path}: key {key} is a list of the unknown type {kind}")
        return self._numbers(_NUMBERS[kind], length)

    def _texts(self, count: int) -> list[str]:
        # one loop without calls: a vocabulary and its merges are half a million texts
        found, at, size = [], self.at, len(self.data)
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(self.data, at)
            at += _LENGTH.size + length
            if at > size:
                raise IndexError(f"a text ends at {at} of {size}")
            found.append(self.data[at - length : at].decode("utf-8"))
        self.at = at
        return found

    def _numbers(self, kind: str, count: int) -> list[int | float]:
        size = np.dtype(kind).itemsize * count
        found = np.frombuffer(self.data[self.at : self._after(size)], kind).tolist()
        self.at += size
        return found

    def _after(self, size: int) -> int:
        if self.at + size > len(self.data):
            raise IndexError(f"{size} bytes at {self.at} of {len(self.data)}")
        return self.at + size
