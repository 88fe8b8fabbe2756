"""What a check says of one claim on one instance, and the three ways in which it decides."""

import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from ufm._checks import Numbers


class Outcome(StrEnum):
    """The four answers; a claim whose hypotheses are unmet neither holds nor fails."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    UNMET = "hypotheses unmet"


class Verdict(NamedTuple):
    """The verdict on a claim.

    - `verdict`: "holds", "fails", "undecided" or "hypotheses unmet" (an `Outcome`, which is a str).
    - `margin`: how far the worst point was from failing: for an identity minus its largest error, for
      an inequality the least slack; NaN if nothing was judged. Scaled as the claim's check says.
    - `tolerance`: the rounding error that the judgement allows for, in the units of `margin`.
    - `evidence`: one line: what was compared, where, or which hypothesis is unmet and by how much.
    """

    verdict: Outcome
    margin: float
    tolerance: float
    evidence: str


def identity(errors: Numbers, tolerance: float, evidence: str) -> Verdict:
    """Judge an equality: it holds if every error is at most `tolerance`, and fails otherwise."""
    sizes = np.abs(np.atleast_1d(np.asarray(errors, float)))
    return _judge(-sizes, tolerance, evidence, strict=False)


def bound(slack: Numbers, tolerance: float, evidence: str) -> Verdict:
    """Judge `slack` >= 0: it fails where the slack is below -`tolerance`."""
    return _judge(np.asarray(slack, float), tolerance, evidence, strict=False)


def strict(slack: Numbers, tolerance: float, evidence: str) -> Verdict:
    """Judge `slack` > 0: holds above `tolerance`, fails below -`tolerance`, is undecided between."""
    return _judge(np.asarray(slack, float), tolerance, evidence, strict=True)


def worst(*verdicts: Verdict) -> Verdict:
    """The conjunction of the parts of a claim: fails before undecided before holds."""
    order = [Outcome.FAILS, Outcome.UNDECIDED, Outcome.UNMET, Outcome.HOLDS]

    def rank(verdict: Verdict) -> tuple[int, float]:
        # Among equals the one that came nearest to failing, in units of its tolerance; NaN first.
        in_units = verdict.margin / (verdict.tolerance or 1.0)
        return order.index(verdict.verdict), -math.inf if math.isnan(in_units) else in_units

    return min(verdicts, key=rank)


def supported(main: Verdict, *others: Verdict) -> Verdict:
    """`main`, unless it holds and one of the `others` does not: then the worst of these.

    For a claim whose margin is that of `main`, while the others, such as a curve that may level off
    but must not turn, hold with nothing to spare.
    """
    if main.verdict is Outcome.FAILS or all(o.verdict is Outcome.HOLDS for o in others):
        return main
    return worst(main, *others)


def unmet(reason: str) -> Verdict:
    """The verdict "hypotheses unmet", with the hypothesis and the value that breaks it."""
    return Verdict(Outcome.UNMET, float("nan"), 0.0, reason)


def _judge(slack: np.ndarray, tolerance: float, evidence: str, *, strict: bool) -> Verdict:
    if slack.size == 0:
        return Verdict(Outcome.UNDECIDED, float("nan"), tolerance, f"no point to judge: {evidence}")
    margin, tolerance = float(slack.min()), float(tolerance)
    evidence = f"{evidence} [{slack.size:,} points]"
    if np.isnan(slack).any():  # a quantity that is not a number has not been shown to be anything
        where = ", ".join(map(str, np.argwhere(np.isnan(slack))[0]))
        evidence = (
            f"not a number in {np.isnan(slack).sum()} of them, first at [{where}]: {evidence}"
        )
        return Verdict(Outcome.UNDECIDED, float("nan"), tolerance, evidence)
    if margin < -tolerance:
        return Verdict(Outcome.FAILS, margin, tolerance, evidence)
    if strict and margin <= tolerance:
        return Verdict(Outcome.UNDECIDED, margin, tolerance, evidence)
    return Verdict(Outcome.HOLDS, margin, tolerance, evidence)
