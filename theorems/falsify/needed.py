"""What is said of a claim and a hypothesis: the claim needs it, does not, or nobody knows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hypothesis import strategies as st

from .contradictions.contradiction import Contradiction

Model = TypeVar("Model")


@dataclass(frozen=True)
class Needed(Generic[Model]):
    """The claim fails without the hypothesis: `candidates` break it, and `contradicts` sees the claim fail.

    - `implied`: hypotheses of the claim that cannot hold once this one is broken. The counterexample breaks
      exactly these besides, which `falsify` computes from it.
    - `only_for`: a hypothesis that the claim assumes in place of this one, which it does not assume. The
      candidates break both; where `only_for` holds the claim holds, as the Coq `theorems` say.
    """

    candidates: Callable[[], st.SearchStrategy[Model]]
    contradicts: Callable[[Model], Contradiction | None]
    implied: tuple[str, ...] = ()
    only_for: str = ""
    theorems: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotNeeded:
    """The claim holds without the hypothesis: why, and the Coq theorems that say so.

    `is_vacuous`: it holds because nothing is claimed then.
    """

    reason: str
    theorems: tuple[str, ...] = ()
    is_vacuous: bool = False


@dataclass(frozen=True)
class NotKnown:
    """Neither a counterexample nor a proof is known: why, and the Coq theorems that say a part of it."""

    reason: str
    theorems: tuple[str, ...] = ()
