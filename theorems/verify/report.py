"""What a verification found."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..findings import Confirmation, Finding
from ..judging.claim import Statement
from ..judging.verdict import Outcome
from ..literature import LITERATURE, LiteratureClaim
from ..proofs import ProofRun
from .tally import Tally

if TYPE_CHECKING:
    from ..certificates import PaperCertificate


@dataclass
class Report:
    """What `verify` found: tallies by claim id, the confirmations of the findings, what `coqc` said, and
    certificates on the paper's datasets by claim id.
    """

    seed: int
    statements: tuple[Statement, ...]
    tallies: dict[str, Tally] = field(default_factory=dict)
    findings: list[tuple[Finding, Confirmation]] = field(default_factory=list)
    proofs: ProofRun | None = None
    certificates: "dict[str, PaperCertificate] | None" = None

    def of_others(self) -> list[LiteratureClaim]:
        """The claims made elsewhere that were judged; if all were, also those that no check judges."""
        judged = [found for found in LITERATURE if found.id in self.tallies]
        whole = len(judged) == sum(found.claim is not None for found in LITERATURE)
        return list(LITERATURE) if whole else judged

    @property
    def ok(self) -> bool:
        """No claim fails, is undecided or (in a run over the suite) is never judged, every control
        that ran found its counterexample, every finding that was recomputed is confirmed, no proof is
        refused, and no certificate says that a claim fails or leaves it undecided.
        """
        return (
            all(map(_passes, self.tallies.values()))
            and all(confirmation.confirmed for _, confirmation in self.findings)
            and (self.proofs is None or self.proofs.outcome != "refused")
            and not any(
                certificate.verdict in {"fails", "undecided"}
                for certificate in (self.certificates or {}).values()
            )
        )


def _passes(tally: Tally) -> bool:
    if tally.control is None:  # a run on one instance, which need not meet every hypothesis
        return tally.verdict in {Outcome.HOLDS, Outcome.UNMET}
    return tally.verdict is Outcome.HOLDS and tally.control[0]
