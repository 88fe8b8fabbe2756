"""The limits of tokens off the target."""

from ..judging.evaluate import limits
from ..tables.exact import exact_instance
from .datasets import FOUR, FOUR_TOKENS
from .finding import Confirmation, Finding, Severity


def _wrong_limit() -> Confirmation:
    instance = exact_instance(FOUR)
    limit = float(limits(instance.tilt)[1][0, 2] - instance.probs[0, 2])
    text = f"Δp(z|c_1, +∞) = {limit:.6f}; eq (9) gives -0.4"
    return Confirmation(abs(limit + 0.1) < 1e-12, text)


FINDING = Finding(
    id="finding-7.limit-formula",
    title="Equations (8) and (9) take the wrong rate for tokens off the target",
    severity=Severity.MISPRINT,
    source="v1, proof of Proposition B.1, eqs (8) and (9), p. 24",
    quote="""As a_z > b_z (Assumption 1), the tokens which can attain the max margin are necessarily concept
        tokens T (Lemma B.4), thus [eq. (9)].""",
    says="""The limit of Δp at +∞ is 1[z in Mtop] a_z/Σ a - a_z if c_j is in T, and the same
        with b otherwise.""",
    truth="""Eq (5), the proposition itself, is right, and so are (8) and (9) for z in T. For z
        outside T the limit is minus p_j(z), which is a_z exactly where c_j is in the concept
        of z.""",
    charitable_reading="""The words before (9) are of the tokens that attain the maximum, which are in T;
        for tokens of T both equations are right. Nothing in the paper is drawn from the other case.""",
    witness=f"{FOUR_TOKENS}; c_1 in T, z the first token of C_2",
    counterexample=FOUR,
    confirm=_wrong_limit,
    theorems=("finding_prop_b1_eq_9",),
    figures=("fig-4",),
)
