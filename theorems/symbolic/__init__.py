"""The tilt as formulas for V = 2..6: identities and limits proved by sympy, LaTeX, JAX functions.

With symbols p_1..p_V > 0, Σp = 1, and real M_1..M_V, all is rational in the weights p_i e^{αM_i}.
An identity is proved by putting left minus right over one denominator and expanding the numerator
to the zero polynomial: `proved=True` is a proof for that V, `False` says only "not proved". Every V
at once is Coq's business; this corroborates it. Token i (from 0) carries p_{i+1} and M_{i+1}.
"""

from ._circle import circle_identities
from ._formulas import CLAIM_IDS, latex
from ._identities import Identity, identities
from ._limits import asymptote, concept_limit, limit, tends_to
from ._polynomials import bell
from ._tilt import ALPHA, Proof, SymbolicTilt

__all__ = [
    "ALPHA",
    "CLAIM_IDS",
    "Identity",
    "Proof",
    "SymbolicTilt",
    "asymptote",
    "bell",
    "circle_identities",
    "concept_limit",
    "identities",
    "latex",
    "limit",
    "tends_to",
]
