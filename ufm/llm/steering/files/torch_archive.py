"""The files of `torch.save`, without torch: tensors, numbers, texts and plain containers alone.

Such a file is a zip archive of a pickle and of the tensors' bytes. A pickle can call any function; here its
opcodes are read, one by one, and none calls anything: a file that names more than a tensor is refused.
"""

import io
import math
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import jax.numpy as jnp
import numpy as np

_STORAGES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype(jnp.bfloat16),
}
_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = ("torch._utils", "_rebuild_parameter")
_ORDERED = ("collections", "OrderedDict")
_KNOWN = {_TENSOR, _PARAMETER, _ORDERED, *(("torch", name) for name in _STORAGES)}
_WRITTEN = {np.dtype("<f4"): "FloatStorage", np.dtype("<f8"): "DoubleStorage"}


@dataclass(frozen=True)
class _Global:
    """A function or class that a pickle names; it is never imported."""

    module: str
    name: str


def read_archive(path: Path) -> object:
    """What `torch.save` wrote: arrays, numbers, texts, None, and tuples, lists and dicts of them.

    Raises `ValueError`, one line, on anything else; nothing in the file is ever run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(names) != 1:
                raise ValueError("it holds no data.pkl")
            folder = names[0].removesuffix("data.pkl")
            if f"{folder}byteorder" in archive.namelist():
                order = _member(archive, f"{folder}byteorder")
                if order != b"little":
                    raise ValueError(f"its byte order is {order[:16]!r}, not little")
            program = _member(archive, names[0])
            return _interpret(program, lambda key: _member(archive, f"{folder}data/{key}"))
    except (
        zipfile.BadZipFile,
        NotImplementedError,  # a kind of zip that Python cannot read
        RuntimeError,  # an encrypted one
        OSError,
        EOFError,
        struct.error,
        ValueError,
        # a pickle that asks of a value what it cannot do
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise ValueError(f"it is no file of torch.save that is read here: {error}") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    # torch compresses nothing; a few kilobytes that unpack to gigabytes are refused with that
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    return archive.read(name)


def _interpret(program: bytes, data: Callable[[str], bytes]) -> object:
    """The value that a pickle describes, by the opcodes that tensors and plain containers need."""
    stack: list[object] = []
    marks: list[int] = []
    memo: dict[int, object] = {}

    def items() -> list[object]:
        start = marks.pop()
        found = stack[start:]
        del stack[start:]
        return found

    for opcode, argument, _ in pickletools.genops(program):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                (value,) = stack
                return value
            case "MARK":
                marks.append(len(stack))
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(opcode.name == "NEWTRUE")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT":
                stack.append(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE":
                stack.append(argument)
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE":
                stack.append(tuple(items()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "APPEND":
                value = stack.pop()
                cast(list[object], stack[-1]).append(value)
            case "APPENDS":
                values = items()
                cast(list[object], stack[-1]).extend(values)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                cast(dict[object, object], stack[-1])[key] = value
            case "SETITEMS":
                pairs = items()
                cast(dict[object, object], stack[-1]).update(
                    zip(pairs[::2], pairs[1::2], strict=True)
                )
            case "BINPUT" | "LONG_BINPUT":
                memo[cast(int, argument)] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[cast(int, argument)])
            case "GLOBAL":
                stack.append(_named(*cast(str, argument).split(" ", 1)))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(_named(str(module), str(name)))
            case "BINPERSID":
                stack.append(_storage(stack.pop(), data))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(_made(function, cast(tuple[object, ...], arguments)))
            case other:
                raise ValueError(f"its pickle uses the opcode {other}, which no tensor needs")
    raise ValueError("its pickle is cut short")


def _named(module: str, name: str) -> _Global:
    if (module, name) not in _KNOWN:
        raise ValueError(
            f"its pickle names {module}.{name}, which is no tensor and might run any code"
        )
    return _Global(module, name)


def _storage(identity: object, data: Callable[[str], bytes]) -> np.ndarray:
    """The numbers of a storage; `identity` is ("storage", type, key, device, count)."""
    match identity:
        case ("storage", _Global("torch", name), str(key), str(), int(count)) if name in _STORAGES:
            numbers = np.frombuffer(data(key), _STORAGES[name])
            if numbers.size < count:
                raise ValueError(f"storage {key} holds {numbers.size} numbers, not {count}")
            return numbers[:count]
    raise ValueError("its pickle describes no storage of a tensor")


def _made(function: object, arguments: tuple[object, ...]) -> object:
    """What a known function would have returned."""
    match function, arguments:
        case _Global("collections", "OrderedDict"), ():
            return {}
        case _Global("torch._utils", "_rebuild_parameter"), (np.ndarray() as tensor, *_):
            return tensor
        case (
            _Global("torch._utils", "_rebuild_tensor_v2"),
            (np.ndarray() as storage, int(offset), tuple(shape), tuple(strides), *_),
        ):
            return _tensor(storage, offset, shape, strides)
    raise ValueError("its pickle calls a function in a way that makes no tensor")


def _tensor(
    storage: np.ndarray, offset: int, shape: tuple[object, ...], strides: tuple[object, ...]
) -> np.ndarray:
    """The tensor of this shape in a storage, from number `offset` on; strides are in numbers."""
    lengths = [n for n in shape if isinstance(n, int) and n > 0]
    steps = [n for n in strides if isinstance(n, int) and n >= 0]
    if not len(lengths) == len(shape) == len(steps) == len(strides) or offset < 0:
        raise ValueError(f"a tensor of shape {shape} and strides {strides} cannot be")
    last = offset + sum((n - 1) * step for n, step in zip(lengths, steps, strict=True))
    # the first: strides of 0 would make a few numbers terabytes
    if math.prod(lengths) > storage.size or last >= storage.size:
        raise ValueError(f"a tensor of shape {shape} leaves its storage of {storage.size} numbers")
    in_bytes = [step * storage.itemsize for step in steps]
    return np.lib.stride_tricks.as_strided(storage[offset:], lengths, in_bytes).copy()


def archive_bytes(value: object) -> bytes:
    """The bytes of a file that `torch.load(weights_only=True)` reads: arrays in it become tensors.

    `value`: float32 or float64 arrays, None, booleans, numbers, texts, and dicts of them. Equal values give
    equal bytes.
    """
    storages: list[bytes] = []
    program = b"\x80\x02" + b"".join(_opcodes(value, storages)) + b"."
    members = {"data.pkl": program, "byteorder": b"little"}
    members |= {f"data/{key}": numbers for key, numbers in enumerate(storages)}
    members["version"] = b"3\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), content)
    return out.getvalue()


def _opcodes(value: object, storages: list[bytes]) -> list[bytes]:
    """The opcodes of protocol 2 that put `value` on the stack; the tensors' bytes go to `storages`."""
    if value is None:
        return [b"N"]
    if isinstance(value, bool):
        return [b"\x88" if value else b"\x89"]
    if isinstance(value, int):
        return [b"J", struct.pack("<i", value)]
    if isinstance(value, float):
        return [b"G", struct.pack(">d", value)]
    if isinstance(value, str):
        text = value.encode()
        return [b"X", struct.pack("<I", len(text)), text]
    if isinstance(value, tuple):
        return [b"(", *(code for part in value for code in _opcodes(part, storages)), b"t"]
    if isinstance(value, Mapping):
        pairs = [part for pair in value.items() for part in pair]
        return [b"}(", *(code for part in pairs for code in _opcodes(part, storages)), b"u"]
    if isinstance(value, np.ndarray):
        key = str(len(storages))
        storages.append(np.ascontiguousarray(value).tobytes())
        strides = tuple(step // value.itemsize for step in np.ascontiguousarray(value).strides)
        return [
            b"ctorch._utils\n_rebuild_tensor_v2\n((",
            *_opcodes("storage", storages),
            f"ctorch\n{_WRITTEN[value.dtype]}\n".encode(),
            *(code for part in (key, "cpu", value.size) for code in _opcodes(part, storages)),
            b"tQ",
            *(code for part in (0, value.shape, strides) for code in _opcodes(part, storages)),
            b"\x89ccollections\nOrderedDict\n)RtR",
        ]
    raise TypeError(f"{type(value).__name__} is not written")
