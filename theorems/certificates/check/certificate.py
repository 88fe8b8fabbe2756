"""Re-verifies a certificate from its record alone, with code apart from what wrote it.

The flow, a file a step: `instance` (laws and order of M, exactly), `curves` (their balls), `evidence`,
`sets` and `budgets` (what is enclosed), `hypotheses` and `claims` (what follows). `fields`, `logarithms`
and `precision` serve them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._balls import PRECISIONS
from .claims import KNOWN, confirm_claims, unmet
from .curves import curves_of
from .evidence import Progress, confirm_evidence
from .fields import (
    ANEW,
    JSON,
    items,
    mapping,
    refuse_floats,
    refusing_other_formats,
    require,
    same,
    shown,
    whole,
)
from .instance import Instance, digest, read_instance, read_laws, read_levels

_FIRST = (
    "format",
    "version",
    "instance",
    "precision",
    "laws",
    "levels",
    "log_odds",
    "peaks",
    "limits",
    "cross_entropy",
    "sweet_spots",
    "common_sweet_spot",
)
_ADDED = ("margins", "sets", "prompts", "half_saturation", "budgets")
# Version of the format → the keys of a certificate; `claims.KNOWN` has its claims.
KEYS = {
    1: (*_FIRST, "claims", "sha256"),
    2: (*_FIRST, *_ADDED, "claims", "sha256"),
}
NEWEST = 2


@dataclass(frozen=True)
class Confirmed:
    """What a certificate proves of one instance.

    `version`: that of its format. `verdicts`, and `unmet` hypotheses, by claim; `bits`: the most that the
    checker's balls took. `budgets`: the field of that name, which the first version has not.
    """

    version: int
    instance: Instance
    verdicts: dict[str, str]
    unmet: dict[str, list[str]]
    bits: int
    budgets: Sequence[Mapping[str, JSON]]


def check_certificate(
    record: JSON, progress: Progress = lambda done, total, stage: None
) -> dict[str, str]:
    """The verdicts of a certificate, claim by claim, if every step of it is confirmed.

    Raises `ValueError`, in one line, for a record that is not of the format, is altered, or says
    more than its balls prove.

    >>> from theorems import FINDINGS
    >>> from theorems.certificates import certify, check_certificate
    >>> from theorems.tables.exact import read_exact
    >>> record = certify(read_exact(FINDINGS[0].counterexample)).record
    >>> print(check_certificate(record)["thm-3.3.peak-order"])
    holds
    """
    return confirm_certificate(record, progress).verdicts


def confirm_certificate(
    record: JSON, progress: Progress = lambda done, total, stage: None
) -> Confirmed:
    """What a certificate proves, and of which instance; raises as `check_certificate` does."""
    with refusing_other_formats():
        return _confirmed(record, progress)


def _confirmed(record: JSON, progress: Progress) -> Confirmed:
    """Each step requires what the next builds on."""
    fields = read_fields(record)
    instance = read_instance(fields["instance"])
    laws = read_laws(instance, fields["laws"])
    curves = curves_of(laws, read_levels(laws, fields["levels"]))
    evidence = confirm_evidence(curves, fields, progress)
    verdicts = confirm_claims(evidence, fields["claims"], KNOWN[evidence.version])
    missing = unmet(evidence, KNOWN[evidence.version])
    bought = [mapping(entry, "budgets") for entry in items(fields.get("budgets", []), "budgets")]
    return Confirmed(evidence.version, instance, verdicts, missing, curves.bits, bought)


def read_fields(record: JSON) -> dict[str, JSON]:
    """The fields of a certificate of this format and version that is as it was written."""
    fields = mapping(record, "the certificate")
    is_instance = "in_concept" in fields or "next_token_probs" in fields
    require(not is_instance, "this is an instance; `ufm certify FILE --out` makes its certificate")
    version = fields.get("version")
    known = next((keys for number, keys in KEYS.items() if same(version, number)), None)
    keys = known or KEYS[NEWEST]
    require(tuple(fields) == keys, f"the keys are not {', '.join(keys)}")
    require(fields["format"] == "ufm certificate", "the format is not 'ufm certificate'")
    refuse_floats(record, "certificate")
    versions = " or ".join(map(str, KEYS))
    require(bool(known), f"version {shown(version)} is not known; it is {versions}: {ANEW}")
    body = {key: value for key, value in fields.items() if key != "sha256"}
    require(digest(body) == fields["sha256"], "sha256 does not match: the record was altered")
    is_precision = whole(fields["precision"], "precision") in PRECISIONS
    given = (
        f"precision is {shown(fields['precision'])}, not a number of bits that certificates take"
    )
    require(is_precision, f"{given}: {', '.join(map(str, PRECISIONS))}; {ANEW}")
    return fields
