"""Instances in exact rationals, as `ufm certify` reads them and as findings are written."""

from .tables.exact import ExactInstance, exact_instance, load_exact, read_exact

__all__ = ["ExactInstance", "exact_instance", "load_exact", "read_exact"]
