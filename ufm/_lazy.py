"""Public names that load on first use, so that importing a package costs nothing."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def on_first_use(
    package: str, homes: Mapping[str, str], *, extra: str | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of `package`, whose name `n` stands in its module `homes[n]`.

    `extra`: which extra of ufm to install where a module that it needs is absent.

    >>> from ufm._lazy import on_first_use
    >>> load, names = on_first_use("ufm", {"ExponentialTilt": "tilt.tilt"})
    >>> print(load("ExponentialTilt").__name__, names())
    ExponentialTilt ['ExponentialTilt']
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            home = importlib.import_module(f".{homes[name]}", package)
        except ModuleNotFoundError as error:
            if extra is None:
                raise
            raise ImportError(
                f"{package} needs {error.name}: pip install 'ufm[{extra}]'"
            ) from error
        return getattr(home, name)

    return load, lambda: sorted(homes)
