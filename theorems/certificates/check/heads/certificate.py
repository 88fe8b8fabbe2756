"""Re-verifies a certificate of a head from its record alone, with code apart from what wrote it.

The flow, a file a step: `head` (the instance, exactly), `ends` (limits and all else that is enclosed),
`turns` (one zero in each bracket and none beside), and here what follows for the claims.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..._balls import PRECISIONS
from ..evidence import Progress
from ..fields import (
    JSON,
    items,
    mapping,
    record,
    refuse_floats,
    refusing_other_formats,
    require,
    same,
    shown,
    whole,
)
from ..instance import digest
from .ends import confirm_context, confirm_limits, confirm_plateau
from .head import Head, read_head
from .last_block import confirm_last_block
from .turns import BITS, Turns, Work, confirm_turns, read_turns

FORMAT, VERSION = "ufm certificate of a head", 1
KEYS = (
    "format",
    "version",
    "instance",
    "precision",
    "contexts",
    "limits",
    "plateau",
    "last_block",
    "claims",
    "sha256",
)
_CONTEXT = ("closest", "width", "start", "tokens", "target", "log_odds", "approach")
# Of these claims the checker decides the hypotheses, exactly, and confirms the constants.
THEOREMS: dict[str, tuple[str, ...]] = {
    "norm-circle.ellipse": ("norm_circle_ellipse", "norm_circle_ellipse_layernorm"),
    "norm-circle.approach": (
        "norm_circle_cosine",
        "norm_circle_limit",
        "norm_circle_approach",
        "norm_circle_side",
    ),
    "norm-circle.log-odds": ("norm_circle_log_odds",),
    "norm-circle.plateau": ("norm_circle_plateau", "norm_circle_budget"),
    "dominating.last-block": ("dominating_last_block", "dominating_last_block_layernorm"),
}
CLAIMS = (
    "norm-circle.ellipse",
    "norm-circle.approach",
    "norm-circle.log-odds",
    "norm-circle.turns",
    "norm-circle.plateau",
    "dominating.last-block",
)


@dataclass(frozen=True)
class ConfirmedHead:
    """What a certificate proves of one head.

    `version`: that of its format. `verdicts`, and `unmet` hypotheses, by claim; `bits`: of the checker's
    balls for the turns. `undecided`: how many probabilities have no number of turns. `record`: all that
    was confirmed.
    """

    version: int
    head: Head
    verdicts: dict[str, str]
    unmet: dict[str, list[str]]
    bits: int
    undecided: int
    record: dict[str, JSON]


def check_head_certificate(
    value: JSON, progress: Progress = lambda done, total, stage: None
) -> dict[str, str]:
    """The verdicts of a certificate of a head, claim by claim, if every step of it is confirmed.

    Raises `ValueError`, in one line, for a record that is not of the format, is altered, or says more than
    its balls prove, or less.

    >>> from theorems.certificates import certify_head, check_head_certificate
    >>> from theorems.tables.exact_head import read_exact_head
    >>> certificate = certify_head(read_exact_head({
    ...     "head": [["0", "0"], ["3", "2"]], "gain": ["1", "1"], "norm": "rmsnorm",
    ...     "eps": "1/100000", "hidden": [["1", "0"]], "vector": ["0", "1"],
    ... }))
    >>> print(check_head_certificate(certificate.record)["norm-circle.turns"])
    holds
    """
    return confirm_head_certificate(value, progress).verdicts


def confirm_head_certificate(
    value: JSON, progress: Progress = lambda done, total, stage: None
) -> ConfirmedHead:
    """What a certificate proves, and of which head; raises as `check_head_certificate` does."""
    with refusing_other_formats():
        return _confirmed(value, progress)


def _confirmed(value: JSON, progress: Progress) -> ConfirmedHead:
    fields = _read_fields(value)
    head = read_head(fields["instance"])
    dominating = confirm_limits(head, fields["limits"])
    confirm_plateau(head, fields["plateau"])
    confirm_last_block(head, fields["last_block"])
    contexts = items(fields["contexts"], "contexts")
    count = len(head.hidden)
    require(len(contexts) == count, f"contexts has {len(contexts)} entries, not {count}")
    work = Work()
    curves: list[list[Turns | None]] = []
    for j, entry in enumerate(contexts):
        progress(float(j), float(count), "turns")
        context = record(entry, _CONTEXT, f"context {j}")
        confirm_context(head, j, context, dominating)
        names, claimed = _curves(head, j, context)
        confirm_turns(head, j, claimed, names, work)
        curves.append(claimed)
    expected = _claims(head, [row[: head.count] for row in curves])
    claims = items(fields["claims"], "claims")
    require(len(claims) == len(expected), f"{len(claims)} claims, not {len(expected)}")
    for found, claim in zip(claims, expected, strict=True):
        require(same(found, claim), f"claim {claim['id']} does not follow: {shown(claim)}")
    undecided = sum(curve is None for row in curves for curve in row)
    verdicts = {str(claim["id"]): str(claim["verdict"]) for claim in expected}
    missing = {name: _unmet(head, name) for name in CLAIMS}
    return ConfirmedHead(VERSION, head, verdicts, missing, BITS, undecided, fields)


def _read_fields(value: JSON) -> dict[str, JSON]:
    """The fields of a certificate of this format and version that is as it was written."""
    fields = mapping(value, "the certificate")
    require(
        "head" not in fields, "this is an instance; `ufm certify FILE --out` makes its certificate"
    )
    fields = record(fields, KEYS, "the certificate")
    require(fields["format"] == FORMAT, f"the format is not {FORMAT!r}")
    require(
        same(fields["version"], VERSION),
        f"version {shown(fields['version'])} is not known; it is {VERSION}",
    )
    refuse_floats(fields, "certificate")
    body = {key: value for key, value in fields.items() if key != "sha256"}
    require(digest(body) == fields["sha256"], "sha256 does not match: the record was altered")
    is_precision = whole(fields["precision"], "precision") in PRECISIONS
    given = (
        f"precision is {shown(fields['precision'])}, not a number of bits that certificates take"
    )
    require(is_precision, f"{given}: {', '.join(map(str, PRECISIONS))}")
    return fields


def _curves(
    head: Head, context: int, fields: dict[str, JSON]
) -> tuple[list[str], list[Turns | None]]:
    """The names of the curves of a context, and how the certificate says that they run."""
    tokens = items(fields["tokens"], "tokens")
    require(
        len(tokens) == head.count, f"context {context} has {len(tokens)} tokens, not {head.count}"
    )
    names = [f"context {context}, token {z}" for z in range(head.count)]
    given = list(tokens)
    if head.target is not None:
        names.append(f"context {context}, target")
        given.append(fields["target"])
    else:
        require(fields["target"] is None, f"context {context}: there is no target")
    return names, [read_turns(value, name) for value, name in zip(given, names, strict=True)]


def _unmet(head: Head, name: str) -> list[str]:
    """Of the hypotheses the two that a head may fail to meet."""
    if name == "norm-circle.turns" and head.count != 2:
        return ["two-tokens"]
    return ["difference-of-means"] if name == "dominating.last-block" and not head.positive else []


def _claims(head: Head, curves: Sequence[Sequence[Turns | None]]) -> list[dict[str, JSON]]:
    """The entries of the claims, as they follow."""
    found: list[dict[str, JSON]] = []
    for name in CLAIMS:
        unmet = _unmet(head, name)
        outcome, witness = "holds", None
        if name == "norm-circle.turns":
            outcome, witness = _turn_once(curves)
        elif unmet:
            outcome = "undecided"  # about an M that there is not
        verdict = "hypotheses unmet" if unmet else outcome
        entry = {"id": name, "verdict": verdict, "unmet": unmet}
        found.append({**entry, "conclusion": outcome, "witness": witness})
    return found


def _turn_once(curves: Sequence[Sequence[Turns | None]]) -> tuple[str, dict[str, JSON] | None]:
    """Whether no probability turns twice; else the first that does."""
    for j, row in enumerate(curves):
        for z, curve in enumerate(row):
            if curve is not None and len(curve.brackets) > 1:
                return "fails", {"context": j, "token": z}
    is_open = any(curve is None for row in curves for curve in row)
    return ("undecided" if is_open else "holds"), None
