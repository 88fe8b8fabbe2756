"""What becomes of a concept without extremal tokens."""

import numpy as np

from ..tables.exact import exact_instance
from .datasets import NINE, NINE_TOKENS
from .finding import Confirmation, Finding, Severity


def _vanishes() -> Confirmation:
    instance = exact_instance(NINE)
    ends = instance.concept_curves[2].increase[[0, -1]]
    expected = np.array([-1 / 120, -1 / 120, -19 / 60])
    gone = np.abs(ends - expected).max() < 1e-12
    text = f"Δp(C_3|±∞) = {ends[0, 2]:.6f} on its own context, {ends[0, 0]:.6f} on others; never 0"
    return Confirmation(bool(gone), text)


FINDING = Finding(
    id="finding-2.vanishing",
    title="A concept vanishes rather than returns",
    severity=Severity.FALSE,
    source="v1, text after Theorem 3.6, p. 5",
    quote="""For any other concept C' that contains neither maximal nor minimal log-odds tokens, Δp(C' | α)
        converges back to its unsteered value.""",
    says="""Δp_j(C'|α) of a concept C' without tokens of extremal log-odds converges back to its
        unsteered value.""",
    truth="""It tends to minus the mean probability of C', as the theorem itself says: the
        concept vanishes at both ends.""",
    charitable_reading="""A slip of words: the theorem above it is right, and so is Figure 4, whose concept
        "converges to the same limit as |α| → ∞". To minus the unsteered mean it does converge.""",
    witness=f"{NINE_TOKENS}; N in C_2, C'=C_3",
    counterexample=NINE,
    confirm=_vanishes,
    theorems=("finding_vanishing",),
    figures=("vanishing",),
)
