"""The files of `torch.save`, without torch: a zip archive of a pickle and of the tensors' bytes."""

import io
import struct
import zipfile
from pathlib import Path

from .torch_pickle import pickled, unpickled


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
            return unpickled(program, lambda key: _member(archive, f"{folder}data/{key}"))
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


def archive_bytes(value: object) -> bytes:
    """The bytes of a file that `torch.load(weights_only=True)` reads: arrays in it become tensors.

    `value`: float32 or float64 arrays, None, booleans, numbers, texts, and dicts of them. Equal values give
    equal bytes.
    """
    program, storages = pickled(value)
    members = {"data.pkl": program, "byteorder": b"little"}
    members |= {f"data/{key}": numbers for key, numbers in enumerate(storages)}
    members["version"] = b"3\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), content)
    return out.getvalue()
