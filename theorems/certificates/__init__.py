"""Certificates: what is certain of one instance, in balls or by theorems, for every strength.

`certify` makes one, `check_certificate` re-verifies one with code of its own, which shares nothing
with `certify` but the tilt formula. Both need python-flint, which loads on first use.
"""

import lazy_loader as _lazy_loader

__getattr__, __dir__, __all__ = _lazy_loader.attach_stub(__name__, __file__)
