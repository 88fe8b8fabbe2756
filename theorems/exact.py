"""Instances in exact rationals, as `ufm certify` reads them and as findings are written."""

from .tables.exact import ExactInstance as ExactInstance
from .tables.exact import exact_instance as exact_instance
from .tables.exact import load_exact as load_exact
from .tables.exact import read_exact as read_exact

__all__ = ["ExactInstance", "exact_instance", "load_exact", "read_exact"]
