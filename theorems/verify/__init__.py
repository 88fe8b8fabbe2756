"""Runs every claim over its families of instances and collects the verdicts."""

from .record import as_json
from .report import Report
from .run import verify_instance, verify_suite
from .tally import Tally

__all__ = ["Report", "Tally", "as_json", "verify_instance", "verify_suite"]
