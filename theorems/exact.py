"""Instances in exact rationals, as `ufm certify` reads them and as findings are written."""

from .tables.exact import ExactInstance, exact_instance, load_exact, read_exact
from .tables.exact_head import ExactHead, read_exact_head

__all__ = [
    "ExactHead",
    "ExactInstance",
    "exact_instance",
    "load_exact",
    "read_exact",
    "read_exact_head",
]
