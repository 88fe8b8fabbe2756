"""Runs every claim over its families of instances and collects the verdicts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ufm._progress import Progress, silent

from ..findings import Finding
from ..judging.claim import Claim, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, unmet
from ..suite import draw, large_instance
from .meter import Meter
from .report import Report
from .tally import Tally

# Draws a family may make for each instance that meets a claim's hypotheses.
_PATIENCE = 4
# In place of the index: the instance that is known to be large.
_LARGE = -1
# For the time left: what takes another time than a check of one claim on one tilt (9 ms on two cores), in
# such checks.
_QUICK = {"transformers": 0.4, "heads": 0.4}
_FINDING = 30.0


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
    preparation = Meter(progress, None)
    meter = Meter(progress, sum(checks) + _FINDING * len(findings))
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


def _first_of_each_shape(families: Sequence[str]) -> list[tuple[str, int]]:
    """One small and one large instance of the plain families, and a few of the others."""
    jobs = [("rates", 0), ("rates", _LARGE), *(("transformers", k) for k in range(4))]
    jobs += [("smoothed", 0), ("smoothed", 5)]
    return [job for job in jobs if job[0] in families]


def _compile(claims: list[Claim], seed: int, meter: Meter, family: str, index: int) -> None:
    instance = draw(family, seed, index) if index != _LARGE else large_instance(seed)
    for claim in _of_family(claims, family):
        claim.check(instance)
        meter.add(1.0, "compiling")


def _controls_of(claims: list[Claim], meter: Meter) -> dict[str, tuple[bool, Verdict]]:
    found = {}
    for claim in claims:
        found[claim.id] = claim.run_control()
        meter.add(1.0, f"control of {claim.id}")
    return found


def _judge_family(
    claims: list[Claim], instances: int, seed: int, meter: Meter, family: str
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
