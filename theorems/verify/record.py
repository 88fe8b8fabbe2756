"""A report as plain data."""

from ufm._json import JSON, finite_or_null

from ..findings import FINDINGS, Confirmation, Finding
from ..literature import LiteratureClaim
from ..proofs import PROVED_BY, UNPROVED, ProofRun
from .report import Report
from .tally import Tally


def as_json(report: Report, version: str) -> dict[str, JSON]:
    """The report as plain data; numbers that are not finite become null."""
    return {
        "version": version,
        "seed": report.seed,
        "statements": [
            {
                "id": statement.id,
                "title": statement.title,
                "findings": [finding.id for finding in FINDINGS if finding.is_about(statement)],
                "claims": [_claim(report.tallies[claim.id], report) for claim in statement.claims],
            }
            for statement in report.statements
            if not statement.is_of_others
        ],
        "literature": [_of_others(found, report) for found in report.of_others()],
        "findings": [_finding(*confirmed) for confirmed in report.findings],
    }


def _claim(tally: Tally, report: Report) -> dict[str, JSON]:
    worst, control = tally.worst, tally.control
    found = report.certificates[tally.claim.id] if report.certificates else None
    return {
        "id": tally.claim.id,
        "hypotheses": {assumed.id: assumed.text for assumed in tally.claim.hypotheses},
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


def _of_others(found: LiteratureClaim, report: Report) -> dict[str, JSON]:
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
        "claim": None if tally is None else _claim(tally, report),
    }


def _finding(finding: Finding, confirmation: Confirmation) -> dict[str, JSON]:
    return {
        "id": finding.id,
        "title": finding.title,
        "severity": str(finding.severity),
        "source": finding.source,
        "quote": finding.quote,
        "says": finding.says,
        "truth": finding.truth,
        "charitable_reading": finding.charitable_reading,
        "text": finding.text,
        "witness": finding.witness,
        "counterexample": finding.counterexample,
        "confirmed": confirmation.confirmed,
        "numbers": confirmation.numbers,
    }


def _proof_of(claim: str, proofs: ProofRun | None) -> dict[str, JSON] | None:
    if proofs is None:
        return None
    if claim in UNPROVED:
        return {"outcome": "none", "theorems": [], "detail": UNPROVED[claim]}
    theorems = list(PROVED_BY[claim])
    return {"outcome": proofs.outcome, "theorems": theorems, "detail": proofs.detail}
