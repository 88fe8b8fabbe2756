"""The falsifier: which claim needs which hypothesis, each with a counterexample that it finds itself.

`falsify(claim, without)` searches; `MAP` holds every pair of claim and hypothesis. Needs
python-flint and hypothesis, which load on first use.
"""

import lazy_loader as _lazy_loader

__getattr__, __dir__, __all__ = _lazy_loader.attach_stub(__name__, __file__)
