"""Certificates of the paper's own datasets and of two heads, in exact rationals, each re-checked at once."""

from typing import NamedTuple

from ufm._json import JSON

from .. import CLAIMS
from ..judging.claim import NotCertified
from ..tables.exact import read_exact
from ..tables.exact_head import read_exact_head
from ..tables.paper import PAPER
from .check.certificate import check_certificate
from .check.heads.certificate import check_head_certificate
from .write.certificate import certify
from .write.conclusions import CONCLUSIONS
from .write.heads.certificate import CONCLUSIONS as OF_HEADS
from .write.heads.certificate import certify_head


def _head(rows: list[list[str]], eps: str) -> dict[str, JSON]:
    """A head on two dimensions, steered along the second, from one state along the first."""
    norm = {"gain": ["1", "1"], "norm": "rmsnorm", "eps": eps}
    return {"head": rows, **norm, "hidden": [["1", "0"]], "vector": ["0", "1"]}


# A second state, from which the first is v away.
_MEANS: dict[str, JSON] = {
    "hidden": [["1", "0"], ["1", "-1"]],
    "positive": [0],
    "negative": [1],
}
# Of claims about a head behind a norm, of which the paper has no dataset: two tokens, with P and N, and three
# of which one turns three times.
HEADS: dict[str, dict[str, JSON]] = {
    "two-tokens": _head([["0", "0"], ["3", "2"]], "1/100000") | _MEANS,
    "three-turns": _head([["0", "0"], ["3", "2"], ["3", "-2"]], "0"),
}


class PaperCertificate(NamedTuple):
    """What is certain of a claim on the paper's datasets, or on two heads, for every strength.

    - `verdict`: the worst over the `datasets` that meet its hypotheses; "hypotheses unmet" if none
      does, "none" for a claim that is not about one instance. `detail`: why there is none.
    """

    verdict: str
    datasets: tuple[str, ...]
    detail: str = ""


def certify_paper() -> dict[str, PaperCertificate]:
    """Certify the paper's datasets claim by claim, and have each certificate checked by separate code.

    Claims about a head behind a norm are certified on two small heads.

    >>> from theorems.certificates import certify_paper
    >>> print(*certify_paper()["thm-3.3.bump"].datasets)
    figure-3 figure-4 figure-5
    """
    verdicts = {}
    for name, record in PAPER.items():
        certificate = certify(read_exact(record))
        check_certificate(certificate.record)
        verdicts[name] = certificate.verdicts
    for name, record in HEADS.items():
        certificate = certify_head(read_exact_head(record))
        check_head_certificate(certificate.record)
        verdicts[name] = certificate.verdicts
    found = {
        name: PaperCertificate("none", (), claim.certificate.why)
        for name, claim in CLAIMS.items()
        if isinstance(claim.certificate, NotCertified)
    }
    for claim in (*CONCLUSIONS, *OF_HEADS):
        unmet = "hypotheses unmet"
        met = {n: v[claim] for n, v in verdicts.items() if v.get(claim, unmet) != unmet}
        said = [v for v in ("fails", "undecided", "holds") if v in met.values()]
        worst = said[0] if said else "hypotheses unmet"
        found[claim] = PaperCertificate(worst, tuple(met))
    return found
