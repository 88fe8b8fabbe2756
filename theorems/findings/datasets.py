"""Datasets of the paper in exact rationals, as `ufm certify` reads them."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from ufm._json import JSON


@dataclass(frozen=True)
class ConceptDistributions:
    """The dataset of App. B.3, exactly: a = (1-ε)γ, b = ε ω/(G-1), γ and ω distributions on each concept.

    Its text names all of V, G, ε, γ and ω. With γ = ω uniform it is the dataset of App. B.1.
    """

    epsilon: Fraction
    gamma: tuple[tuple[Fraction, ...], ...]
    omega: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def read(cls, epsilon: str, gamma: str, omega: str) -> "ConceptDistributions":
        """From text such as "3/10 7/10 | 1/2 1/2", with a bar between concepts."""
        laws = [
            tuple(tuple(map(Fraction, law.split())) for law in text.split("|"))
            for text in (gamma, omega)
        ]
        return cls(Fraction(epsilon), *laws)

    @classmethod
    def uniform(cls, groups: int, size: int, epsilon: str) -> "ConceptDistributions":
        """`groups` concepts of `size` tokens each, alike."""
        law = ((Fraction(1, size),) * size,) * groups
        return cls(Fraction(epsilon), law, law)

    def record(
        self, contexts: list[int], positive: list[int], negative: list[int]
    ) -> dict[str, JSON]:
        """The dataset as `ufm certify` reads it; `contexts`: the concept of each."""
        others = len(self.gamma) - 1
        concept = [k for k, law in enumerate(self.gamma) for _ in law]
        return {
            "in_concept": [str((1 - self.epsilon) * share) for share in chain(*self.gamma)],
            "off_concept": [str(self.epsilon * share / others) for share in chain(*self.omega)],
            "token_concept": concept,
            "contexts": contexts,
            "positive": positive,
            "negative": negative,
        }

    def __str__(self) -> str:
        count, groups = sum(map(len, self.gamma)), len(self.gamma)
        is_same = len({*self.gamma}) == len({*self.omega}) == 1
        shown = [_bracketed(law[:1] if is_same else law) for law in (self.gamma, self.omega)]
        laws = f"γ={shown[0]}, ω={shown[1]}" if shown[0] != shown[1] else f"γ=ω={shown[0]}"
        each = " on each concept" if is_same else ""
        return f"V={count}, G={groups}, ε={self.epsilon}, {laws}{each}"


def _bracketed(laws: tuple[tuple[Fraction, ...], ...]) -> str:
    return "(" + " | ".join(", ".join(map(str, law)) for law in laws) + ")"


def one_each(
    a: list[str], b: list[str], concept: list[int], negative: list[int]
) -> dict[str, JSON]:
    """Rates of Assumption 1 with one context per concept, P that of the first."""
    return {
        "in_concept": a,
        "off_concept": b,
        "token_concept": concept,
        "contexts": sorted(set(concept)),
        "positive": [0],
        "negative": negative,
    }


NINE_TOKENS = ConceptDistributions.uniform(3, 3, "1/20")
FOUR_TOKENS = ConceptDistributions.uniform(2, 2, "1/5")

NINE = NINE_TOKENS.record([0, 1, 2], [0], [1])
FOUR = FOUR_TOKENS.record([0, 1], [0], [1])
