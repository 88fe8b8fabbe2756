"""What is measured once, whichever figures read it: of which kind, concept and block."""

from dataclasses import dataclass
from urllib.parse import quote

from .costs import EXACT, NEAR
from .study import Study

KINDS = ("curves", "runs", "log-odds", "cost", "presence", "task")


@dataclass(frozen=True)
class Measurement:
    """One measurement: of what `kind`, of which concept, after which block, and in which `variant`."""

    kind: str
    concept: str
    layer: int
    variant: str = "main"

    @property
    def folder(self) -> str:
        """Where it is kept; a name of a concept is no path."""
        return "-".join([self.kind, quote(self.concept, safe=""), self.variant, str(self.layer)])

    @property
    def words(self) -> str:
        """What a progress bar says of it."""
        return f"{self.concept}, block {self.layer}: {self.kind}"

    def sequences(self, study: Study) -> int:
        """How many sequences run at how many strengths, multiplied: the work, but for their lengths."""
        scale = study.scale
        if self.kind == "cost":
            return len(study.windows) * (scale.cost.steps + 1 + NEAR.size + EXACT)
        if self.kind == "log-odds":
            return 2 * len(study.rows) * len(study.layers)
        if self.kind == "task":
            return scale.task.steps + 1
        if self.kind == "presence":
            return (scale.presence.steps + 1) * len(study.rows) * scale.samples
        times = scale.runs if self.kind == "runs" else 1
        return times * len(study.rows) * (scale.tokens.steps + 1)


def at_each_block(kind: str, study: Study) -> list[Measurement]:
    """The measurements of a kind that are made of each concept after each block."""
    return [
        Measurement(kind, sides.concept, layer)
        for sides in study.concepts
        for layer in study.layers
    ]
