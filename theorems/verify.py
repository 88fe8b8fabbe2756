"""Runs every claim over its families of instances and collects the verdicts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ufm._json import JSON, finite_or_null
from ufm._progress import Progress, silent

from .findings import Confirmation, Finding
from .judging.claim import Claim, Statement
from .judging.instance import Instance
from .judging.verdict import Outcome, Verdict, unmet
from .literature import LITERATURE, LiteratureClaim
from .proofs import PROVED_BY, UNPROVED, ProofRun
from .suite import draw, large_instance

if TYPE_CHECKING:
    from .certificates import PaperCertificate

# Draws a family may make for each instance that meets a claim's hypotheses.
_PATIENCE = 4
# In place of the index: the instance that is known to be large.
_LARGE = -1
# For the time left: what takes another time than a check of one claim on one tilt (9 ms on two cores), in
# such checks.
_QUICK = {"transformers": 0.4, "heads": 0.4}
_FINDING = 30.0


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


@dataclass
class Report:
    """What `verify` found: tallies by claim id, the confirmations of the findings, what `coqc` said, and
    certificates on the paper's datasets by claim id.
    """

    seed: int
    statements: tuple[Statement, ...]
    tallies: dict[str, Tally] = field(default_factory=dict)
    findings: list[tuple[Finding, Confirmation]] = field(default_factory=list)
    proofs: ProofRun | None = None
    certificates: "dict[str, PaperCertificate] | None" = None

    def of_others(self) -> list[LiteratureClaim]:
        """The claims made elsewhere that were judged; if all were, also those that no check judges."""
        judged = [found for found in LITERATURE if found.id in self.tallies]
        whole = len(judged) == sum(found.claim is not None for found in LITERATURE)
        return list(LITERATURE) if whole else judged

    @property
    def ok(self) -> bool:
        """No claim fails, is undecided or (in a run over the suite) is never judged, every control
        that ran found its counterexample, every finding that was recomputed is confirmed, no proof is
        refused, and no certificate says that a claim fails or leaves it undecided.
        """
        return (
            all(map(_passes, self.tallies.values()))
            and all(confirmation.confirmed for _, confirmation in self.findings)
            and (self.proofs is None or self.proofs.outcome != "refused")
            and not any(
                certificate.verdict in {"fails", "undecided"}
                for certificate in (self.certificates or {}).values()
            )
        )


def _passes(tally: Tally) -> bool:
    if tally.control is None:  # a run on one instance, which need not meet every hypothesis
        return tally.verdict in {Outcome.HOLDS, Outcome.UNMET}
    return tally.verdict is Outcome.HOLDS and tally.control[0]


def verify_suite(
    statements: Sequence[Statement],
    *,
    instances: int = 200,
    seed: int = 0,
    findings: Sequence[Finding] = (),
    progress: Progress = silent,
) -> Report:
    """Check every claim on at least `instances` random instances, shared out over its families.

    The paper's datasets are among them. `progress` hears of a share in [0, 1]. Same `seed`, same report:
    families run side by side, but each from its own stream.
    """
    if instances < 1:
        raise ValueError(f"instances must be at least 1; got {instances}")
    report = Report(seed, tuple(statements))
    claims = [claim for statement in statements for claim in statement.claims]
    families = list(dict.fromkeys(family for claim in claims for family in claim.families))
    shapes = _first_of_each_shape(families)
    checks = (
        _QUICK.get(family, 1.0) * _share(claim, instances)
        for claim in claims
        for family in claim.families
    )
    # how long compiling takes says nothing of what comes after it: no total, no time left
    preparation = _Meter(progress, None)
    meter = _Meter(progress, sum(checks) + _FINDING * len(findings))
    with ThreadPoolExecutor(max_workers=2) as pool:
        # Compiling is most of a short run: first what has no program in common, on all cores.
        controls = pool.submit(_controls_of, claims, preparation)
        list(pool.map(lambda job: _compile(claims, seed, preparation, *job), shapes))
        found = controls.result()
        judge = partial(_judge_family, claims, instances, seed, meter)
        judged = list(pool.map(judge, families))
    for claim in claims:
        tally = report.tallies[claim.id] = Tally(claim, control=found[claim.id])
        for part in judged:
            tally.merge(part[claim.id])
    for finding in findings:
        report.findings.append((finding, finding.confirm()))
        meter.add(_FINDING, finding.id)
    progress(1.0, 1.0, "done")
    return report


def _of_family(claims: Sequence[Claim], family: str) -> list[Claim]:
    return [claim for claim in claims if family in claim.families]


def _share(claim: Claim, instances: int) -> int:
    """On how many instances of each of its families a claim is judged."""
    return -(-instances // len(claim.families))


class _Meter:
    """Adds up the progress of several threads, each part by about the time that it takes."""

    def __init__(self, tell: Progress, parts: float | None):
        self.tell, self.parts, self.done, self.lock = tell, parts, 0.0, Lock()

    def add(self, amount: float, what: str) -> None:
        with self.lock:
            self.done += amount
            if self.parts is None:
                self.tell(self.done, None, what)
            else:
                self.tell(min(self.done / self.parts, 1.0), 1.0, what)


def _first_of_each_shape(families: Sequence[str]) -> list[tuple[str, int]]:
    """One small and one large instance of the plain families, and a few of the others."""
    jobs = [("rates", 0), ("rates", _LARGE), *(("transformers", k) for k in range(4))]
    jobs += [("smoothed", 0), ("smoothed", 5)]
    return [job for job in jobs if job[0] in families]


def _compile(claims: list[Claim], seed: int, meter: _Meter, family: str, index: int) -> None:
    instance = draw(family, seed, index) if index != _LARGE else large_instance(seed)
    for claim in _of_family(claims, family):
        claim.check(instance)
        meter.add(1.0, "compiling")


def _controls_of(claims: list[Claim], meter: _Meter) -> dict[str, tuple[bool, Verdict]]:
    found = {}
    for claim in claims:
        found[claim.id] = claim.run_control()
        meter.add(1.0, f"control of {claim.id}")
    return found


def _judge_family(
    claims: list[Claim], instances: int, seed: int, meter: _Meter, family: str
) -> dict[str, Tally]:
    """Draw until each claim of the family has had its share of instances that meet its hypotheses."""
    tallies = {claim.id: Tally(claim) for claim in claims}
    concerned = _of_family(claims, family)
    share = {claim.id: _share(claim, instances) for claim in concerned}
    left, quick = sum(share.values()), _QUICK.get(family, 1.0)
    largest = max(share.values())
    for index in range(_PATIENCE * largest):
        waiting = [c for c in concerned if tallies[c.id].instances < share[c.id]]
        if not waiting:
            break
        instance = draw(family, seed, index)
        for claim in waiting:
            tallies[claim.id].add(claim.check(instance), f"{family} {index}")
        still = sum(share[c.id] - tallies[c.id].instances for c in concerned)
        meter.add(quick * (left - still), f"{family} {index + 1}")
        left = still
    meter.add(quick * left, family)  # of claims whose hypotheses too few instances met
    return tallies


def verify_instance(
    statements: Sequence[Statement],
    instance: Instance,
    progress: Progress = silent,
) -> Report:
    """Check every claim on one instance, such as a user's own table; no controls, no findings."""
    report = Report(0, tuple(statements))
    claims = [claim for statement in statements for claim in statement.claims]
    for count, claim in enumerate(claims):
        progress(count / len(claims), 1.0, claim.id)
        tally = report.tallies[claim.id] = Tally(claim)
        verdict = (
            claim.check(instance) if claim.is_of_tilts else unmet("transformer: a table has none")
        )
        tally.add(verdict, "table")
    return report


