"""The statements of arXiv:2602.02712 and of this project, each with claims, hypotheses, checks and controls.

>>> import ufm, theorems
>>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
>>> instance = theorems.Instance.from_dataset(data, positive=[0, 1], negative=[2, 3])
>>> print(theorems.check("thm-3.6.target-increasing", instance).verdict)
holds
"""

from ufm._names import no_such

from .findings import FINDINGS, Finding
from .judging.claim import Claim, Control, Hypothesis, Statement
from .judging.head import SteeredHead
from .judging.instance import Instance
from .judging.verdict import Outcome, Verdict
from .literature import LITERATURE, LiteratureClaim
from .literature import statement as literature_statement
from .statements import (
    assumption_2,
    ceiling,
    contrastive,
    cross_entropy,
    dominating,
    estimated,
    half_saturation,
    lemma_b2,
    lemma_b3,
    lemma_b4,
    lemma_b5,
    norm_circle,
    park,
    peak_height,
    presence,
    prompt_free,
    prop_4_1,
    prop_b1,
    remark_3_4,
    scaling,
    sequence,
    side_effect,
    sign_rule,
    sign_separation,
    strength,
    sweet_spot,
    thm_3_3,
    thm_3_6,
    thm_3_8,
)
from .statements.prop_4_1 import TransformerInstance

# All statements: the paper's in its order, this project's, and those of others.
STATEMENTS: tuple[Statement, ...] = (
    assumption_2.STATEMENT,
    lemma_b2.STATEMENT,
    lemma_b3.STATEMENT,
    lemma_b4.STATEMENT,
    lemma_b5.STATEMENT,
    thm_3_3.STATEMENT,
    remark_3_4.STATEMENT,
    prop_b1.STATEMENT,
    thm_3_6.STATEMENT,
    thm_3_8.STATEMENT,
    prop_4_1.STATEMENT,
    lemma_b5.ALL_ORDERS,
    prop_b1.RATE,
    peak_height.STATEMENT,
    sign_rule.STATEMENT,
    contrastive.STATEMENT,
    sweet_spot.STATEMENT,
    half_saturation.STATEMENT,
    cross_entropy.STATEMENT,
    strength.STATEMENT,
    ceiling.STATEMENT,
    estimated.STATEMENT,
    side_effect.STATEMENT,
    park.STATEMENT,
    norm_circle.STATEMENT,
    sequence.STATEMENT,
    scaling.STATEMENT,
    sign_separation.STATEMENT,
    presence.STATEMENT,
    prompt_free.STATEMENT,
    dominating.STATEMENT,
    literature_statement.STATEMENT,
)

# Every claim of every statement, by its id.
CLAIMS: dict[str, Claim] = {claim.id: claim for s in STATEMENTS for claim in s.claims}

__all__ = [
    "CLAIMS",
    "FINDINGS",
    "LITERATURE",
    "STATEMENTS",
    "Claim",
    "Control",
    "Finding",
    "Hypothesis",
    "Instance",
    "LiteratureClaim",
    "Outcome",
    "Statement",
    "SteeredHead",
    "TransformerInstance",
    "Verdict",
    "check",
]


def check(claim_id: str, instance: Instance | TransformerInstance | SteeredHead) -> Verdict:
    """The verdict on one claim for one instance: "holds", "fails", "undecided", "hypotheses unmet".

    Raises `ValueError` for an unknown `claim_id` (see `theorems.CLAIMS`).

    >>> import ufm, theorems
    >>> data = ufm.ConceptDataset.smoothed(concepts=2, size=2)
    >>> instance = theorems.Instance.from_dataset(data, [0, 1], [2, 3])
    >>> print(theorems.check("thm-3.6.vanishing", instance).verdict)
    hypotheses unmet
    """
    if claim_id not in CLAIMS:
        raise ValueError(no_such("claim", claim_id, CLAIMS))
    return CLAIMS[claim_id].check(instance)
