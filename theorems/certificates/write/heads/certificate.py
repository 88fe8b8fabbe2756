"""Writes what is certain of a head behind a norm as a JSON record, which others can check again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from theorems.tables.exact_head import ExactHead
from ufm._json import JSON
from ufm._progress import Progress, silent

from ..certificate import digest
from ..conclusions import FAILS, HOLDS, UNDECIDED, Conclusion
from ..dyadic import texts
from .arc import arc_of
from .ends import approach, enclosed, limits, log_odds_turns, plateau, start
from .exponentials import dominating
from .last_block import last_block
from .turns import BITS, Turns, turns

FORMAT, VERSION = "ufm certificate of a head", 1

# By context: how the probability of each token runs.
Curves = Sequence[Sequence[Turns | None]]


@dataclass(frozen=True)
class HeadCertificate:
    """A record, and what it says of the claims.

    `verdicts`: claim id → "holds", "fails", "undecided" or "hypotheses unmet". `undecided`: how many
    probabilities, of a token or the target in a context, are left without their number of turns.
    """

    record: dict[str, JSON]
    verdicts: dict[str, str]
    undecided: int


def certify_head(head: ExactHead, progress: Progress = silent) -> HeadCertificate:
    """Everything that is certain of a steered head, for every strength on the real line.

    The record holds, as exact fractions: where each token's probability turns, in each context, with a
    bracket of each turn and none elsewhere; probabilities at α = 0 and the limits as α → ±∞, the tokens
    that dominate there and their log-odds; how the limits are approached; the plateau of ΔCE; and a verdict
    for each claim.

    >>> from theorems.certificates import certify_head
    >>> from theorems.tables.exact_head import read_exact_head
    >>> certificate = certify_head(read_exact_head({
    ...     "head": [["0", "0"], ["3", "2"], ["3", "-2"]], "gain": ["1", "1"], "norm": "rmsnorm",
    ...     "eps": "0", "hidden": [["1", "0"]], "vector": ["0", "1"],
    ... }))
    >>> tokens = certificate.record["contexts"][0]["tokens"]
    >>> print([len(token["turns"]) for token in tokens], certificate.record["limits"]["plus"]["dominating"])
    [3, 1, 1] [1]
    """
    curves: list[list[Turns | None]] = []
    contexts: list[JSON] = []
    against = dominating(head, 1)[0]
    for j in range(len(head.hidden)):
        progress(j, len(head.hidden))
        curves.append(turns(head, j))
        contexts.append(_context(head, j, curves[-1], against))
    tokens = [row[: len(head.rows)] for row in curves]
    claims = [_claim(head, name, conclude(head, tokens)) for name, conclude in CONCLUSIONS.items()]
    record: dict[str, JSON] = {
        "format": FORMAT,
        "version": VERSION,
        "instance": head.record_in_lowest_terms,
        "precision": BITS,
        "contexts": contexts,
        "limits": limits(head),
        "plateau": plateau(head),
        "last_block": last_block(head),
        "claims": claims,
    }
    record["sha256"] = digest(record)
    verdicts = {str(claim["id"]): str(claim["verdict"]) for claim in claims}
    return HeadCertificate(record, verdicts, sum(found is None for row in curves for found in row))


def _context(
    head: ExactHead, j: int, found: Sequence[Turns | None], against: int
) -> dict[str, JSON]:
    count = len(head.rows)
    masses = start(head, j)
    return {
        "closest": str(head.lines[j].closest),
        "width": enclosed(lambda: [arc_of(head, j).width])[0],
        "start": {
            "probabilities": masses[:count],
            "target": masses[-1] if head.target is not None else None,
        },
        "tokens": [_curve(each) for each in found[:count]],
        "target": _curve(found[-1]) if head.target is not None else None,
        "log_odds": log_odds_turns(head, j, against),
        "approach": approach(head, j),
    }


def _curve(found: Turns | None) -> dict[str, JSON] | None:
    if found is None:
        return None
    return {"first": found.first, "turns": [texts(bracket) for bracket in found.brackets]}


def _proved(head: ExactHead, curves: Curves) -> Conclusion:
    """Proved of every head, in theorems/coq; what is special of this one is in the constants."""
    return Conclusion(HOLDS)


def _last_block(head: ExactHead, curves: Curves) -> Conclusion:
    """Proved where v is the difference of means over P and N, without which there is no M."""
    return Conclusion(HOLDS if head.positive else UNDECIDED)


def _turns_once(head: ExactHead, curves: Curves) -> Conclusion:
    """No token's probability turns twice."""
    is_open = False
    for j, row in enumerate(curves):
        for z, found in enumerate(row):
            if found is None:
                is_open = True
            elif len(found.brackets) > 1:
                return Conclusion(FAILS, {"context": j, "token": z})
    return Conclusion(UNDECIDED) if is_open else Conclusion(HOLDS)


CONCLUSIONS: dict[str, Callable[[ExactHead, Curves], Conclusion]] = {
    "norm-circle.ellipse": _proved,
    "norm-circle.approach": _proved,
    "norm-circle.log-odds": _proved,
    "norm-circle.turns": _turns_once,
    "norm-circle.plateau": _proved,
    "dominating.last-block": _last_block,
}


def _claim(head: ExactHead, name: str, conclusion: Conclusion) -> dict[str, JSON]:
    """A verdict: all hypotheses but these two are met by every head that is read."""
    unmet: list[str] = []
    if name == "norm-circle.turns" and len(head.rows) != 2:
        unmet = ["two-tokens"]
    elif name == "dominating.last-block" and not head.positive:
        unmet = ["difference-of-means"]
    return {
        "id": name,
        "verdict": "hypotheses unmet" if unmet else conclusion.outcome,
        "unmet": unmet,
        "conclusion": conclusion.outcome,
        "witness": None if conclusion.outcome == HOLDS else conclusion.witness,
    }
