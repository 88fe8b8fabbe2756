"""Writes what is certain of an instance as a JSON record, which others can check again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flint import ctx

from theorems.tables.exact import ExactInstance
from ufm._files import write_whole
from ufm._json import JSON
from ufm._progress import Progress, silent

from .._balls import ball
from .budgets import budgets
from .conclusions import CONCLUSIONS, HOLDS
from .dyadic import enclosure
from .evidence import Evidence, Window
from .half_saturation import half_saturation
from .sets import margins, prompts, sets

FORMAT, VERSION = "ufm certificate", 2
# Hypotheses that every certified instance meets, by how it is built.
BUILT_IN = ("difference-of-means", "exponential-path", "assumption-2")
# And two about what else is done with it: interventions within a budget, and texts that are all steered.
BUILT_IN += ("within-budget", "every-step")


@dataclass(frozen=True)
class Certificate:
    """A record, and the evidence that it was written from.

    `verdicts`: claim id → "holds", "fails", "undecided" or "hypotheses unmet".
    """

    record: dict[str, JSON]
    evidence: Evidence
    verdicts: dict[str, str]


def certify(instance: ExactInstance, progress: Progress = silent) -> Certificate:
    """Everything that is certain of `instance`, for every strength on the real line.

    The record holds, as exact fractions: enclosures of M and of the peak α(j,z) of each level of M in
    each different law, the masses and gaps of the limits, σ² and ΔCE at a few strengths, the sweet
    spots, what each set of tokens has of M and of its covariances, half saturation, what budgets buy
    along the vector and at most, and a verdict for each claim.

    >>> from theorems import FINDINGS
    >>> from theorems.certificates import certify
    >>> from theorems.tables.exact import read_exact
    >>> certificate = certify(read_exact(FINDINGS[0].counterexample))
    >>> print(certificate.verdicts["thm-3.3.bump"], certificate.record["levels"])
    holds [[2], [3], [1], [0]]
    """
    evidence = Evidence(instance, progress)
    claims = _claims(evidence)
    record: dict[str, JSON] = {
        "format": FORMAT,
        "version": VERSION,
        "instance": instance.record_in_lowest_terms,
        "precision": evidence.precision,
        "laws": [list(group) for group in instance.classes],
        "levels": [list(group) for group in evidence.levels.tokens],
        "log_odds": [_texts(ends) for ends in evidence.log_odds],
        "peaks": [
            [_texts(evidence.peak(c, k)) for k in range(evidence.count)]
            for c in range(len(instance.classes))
        ],
        "limits": _limits(evidence),
        "cross_entropy": _cross_entropy(evidence),
        "sweet_spots": [_texts(evidence.window(c)) for c in range(len(instance.classes))],
        "common_sweet_spot": _common(evidence),
        "margins": margins(evidence),
        "sets": sets(evidence),
        "prompts": prompts(evidence),
        "half_saturation": half_saturation(evidence),
        "budgets": budgets(evidence),
        "claims": claims,
    }
    record["sha256"] = digest(record)
    return Certificate(record, evidence, {str(c["id"]): str(c["verdict"]) for c in claims})


def digest(record: Mapping[str, JSON]) -> str:
    """SHA-256 of the record without its own digest: it shows accidents; the checker shows forgeries."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_certificate(record: Mapping[str, JSON], path: Path) -> None:
    """Write a record to a file: all of it or nothing."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_whole(path, text.encode())


def _texts(ends: Window | None) -> list[str] | None:
    """["low", "high"], where an infinite end is "inf" or "-inf"; None for what is undecided."""
    return None if ends is None else [str(end) for end in ends]


def _limits(evidence: Evidence) -> dict[str, JSON]:
    """The total variation from the limit, p given Mtop (Mbot), is at most factor · e^{-|α| gap}."""
    ends: dict[str, JSON] = {}
    top = evidence.count - 1
    for name, level, between in (("plus", top, (top, top - 1)), ("minus", 0, (1, 0))):
        masses = [evidence.levels.masses(c)[level] for c in range(len(evidence.levels.rows))]
        ends[name] = {
            "masses": [str(p) for p in masses],
            "factors": [str((1 - p) / p) for p in masses],
            "gap": str(evidence.levels.gap(*between)) if top else None,
        }
    return ends


def _cross_entropy(evidence: Evidence) -> dict[str, JSON]:
    curve = evidence.cross_entropy
    with ctx.workprec(curve.precision):
        samples: Sequence[JSON] = [
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
    off, on = ([evidence.peak(c, k) for c in range(count)] for k in (evidence.high, evidence.low))
    is_empty = max(p.low for p in off if p) >= min(p.high for p in on if p)
    return "empty" if is_empty else None


def _claims(evidence: Evidence) -> list[dict[str, JSON]]:
    from theorems import CLAIMS

    found: list[dict[str, JSON]] = []
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
