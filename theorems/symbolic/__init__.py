"""The tilt as formulas for V = 2..6: identities and limits proved by sympy, LaTeX, JAX functions.

With symbols p_1..p_V > 0, Σp = 1, and real M_1..M_V, all is rational in the weights p_i e^{αM_i}.
An identity is proved by putting left minus right over one denominator and expanding the numerator
to the zero polynomial: `proved=True` is a proof for that V, `False` says only "not proved". Every V
at once is Coq's business; this corroborates it. Token i (from 0) carries p_{i+1} and M_{i+1}.
"""

from ._formulas import CLAIM_IDS as CLAIM_IDS
from ._formulas import latex as latex
from ._identities import Identity as Identity
from ._identities import identities as identities
from ._limits import asymptote as asymptote
from ._limits import concept_limit as concept_limit
from ._limits import limit as limit
from ._limits import tends_to as tends_to
from ._polynomials import bell as bell
from ._tilt import ALPHA as ALPHA
from ._tilt import Proof as Proof
from ._tilt import SymbolicTilt as SymbolicTilt

__all__ = [
    "ALPHA",
    "CLAIM_IDS",
    "Identity",
    "Proof",
    "SymbolicTilt",
    "asymptote",
    "bell",
    "concept_limit",
    "identities",
    "latex",
    "limit",
    "tends_to",
]
