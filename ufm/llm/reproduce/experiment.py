"""What an experiment of the paper is: what is measured, the law it tests, and how both are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from matplotlib.figure import Figure

from ..laws.law import Law
from .laboratory import Laboratory
from .measurement import Measurement
from .study import Study


@dataclass(frozen=True)
class Finding:
    """What became of a law: for one concept, steered after one block."""

    concept: str
    layer: int
    law: Law


@runtime_checkable
class Experiment(Protocol):
    """One experiment of Section 5 or Appendix A.

    - `name`: its file's name. `figures`: the figures of the paper that it is of. `title`: what it looks at.
    - `says`: what the paper says of them. `law`: the theorem behind that.
    - `protocol`: how the paper made them, with the place.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def figures(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def says(self) -> str: ...  # noqa: D102
    @property
    def law(self) -> str: ...  # noqa: D102
    @property
    def protocol(self) -> str: ...  # noqa: D102

    def here(self, study: Study) -> str:
        """What this run does, and what of that differs from the paper."""
        ...

    def why_not(self, study: Study) -> str | None:
        """Why it cannot be run on what was given, and what to do; None where it can."""
        ...

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """The measurements that it reads."""
        ...

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """What became of its law, a finding for each concept and block."""
        ...

    def draw(self, laboratory: Laboratory) -> Figure:
        """The figure."""
        ...
