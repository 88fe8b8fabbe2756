"""What a finding about the paper's first version is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ufm._json import JSON

from ..judging.claim import Statement


class Severity(StrEnum):
    """How much of the paper a finding touches, from the gravest on.

    - `FALSE`: a sentence is not true as it is written.
    - `LOOSE`: a remark leaves out a condition, or holds less widely than it reads.
    - `MISPRINT`: a formula is printed wrongly; what it is used for is right.
    - `ADDITION`: the paper is right; the finding says more.
    """

    FALSE = "false statement"
    LOOSE = "loose remark"
    MISPRINT = "misprint"
    ADDITION = "addition"


class Confirmation(NamedTuple):
    """Whether an example does what its finding says, and the numbers that show it."""

    confirmed: bool
    numbers: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a sentence of the paper's first version leaves out, gets wrong, or can be added to.

    - `id`, `title`; `severity`: how much of the paper it touches; `source`: the version and the place.
    - `quote`: the paper's own words there; `says`: the same in ours, with what it adds elsewhere;
      `truth`: what is true; `charitable_reading`: how the sentence can be read, or what is beside it in the
      paper, so that little or nothing is left of the finding.
    - `witness`: the instance that shows it, in words.
    - `counterexample`: the same in exact rationals as strings; keys as `ufm certify` reads them.
    - `confirm()`: recomputes it.
    - `theorems`: what coq/Statements.v proves of it; `figures`: names in `ufm.plots.GALLERY`.
    """

    id: str
    title: str
    severity: Severity
    source: str
    quote: str
    says: str
    truth: str
    charitable_reading: str
    witness: str
    counterexample: dict[str, JSON]
    confirm: Callable[[], Confirmation]
    theorems: tuple[str, ...]
    figures: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("quote", "says", "truth", "charitable_reading", "witness"):
            object.__setattr__(self, name, " ".join(getattr(self, name).split()))

    def is_about(self, statement: Statement) -> bool:
        """Whether its place is that statement, or the text after it."""
        return statement.source in self.source

    @property
    def text(self) -> str:
        """What the paper says and what is true, one after the other."""
        return f"{self.says} {self.truth}"
