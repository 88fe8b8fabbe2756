"""Certificates: what is certain of one instance, in ball arithmetic, for every strength in R.

`certify` makes one, `check_certificate` re-verifies one with code of its own, which shares nothing
with `certify` but the tilt formula. Both need python-flint, which loads on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._certificate import Certificate as Certificate
    from ._certificate import certify as certify
    from ._certificate import write_certificate as write_certificate
    from ._check import check_certificate as check_certificate
    from ._paper import PaperCertificate as PaperCertificate
    from ._paper import certify_paper as certify_paper

_HOME = {
    "Certificate": "_certificate",
    "certify": "_certificate",
    "write_certificate": "_certificate",
    "check_certificate": "_check",
    "PaperCertificate": "_paper",
    "certify_paper": "_paper",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
