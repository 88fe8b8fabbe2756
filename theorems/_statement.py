"""A statement of the paper: its claims, what each needs, how it is checked, and its control."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._verdict import Outcome, Verdict, unmet


@dataclass(frozen=True)
class Hypothesis:
    """A condition on an instance.

    - `id`: its name, as in `--without NAME`; `text`: one line of mathematics.
    - `unmet(instance)`: None where it holds, else one line with the values that break it.
    """

    id: str
    text: str
    unmet: Callable[[Any], str | None]


@dataclass(frozen=True)
class Control:
    """A negative control: with one hypothesis dropped the conclusion must fail.

    - `dropped`: id of the hypothesis that the instance breaks; `text`: what the instance is.
    - `instance()`: the known counterexample.
    - `conclusion`: the check without its quantifier's side condition, where that is what is dropped.
    """

    dropped: str
    text: str
    instance: Callable[[], Any]
    conclusion: Callable[[Any], Verdict] | None = None


@dataclass(frozen=True)
class Claim:
    """One checkable sentence of a statement.

    - `id`: e.g. "thm-3.3.bump"; `title`: two or three words; `text`: the claim in one sentence.
    - `source`: where the paper (or this project) states it.
    - `hypotheses`: all that it needs; `conclusion(instance)`: judges its conclusion on an instance.
    - `families`: names of the families of `theorems.suite` that it is checked on.
    - `control`: the instance on which the conclusion must fail.
    """

    id: str
    title: str
    text: str
    source: str
    hypotheses: tuple[Hypothesis, ...]
    conclusion: Callable[[Any], Verdict]
    families: tuple[str, ...]
    control: Control

    def check(self, instance: Any) -> Verdict:
        """The verdict on `instance`: hypotheses first, then the conclusion."""
        for hypothesis in self.hypotheses:
            if hypothesis.id not in instance.seen:
                instance.seen[hypothesis.id] = hypothesis.unmet(instance)
            reason = instance.seen[hypothesis.id]
            if reason is not None:
                return unmet(f"{hypothesis.id}: {reason}")
        return self.conclusion(instance)

    def run_control(self) -> tuple[bool, Verdict]:
        """Whether the control does its work: its hypothesis is seen unmet, its conclusion fails."""
        instance = self.control.instance()
        dropped = next(h for h in self.hypotheses if h.id == self.control.dropped)
        is_seen = dropped.unmet(instance) is not None or self.control.conclusion is not None
        verdict = (self.control.conclusion or self.conclusion)(instance)
        return is_seen and verdict.verdict is Outcome.FAILS, verdict


@dataclass(frozen=True)
class Statement:
    """A lemma, theorem, proposition or bound, split into claims.

    `id` is the claims' common prefix, `title` its name, `source` where it is stated.
    """

    id: str
    title: str
    source: str
    claims: tuple[Claim, ...]
