"""Steering strength, exactly: the Unconstrained Features Model of arXiv:2602.02712 in JAX.

Names load on first use, so that `import ufm` and `ufm --help` cost nothing.
"""

from importlib.metadata import version as _version

import lazy_loader as _lazy_loader

__getattr__, __dir__, __all__ = _lazy_loader.attach_stub(__name__, __file__)
__version__ = _version("ufm")
