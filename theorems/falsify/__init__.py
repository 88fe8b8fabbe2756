"""The falsifier: which claim needs which hypothesis, each with a counterexample that it finds itself.

`falsify(claim, without)` searches; `MAP` holds every pair of claim and hypothesis. Needs
python-flint and hypothesis, which load on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._map import MAP as MAP
    from ._search import Falsification as Falsification
    from ._search import falsify as falsify

_HOME = {"falsify": "_search", "Falsification": "_search", "MAP": "_map"}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
