"""The pickle in a file of `torch.save`: tensors, numbers, texts and plain containers alone.

A pickle is a program for a machine with a stack, and it can call any function. Here its opcodes are read, one
by one, and none calls anything: a pickle that names more than a tensor is refused.
"""

import math
import pickletools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


def unpickled(program: bytes, data: Callable[[str], bytes]) -> object:
    """The value that a pickle describes; `data` gives the bytes of the storage with a key.

    Raises `ValueError` on an opcode that neither tensors nor plain containers need.
    """
    machine = _Machine(data)
    for opcode, argument, _ in pickletools.genops(program):
        if opcode.name == "STOP":
            (value,) = machine.stack
            return value
        machine.step(opcode.name, argument)
    raise ValueError("its pickle is cut short")


@dataclass
class _Machine:
    """What a pickle works on: a stack, the marks in it where containers begin, and a memory of values.

    Each method but the first takes the opcodes of one kind, and returns whether the opcode was of that kind.
    """

    data: Callable[[str], bytes]
    stack: list[object] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memory: dict[int, object] = field(default_factory=dict)

    def step(self, name: str, argument: object) -> None:
        """Do what one opcode says."""
        if name in ("PROTO", "FRAME"):
            return
        is_known = (
            self._push(name, argument)
            or self._gather(name)
            or self._fill(name)
            or self._remember(name, argument)
            or self._call(name, argument)
        )
        if not is_known:
            raise ValueError(f"its pickle uses the opcode {name}, which no tensor needs")

    def _push(self, name: str, argument: object) -> bool:
        """A number, a text, a constant or an empty container goes on the stack."""
        match name:
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT":
                self.stack.append(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE":
                self.stack.append(argument)
            case "NONE":
                self.stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                self.stack.append(name == "NEWTRUE")
            case "EMPTY_DICT":
                self.stack.append({})
            case "EMPTY_LIST":
                self.stack.append([])
            case "EMPTY_TUPLE":
                self.stack.append(())
            case _:
                return False
        return True

    def _gather(self, name: str) -> bool:
        """The topmost values of the stack become a tuple."""
        match name:
            case "MARK":
                self.marks.append(len(self.stack))
            case "TUPLE":
                self.stack.append(tuple(self._since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(name[-1])
                self.stack[-count:] = [tuple(self.stack[-count:])]
            case _:
                return False
        return True

    def _fill(self, name: str) -> bool:
        """The topmost values of the stack go into the list or dict below them."""
        match name:
            case "APPEND":
                value = self.stack.pop()
                cast(list[object], self.stack[-1]).append(value)
            case "APPENDS":
                values = self._since_mark()
                cast(list[object], self.stack[-1]).extend(values)
            case "SETITEM":
                value, key = self.stack.pop(), self.stack.pop()
                cast(dict[object, object], self.stack[-1])[key] = value
            case "SETITEMS":
                items = self._since_mark()
                pairs = zip(items[::2], items[1::2], strict=True)
                cast(dict[object, object], self.stack[-1]).update(pairs)
            case _:
                return False
        return True

    def _remember(self, name: str, argument: object) -> bool:
        """The topmost value goes into the memory, or one comes from there."""
        match name:
            case "BINPUT" | "LONG_BINPUT":
                self.memory[cast(int, argument)] = self.stack[-1]
            case "MEMOIZE":
                self.memory[len(self.memory)] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memory[cast(int, argument)])
            case _:
                return False
        return True

    def _call(self, name: str, argument: object) -> bool:
        """A function is named or called, or a storage is read: what makes a tensor is done here, by hand."""
        match name:
            case "GLOBAL":
                self.stack.append(_named(*cast(str, argument).split(" ", 1)))
            case "STACK_GLOBAL":
                function, module = self.stack.pop(), self.stack.pop()
                self.stack.append(_named(str(module), str(function)))
            case "BINPERSID":
                self.stack.append(_storage(self.stack.pop(), self.data))
            case "REDUCE":
                arguments, function = self.stack.pop(), self.stack.pop()
                self.stack.append(_made(function, cast(tuple[object, ...], arguments)))
            case _:
                return False
        return True

    def _since_mark(self) -> list[object]:
        """The values above the last mark, which leave the stack with it."""
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found


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


def pickled(value: object) -> tuple[bytes, list[bytes]]:
    """The pickle of `value`, and the bytes of each storage, whose keys are 0, 1, …

    `value`: float32 or float64 arrays, None, booleans, numbers, texts, and tuples and dicts of them.
    """
    storages: list[bytes] = []
    return b"\x80\x02" + b"".join(_opcodes(value, storages)) + b".", storages


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
