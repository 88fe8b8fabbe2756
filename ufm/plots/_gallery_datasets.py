"""The datasets of the gallery, with parameters of ours that reproduce the paper's pictures (v1 has none)."""

from dataclasses import replace

import numpy as np

from ..models.dataset import ConceptDataset
from ..tilt.tilt import ExponentialTilt

TOKENS = list("abcABCαβγ")
CONCEPTS = ["C₁ = T (a, b, c)", "C₂ of N (A, B, C)", "C₃ (α, β, γ)"]
# aaa, aab | AAB, ABB | ααα, ααβ: two contexts a concept, among them the paper's aab and ABB.
_WORDS = [[0, 0, 0], [0, 0, 1], [3, 3, 4], [3, 4, 4], [6, 6, 6], [6, 6, 7]]
P, N = [0, 1], [2, 3]

# One context of each concept: those of one concept share a distribution.
ONE_EACH = [1, 3, 5]


def uneven() -> ConceptDataset:
    """V = 9, G = 3, ε = 1/20, γ = (53, 57, 15)/125, ω = (4, 5, 1)/10: Figures 2, 3 and B.1."""
    inside = np.tile([53 / 125, 57 / 125, 3 / 25], 3)
    off = np.tile([2 / 5, 1 / 2, 1 / 10], 3)
    data = ConceptDataset.from_concept_laws(inside, off, 1 / 20, np.repeat(np.arange(3), 3))
    return replace(data, contexts=_WORDS)


def uniform(epsilon: float) -> ConceptDataset:
    """V = 9, G = 3, all tokens of a concept alike: Figures 4 (ε = 1/20) and 5 (ε = 13/100)."""
    return ConceptDataset.smoothed(epsilon=epsilon)


def three_slopes() -> ConceptDataset:
    """V = 9, G = 3, a = (40, 30, 18)/100, b = (1, 2, 3)/100: three values of M on the target, far apart."""
    a, b = np.tile([0.4, 0.3, 0.18], 3), np.tile([0.01, 0.02, 0.03], 3)
    data = ConceptDataset.from_rates(a, b, np.repeat(np.arange(3), 3))
    return replace(data, contexts=_WORDS)


def two_by_two() -> ConceptDataset:
    """V = 4, a = (3, 1, 3, 1)/5, b = 1/10: windows that do not meet, and Remark 3.4 false in T."""
    return ConceptDataset.from_rates([0.6, 0.2, 0.6, 0.2], [0.1] * 4, [0, 0, 1, 1])


def two_humps() -> ConceptDataset:
    """V = 6, b = (1, 2, 1, 40, 10, 5)/1000, a = b + (941/1000) u: a mass that falls, rises, falls."""
    b = np.array([1, 2, 1, 40, 10, 5]) / 1000
    u = np.array([0.98, 0.02, 0.1, 0.9, 0.98, 0.02])
    concept = np.repeat(np.arange(3), 2)
    return ConceptDataset.from_rates(b + 0.941 * u, b, concept, contexts_per_concept=1)


def strengths(first: float, last: float) -> np.ndarray:
    """The strengths of a picture, as many in each, since JAX compiles for each number of them."""
    return np.linspace(first, last, 1201)


def steered(data: ConceptDataset) -> ExponentialTilt:
    """Steered from C₂ towards C₁, all their contexts in P and N."""
    return ExponentialTilt.from_dataset(data, P, N)