def _proof_of(claim: str, proofs: ProofRun | None) -> dict[str, JSON] | None:
    if proofs is None:
        return None
    if claim in UNPROVED:
        return {"outcome": "none", "theorems": [], "detail": UNPROVED[claim]}
    theorems = list(PROVED_BY[claim])
    return {"outcome": proofs.outcome, "theorems": theorems, "detail": proofs.detail}


def as_json(report: Report, version: str) -> dict[str, JSON]:
    """The report as plain data; numbers that are not finite become null."""

    def of_claim(tally: Tally) -> dict[str, JSON]:
        worst, control = tally.worst, tally.control
        found = report.certificates[tally.claim.id] if report.certificates else None
        return {
            "id": tally.claim.id,
            "verdict": str(tally.verdict),
            "numeric": {
                "verdict": str(tally.verdict),
                "instances": tally.instances,
                "worst_margin": finite_or_null(worst.margin) if worst else None,
                "tolerance": worst.tolerance if worst else None,
                "evidence": worst.evidence if worst else tally.reason,
                "where": tally.where,
                "unmet": tally.unmet,
            },
            "certificate": found and {**found._asdict(), "datasets": list(found.datasets)},
            "proof": _proof_of(tally.claim.id, report.proofs),
            "control": {
                "dropped": tally.claim.control.dropped,
                "counterexample_found": None if control is None else control[0],
            },
        }

    def of_others(found: LiteratureClaim) -> dict[str, JSON]:
        tally = report.tallies.get(found.id)
        return {
            "id": found.id,
            "source": found.source,
            "place": found.place,
            "says": found.says,
            "in_model": str(found.in_model),
            "needs": list(found.needs),
            "truth": found.truth,
            "settled_by": list(found.settled_by),
            "on_real_model": str(found.on_real),
            "real": found.real,
            "claim": None if tally is None else of_claim(tally),
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
            if not statement.is_of_others
        ],
        "literature": [of_others(found) for found in report.of_others()],
        "findings": [
            {
                "id": finding.id,
                "title": finding.title,
                "severity": str(finding.severity),
                "source": finding.source,
                "says": finding.says,
                "truth": finding.truth,
                "text": finding.text,
                "witness": finding.witness,
                "counterexample": finding.counterexample,
                "confirmed": confirmation.confirmed,
                "numbers": confirmation.numbers,
            }
            for finding, confirmation in report.findings
        ],
    }
