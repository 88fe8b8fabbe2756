"""Public names that load on first use, where the modules behind them need an extra of this package."""

from collections.abc import Callable

import lazy_loader


def attach_stub(
    package: str, file: str, *, extra: str
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of `package`: the names that its stub `__init__.pyi` imports.

    `file` is its `__init__.py`. Where a module is absent, the error says that `extra` brings it.
    """
    load, names, public = lazy_loader.attach_stub(package, file)

    def load_or_name_the_extra(name: str) -> object:
        try:
            return load(name)
        except ModuleNotFoundError as error:
            message = f"{package} needs {error.name}: pip install 'ufm[{extra}]'"
            raise ImportError(message) from error

    return load_or_name_the_extra, names, public
