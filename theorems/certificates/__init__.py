"""Certificates: what is certain of one instance, in ball arithmetic, for every strength in R.

`certify` makes one, `check_certificate` re-verifies one with code of its own, which shares nothing
with `certify` but the tilt formula. Both need python-flint, which loads on first use.
"""

from typing import TYPE_CHECKING

from ufm._lazy import on_first_use

if TYPE_CHECKING:
    from ._paper import PaperCertificate as PaperCertificate
    from ._paper import certify_paper as certify_paper
    from .check.certificate import check_certificate as check_certificate
    from .write.certificate import Certificate as Certificate
    from .write.certificate import certify as certify
    from .write.certificate import write_certificate as write_certificate

_HOME = {
    "Certificate": "write.certificate",
    "certify": "write.certificate",
    "write_certificate": "write.certificate",
    "check_certificate": "check.certificate",
    "PaperCertificate": "_paper",
    "certify_paper": "_paper",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = on_first_use(__name__, _HOME)
