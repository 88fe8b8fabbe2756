"""The paper's datasets in exact rationals: formulas of App. B.1 and B.3, numbers of ours (v1 prints none)."""

from fractions import Fraction

from ufm._json import JSON


def _record(
    epsilon: str, gamma: list[int], omega: list[int], negative: list[int]
) -> dict[str, JSON]:
    """The γ/ω dataset of V = 9, G = 3: a = (1-ε)γ, b = εω/2, shares in proportion to those given."""
    e = Fraction(epsilon)
    a = [(1 - e) * g / sum(gamma) for g in gamma] * 3
    b = [e * o / (2 * sum(omega)) for o in omega] * 3
    return {
        "in_concept": [str(x) for x in a],
        "off_concept": [str(x) for x in b],
        "token_concept": [0, 0, 0, 1, 1, 1, 2, 2, 2],
        "contexts": [0, 0, 1, 1, 2, 2],
        "positive": [0, 1],
        "negative": negative,
    }


# They reproduce Figures 3 and B.1, Figure 4, Figure 5, and Figure 4 with N in two concepts.
PAPER: dict[str, dict[str, JSON]] = {
    "figure-3": _record("1/20", [53, 57, 15], [4, 5, 1], [2, 3]),
    "figure-4": _record("1/20", [1, 1, 1], [1, 1, 1], [2, 3]),
    "figure-5": _record("13/100", [1, 1, 1], [1, 1, 1], [2, 3]),
    "figure-4-random": _record("1/20", [1, 1, 1], [1, 1, 1], [2, 4]),
}
