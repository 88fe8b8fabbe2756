"""How the mass of a concept can move."""

import numpy as np

import ufm

from ..judging.evaluate import laws_at, limits
from ..tables.exact import exact_instance
from .datasets import one_each
from .finding import Confirmation, Finding, Severity

_TWO_HUMPS = one_each(
    ["92318/100000", "2082/100000", "9510/100000", "88690/100000", "93218/100000", "2382/100000"],
    ["1/1000", "2/1000", "1/1000", "40/1000", "10/1000", "5/1000"],
    [0, 0, 1, 1, 2, 2],
    [1, 2],
)
_THREE_INFLECTIONS = one_each(
    ["31/100", "101/10000", "6999/10000"], ["3/10", "1/10000", "6899/10000"], [0, 1, 2], [1]
)


def _two_humps() -> Confirmation:
    instance = exact_instance(_TWO_HUMPS)
    alphas = np.array([-8.0, -3.0, -1.0, 0.0])
    mass = np.exp(laws_at(instance.tilt, alphas))[:, 0, 2:4].sum(1)
    ends = [float(limits(instance.tilt)[s][0, 2:4].sum()) for s in (-1, 1)]
    turns = [ends[0], *mass, ends[1]]
    moves = np.sign(np.diff(turns))
    shown = ", ".join(f"{v:.3f}" for v in turns)
    return Confirmation(moves.tolist() == [-1, 1, 1, -1, -1], f"F(-∞, -8, -3, -1, 0, +∞) = {shown}")


def _inflections() -> Confirmation:
    """Sign changes of the exact second derivative of the target's mass in the context of N."""
    instance = exact_instance(_THREE_INFLECTIONS)
    alphas = np.linspace(-50.0, 50.0, 2048)
    second = ufm.sweep(instance.tilt, alphas, lambda tilt, alpha: tilt.derivative(alpha, 2)[1, 0])
    signs = np.sign(np.asarray(second))
    changes = int((signs[1:] != signs[:-1]).sum())
    text = f"F'' of the target after c_2 changes sign {changes} times on [-50, 50]"
    return Confirmation(changes == 3, text)


TWO_HUMPS = Finding(
    id="finding-3.two-humps",
    title="There are more than three behaviours",
    severity=Severity.LOOSE,
    source="v1, text after Theorem 3.6, p. 5",
    quote="""In other words, the steered probability of a concept Δp(C | α) exhibits three distinct behaviors,
        all following a tanh-shaped curve up to a reparametrization of α.""",
    says="""A concept shows one of three behaviours: T rises, a concept without extremal tokens
        has one limit at both ends, a concept below all others falls.""",
    truth="""Each of the three is right, but a concept can be none of these. With N of two
        concepts the mass of one can fall, rise and fall again.""",
    charitable_reading="""The sentence puts the theorem's three cases in other words. Read as the list of
        these, not of all that a concept can do, it is right.""",
    witness="""V=6, G=3, b=(1, 2 | 1, 40 | 10, 5)/1000, a=b+941/1000 u,
        u=(98, 2 | 10, 90 | 98, 2)/100; N of C_2 and C_3, c_1 in T, C=C_2""",
    counterexample=_TWO_HUMPS,
    confirm=_two_humps,
    theorems=("finding_three_behaviours",),
    figures=("two-humps",),
)
INFLECTIONS = Finding(
    id="finding-3.inflections",
    title="Not every concept curve is sigmoidal",
    severity=Severity.LOOSE,
    source="v1, text after Theorem 3.6, p. 5",
    quote="""For the target concept T, steering behaves as intended: increasing the steering strength α
        increases the presence of T in the model’s output, with Δp(T | α) following a sigmoidal shape.""",
    says="""All concept curves are tanh-shaped up to a reparametrisation of α, and that of T
        has a sigmoidal shape.""",
    truth="""The tanh form with its reparametrisation is right. In α itself the rising curve of
        T can have three inflections, where a sigmoid has one.""",
    charitable_reading="""If "sigmoidal" means the tanh "up to a reparametrization of α" of the sentence
        before, it is right. Of language models v1 says "a mostly sigmoidal trend, with occasional
        mismatches" (Section 5) and "partially verified (more often true than false)" (Appendix A).""",
    witness="V=3, G=3, b=(3000 | 1 | 6899)/10000, a=b+1/100; N and c_2 in C_2",
    counterexample=_THREE_INFLECTIONS,
    confirm=_inflections,
    theorems=("finding_sigmoidal",),
)
