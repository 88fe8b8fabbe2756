"""What we say about the paper's first version, arXiv:2602.02712v1: each finding with an exact example."""

from . import behaviours, degrading, limit_formula, linear, no_bump, target_peaks, vanishing
from .finding import Confirmation, Finding, Severity

__all__ = ["FINDINGS", "Confirmation", "Finding", "Severity"]

# What was found about the text of the paper's first version.
FINDINGS: tuple[Finding, ...] = (
    target_peaks.IN_TARGET,
    target_peaks.OFF_TARGET,
    vanishing.FINDING,
    behaviours.TWO_HUMPS,
    behaviours.INFLECTIONS,
    no_bump.FINDING,
    linear.FINDING,
    degrading.FINDING,
    limit_formula.FINDING,
)
