"""A statement of the paper: its claims, and all that the project says of each of them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from .verdict import Outcome, Verdict, unmet


class Judged:
    """An instance of any kind, on which claims are judged."""

    @cached_property
    def seen(self) -> dict[str, str | None]:
        """What each hypothesis said of this instance, by its id; filled as they are asked."""
        return {}


Case = TypeVar("Case", bound=Judged)
# A hypothesis about several kinds of instance is one about each of them.
Tested = TypeVar("Tested", bound=Judged, contravariant=True)


@dataclass(frozen=True)
class Hypothesis(Generic[Tested]):
    """A condition on an instance.

    - `id`: its name, as in `--without NAME`; `text`: one line of mathematics.
    - `unmet(instance)`: None where it holds, else one line with the values that break it.
    """

    id: str
    text: str
    unmet: Callable[[Tested], str | None]


def _join_lines(record: object, *names: str) -> None:
    """Make one line of each text that is written over several."""
    for name in names:
        object.__setattr__(record, name, " ".join(getattr(record, name).split()))


@dataclass(frozen=True)
class Control(Generic[Case]):
    """A negative control: with one hypothesis dropped the conclusion must fail.

    - `dropped`: id of the hypothesis that the instance breaks; `text`: what the instance is.
    - `instance()`: the known counterexample.
    - `conclusion`: the check without its quantifier's side condition, where that is what is dropped.
    """

    dropped: str
    text: str
    instance: Callable[[], Case]
    conclusion: Callable[[Case], Verdict] | None = None


@dataclass(frozen=True)
class Certified:
    """A claim that `ufm certify` decides on an instance, and `how`, in sentences.

    Its conclusion is in `theorems.certificates.write.conclusions`, and written apart from that in
    `theorems.certificates.check.claims`.
    """

    how: str


@dataclass(frozen=True)
class NotCertified:
    """A claim that is not certified instance by instance, and `why`, in words that follow a colon."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Claim(Generic[Case]):
    r"""One checkable sentence of a statement, with all that the project says of it.

    - `id`: e.g. "thm-3.3.bump"; `title`: two or three words; `text`: the claim in one sentence.
    - `formula`: the claim with its hypotheses, as LaTeX for MathJax (see `theorems.symbolic.latex`).
    - `source`: where the paper (or this project) states it.
    - `hypotheses`: all that it is checked under; `conclusion(instance)`: judges its conclusion.
    - `families`: names of the families of `theorems.suite` that it is checked on.
    - `control`: the instance on which the conclusion must fail.
    - `figures`: what shows it: names in `ufm.plots.GALLERY`, or, after "statements/", in the notebook
      notebooks/statements.py.
    - `certificate`: how it is certified, or why it is not.
    - `unproved`: why no Coq theorem proves it; empty where one does, which coq/Statements.v then says
      (`theorems.proofs.PROVED_BY`).
    """

    id: str
    title: str
    text: str
    formula: str
    source: str
    hypotheses: tuple[Hypothesis[Case], ...]
    conclusion: Callable[[Case], Verdict]
    families: tuple[str, ...]
    control: Control[Case]
    figures: tuple[str, ...]
    certificate: Certified | NotCertified
    unproved: str = ""

    def __post_init__(self):
        _join_lines(self, "text", "formula", "unproved")

    @property
    def is_of_tilts(self) -> bool:
        """Whether it is about tilts, which tables have, not about transformers or their heads."""
        return not {"transformers", "heads"} & {*self.families}

    @property
    def is_of_others(self) -> bool:
        """Whether it says what becomes of a claim made elsewhere (`theorems.LITERATURE`)."""
        return self.id.startswith("literature.")

    def check(self, instance: Case) -> Verdict:
        """The verdict on `instance`: hypotheses first, then the conclusion."""
        for hypothesis in self.hypotheses:
            if hypothesis.id not in instance.seen:
                instance.seen[hypothesis.id] = hypothesis.unmet(instance)
            reason = instance.seen[hypothesis.id]
            if reason is not None:
                return unmet(f"{hypothesis.id}: {reason}")
        with np.errstate(invalid="ignore"):  # a verdict says where a number is missing
            return self.conclusion(instance)

    def run_control(self) -> tuple[bool, Verdict]:
        """Whether the control does its work: its hypothesis is seen unmet, its conclusion fails."""
        instance = self.control.instance()
        dropped = next(h for h in self.hypotheses if h.id == self.control.dropped)
        is_seen = dropped.unmet(instance) is not None or self.control.conclusion is not None
        verdict = (self.control.conclusion or self.conclusion)(instance)
        return is_seen and verdict.verdict is Outcome.FAILS, verdict


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A lemma, theorem, proposition or bound, split into claims.

    - `id`: the claims' common prefix; `title`: its name; `source`: where it is stated.
    - `in_short`: what it says, in one line for a table; not all of its conditions.
    - `idea`: the idea of the proof, a few honest lines of Markdown.
    """

    id: str
    title: str
    in_short: str
    source: str
    idea: str
    claims: tuple[Claim, ...]

    def __post_init__(self):
        _join_lines(self, "in_short")
        object.__setattr__(self, "idea", inspect.cleandoc(self.idea))

    @property
    def is_of_others(self) -> bool:
        """Whether its claims are about claims made elsewhere."""
        return all(claim.is_of_others for claim in self.claims)

    @property
    def is_of_paper(self) -> bool:
        """Whether the paper states it."""
        return not self.is_of_others and not self.source.startswith("this project")
