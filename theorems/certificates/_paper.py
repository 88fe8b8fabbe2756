"""Certificates of the paper's own datasets, in exact rationals, each re-checked as soon as it is made."""

from fractions import Fraction
from typing import NamedTuple

from ufm._json import JSON

from .. import CLAIMS
from ..judging.claim import NotCertified
from ..tables.exact import read_exact
from .check.certificate import check_certificate
from .write.certificate import certify
from .write.conclusions import CONCLUSIONS


def _record(
    epsilon: str, gamma: list[int], omega: list[int], negative: list[int]
) -> dict[str, JSON]:
    """The γ/ω dataset of V = 9, G = 3: a = (1-ε)γ, b = εω/2, shares in proportion to those given."""
    e = Fraction(epsilon)
    a = [(1 - e) * g / sum(gamma) for g in gamma] * 3
    b = [e * o / (2 * sum(omega)) for o in omega] * 3
    return {
        "in_concept": [str(x) for x in a],
        "off_concept": [str(x) for x in b],
        "token_concept": [0, 0, 0, 1, 1, 1, 2, 2, 2],
        "contexts": [0, 0, 1, 1, 2, 2],
        "positive": [0, 1],
        "negative": negative,
    }


# The datasets of Figures 3 and B.1, of Figure 4, of Figure 5, and of Figure 4 with N in two concepts.
PAPER: dict[str, dict[str, JSON]] = {
    "figure-3": _record("1/20", [53, 57, 15], [4, 5, 1], [2, 3]),
    "figure-4": _record("1/20", [1, 1, 1], [1, 1, 1], [2, 3]),
    "figure-5": _record("13/100", [1, 1, 1], [1, 1, 1], [2, 3]),
    "figure-4-random": _record("1/20", [1, 1, 1], [1, 1, 1], [2, 4]),
}


class PaperCertificate(NamedTuple):
    """What is certain of a claim on the paper's datasets, for every strength.

    - `verdict`: the worst over the `datasets` that meet its hypotheses; "hypotheses unmet" if none
      does, "none" for a claim that is not about one instance. `detail`: why there is none.
    """

    verdict: str
    datasets: tuple[str, ...]
    detail: str = ""


def certify_paper() -> dict[str, PaperCertificate]:
    """Certify the paper's datasets claim by claim, and have each certificate checked by separate code.

    >>> from theorems.certificates import certify_paper
    >>> print(*certify_paper()["thm-3.3.bump"].datasets)
    figure-3 figure-4 figure-5
    """
    verdicts = {}
    for name, record in PAPER.items():
        certificate = certify(read_exact(record))
        check_certificate(certificate.record)
        verdicts[name] = certificate.verdicts
    found = {
        name: PaperCertificate("none", (), claim.certificate.why)
        for name, claim in CLAIMS.items()
        if isinstance(claim.certificate, NotCertified)
    }
    for claim in CONCLUSIONS:
        met = {n: v[claim] for n, v in verdicts.items() if v[claim] != "hypotheses unmet"}
        said = [v for v in ("fails", "undecided", "holds") if v in met.values()]
        worst = said[0] if said else "hypotheses unmet"
        found[claim] = PaperCertificate(worst, tuple(met))
    return found
