"""Runs every claim over its families of instances and collects the verdicts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._instance import Instance
from ._statement import Claim, Statement
from ._verdict import Outcome, Verdict
from .suite import draw

# Draws a family may make for each instance that meets a claim's hypotheses.
_PATIENCE = 4


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


@dataclass
class Report:
    """What `verify` found: tallies by claim id, and the confirmations of the findings."""

    seed: int
    statements: tuple[Statement, ...]
    tallies: dict[str, Tally] = field(default_factory=dict)
    findings: list[tuple[Any, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No claim fails or is undecided, every control that ran found its counterexample, and
        every finding that was recomputed is confirmed.
        """
        fine = {Outcome.HOLDS, Outcome.UNMET}
        return all(
            t.verdict in fine and (t.control is None or t.control[0]) for t in self.tallies.values()
        ) and all(confirmation.confirmed for _, confirmation in self.findings)


def verify_suite(
    statements: Sequence[Statement],
    *,
    instances: int = 200,
    seed: int = 0,
    findings: Sequence[Any] = (),
    progress: Callable[[float, str], None] | None = None,
) -> Report:
    """Check every claim on at least `instances` random instances of each of its families.

    The paper's datasets come first and count in addition. `progress(share, what)` is called often,
    with `share` going from 0 to 1. Same `seed`, same report.
    """
    report = Report(seed, tuple(statements))
    claims = [claim for statement in statements for claim in statement.claims]
    report.tallies = {claim.id: Tally(claim) for claim in claims}
    families = list(dict.fromkeys(family for claim in claims for family in claim.families))
    parts = len(families) * instances + 4 * len(claims) + 4 * len(findings)
    done = 0
    tell = progress or (lambda share, what: None)
    for family in families:
        judged_by = [claim for claim in claims if family in claim.families]
        for drawn in _judge_family(family, judged_by, instances, seed, report.tallies):
            tell((done + min(drawn, instances)) / parts, f"{family} {drawn}")
        done += instances
    for claim in claims:
        tell(done / parts, f"control of {claim.id}")
        report.tallies[claim.id].control = claim.run_control()
        done += 4
    for finding in findings:
        tell(done / parts, finding.id)
        report.findings.append((finding, finding.confirm()))
        done += 4
    tell(1.0, "done")
    return report


def _judge_family(
    family: str, claims: list[Claim], instances: int, seed: int, tallies: dict[str, Tally]
) -> Iterator[int]:
    """Draw until each claim has had `instances` that meet its hypotheses; yields the count drawn."""
    met = dict.fromkeys((claim.id for claim in claims), 0)
    for index in range(_PATIENCE * instances):
        waiting = [claim for claim in claims if met[claim.id] < instances]
        if not waiting:
            return
        instance = draw(family, seed, index)
        for claim in waiting:
            verdict = claim.check(instance)
            met[claim.id] += verdict.verdict is not Outcome.UNMET
            tallies[claim.id].add(verdict, f"{family} {index}")
        yield index + 1


def verify_instance(
    statements: Sequence[Statement],
    instance: Instance,
    progress: Callable[[float, str], None] | None = None,
) -> Report:
    """Check every claim on one instance, such as a user's own table; no controls, no findings."""
    report = Report(0, tuple(statements))
    claims = [claim for statement in statements for claim in statement.claims]
    for count, claim in enumerate(claims):
        if progress is not None:
            progress(count / len(claims), claim.id)
        tally = report.tallies[claim.id] = Tally(claim)
        if "transformers" in claim.families:
            tally.add(
                Verdict(Outcome.UNMET, float("nan"), 0.0, "transformer: a table has none"), "table"
            )
        else:
            tally.add(claim.check(instance), "table")
    return report


def as_json(report: Report, version: str) -> dict[str, Any]:
    """The report as plain data; numbers that are not finite become null."""

    def finite(value: float) -> float | None:
        return value if abs(value) < float("inf") else None

    def of_claim(tally: Tally) -> dict[str, Any]:
        worst = tally.worst
        control = tally.control
        return {
            "id": tally.claim.id,
            "verdict": str(tally.verdict),
            "numeric": {
                "verdict": str(tally.verdict),
                "instances": tally.instances,
                "worst_margin": finite(worst.margin) if worst else None,
                "tolerance": worst.tolerance if worst else None,
                "evidence": worst.evidence if worst else tally.reason,
                "where": tally.where,
                "unmet": tally.unmet,
            },
            "certificate": None,
            "proof": None,
            "control": {
                "dropped": tally.claim.control.dropped,
                "counterexample_found": None if control is None else control[0],
            },
        }

    return {
        "version": version,
        "seed": report.seed,
        "statements": [
            {
                "id": statement.id,
                "title": statement.title,
                "claims": [of_claim(report.tallies[claim.id]) for claim in statement.claims],
            }
            for statement in report.statements
        ],
        "findings": [
            {
                "id": finding.id,
                "text": finding.text,
                "source": finding.source,
                "counterexample": finding.counterexample,
                "confirmed": confirmation.confirmed,
                "numbers": confirmation.numbers,
            }
            for finding, confirmation in report.findings
        ],
    }
