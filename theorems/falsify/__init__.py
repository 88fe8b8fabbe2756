"""The falsifier: which claim needs which hypothesis, each with a counterexample that it finds itself.

`falsify(claim, without)` searches; `MAP` holds every pair of claim and hypothesis. Needs
python-flint and hypothesis, which load on first use.
"""

from typing import TYPE_CHECKING

from ufm._lazy import on_first_use

if TYPE_CHECKING:
    from ._map import MAP as MAP
    from ._search import Falsification as Falsification
    from ._search import falsify as falsify

_HOME = {"falsify": "_search", "Falsification": "_search", "MAP": "_map"}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = on_first_use(__name__, _HOME)
