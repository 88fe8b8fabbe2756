"""The findings side by side: a row for each concept and block, a column for each law."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..laws.law import Law
from .make import Reproduction

# Experiment and law of a column, and its words; those looked at after every block first.
COLUMNS = {
    ("blocks", "seen-bumps"): "bumps, α > 0",
    ("negative", "seen-bumps"): "bumps, α < 0",
    ("cross-entropy", "quadratic"): "parabola",
    ("cross-entropy", "cost-plateau"): "plateau",
    ("log-odds", "log-odds"): "log-odds",
    ("bumps", "seen-bumps"): "bumps",
    ("normalised", "seen-bumps"): "… v/|v|",
    ("last-token", "seen-bumps"): "… last position",
    ("resampled", "seen-bumps"): "… drawn anew",
    ("contrastive", "seen-bumps"): "… contrastive",
}


@dataclass(frozen=True)
class Column:
    """A law as an experiment tests it: `figures` of the paper, and what was found by concept and block."""

    words: str
    figures: tuple[str, ...]
    theorem: str
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


def columns(reproduction: Reproduction) -> list[Column]:
    """The columns there are findings for."""
    experiments = {each.name: each for each in reproduction.plan.experiments}
    found = []
    for (name, id), words in COLUMNS.items():
        laws = {
            (f.concept, f.layer): f.law
            for f in reproduction.findings.get(name, ())
            if f.law.id == id
        }
        if laws:
            each = experiments[name]
            found.append(Column(words, each.figures, each.law, laws))
    return found


def rows(found: Sequence[Column], reproduction: Reproduction) -> list[tuple[str, int]]:
    """Concept and block of each row, of which some column says something."""
    study = reproduction.study
    every = [(sides.concept, layer) for sides in study.concepts for layer in study.layers]
    return [row for row in every if any(row in column.laws for column in found)]
