"""Writes what is certain of an instance down as a JSON record that a stranger can re-check."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import ctx

from theorems.tables.exact import ExactInstance
from ufm._files import write_whole

from .._balls import ball
from .conclusions import CONCLUSIONS, HOLDS
from .dyadic import enclosure
from .evidence import Evidence, Progress

FORMAT, VERSION = "ufm certificate", 1
# What a claim takes for granted that is true of every certified instance, by how it is built.
BUILT_IN = ("difference-of-means", "exponential-path", "assumption-2")


@dataclass(frozen=True)
class Certificate:
    """A record, and the evidence that it was written from."""

    record: dict[str, Any]
    evidence: Evidence

    @property
    def verdicts(self) -> dict[str, str]:
        """Claim id → "holds", "fails", "undecided" or "hypotheses unmet"."""
        return {claim["id"]: claim["verdict"] for claim in self.record["claims"]}


def certify(instance: ExactInstance, progress: Progress | None = None) -> Certificate:
    """Everything that is certain of `instance`, for every strength on the real line.

    The record holds, as exact fractions: enclosures of M and of the peak α(j,z) of each level of M in
    each different law, the masses and gaps of the limits, σ² and ΔCE at a few strengths, the sweet
    spots, and a verdict for each claim.

    >>> from theorems import FINDINGS
    >>> from theorems.certificates import certify
    >>> from theorems.tables.exact import read_exact
    >>> certificate = certify(read_exact(FINDINGS[0].counterexample))
    >>> print(certificate.verdicts["thm-3.3.bump"], certificate.record["levels"])
    holds [[2], [3], [1], [0]]
    """
    evidence = Evidence(instance, progress)
    record = {
        "format": FORMAT,
        "version": VERSION,
        "instance": dict(instance.record),
        "precision": evidence.precision,
        "laws": [list(group) for group in instance.classes],
        "levels": [list(group) for group in evidence.levels.tokens],
        "log_odds": [_texts(pair) for pair in evidence.odds],
        "peaks": [
            [_texts(evidence.peak(c, k)) for k in range(evidence.count)]
            for c in range(len(instance.classes))
        ],
        "limits": _limits(evidence),
        "cross_entropy": _cross_entropy(evidence),
        "sweet_spots": [_texts(evidence.window(c)) for c in range(len(instance.classes))],
        "common_sweet_spot": _common(evidence),
        "claims": _claims(evidence),
    }
    record["sha256"] = digest(record)
    return Certificate(record, evidence)


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of the record without its own digest: shows accidents; forgery is for the checker."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_certificate(record: Mapping[str, Any], path: Path) -> None:
    """Write a record to a file: all of it or nothing."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_whole(path, text.encode())


def _texts(value: Any) -> list[str] | None:
    """["lo", "hi"] of a bracket, ["inf", "inf"] of an infinite end, None of what is undecided."""
    if value is None:
        return None
    pair = value if isinstance(value, tuple) else (value, value)
    return [str(end) for end in pair]


def _limits(evidence: Evidence) -> dict[str, Any]:
    """At ±∞ total variation from the law given Mtop (Mbot) is at most factor · e^{-|α| gap}."""
    ends = {}
    for name, level in (("plus", evidence.count - 1), ("minus", 0)):
        masses = [evidence.levels.masses(c)[level] for c in range(len(evidence.levels.rows))]
        beside = level + (1 if level == 0 else -1)
        gap = None
        if evidence.count > 1:
            gap = str(evidence.levels.gap(max(level, beside), min(level, beside)))
        ends[name] = {
            "masses": [str(p) for p in masses],
            "factors": [str((1 - p) / p) for p in masses],
            "gap": gap,
        }
    return ends


def _cross_entropy(evidence: Evidence) -> dict[str, Any]:
    curve = evidence.cross_entropy
    with ctx.workprec(curve.precision):
        samples = [
            {"strength": str(s), "increase": _texts(enclosure(curve.increase(ball(s))))}
            for s in curve.strengths()
        ]
        return {"variance": _texts(enclosure(curve.variance)), "samples": samples}


def _common(evidence: Evidence) -> list[str] | str | None:
    """The strengths in every sweet spot: a certain interval, "empty" for certain, or None."""
    count = len(evidence.instance.classes)
    windows = [evidence.window(c) for c in range(count)]
    if evidence.low <= evidence.high:
        return "empty"
    if any(window is None for window in windows):
        return None
    start, stop = max(w[0] for w in windows if w), min(w[1] for w in windows if w)
    if start < stop:
        return [str(start), str(stop)]
    outer_start = max(_outer(evidence.peak(c, evidence.high), 0) for c in range(count))
    outer_stop = min(_outer(evidence.peak(c, evidence.low), 1) for c in range(count))
    return "empty" if outer_start >= outer_stop else None


def _outer(peak: Any, side: int) -> Fraction | float:
    return peak[side] if isinstance(peak, tuple) else peak


def _claims(evidence: Evidence) -> list[dict[str, Any]]:
    from theorems import CLAIMS

    found = []
    for name, conclude in CONCLUSIONS.items():
        needed = [h.id for h in CLAIMS[name].hypotheses if h.id not in BUILT_IN]
        reasons = {h: evidence.hypotheses[h] for h in needed if evidence.hypotheses[h] is not None}
        conclusion = conclude(evidence)
        found.append(
            {
                "id": name,
                "verdict": "hypotheses unmet" if reasons else conclusion.outcome,
                "unmet": sorted(reasons),
                "conclusion": conclusion.outcome,
                "witness": None if conclusion.outcome == HOLDS else conclusion.witness,
            }
        )
    return found
