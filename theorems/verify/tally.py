"""The verdicts on one claim, counted."""

from dataclasses import dataclass

from ..judging.claim import Claim
from ..judging.verdict import Outcome, Verdict


@dataclass
class Tally:
    """The verdicts on one claim: how many instances were judged, and the worst of them."""

    claim: Claim
    instances: int = 0
    unmet: int = 0
    worst: Verdict | None = None
    control: tuple[bool, Verdict] | None = None
    # why the hypotheses were unmet, the first time
    reason: str = ""
    where: str = ""

    def add(self, verdict: Verdict, where: str) -> None:
        """Count one verdict, found on the instance named `where`."""
        if verdict.verdict is Outcome.UNMET:
            self.unmet += 1
            self.reason = self.reason or verdict.evidence
            return
        self.instances += 1
        self._keep_worse(verdict, where)

    def merge(self, other: "Tally") -> None:
        """Take over what `other` counted on the same claim."""
        self.instances += other.instances
        self.unmet += other.unmet
        self.reason = self.reason or other.reason
        if other.worst is not None:
            self._keep_worse(other.worst, other.where)

    def _keep_worse(self, verdict: Verdict, where: str) -> None:
        if self.worst is None or _rank(verdict) < _rank(self.worst):
            self.worst, self.where = verdict, where

    @property
    def verdict(self) -> Outcome:
        """Fails if any instance does, then undecided, then holds; unmet if none was judged."""
        return Outcome.UNMET if self.worst is None else self.worst.verdict


def _rank(verdict: Verdict) -> tuple[int, float]:
    order = [Outcome.FAILS, Outcome.UNDECIDED, Outcome.HOLDS]
    margin = verdict.margin / verdict.tolerance
    return order.index(verdict.verdict), margin if margin == margin else -float("inf")
