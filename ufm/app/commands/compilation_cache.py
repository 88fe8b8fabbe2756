"""The commands keep what XLA compiled for the next process: whole entries, checked, dropped when damaged.

JAX has such a cache, but it writes entries in place and never replaces one that a kill cut short. Here each
entry is written aside and renamed, and begins with the SHA-256 of the rest. The folder holds machine code:
it belongs to its user alone, or it is not used. The library itself switches nothing on.
"""

import hashlib
import os
import platform
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import jax
from jaxlib.version import __version__ as jaxlib_version

from ..._files import cache_folder

# "off", or a folder to use in place of the user's cache folder.
VARIABLE = "UFM_CACHE"

_DIGEST_BYTES = hashlib.sha256().digest_size
_UNUSED_SECONDS = 30 * 24 * 3600.0


def keep_programs() -> Path | None:
    """Have JAX read and write compiled programs; the folder, or None where that is off or impossible.

    Off if `UFM_CACHE` is "off"; left as it is where a cache of JAX's own is set (JAX_COMPILATION_CACHE_DIR).
    """
    chosen = os.environ.get(VARIABLE, "")
    already = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if chosen == "off" or already is not None:
        return None
    try:
        kept = Path(chosen) if chosen else cache_folder() / "xla"
        folder = _own_folder(kept / _of_this_machine())
        # no public interface replaces the store: without this one JAX compiles anew, as ever
        from jax._src import compilation_cache as of_jax

        of_jax.get_file_cache  # noqa: B018  # of another JAX: AttributeError
    except (OSError, ImportError, AttributeError):
        return None
    _forget_unused(folder)
    setattr(of_jax, "get_file_cache", lambda path: (CheckedPrograms(Path(path)), path))  # noqa: B010
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    return folder


class CheckedPrograms:
    """Compiled programs as files of one folder, in the shape that JAX asks of a cache."""

    def __init__(self, folder: Path):
        self._path = folder

    def get(self, key: str) -> bytes | None:
        """What was `put` under `key`; None if nothing was, or if the file is not what was written."""
        file = self._path / key
        try:
            entry = file.read_bytes()
        except OSError:
            return None
        value = entry[_DIGEST_BYTES:]
        whole = entry[:_DIGEST_BYTES] == hashlib.sha256(value).digest()
        with suppress(OSError):
            if whole:
                os.utime(file)  # used today
            else:
                file.unlink()
        return value if whole else None

    def put(self, key: str, value: bytes) -> None:
        """Keep `value`, whole or, where it cannot be written, not at all."""
        with suppress(OSError):
            handle, aside = tempfile.mkstemp(prefix=".", dir=self._path)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(value).digest() + value)
                os.replace(aside, self._path / key)
            except OSError:
                os.unlink(aside)
                raise


def _of_this_machine() -> str:
    """One folder for each JAX and each processor: machine code of another may not run on this one."""
    made_by = [jax.__version__, jaxlib_version, platform.machine(), platform.processor()]
    names = ("model name", "flags", "Features", "CPU part")  # the last two: on ARM
    with suppress(OSError):  # a system may not tell them; the first processor speaks for all
        first = (
            Path("/proc/cpuinfo")
            .read_text(encoding="utf-8", errors="replace")
            .split("\n\n")[0]
            .splitlines()
        )
        made_by += sorted(line for line in first if line.split(":")[0].strip() in names)
    return hashlib.sha256("\n".join(made_by).encode()).hexdigest()[:16]


def _own_folder(folder: Path) -> Path:
    """`folder`, made if need be; `PermissionError` where somebody else could write into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & 0o022):
        raise PermissionError(f"{folder} is open to others")
    return folder


def _forget_unused(folder: Path) -> None:
    """Delete what no command used for a month, and what a kill left half written as long ago."""
    oldest = time.time() - _UNUSED_SECONDS
    with suppress(OSError), os.scandir(folder) as files:
        for file in files:
            if file.stat().st_mtime < oldest:
                os.unlink(file)
