"""The findings side by side: a row for each concept and block, a column for each law."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..laws.law import Law
from .make import Reproduction

# Experiment and law of a column, and its words: looked at after every block, …
EVERYWHERE = {
    ("blocks", "seen-bumps"): "bumps, α > 0",
    ("negative", "seen-bumps"): "bumps, α < 0",
    ("presence", "sigmoid"): "presence",
    ("cross-entropy", "quadratic"): "parabola",
    ("cross-entropy", "cost-plateau"): "plateau",
    ("log-odds", "log-odds"): "log-odds",
}
# … and at the middle one alone: bumps for α > 0, steered in other ways, and a task.
MIDDLE = {
    ("bumps", "seen-bumps"): "as in Figure 6",
    ("normalised", "seen-bumps"): "v of length 1",
    ("last-token", "seen-bumps"): "last position",
    ("resampled", "seen-bumps"): "P, N drawn anew",
    ("contrastive", "seen-bumps"): "contrastive N",
    ("task", "task"): "accuracy",
}
_FIGURES = {"7-above": "7 above", "7-below": "7 below", "section-5": "Section 5"}


def in_words(figures: Sequence[str]) -> str:
    """Names of figures for a reader.

    >>> from ufm.llm.reproduce.verdicts import in_words
    >>> print(in_words(("7-below", "A.13")))
    7 below, A.13
    """
    return ", ".join(_FIGURES.get(figure, figure) for figure in figures)


@dataclass(frozen=True)
class Column:
    """A law as an experiment tests it: `figures` of the paper, and what was found by concept and block."""

    words: str
    figures: str
    laws: dict[tuple[str, int], Law]

    @property
    def verdicts(self) -> list[str]:
        """All its verdicts."""
        return [law.verdict for law in self.laws.values()]

    @property
    def numbers(self) -> list[float]:
        """The numbers there are, in order."""
        return sorted(law.number for law in self.laws.values() if law.number is not None)

    @property
    def measure(self) -> str:
        """What the numbers are."""
        return next(iter(self.laws.values())).measure


def columns(
    reproduction: Reproduction, of: dict[tuple[str, str], str] | None = None
) -> list[Column]:
    """The columns there are findings for, of `EVERYWHERE`, of `MIDDLE`, or of both."""
    experiments = {each.name: each for each in reproduction.plan.experiments}
    found = []
    for (name, id), words in (EVERYWHERE | MIDDLE if of is None else of).items():
        laws = {
            (f.concept, f.layer): f.law
            for f in reproduction.findings.get(name, ())
            if f.law.id == id
        }
        if laws:
            found.append(Column(words, in_words(experiments[name].figures), laws))
    return found


def rows(found: Sequence[Column], reproduction: Reproduction) -> list[tuple[str, int]]:
    """Concept and block of each row, of which some column says something."""
    study = reproduction.study
    every = [(sides.concept, layer) for sides in study.concepts for layer in study.layers]
    return [row for row in every if any(row in column.laws for column in found)]
