"""Certificates of the paper's own datasets, in exact rationals, each re-checked as soon as it is made."""

from typing import NamedTuple

from .. import CLAIMS
from ..judging.claim import NotCertified
from ..tables.exact import read_exact
from ..tables.paper import PAPER
from .check.certificate import check_certificate
from .write.certificate import certify
from .write.conclusions import CONCLUSIONS


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
