"""Where target tokens peak at negative strengths."""

from ..tables.exact import exact_instance
from .datasets import ConceptDistributions
from .finding import Confirmation, Finding, Severity

_REMARK = """With the dataset defined in App. B.3, the “bump” pattern for tokens z ∈ T occurs only for
    positive steering strength (α(j,z) > 0), matching the intuition that positive steering increases
    their probabilities."""
_PROOF = """The remark names the appendix whose proof has both conditions: "Let c_j ∉ T", "for all ε ∈ (0,
    ε0)". Read with these it is right, which is the claim remark-3.4.positive-peaks, and nothing is left of
    this finding."""
_SMALL_EPSILON = ConceptDistributions.read("1/5", "3/4 1/4 | 3/4 1/4", "1/2 1/2 | 1/2 1/2")
_LARGE_EPSILON = ConceptDistributions.read(
    "9/20", "3/10 7/10 | 2/5 3/5 | 1/2 1/2", "7/10 3/10 | 19/20 1/20 | 1/2 1/2"
)
_IN_TARGET = _SMALL_EPSILON.record([0, 0, 1, 1], [0, 1], [2, 3])
_OFF_TARGET = _LARGE_EPSILON.record([0, 1, 2], [0], [1])


def _in_target() -> Confirmation:
    peak = float(exact_instance(_IN_TARGET).peaks[0, 1])
    return Confirmation(abs(peak + 0.165670148651232) < 1e-12, f"α(1,z) = {peak:.12f} < 0")


def _off_target() -> Confirmation:
    peaks = exact_instance(_OFF_TARGET).peaks[2, :2]
    return Confirmation(bool(peaks.min() < -0.1), f"α(3,z) = {peaks.min():.5f} < 0 at ε = 9/20")


IN_TARGET = Finding(
    id="finding-1.in-target",
    title="Target peaks can be negative inside the target",
    severity=Severity.LOOSE,
    source="v1, Remark 3.4, main text, p. 5",
    quote=_REMARK,
    says="""On the γ/ω dataset of App. B.3 target tokens bump only at positive strengths. The
        main text names no condition on c_j and ε; the proof there takes c_j outside T and
        ε < ε0.""",
    truth="""The condition on c_j is needed: in a context of T a target token can have its peak
        at a negative strength, also below ε0 (here 0.277).""",
    charitable_reading=_PROOF,
    witness=f"{_SMALL_EPSILON}; c_1 in T, z the second token of T",
    counterexample=_IN_TARGET,
    confirm=_in_target,
    theorems=("finding_remark_3_4",),
)
OFF_TARGET = Finding(
    id="finding-1.large-epsilon",
    title="Target peaks can be negative outside the target",
    severity=Severity.LOOSE,
    source="v1, Remark 3.4, main text, p. 5",
    quote=_REMARK,
    says="""On the γ/ω dataset of App. B.3, whose ε may be anything below (G-1)/G, target tokens
        bump only at positive strengths. The proof there takes ε < ε0 for some ε0 < (G-1)/G.""",
    truth="""The condition on ε is needed outside T too (here ε0 = 0.408), except in contexts of
        a contrastive N. In general α(j,z) > 0 iff M(z) exceeds a difference of mean divergences
        (claim sign-rule).""",
    charitable_reading=_PROOF,
    witness=f"{_LARGE_EPSILON}; N in C_2, c_3 in C_3, z the first token of T",
    counterexample=_OFF_TARGET,
    confirm=_off_target,
    theorems=("finding_remark_3_4_outside",),
)
