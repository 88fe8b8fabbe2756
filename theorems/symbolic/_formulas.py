r"""The formula of every claim.

Each is the form that is true and names what it needs, which is not always the paper's. Throughout
p_j(z) = p(z|c_j) > 0, p_{j,α} is the tilted law, K_j(α) = log Σ_z p_j(z) e^{αM(z)}, F_{j,C}(α) the
sum of p_{j,α} over C, R = max M - min M, δ = min_T M - max_{not T} M, M_top = argmax M,
M_bot = argmin M, and v the mean over P inside the target T less the mean over N outside it.
No `|`: it would end a table cell.
"""

from ufm._names import no_such

from .. import CLAIMS

# The claims whose formulas are derived by sympy here.
CLAIM_IDS = tuple(sorted(CLAIMS))


def latex(claim_id: str) -> str:
    r"""The statement of a claim, with what it needs, as LaTeX for MathJax (no dollar signs).

    Raises ValueError for an id that no claim has. Source: arXiv:2602.02712, restated where the
    paper is loose; ids that carry no number of the paper's are the project's own.

    >>> latex("lemma-b5.derivative").split(" = ")[0]
    '\\frac{d}{d \\alpha} p_{j,\\alpha}(z)'
    """
    if claim_id not in CLAIMS:
        raise ValueError(no_such("claim", claim_id, CLAIM_IDS))
    return CLAIMS[claim_id].formula
