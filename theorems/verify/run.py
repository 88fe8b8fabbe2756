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
# For the time left: what a check takes in each family once all is compiled, and what a finding takes, in
# checks of "rates" (about 4 ms of a core).
_CHECK = {
    "rates": 1.0,
    "tilts": 1.0,
    "smoothed": 1.2,
    "contrastive": 1.2,
    "heads": 0.8,
    "laws": 0.6,
    "uneven": 0.5,
    "varying": 0.5,
    "transformers": 0.2,
    "shaped": 0.2,
}
_FINDING = 55.0


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
    work = {
        family: _CHECK[family] * sum(_share(c, instances) for c in _of_family(claims, family))
        for family in families
    }
    # how long compiling takes says nothing of what comes after it: no total, no time left
    preparation = Meter(progress, None)
    meter = Meter(progress, sum(work.values()) + _FINDING * len(findings))
    with ThreadPoolExecutor(max_workers=2) as pool:
        # Compiling is most of a short run: first what has no program in common, on all cores.
        controls = pool.submit(_controls_of, claims, preparation)
        list(pool.map(lambda job: _compile(claims, seed, preparation, *job), shapes))
        found = controls.result()
        judge = partial(_judge_family, claims, instances, seed, meter)
        # the longest first, so that no core waits long for the other at the end
        in_turn = sorted(families, key=work.__getitem__, reverse=True)
        found_in = dict(zip(in_turn, pool.map(judge, in_turn), strict=True))
    for claim in claims:
        tally = report.tallies[claim.id] = Tally(claim, control=found[claim.id])
        for family in families:
            tally.merge(found_in[family][claim.id])
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
    """Instances whose checks compile what all others run: small and large ones, and those of every norm."""
    jobs = [("rates", 0), ("rates", _LARGE), ("tilts", 0), ("tilts", 2)]
    jobs += [("smoothed", 0), ("smoothed", 3)]
    jobs += [(family, k) for family in ("transformers", "heads") for k in range(4)]
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
    left, each = sum(share.values()), _CHECK[family]
    largest = max(share.values())
    for index in range(_PATIENCE * largest):
        waiting = [c for c in concerned if tallies[c.id].instances < share[c.id]]
        if not waiting:
            break
        instance = draw(family, seed, index)
        for claim in waiting:
            tallies[claim.id].add(claim.check(instance), f"{family} {index}")
        still = sum(share[c.id] - tallies[c.id].instances for c in concerned)
        meter.add(each * (left - still), f"claims on {family} {index + 1}")
        left = still
    meter.add(each * left, f"claims on {family}")  # whose hypotheses too few instances met
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
